// Drives a signup through each built app in headless Chromium, against a relay that records the events.
// `node drive.mjs <chromedriver> <chromium> <vite project> <next project>`; fails with what was expected and what is
// there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const [driver, binary, vite, next] = process.argv.slice(2);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };

/** A site and its relay on one origin. */
const serve = async (root) => {
  const site = { events: [], modules: 0 };
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://site').pathname);
    if (request.method === 'POST' && path === '/v1/events') {
      let body = '';
      for await (const part of request) body += part;
      site.events.push(...JSON.parse(body).events);
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"accepted":[],"refused":[]}');
      return;
    }
    site.modules += path.endsWith('.wasm');
    const file = path.endsWith('/') ? path + 'index.html' : path;
    try {
      const content = await readFile(join(root, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.close = () => { server.closeAllConnections(); server.close(); };
  return site;
};

/** A browser, by the commands of WebDriver. */
const open = async () => {
  const child = spawn(driver, ['--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  // However this ends, the driver ends with it.
  process.on('exit', () => child.kill());
  const port = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (part) => {
      said += part;
      const found = /successfully on port (\d+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.on('exit', () => reject(new Error(`chromedriver ended: ${said}`)));
  });
  const command = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  };
  const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const alwaysMatch = { 'goog:chromeOptions': { args, binary }, 'goog:loggingPrefs': { browser: 'ALL' } };
  const { sessionId } = await command('POST', '/session', { capabilities: { alwaysMatch } });
  const session = `/session/${sessionId}`;
  const run = (script, ...args) => command('POST', `${session}/execute/sync`, { script, args });
  const text = (id) => run('return document.getElementById(arguments[0])?.textContent', id);
  return {
    go: (url) => command('POST', `${session}/url`, { url }),
    forget: () => command('DELETE', `${session}/cookie`),
    click: (id) => run('document.getElementById(arguments[0]).click()', id),
    console: async () => (await command('POST', `${session}/se/log`, { type: 'browser' }))
      .filter(({ level }) => level !== 'INFO' && level !== 'DEBUG').map(({ message }) => message),
    /** Waits until an element has this text; `undefined` is no element. */
    async sees(id, expected) {
      const end = Date.now() + 20_000;
      let found;
      while (Date.now() < end) {
        found = await text(id) ?? undefined;
        if (found === expected) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(found, expected, `#${id}`);
    },
    close: async () => { await command('DELETE', session); child.kill(); },
  };
};

const CLICK = '?ps_partner_key=Z2lnYWtpY2s&ps_xid=abc123def456';

const signup = async (browser, site, customer_key) => {
  await browser.sees('partner', 'gigakick');
  await browser.click('signup');
  await browser.sees('state', 'accepted');
  assert.equal(site.modules, 1, 'the module is loaded once');
  assert.equal(site.events.length, 1);
  const [{ type, data }] = site.events;
  assert.deepEqual([type, data.customer_key, data.partner_key, data.xid],
    ['signup', customer_key, 'gigakick', 'abc123def456']);
};

const plain = async (browser, site) => {
  await browser.go(`${site.origin}/${CLICK}`);
  await signup(browser, site, 7);
  assert.equal(site.events[0].data.plan, 'team');
  await browser.click('wrong');
  await browser.sees('error',
    'invalid_value products[1].amount products[1].amount: expected integer cents, got 19.99');
  assert.equal(site.events.length, 1, 'what is wrong is not sent');
  await browser.sees('other',
    'already_started key key: a tracker with another key runs on this page; there is one');
  assert.deepEqual(await browser.console(), []);
  // A missing module is reported, and the next call tries again.
  await browser.go(`${site.origin}/?broken`);
  await browser.sees('partner', 'gigakick');
  await browser.sees('error', 'load_failed');
  assert.match((await browser.console()).join(), /nothing\.wasm/);
};

const react = async (browser, site) => {
  await browser.go(`${site.origin}/react.html${CLICK}`);
  await signup(browser, site, 'react-1');
  await browser.click('toggle');
  await browser.sees('partner', undefined);
  await browser.click('toggle');
  await browser.sees('partner', 'gigakick');
  // A provider that is removed before its tracker has started.
  await browser.go(`${site.origin}/react.html?leave`);
  await browser.sees('left', 'yes');
  await browser.go(`${site.origin}/react.html?key=`);
  await browser.sees('error', 'required key key is required');
};

const nextjs = async (browser, site) => {
  await browser.go(`${site.origin}/${CLICK}`);
  await browser.sees('server', 'server-1 no_browser');
  await signup(browser, site, 'next-1');
};

const browser = await open();
try {
  for (const [name, root, check] of [
    ['vite, plain', join(vite, 'dist'), plain],
    ['vite, react', join(vite, 'dist'), react],
    ['vite, react in development, effects twice', join(vite, 'dist-development'), react],
    ['next, turbopack', join(next, 'out-turbopack'), nextjs],
    ['next, webpack', join(next, 'out-webpack'), nextjs],
  ]) {
    const site = await serve(root);
    try {
      await browser.go(`${site.origin}/nothing-here`);
      await browser.forget();
      await browser.console();
      await check(browser, site);
      assert.deepEqual(await browser.console(), [], 'the console is silent');
      console.log(`bundlers: ${name}: ok`);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    } finally {
      site.close();
    }
  }
} finally {
  await browser.close();
}

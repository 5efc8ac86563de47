// The page of the browser suite: a relay with scripted answers, a clock and timers that a test controls, and counts of
// cookie writes and stored events.

const RELAY = 'https://relay.example';
const real = {
  fetch: window.fetch.bind(window),
  setTimeout: window.setTimeout.bind(window),
  now: Date.now.bind(Date),
  replace: history.replaceState,
  cookie: Object.getOwnPropertyDescriptor(Document.prototype, 'cookie'),
};

let calls, answers, writes, wake, ahead;
// Set before the first test, because WebKit's driver sets timers of its own in the page.
let timers = [];

window.fetch = (request, ...rest) => {
  if (!(request instanceof Request) || !request.url.startsWith(RELAY)) return real.fetch(request, ...rest);
  const { url, method, keepalive, credentials, headers } = request;
  const [status, body, wait] = answers.shift() || [202, '{"accepted":[],"refused":[]}'];
  // Taken now: a body that is read after the next test has begun still belongs to this one.
  const mine = calls;
  const answer = request.text().then((text) => {
    mine.push({ url, method, keepalive, credentials, type: headers.get('content-type'), body: text });
    if (status < 0) return new Promise(() => {});
    if (!status) throw new TypeError('Failed to fetch');
    // The relay names the event it refuses.
    return new Response(body.replace('$ID', text.match(/.*"id":"(.{36})/)?.[1]), { status, headers: wait ? { 'retry-after': wait } : {} });
  });
  return answer;
};

window.setTimeout = (action, millis, ...rest) => {
  // The tracker's own timer is kept until a test fires it.
  if (action.name === 'alone') wake = { action, millis };
  else if (millis >= 30_000) timers.push({ action, millis });
  else return real.setTimeout(action, millis, ...rest);
  return 0;
};

Date.now = () => real.now() + ahead;

Object.defineProperty(document, 'cookie', {
  configurable: true,
  get: () => real.cookie.get.call(document),
  set: (text) => { writes += 1; real.cookie.set.call(document, text); },
});

const privacy = (on) => Object.defineProperty(navigator, 'globalPrivacyControl', { configurable: true, value: on });

/** A browser without cookies, storage, or earlier requests. */
export const forget = () => {
  [calls, answers, writes, wake, timers, ahead] = [[], [], 0, undefined, [], 0];
  localStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=;max-age=0;path=/`;
  writes = 0;
  privacy(false);
};
// WebKit allows a hundred changes of the address in ten seconds, so none is made where it is the same.
const go = (replace, query) => {
  if (location.pathname + location.search + location.hash !== `/${query}`) replace.call(history, null, '', `/${query}`);
};
/** A page with this query, in a browser without earlier visits. */
export const fresh = (query) => {
  forget();
  go(history.replaceState, query);
};
/** Sets what earlier visits left: cookies, and the stored clicks of the link host. */
export const bring_cookies = (jar, clicks) => {
  for (const pair of jar ? jar.split('; ') : []) document.cookie = `${pair};path=/`;
  if (clicks) localStorage.setItem('hw_clicks', clicks);
};
/** Changes the address without the tracker noticing, as a new page does before the tracker starts. */
export const visit_anew = (query) => { go(real.replace, query); };
export const ask_for_privacy = () => { privacy(true); };
export const visit = (query) => { history.pushState(null, '', `/${query}`); };
/** Scripts the relay's next answer: status 0 for a network error, negative for no answer ever. */
export const answer = (status, body, wait) => { answers.push([status, body, wait]); };
export const calls_made = () => JSON.stringify(calls);
export const cookie_writes = () => writes;
export const stored = () => Object.keys(localStorage).filter((name) => /^hw_pk_test_example_.{36}$/.test(name)).length;
export const pause = () => wake === undefined ? -1 : wake.millis;
/** Fires the tracker's timer; resolves when the requests it started are answered. */
export const fire = async () => {
  const { action } = wake;
  wake = undefined;
  await action();
};
/** Fires the timers of 30 seconds and more that are due after so much time. */
export const pass = (millis) => { timers.filter((timer) => timer.millis <= millis).forEach((timer) => timer.action()); };
export const advance = (millis) => { ahead += millis; };
/** Gives settled promises time to run their callbacks. */
export const settle = () => new Promise((resolve) => real.setTimeout(resolve, 5));

// The script's surface: the globals a page knows, around the functions of src/script.rs.
// The build puts `wasm_text`, `WASM_SHIFT`, `wasm_imports`, `__wbg_set_wasm`, `FALLBACK`, src/browser.js and the
// functions of src/script.rs in front of this text, and wraps all of it in one function.

import { checkout_context } from './npm/checkout.js';

const w = window;
const script = document.currentScript;
const call = (action) => { if (typeof action == 'function') action(); };

/** Publishes an object under the names that pages use, also where the page declared `growsumo` with `let`. */
const publish = (object) => {
  attempt(() => { w.partnerstack = w.growsumo = object; });
  attempt(() => { growsumo = object; });
};

let policy;
/** Loads another of our files, under the page's security policy: with the nonce of this script, and with a policy for
    Trusted Types where the browser has them. */
const load_script = (name, loaded) => {
  const tag = document.createElement('script');
  const address = option('endpoint') + '/headwater-' + name + '.js';
  policy ||= attempt(() => trustedTypes.createPolicy('headwater', { createScriptURL: (address) => address }));
  if (script) tag.nonce = script.nonce;
  tag.onload = loaded;
  tag.src = policy ? policy.createScriptURL(address) : address;
  document.head.append(tag);
  return tag;
};

/** Compiles and starts the module synchronously, because pages call us in the same tick. */
const instantiate = () => {
  const bytes = new Uint8Array(wasm_text.length);
  for (let at = bytes.length; at--;) bytes[at] = wasm_text.charCodeAt(at) - WASM_SHIFT;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), wasm_imports).exports;
};

const privacy = () => navigator.globalPrivacyControl && option('gpc') != 'ignore';

/** Where the page forbids wasm, the JavaScript build is loaded as a second file. Until then a stub takes its place: it
    queues calls, stores a signup in case the page ends first, and fills in what it can read of the referral. */
const fall_back = () => {
  const stub = { data: api.data, filled, q: [] };
  const text = page_text(query_of(location));
  const find = (start) => (RegExp('\n' + start + '=(.+)').exec(text) || [])[1];
  let partner_key = find('~(?:ps_partner_key|gspk)');
  let xid = find('\\?(?:ps_xid|gsxid)');
  if (!partner_key && !xid) [partner_key, xid] = [find(';ps_partner_key'), find(';ps_xid')];
  const known = (name, value) => {
    if (value) fill_with(name, value);
  };
  known('partner_key', partner_key);
  known('xid', xid);
  hold(option('consent') || privacy());
  Object.keys(api).forEach((name) => {
    if (typeof api[name] == 'function') stub[name] = (...args) => new Promise((done) => {
      let event;
      if (name == 'consent') hold(true);
      if (name == '_initialize') configure({ ...settings, key: args[0] });
      if (name == 'createSignup' && option('key')) {
        api.data = stub.data;
        const size = customer_key() && draft_signup();
        if (size && size < 3e4) {
          create();
          event = newest();
        }
      }
      stub.q.push([name, args, done, event]);
    });
  });
  publish(stub);
  // The second file is forbidden too, or missing: queued calls and all later ones fail.
  const refused = () => {
    api.data = stub.data;
    const fail = ([, args, done]) => done(settle(() => FAILED, args.find((one) => typeof one == 'function')));
    stub.q.forEach(fail);
    stub.q.push = fail;
  };
  const tag = attempt(() => load_script('fallback'));
  if (!tag) return refused();
  Object.assign(tag.dataset, settings);
  tag.onerror = refused;
};

/** The numbers of `signup::Outcome`, and two of our own. */
const ORGANIC = 1;
const CODES = ['', '', 'consent_denied', 'missing_customer_key', 'too_large', 'not_initialized', 'failed'];
const MISSING_CUSTOMER_KEY = 3;
const NOT_INITIALIZED = 5;
const FAILED = 6;

let early;
let product = {};
const waiting = {};
const said = {};

const told = (code) => ({ code, message: code.replace(/_/g, ' ') });
const finish = (id, status, error) => {
  if (waiting[id]) waiting[id](status, error);
  delete waiting[id];
};

/** The answer to a call, for its Promise and its callback: at once, or when the relay has answered. */
const settle = (report, callback) => {
  const customer = customer_key();
  const promise = new Promise((resolve) => {
    const end = (status, error, code) =>
      resolve({ ok: !error, status, customer_key: customer, ...error && { error }, ...code && { code } });
    const outcome = attempt(report);
    if (outcome === 0) waiting[newest()] = end;
    else if (outcome === ORGANIC) end(0, null, 'organic');
    else end(0, told(CODES[outcome ?? FAILED]));
  });
  if (typeof callback == 'function') promise.then(callback);
  return promise;
};

const checkout = (input, callback) => settle(() => {
  const data = { customer_key: customer_key(), ...input };
  return api.ready ? data.customer_key ? record(propose('checkout', json(data))) : MISSING_CUSTOMER_KEY : NOT_INITIALIZED;
}, callback);

/** Resolves with `[status, seconds to wait, text]`. */
const request = async (url, body) => {
  const answer = await fetch(url, {
    method: 'POST', body, keepalive: true, credentials: 'omit', signal: attempt(() => AbortSignal.timeout(3e4)),
  });
  return [answer.status, answer.headers.get('retry-after') | 0, await answer.text()];
};

const heard = (ids, status, wait, text) => {
  const final = answered(status, wait);
  const { refused, code, message } = attempt(() => JSON.parse(text)) || {};
  const failed = status < 200 || status > 299;
  const words = final ? 'not tried again' : 'kept, and tried again';
  ids.match(/.{36}/g).forEach((id) => {
    const error = [refused].flat().find((one) => one && one.id == id) || failed && { code: code || (status ? 'refused' : 'network'), message };
    finish(id, status, error && { ...error, message: (error.message ? error.message + '; ' : '') + words });
  });
  return final;
};

const sent = [];
let forms;
/** Loads the file for forms where a form is marked or a setting asks for it; `sent` keeps events until it is loaded. */
const watch_forms = (event) => attempt(() => {
  const wanted = () => option('form') + option('forms') + option('frames') || document.querySelector('[data-headwater-signup]');
  forms ||= wanted() && load_script('forms');
  if (forms) sent.push(event);
});

Object.assign(api, {
  _initialize(key) {
    if (api.ready || !key) return;
    api.ready = true;
    configure({ ...settings, key });
    connect(capture, flush, part, heard, request);
    watch_forms({});
    for (const name of ['DOMContentLoaded', 'focusin', 'submit', 'message']) addEventListener(name, watch_forms);
    if (option('domains')) attempt(() => load_script('links'));
    if (/[?&]headwater_debug=1/.test(location.search)) api.debug();
    if (early) api.createSignup();
    call(w.partnerstackInit);
  },
  _spk: look_or_recall,
  createSignup(callback) {
    if (!api.ready) {
      early = true;
      return settle(() => NOT_INITIALIZED, callback);
    }
    // The same data twice, as after a double click, is one report.
    const data = page_json(true);
    const promise = said[data] ||= settle(create_signup);
    promise.then((result) => {
      if (!result.ok) delete said[data];
      if (typeof callback == 'function') callback(result);
    });
    return promise;
  },
  trackCheckout: checkout,
  attachProduct(attached, callback) {
    product = Object(attached);
    return checkout({ products: [product] }, callback);
  },
  checkoutContext: () => checkout_context(customer_key(), credit().partner_key, product.external_subscription_key),
  decorateCheckout(root) { attempt(() => load_script('checkout', () => api.decorateCheckout(root))); },
  debug() { attempt(() => load_script('debug')); },
  // For the files of src/parts/, which are loaded when they are needed.
  inside: { attempt, credit, customer_key, is_held, option, sent },
  consent: (state) => attempt(() => {
    set_consent({ granted: 0, denied: 2 }[state] ?? 1);
    if (state == 'granted' && api.ready) look_again();
    if (state == 'denied') Object.keys(waiting).forEach((id) => finish(id, 0, told('consent_denied')));
  }),
});

const begin = () => {
  const before = w.growsumo;
  if (w.__headwater) return publish(w.__headwater);
  // A module, or a text that a tag manager runs, has no script element: the stack of an error contains its address.
  const from = script && script.src || (/https?:[^)\s]+/.exec(new Error().stack) || [])[0];
  configure({ endpoint: attempt(() => new URL(from).origin), ...script && script.dataset });
  try {
    __wbg_set_wasm(FALLBACK ? wasm_instance(wasm_imports) : instantiate());
  } catch (e) {
    return FALLBACK || fall_back();
  }
  publish(w.__headwater = api);
  const asked = option('consent');
  if (privacy()) api.consent('denied');
  else if (asked) api.consent('pending');
  if (asked == 'google') attempt(() => load_script('consent'));
  const key = option('key');
  const { q, data, filled: known } = Object(before);
  if (q) api.data = Object(data);
  Object.assign(filled, known);
  if (key) api._initialize(key);
  attempt(() => q.forEach(([name, args, resolve, event]) => {
    // The call is made again, now with the whole referral, so the event that the stub stored is dropped.
    if (event) forget(event);
    const answer = attempt(() => api[name](...args));
    if (resolve) resolve(answer);
  }));
  // A page may define `growsumoInit` below this script.
  const greet = () => call(w.growsumoInit);
  if (key) w.growsumoInit || document.readyState != 'loading' ? greet() : addEventListener('DOMContentLoaded', greet);
};
begin();

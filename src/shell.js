// The script's surface: the globals a page knows, around the functions of src/script.rs.
// The build puts `wasm_text`, `WASM_SHIFT`, `wasm_imports`, `__wbg_set_wasm`, `FALLBACK`, src/browser.js and the
// functions of src/script.rs in front of this text, and wraps all of it in one function.

import { checkout_context, decorate_checkout } from './npm/checkout.js';
import { begin_consent } from './shell/consent.js';
import { watch_forms } from './shell/forms.js';
import { watch_links } from './shell/links.js';

const w = window;
const script = document.currentScript;
const call = (action) => { if (typeof action == 'function') action(); };

/** Puts an object where pages look for it; a page may have declared the name with `let`. */
const publish = (object) => {
  attempt(() => { w.partnerstack = w.growsumo = object; });
  attempt(() => { growsumo = object; });
};

/** Loads another of our files, as the page allowed the first. */
const load_script = (path) => {
  const tag = document.createElement('script');
  tag.nonce = script.nonce;
  tag.src = option('endpoint') + path;
  document.head.append(tag);
  return tag;
};

/** Starts the module in this very tick: pages call us in it. */
const instantiate = () => {
  const bytes = new Uint8Array(wasm_text.length);
  for (let at = bytes.length; at--;) bytes[at] = wasm_text.charCodeAt(at) - WASM_SHIFT;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), wasm_imports).exports;
};

/** Where the page forbids wasm, the JavaScript build comes as a second file, and calls wait for it. */
const fall_back = () => {
  const stub = { data: {}, q: [] };
  Object.keys(api).forEach((name) => {
    if (typeof api[name] == 'function') stub[name] = (...args) => new Promise((done) => stub.q.push([name, args, done]));
  });
  publish(stub);
  const tag = load_script('/headwater-fallback.js');
  Object.assign(tag.dataset, settings);
  // Forbidden too, or not there: whoever asked, or asks from now on, is told.
  tag.onerror = () => {
    api.data = stub.data;
    const fail = ([, args, done]) => done(settle(() => FAILED, args.find((one) => typeof one == 'function')));
    stub.q.forEach(fail);
    stub.q.push = fail;
  };
};

/** The numbers of `signup::Outcome`, and two of our own. */
const CODES = ['', '', 'consent_denied', 'missing_customer_key', 'too_large', 'not_initialized', 'failed'];
const MISSING_CUSTOMER_KEY = 3;
const NOT_INITIALIZED = 5;
const FAILED = 6;

let early;
let product = {};
const waiting = {};
const said = {};

const customer_key = () => ['customer_key', 'customerKey', 'key', 'email'].map(page_data).find(Boolean) || '';

const told = (code) => ({ code, message: code.replace(/_/g, ' ') });
const finish = (id, status, error) => {
  if (waiting[id]) waiting[id](status, error);
  delete waiting[id];
};

/** The answer to a call, for its Promise and its callback: at once, or when the relay has answered. */
const settle = (report, callback) => {
  const customer = customer_key();
  const promise = new Promise((resolve) => {
    const end = (status, error) => resolve({ ok: !error, status, customer_key: customer, ...error && { error } });
    const outcome = attempt(report);
    const code = CODES[outcome ?? FAILED];
    if (outcome !== 0) end(0, code && told(code));
    else waiting[newest()] = end;
  });
  if (typeof callback == 'function') promise.then(callback);
  return promise;
};

const checkout = (input, callback) => settle(() => {
  const data = { customer_key: customer_key(), ...input };
  return api.ready ? data.customer_key ? record_checkout(json(data)) : MISSING_CUSTOMER_KEY : NOT_INITIALIZED;
}, callback);

/** Resolves with `[status, seconds to wait, text]`. */
const request = async (url, body) => {
  const answer = await fetch(url, {
    method: 'POST', body, keepalive: true, credentials: 'omit', signal: attempt(() => AbortSignal.timeout(3e4)),
  });
  return [answer.status, answer.headers.get('retry-after') | 0, await answer.text()];
};

const heard = (ids, status, wait, text) => {
  answered(ids, status, wait);
  const { refused = [], code, message } = attempt(() => JSON.parse(text)) || {};
  const failed = status < 200 || status > 299;
  each(ids).forEach((id) => finish(id, status, refused.find((one) => one.id == id)
    || failed && { code: code || (status ? 'refused' : 'network'), message: message || 'kept, and tried again' }));
};

Object.assign(api, {
  _initialize(key) {
    if (api.ready || !key) return;
    api.ready = true;
    configure({ ...settings, key });
    connect(capture, flush, part, heard, request);
    attempt(watch_forms);
    attempt(watch_links);
    if (/[?&]headwater_debug=1/.test(location.search)) api.debug();
    if (early) api.createSignup();
    call(w.partnerstackInit);
  },
  _spk: look,
  createSignup(callback) {
    if (!api.ready) {
      early = true;
      return settle(() => NOT_INITIALIZED, callback);
    }
    // Twice the same, a double click for one, is one report.
    const data = page_json();
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
  checkoutContext: () => checkout_context(customer_key(), page_data('partner_key'), product.external_subscription_key),
  decorateCheckout: (root) => attempt(() => decorate_checkout(root || document, customer_key())),
  debug() { load_script('/headwater-debug.js'); },
  consent: (state) => attempt(() => {
    set_consent({ granted: 0, denied: 2 }[state] ?? 1);
    if (state == 'granted' && api.ready) look_again();
    if (state == 'denied') Object.keys(waiting).forEach((id) => finish(id, 0, told('consent_denied')));
  }),
});

const begin = () => {
  const before = w.growsumo;
  if (w.__headwater) return publish(w.__headwater);
  configure({ endpoint: attempt(() => new URL(script.src).origin), ...script && script.dataset });
  try {
    __wbg_set_wasm(FALLBACK ? wasm_instance(wasm_imports) : instantiate());
  } catch (e) {
    return FALLBACK || fall_back();
  }
  publish(w.__headwater = api);
  begin_consent();
  const key = option('key');
  const { q, data } = Object(before);
  if (q) api.data = Object(data);
  if (key) api._initialize(key);
  attempt(() => q.forEach(([name, args, resolve]) => {
    const answer = attempt(() => api[name](...args));
    if (resolve) resolve(answer);
  }));
  // A page may define it further down.
  const greet = () => call(w.growsumoInit);
  if (key) w.growsumoInit || document.readyState != 'loading' ? greet() : addEventListener('DOMContentLoaded', greet);
};
begin();

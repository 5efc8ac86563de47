// The functions that src/browser.rs imports: window, storage, clock and network, as texts and numbers. Nothing here
// throws: what a browser refuses counts as missing.

/** Runs an action that the browser may refuse; undefined where it does. */
export const attempt = (action) => { try { return action(); } catch (e) { /* refused */ } };

let settings = {};
/** Takes the site's settings: the script tag's dataset, or the npm options. */
export const configure = (options) => { settings = { ...options }; };
/** A setting as text. An attribute without a value, such as `data-clean`, means yes. */
export const option = (name) => settings[name] === '' ? 'true' : '' + (settings[name] || '');
export const first_wins = () => option('model') == 'first';

const now = () => Date.now();
const word = () => crypto.getRandomValues(new Uint32Array(1))[0];
export const random = (end) => word() % end;
const hex = (number, length) => number.toString(16).padStart(length, '0').slice(-length);
let count = 0;
/** A UUID v7 of the present time. A counter keeps ids of one millisecond in order. */
const new_id = () =>
  (hex(now(), 12) + '7' + hex(count++, 3) + '89ab'[random(4)] + hex(word(), 8) + hex(word(), 7))
    .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

export const unescape = (text, plus) => attempt(() => decodeURIComponent(plus ? text.replace(/\+/g, ' ') : text)) ?? text;
/** Base64 in either alphabet decoded to text; empty when it is neither. */
export const base64_text = (text) =>
  attempt(() => decodeURIComponent(escape(atob(text.replace(/[- ]/g, '+').replace(/_/g, '/'))))) || '';

// A value as JSON. Where that throws, as for a cycle or a BigInt, it is tried again: an object that was written before
// is left out, and a BigInt becomes text.
export const json = (value) => attempt(() => JSON.stringify(value)) || attempt(() => {
  const seen = [];
  return JSON.stringify(value, (_, part) => typeof part == 'bigint' ? '' + part
    : Object(part) !== part ? part : seen.includes(part) ? undefined : (seen.push(part), part));
}) || '{}';

// The page's address and cookies as lines, in the format of `headwater_protocol::lines`. Texts cross to wasm as bytes.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const text_of = (bytes) => decoder.decode(bytes);
const put = (text, into) => encoder.encodeInto(text, into).written;
const lines = (mark, list, separator, decode) => list.split(separator).map((pair) => {
  const [name, ...value] = pair.split('=');
  return '\n' + mark + name + '=' + decode(value.join('=')).replace(/\n/g, '\0');
}).join('');
export const page_text = (query) => {
  const list = query.replace('?', '');
  // Links are sometimes copied with the space behind them. A `+` stays, because it belongs to base64.
  const plain = (text) => unescape(text.replace(/(%20)+$/, ''), true);
  const values = lines('?', list, '&', plain);
  const named = (alias) => alias && '\n@=' + (values.split('\n?' + alias + '=')[1] || '').split('\n')[0];
  return lines(';', jar(), /; ?/, unescape) + values + lines('~', list, '&', (text) => base64_text(plain(text)))
    + option('aliases').split(',').map(named).join('') + '\n';
};
let asked;
export const page_lines = (into) => put(page_text(asked), into);

// Cookies are set on the registrable domain: the shortest suffix of the host for which the browser accepts one.
let domain;
const cookie = (text) => attempt(() => { document.cookie = text; });
export const jar = () => attempt(() => document.cookie) || '';
const find_domain = () => {
  const labels = location.hostname.split('.');
  for (let at = labels.length - 1; at-- > 0;) {
    const suffix = ';domain=' + labels.slice(at).join('.');
    cookie('hw_probe=1' + suffix);
    if (jar().includes('hw_probe=')) {
      cookie('hw_probe=;max-age=0' + suffix);
      return suffix;
    }
  }
  return '';
};
const write_cookie = (name, value, days) => {
  domain ??= find_domain();
  cookie(name + '=' + value.replace(/[^!#$&-+\--:<-[\]-~]/gu, encodeURIComponent) + ';max-age=' + days * 86400
    + ';path=/;samesite=lax' + (location.protocol == 'https:' ? ';secure' : '') + domain);
};
export const set_cookies = (names, value, days) =>
  text_of(names).split(',').forEach((name) => write_cookie(name, text_of(value), days));
export const erase_cookies = (starts) => jar().split(/; */).forEach((pair) => {
  if (text_of(starts).split(',').some((start) => pair.startsWith(start))) write_cookie(pair.split('=')[0], '', 0);
});

// Storage. Entries are kept in memory where the browser refuses storage, and while consent is pending.
const memory = {};
let held = false;
const disk = (action) => attempt(() => action(localStorage));
const load = (name) => memory[name] || disk((storage) => storage.getItem(name));
const store = (name, text) => {
  memory[name] = text;
  if (!held) disk((storage) => { storage.setItem(name, text); delete memory[name]; });
};
const discard = (name) => {
  delete memory[name];
  disk((storage) => storage.removeItem(name));
};
export const is_held = () => held;
export const hold = (on) => {
  held = on;
  if (!on) Object.entries(memory).forEach(([name, text]) => store(name, text));
};

// Stores which of the link host's clicks were known when our own cookies were written. Safari deletes those after seven
// days, no browser earlier. If they are gone before (6e8 ms), the page deleted them and does not want the clicks
// credited.
const CLICKS = 'hw_clicks';
export const remember = () => {
  const cookies = jar();
  if (!/(^|; ?)ps_(xid|partner_key)=/.test(cookies)) return discard(CLICKS);
  store(CLICKS, [now() + 6e8, ...cookies.match(/_ps_xid_[^;]+/g) || []].join());
};
export const seen = (own, into) => {
  const text = load(CLICKS) || '';
  const taken = !own && now() < parseFloat(text);
  if (taken) store(CLICKS, text.replace(/\d+/, 9e15));
  return put(own || taken ? text : '', into);
};

// Events that the relay has not acknowledged yet.
const flying = new Set();
const place_of = (id) => 'hw_' + option('key') + '_' + id;
const length = (text) => new Blob([text]).size;
let draft;
let last;
let ids;
/** The id of the event made last. */
export const newest = () => last;
/** Drafts an event with this data, which is JSON; returns the bytes of the data. */
export const propose = (kind, data) => {
  draft = `"type":"${kind}","occurred_at":${now()},"data":${data}}`;
  return length(data);
};
export const create = () => {
  last = new_id();
  store(place_of(last), `{"id":"${last}",` + draft);
};
export const forget = (id) => discard(place_of(id));
export const remove = (place) => forget(ids[place]);
export const size = (place) => {
  const id = ids[place];
  const text = load(place_of(id));
  if (attempt(() => JSON.parse(text).id) == id) return length(text);
  forget(id);
  return 0;
};
export const age = (place) => now() - parseInt(ids[place].replace('-', ''), 16);
export const list = (all) => {
  const start = place_of('');
  ids = Object.keys(memory).concat(disk(Object.keys) || []).filter((name) => name.startsWith(start))
    .map((name) => name.slice(start.length)).filter((id) => id.length == 36 && (all || !flying.has(id))).sort();
  return ids.length;
};

// `growsumo.data`. We fill in the members that the page did not write, again if the page replaces the object.
/** The object pages call `growsumo`; `log` is for the overlay of `debug()`, its newest entries only. */
export const api = { data: {}, log: [] };
const note = (...entry) => { api.log = [...api.log.slice(-99), [now(), ...entry]]; };
/** What we filled in, by member. */
export const filled = {};
const page = () => {
  const data = Object(api.data);
  attempt(() => { for (const name in filled) if (data[name] === undefined) data[name] = filled[name]; });
  return data;
};
export const replace = (data) => { api.data = { ...data }; };
export const page_data = (name) => {
  const value = page()[name];
  return value == null || typeof value == 'object' ? '' : '' + value;
};
export const customer_key = () => ['customer_key', 'customerKey', 'key', 'email'].map(page_data).find(Boolean) || '';
export const has_customer = () => !!customer_key();
const written = (ours, names) => names.map(page_data).find((text) => text && text != filled[ours]);
/** Whom a report credits. If the page wrote another partner key or click id than we filled in, that one is sent alone,
    marked `credited_by`. `headwater_protocol::credit::of_page` does the same. */
export const credit = () => {
  let partner_key = written('partner_key', ['partnerKey', 'partner_key', 'ps_partner_key']);
  let xid = partner_key ? undefined : written('xid', ['xid', 'ps_xid']);
  const credited_by = partner_key || xid ? 'page' : undefined;
  if (!credited_by) [partner_key, xid] = [filled.partner_key || undefined, filled.xid || undefined];
  return { partner_key, xid, credited_by };
};
export const page_json = (organic) => {
  const credited = credit();
  return organic || credited.partner_key || credited.xid
    ? json({ ...page(), partnerKey: undefined, ps_partner_key: undefined, ps_xid: undefined, ...credited }) : '';
};
export const draft_signup = () => propose('signup', page_json(option('organic')));
export const fill_with = (member, value) => ['', 'ps_'].forEach((start) => {
  const name = start + member;
  const data = page();
  attempt(() => { if (!data[name] || data[name] === filled[name]) data[name] = value; });
  filled[name] = value;
});
export const fill = (partner_key, xid) => {
  fill_with('partner_key', text_of(partner_key));
  fill_with('xid', text_of(xid));
};

// Functions of the build, given to `connect`: `capture`, `flush`, `part` and `answered` in Rust, and `request`, which
// sends.
let hooks;
let landing = '';
let known;
/** The parameters of an address: its query, and the query in its hash, where some routers keep theirs. */
export const query_of = ({ search, hash }) => search + '&' + (hash.split('?')[1] || '');
const ask = (query) => {
  asked = query;
  return hooks.capture();
};
const take = (query) => {
  if (!ask(query)) return;
  landing = query;
  note('referral', query);
  if (!option('clean')) return;
  // The whole URL, because a relative one would be resolved against the page's base address.
  const url = new URL(location);
  url.search = url.search.slice(1).split('&').filter((pair) => !/^(ps_partner_key|ps_xid|gsxid|gspk|gspid|pscd)=/.test(pair)).join('&');
  history.replaceState(history.state, '', url);
};
/** Reads the referral of the address. */
export const look = () => attempt(() => take(known = query_of(location)));
/** Reads the address unless it was read before: reading it again would write cookies that the page has deleted. */
const look_if_new = () => known == query_of(location) || look();
export const recall = () => attempt(() => ask(''));
/** For a page that asks again: reads a new address, else the cookies, where another tab may have left a newer click. */
export const look_or_recall = () => known == query_of(location) ? recall() : look();
export const look_again = () => {
  attempt(() => ask(landing));
  wake_after(0);
};

// Requests to the relay.
let timer;
let flight;
const url = () => option('endpoint') + '/v1/events';
const body = (batch) =>
  `{"public_key":${JSON.stringify(option('key'))},"events":[${batch.map((id) => load(place_of(id))).filter(Boolean)}]}`;
const post = (batch) => {
  if (!batch[0]) return;
  const ids = batch.join('');
  batch.forEach((id) => flying.add(id));
  note('sent', ids);
  flight = Promise.resolve(attempt(() => hooks.request(url(), body(batch)))).catch(() => {}).then((answer) => {
    const [status, wait, text] = answer || [0, 0, ''];
    batch.forEach((id) => flying.delete(id));
    note('answered', ids, status, text);
    if (attempt(() => hooks.answered(ids, status, wait, text))) batch.forEach(forget);
  });
};
export const send = (count) => post(ids.slice(0, count));
export const send_newest = () => post([last]);
export const beacon = (count) => { if (count) attempt(() => navigator.sendBeacon(url(), body(ids.slice(0, count)))); };

// One tab at a time sends stored events; the others try later. Where the Web Locks API is missing (http), a lease in
// storage takes its place.
const LEASE = 'hw_lease';
const alone = () => {
  const later = () => wake_after(5e3);
  const go = () => { flight = 0; attempt(hooks.flush); return flight; };
  const { locks } = navigator;
  if (locks) return locks.request(LEASE, { ifAvailable: true }, (lock) => lock ? go() : later()).catch(go);
  // `abs`, because a lease far in the future was taken before the clock was set back, and does not count.
  if (Math.abs(now() - load(LEASE)) < 5e3) return later();
  store(LEASE, now());
  Promise.resolve(go()).then(() => discard(LEASE));
};
export const wake_after = (millis) => {
  clearTimeout(timer);
  timer = setTimeout(alone, millis);
};

const listen = () => {
  const part = () => attempt(hooks.part);
  const on = (name, action) => addEventListener(name, action);
  for (const name of ['pushState', 'replaceState']) {
    const original = history[name];
    attempt(() => { history[name] = function (...args) { original.apply(this, args); look_if_new(); }; });
  }
  on('popstate', look_if_new);
  on('online', () => wake_after(0));
  on('pageshow', (event) => event.persisted && wake_after(0));
  on('pagehide', part);
  on('visibilitychange', () => document.hidden && part());
};
/** Starts: reads the address, watches it from here on, and sends stored events. */
export const connect = (capture, flush, part, answered, request) => {
  const first = !hooks;
  hooks = { capture, flush, part, answered, request };
  look();
  // A router may have replaced the address before we ran; the navigation entry still has the one of the arrival.
  if (!landing) attempt(() => take(query_of(new URL(performance.getEntriesByType('navigation')[0].name))));
  if (first) listen();
  wake_after(0);
};

// JavaScript that only the npm build needs: values that cross to Rust as objects. Nothing here throws.

import { attempt, json } from '../browser.js';

export const asks_for_privacy = () => navigator.globalPrivacyControl === true;
export const number_text = (number) => '' + number;

export const parse = (text) => attempt(() => JSON.parse(text));
export const plain = (value) => {
  const odd = (part) => typeof part == 'bigint' || typeof part == 'number' && !isFinite(part);
  const text = attempt(() => JSON.stringify(value, (_, part) => odd(part) ? '' + part : part));
  const copy = parse(text || json(value));
  for (const name in copy) if (copy[name] === null) delete copy[name];
  return copy;
};

export const failure = (code, field, message) =>
  Object.assign(new Error(message), { name: 'HeadwaterError', code, field });
const present = (members) => JSON.parse(JSON.stringify(members, (_, value) => value || undefined));
export const report = (state, id) => present({ state, id });
export const referral = (partner_key, xid) => present({ partner_key, xid });

export const outgoing = (url, body, millis) => {
  const end = new AbortController();
  setTimeout(() => end.abort(), millis);
  return new Request(url, { method: 'POST', body, keepalive: true, credentials: 'omit', signal: end.signal });
};
export const after = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

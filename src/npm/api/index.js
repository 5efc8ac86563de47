import { operations } from './operations.js';

/** A request that was refused, or that got no answer the API gives. */
export class HeadwaterError extends Error {
  constructor(status, body, retryAfter) {
    super(body.message ?? `HTTP ${status}`);
    this.name = 'HeadwaterError';
    Object.assign(this, { status, code: body.code ?? '', field: body.field ?? null, hint: body.hint ?? null, retryAfter });
  }
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A client of the API; its methods are the operations. */
export class Headwater {
  #url;
  #authorization;
  #fetch;
  #retries;

  constructor({ url, publicKey, secretKey, token, fetch = globalThis.fetch, retries = 3 }) {
    this.#url = String(url).replace(/\/+$/, '');
    this.#authorization = token ? `Bearer ${token}` : `Basic ${btoa(`${publicKey}:${secretKey}`)}`;
    // A browser's fetch must be called on the window.
    this.#fetch = (...given) => fetch(...given);
    this.#retries = retries;
  }

  /** Sends one request. What 429, a 5xx or no answer refused is sent again: a POST under one idempotency key. */
  async request(method, path, { query = {}, body, idempotencyKey, signal } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    const headers = { Authorization: this.#authorization };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (method === 'POST') headers['Idempotency-Key'] = idempotencyKey ?? crypto.randomUUID();
    const init = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= this.#retries;
      let answer;
      try {
        answer = await this.#fetch(`${this.#url}${path}${search && `?${search}`}`, init);
      } catch (error) {
        if (last || signal?.aborted) throw error;
      }
      if (answer) {
        const text = await answer.text();
        let parsed = {};
        try {
          parsed = JSON.parse(text);
        } catch {
          if (answer.ok) throw new HeadwaterError(answer.status, { message: 'the answer is not JSON' }, null);
        }
        if (answer.ok) return parsed;
        const seconds = Number.parseInt(answer.headers.get('retry-after') ?? '', 10);
        const transient = answer.status === 429 || answer.status >= 500;
        if (last || !transient) {
          throw new HeadwaterError(answer.status, parsed, Number.isNaN(seconds) ? null : seconds);
        }
        if (!Number.isNaN(seconds)) {
          await pause(seconds * 1000);
          continue;
        }
      }
      await pause(Math.random() * 250 * 2 ** attempt);
    }
  }

  /** Every item of a list, page after page: `for await (const reward of client.all('listRewards', { status: 'paid' }))`. */
  async *all(list, query = {}) {
    let cursor;
    do {
      const { data } = await this[list]({ limit: 250, ...query, starting_after: cursor });
      yield* data.items;
      cursor = data.has_more ? data.ending_cursor : null;
    } while (cursor);
  }
}

for (const [name, [method, path, hasBody]] of Object.entries(operations)) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([whole]) => whole);
  Object.defineProperty(Headwater.prototype, name, {
    value(...given) {
      const place = names.reduce((text, whole) => text.replace(whole, encodeURIComponent(given.shift())), path);
      const body = hasBody ? given.shift() : undefined;
      const [query, options] = given;
      return this.request(method, place, { query, body, ...options });
    },
  });
}

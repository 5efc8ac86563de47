//! The TypeScript types of the surface, with their documentation.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Settings of the tracker. They are read once. */
export interface TrackerOptions {
  /** Where the relay answers: `https://go.example.com`. A path before `/v1/events` is kept. */
  endpoint: string;
  /** The program's public key, `pk_…`. */
  key: string;
  /** What the visitor allows so far; `granted` when not given. While `pending`, everything is held in memory. */
  consent?: 'granted' | 'pending' | 'denied';
  /** Whether Global Privacy Control counts as denied; `deny` when not given. `tracker.consent` may still grant. */
  gpc?: 'deny' | 'ignore';
  /** Who earns when a visitor followed several links; `last` when not given. */
  model?: 'first' | 'last';
  /** Names of URL parameters that carry a plain partner key, separated by commas: `via,ref`. */
  aliases?: string;
  /** Report signups that nobody referred, too. */
  organic?: boolean;
  /** Take the referral's parameters out of the address once they are read. */
  clean?: boolean;
}

/** Who sent this visitor. */
export interface Referral {
  /** The partner's key. */
  partner_key?: string;
  /** The id of the click. */
  xid?: string;
}

/**
 * A visitor who became a customer. `customer_key` or `email` is needed; members that are not named here are carried.
 * `null`, `undefined` and an empty text count as absent.
 */
export interface Customer {
  /** Your own id of the customer, 1 to 255 characters. Reporting it again makes no second customer. */
  customer_key?: string | number | null;
  /** 4 to 255 characters; stands in for `customer_key` where that is absent. */
  email?: string | null;
  /** Up to 100 characters. */
  name?: string | null;
  /** The billing provider's id of the customer, up to 255 characters. */
  provider_key?: string | number | null;
  /** In place of the partner who sent the visitor. */
  partner_key?: string | null;
  [member: string]: unknown;
}

/** A product somebody chose. */
export interface CheckoutProduct {
  /** The catalogue entry: a `pbook_` key or the entry's `external_key`. */
  product_book_key: string;
  /** The billing subscription; later payments carry the same bytes. */
  external_subscription_key?: string | null;
  /** The subscription's status; `active` when not given. */
  status?: 'trial' | 'active' | 'churned' | null;
  /** Price in minor units, a whole number: a claim until billing confirms it. */
  amount?: number | null;
  /** ISO 4217, three letters. */
  currency?: string | null;
}

/** A payment the page has seen: a claim until billing confirms it. */
export interface ClaimedTransaction {
  /** The payment's own name, 4 to 255 characters, so that a reload of the thank-you page claims nothing twice. */
  key?: string | null;
  /** Minor units, a whole number. */
  amount: number;
  /** ISO 4217, three letters. */
  currency: string;
  /** The subscription it pays for: the product's `external_subscription_key`, byte for byte. */
  subscription_key?: string | null;
}

/** Which products a customer chose. It names products, a transaction, or both. */
export interface Checkout {
  /** Your own id of the customer, as in `signup`. */
  customer_key: string | number;
  /** Up to 25. */
  products?: CheckoutProduct[] | null;
  /** What was paid on the spot. */
  transaction?: ClaimedTransaction | null;
}

/** The state of a report. */
export interface Report {
  /**
   * - `accepted`: the relay has it, durably.
   * - `queued`: nobody answered yet. It is stored in this browser and sent again, on the next page too.
   * - `held`: consent is pending. It is kept in this page's memory, and sent once consent is granted.
   * - `organic`: nobody referred the visitor, and the option `organic` is not set; nothing is sent.
   */
  state: 'accepted' | 'queued' | 'held' | 'organic';
  /** The event's id, a UUID v7; absent when organic. */
  id?: string;
}

/** What Promises reject with. */
export interface Failure extends Error {
  /**
   * Stable, for programs: `required`, `invalid_value`, `too_large`, `consent_denied`, `no_browser`, `load_failed`,
   * `already_started`, or the relay's own.
   */
  code: string;
  /** The member at fault, as in `products[1].amount`; empty when it is none. */
  field: string;
  /** For people: `products[1].amount: expected integer cents, got 19.99`. */
  message: string;
}
"#;

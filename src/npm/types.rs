//! The TypeScript types of the surface, with their documentation.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Settings of the tracker. */
export interface TrackerOptions {
  /** Where the relay answers, without a path: `https://go.example.com`. */
  endpoint: string;
  /** The program's public key, `pk_…`. */
  key: string;
  /** What the visitor allows so far; `granted` when not given. While `pending`, everything is held in memory. */
  consent?: 'granted' | 'pending' | 'denied';
  /** Names of URL parameters that carry a plain partner key, separated by commas: `via,ref`. */
  aliases?: string;
  /** Report signups that nobody referred, too. */
  organic?: boolean;
  /** Who earns when a visitor followed several links; `last` when not given. */
  model?: 'first' | 'last';
}

/** Who sent this visitor. */
export interface Referral {
  /** The partner's key. */
  partner_key?: string;
  /** The id of the click. */
  xid?: string;
}

/** A visitor who became a customer. `customer_key` or `email` is needed; other members are carried. */
export interface Customer {
  /** Your own id of the customer, 1 to 255 characters. */
  customer_key?: string;
  /** 4 to 255 characters. */
  email?: string;
  /** Up to 100 characters. */
  name?: string;
  [member: string]: unknown;
}

/** A product somebody chose. */
export interface CheckoutProduct {
  /** The catalogue entry: a `pbook_` key or the entry's `external_key`. */
  product_book_key: string;
  /** The billing subscription; later payments carry the same bytes. */
  external_subscription_key?: string;
  status?: 'trial' | 'active' | 'churned';
  /** Price in minor units: a claim until billing confirms it. */
  amount?: number;
  /** ISO 4217. */
  currency?: string;
}

/** Which products a customer chose. */
export interface Checkout {
  customer_key: string;
  /** Up to 25. */
  products?: CheckoutProduct[];
  /** A payment the page has seen: a claim until billing confirms it. */
  transaction?: { key?: string; amount: number; currency: string; subscription_key?: string };
}

/** Where a report stands. */
export interface Report {
  /** `accepted` by the relay, `queued` until the relay answers, `organic` when nobody referred the visitor. */
  state: 'accepted' | 'queued' | 'organic';
  /** The event's id. */
  id?: string;
}

/** What Promises reject with. */
export interface Failure {
  /** Stable, for programs: `required`, `invalid_value`, `consent_denied`, `too_large`, … */
  code: string;
  /** The member at fault, as in `products[1].amount`; empty when it is none. */
  field: string;
  /** For people. */
  message: string;
}
"#;

import type { Tracker, TrackerOptions } from './headwater.js';

export type {
  Checkout, CheckoutProduct, ClaimedTransaction, Customer, Failure, Referral, Report, Tracker, TrackerOptions,
} from './headwater.js';
export {
  checkout_context as checkoutContext, decorate_checkout as decorateCheckout, type CheckoutContext,
} from './checkout.js';

/** Where the module is, for who serves it from another place than the package. */
export type ModuleSource = string | URL | Request | Response | Promise<Response> | WebAssembly.Module | BufferSource;

/**
 * Loads the module and starts the tracker: reads the referral of the address, sends what an earlier page could not.
 * There is one tracker for each page: a second call with the same `endpoint` and `key` gives the same one.
 *
 * Rejects with a `Failure` when an option is missing or wrong, when the module cannot be loaded, and on a server. The
 * next call then tries again.
 */
export function createTracker(options: TrackerOptions & { wasm?: ModuleSource }): Promise<Tracker>;

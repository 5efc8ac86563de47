import type { Tracker, TrackerOptions } from './headwater.js';

export type {
  Checkout, CheckoutProduct, Customer, Failure, Referral, Report, Tracker, TrackerOptions,
} from './headwater.js';
export { checkout_context as checkoutContext, type CheckoutContext } from './checkout.js';

/**
 * Loads the module, once, and starts the tracker: reads the referral of the address, sends what an earlier page could
 * not. Rejects with a `Failure` when an option is missing or wrong, and on a server.
 */
export function createTracker(options: TrackerOptions & {
  /** Where the module is, for who serves it from another place than the package. */
  wasm?: string | URL | Response | WebAssembly.Module | BufferSource;
}): Promise<Tracker>;

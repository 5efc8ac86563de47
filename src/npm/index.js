// The entry of the package. Importing it touches neither window nor network: a server may.
import init, { Tracker } from './headwater.js';
import { checkout_context } from './checkout.js';

export { checkout_context as checkoutContext };

let module;

/**
 * Loads the module, once, and starts the tracker.
 * `options.wasm` says where the module is, for who serves it from another place.
 */
export async function createTracker({ wasm, ...options }) {
  if (typeof window === 'undefined') {
    throw { code: 'no_browser', field: '', message: 'createTracker works in a browser only; call it in an effect' };
  }
  module ??= init(wasm === undefined ? undefined : { module_or_path: wasm }).catch((error) => {
    module = undefined; // The next call tries again.
    throw error;
  });
  await module;
  return new Tracker(options);
}

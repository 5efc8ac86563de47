// The entry of the package. Importing it touches neither window nor network, so a server may import it.
import init, { Tracker } from './headwater.js';

export { checkout_context as checkoutContext, decorate_checkout as decorateCheckout } from './checkout.js';

const failure = (code, field, message) => Object.assign(new Error(message), { name: 'HeadwaterError', code, field });

let started;

const start = async (wasm, settings) => {
  try {
    await init(wasm == null ? undefined : { module_or_path: wasm });
  } catch (error) {
    throw failure('load_failed', 'wasm', `wasm: the module could not be loaded: ${error && error.message}`);
  }
  return new Tracker(settings);
};

/**
 * Loads the module, once, and starts the tracker. There is one for each page: a second call gives the same one.
 * `options.wasm` says where the module is, for who serves it from another place.
 */
export async function createTracker(options) {
  if (typeof window === 'undefined') {
    throw failure('no_browser', '', 'createTracker works in a browser only: call it in an effect or an event handler');
  }
  const { wasm, ...settings } = options ?? {};
  if (typeof settings.endpoint === 'string') settings.endpoint = settings.endpoint.replace(/\/+$/, '');
  if (!started) {
    const mine = { ...settings, tracker: start(wasm, settings) };
    started = mine;
    // After a failure, the next call tries again.
    mine.tracker.catch(() => { if (started === mine) started = undefined; });
  }
  for (const name of ['endpoint', 'key']) {
    if (started[name] !== settings[name]) {
      throw failure('already_started', name, `${name}: a tracker with another ${name} runs on this page; there is one`);
    }
  }
  return started.tracker;
}

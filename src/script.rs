//! The surface of the script build: what `src/shell.js` calls. Texts and numbers only.

use core::panic::PanicInfo;

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{consent, signup, transport, visit};

// The one `unsafe` of the house: a wasm module of ours runs on the page's only thread, which is what this
// allocator asks to be promised. It is 1.9 kB smaller than the standard one (docs/decisions).
#[allow(unsafe_code)]
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See `visit::capture`.
#[wasm_bindgen]
pub fn capture(query: &str) -> bool {
    visit::capture(query)
}

/// See `signup::create`; the answer is a `signup::Outcome`.
#[wasm_bindgen]
pub fn create_signup() -> u32 {
    signup::create() as u32
}

/// Reports a checkout, given as JSON; the answer is a `signup::Outcome`.
#[wasm_bindgen]
pub fn record_checkout(data: &str) -> u32 {
    signup::record("checkout", data) as u32
}

/// See `consent::set`.
#[wasm_bindgen]
pub fn set_consent(state: u8) {
    consent::set(state);
}

/// See `transport::flush`.
#[wasm_bindgen]
pub fn flush() {
    transport::flush();
}

/// See `transport::part`.
#[wasm_bindgen]
pub fn part() {
    transport::part();
}

/// See `transport::answered`.
#[wasm_bindgen]
pub fn answered(ids: &str, status: u16, wait: u32) {
    transport::answered(ids, status, wait);
}

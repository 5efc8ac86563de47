//! The surface of the script build: what `src/shell.js` calls. Texts and numbers only.

use core::panic::PanicInfo;

use lol_alloc::FailAllocator;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{consent, signup, transport, visit};

// wasm-bindgen requires an allocator. Nothing in this build allocates; an allocation would trap.
#[global_allocator]
static ALLOCATOR: FailAllocator = FailAllocator;

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See `visit::capture`.
#[wasm_bindgen]
pub fn capture() -> bool {
    visit::capture()
}

/// See `signup::create`; the answer is a `signup::SignupOutcome`.
#[wasm_bindgen]
pub fn create_signup() -> u32 {
    signup::create() as u32
}

/// See `signup::record`; the answer is a `signup::SignupOutcome`.
#[wasm_bindgen]
pub fn record(size: usize) -> u32 {
    signup::record(size) as u32
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
pub fn answered(status: u16, wait: u32) -> bool {
    transport::answered(status, wait)
}

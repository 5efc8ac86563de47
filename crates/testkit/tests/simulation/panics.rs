//! Panics of the code under test: a server survives one in a request or a delivery, and nobody would see it.

use std::cell::RefCell;

thread_local! {
    static PANICS: RefCell<Vec<String>> = RefCell::default();
}

/// Records every panic of this process from now on, besides printing it.
pub(crate) fn record() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
        print(panic);
    }));
}

/// The panics of this thread since the last call.
pub(crate) fn take() -> Vec<String> {
    PANICS.take()
}

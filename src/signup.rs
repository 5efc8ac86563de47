//! What a page reports becomes one event, or is refused with a reason.

use headwater_protocol::limits::EVENT_MAX;

use crate::{browser, consent, pending, transport};

/// Bytes of an event beside its data.
const ENVELOPE: usize = 256;

/// What became of a report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Stored, and on its way where that is allowed.
    Posted = 0,
    /// An organic signup, which nobody asked to report.
    Organic = 1,
    /// The visitor said no.
    ConsentDenied = 2,
    /// Neither a customer's key nor an email.
    MissingCustomerKey = 3,
    /// More bytes than an event may have.
    TooLarge = 4,
}

/// Reports `growsumo.data` as a signup.
pub(crate) fn create() -> Outcome {
    if consent::denied() {
        // Before anything else: the referral was erased with the consent.
        return Outcome::ConsentDenied;
    }
    let names = ["customer_key", "customerKey", "key", "email"];
    if names.iter().all(|name| browser::page_data(name).is_empty()) {
        return Outcome::MissingCustomerKey;
    }
    let data = browser::page_json(!browser::option("organic").is_empty());
    if data.is_empty() { Outcome::Organic } else { record("signup", &data) }
}

/// Reports an event of this kind; `data` is JSON.
pub(crate) fn record(kind: &str, data: &str) -> Outcome {
    if consent::denied() {
        return Outcome::ConsentDenied;
    }
    if data.len() > EVENT_MAX - ENVELOPE {
        return Outcome::TooLarge;
    }
    let id = browser::id(browser::now());
    browser::create(&id, kind, data);
    pending::trim();
    transport::post(&id);
    Outcome::Posted
}

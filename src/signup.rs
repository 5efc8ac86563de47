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
    if !browser::has_customer() {
        return Outcome::MissingCustomerKey;
    }
    let size = browser::draft_signup();
    if size == 0 { Outcome::Organic } else { record(size) }
}

/// Reports the draft, whose data has this many bytes.
pub(crate) fn record(size: usize) -> Outcome {
    if consent::denied() {
        return Outcome::ConsentDenied;
    }
    if size > EVENT_MAX - ENVELOPE {
        return Outcome::TooLarge;
    }
    browser::create();
    pending::trim();
    transport::post();
    Outcome::Posted
}

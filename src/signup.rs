//! What a page reports becomes one event, or is refused with a reason.

use headwater_protocol::limits::EVENT_MAX;

use crate::{browser, consent, pending, transport};

/// Bytes reserved for the members of an event other than its data.
const ENVELOPE: usize = 256;

/// The result of a report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignupOutcome {
    /// Stored, and sent if consent is granted.
    Posted = 0,
    /// A signup without a referral, on a site that does not report those.
    Organic = 1,
    /// The visitor denied consent.
    ConsentDenied = 2,
    /// Neither a customer's key nor an email.
    MissingCustomerKey = 3,
    /// More bytes than an event may have.
    TooLarge = 4,
}

/// Reports `growsumo.data` as a signup.
pub(crate) fn create() -> SignupOutcome {
    if consent::denied() {
        // Checked first: denial has erased the referral, so the signup would count as organic.
        return SignupOutcome::ConsentDenied;
    }
    if !browser::has_customer() {
        return SignupOutcome::MissingCustomerKey;
    }
    let size = browser::draft_signup();
    if size == 0 { SignupOutcome::Organic } else { record(size) }
}

/// Reports the draft, whose data has this many bytes.
pub(crate) fn record(size: usize) -> SignupOutcome {
    if consent::denied() {
        return SignupOutcome::ConsentDenied;
    }
    if size > EVENT_MAX - ENVELOPE {
        return SignupOutcome::TooLarge;
    }
    browser::create();
    pending::trim();
    transport::post();
    SignupOutcome::Posted
}

//! Billing providers: each module verifies the provider's webhooks and turns them into events, and into facts that
//! later events need.

pub mod chargebee;
mod draft;
pub mod fact;
pub mod maxio;
#[cfg(test)]
mod outcome;
pub mod paddle;
mod proof;
pub mod recurly;
pub mod refund_totals;
mod site_data;
pub mod stripe;

pub use headwater_journal::Fact;
use headwater_journal::NewEntry;
use headwater_protocol::event::{Data, Event};
use headwater_protocol::v2::BillingProvider;
use headwater_protocol::{FieldError, Millis, Source};
use http::HeaderMap;
use secrecy::SecretString;

use crate::{RelayProgram, admit};

/// A billing provider.
pub trait Provider: Sync {
    /// Checks that the provider sent a webhook, by its headers and the bytes of its body.
    ///
    /// # Errors
    /// [`WebhookError::Signature`] if it did not, or longer ago than a webhook may travel.
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secret: &SecretString,
        now: Millis,
    ) -> Result<(), WebhookError>;

    /// Reads a verified webhook for the program and mode of `scope`. The result is empty for a type that is not about
    /// customers or money.
    ///
    /// Event ids are derived from the provider's id of the webhook and the scope, so that a webhook that is delivered
    /// five times counts once, and one account of the provider may feed two programs.
    ///
    /// # Errors
    /// [`WebhookError::Body`] for a body that cannot be read, or whose events could not be delivered.
    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError>;
}

/// The module of each provider.
pub fn provider(name: BillingProvider) -> &'static dyn Provider {
    match name {
        BillingProvider::Stripe => &stripe::Stripe,
        BillingProvider::Chargebee => &chargebee::Chargebee,
        BillingProvider::Recurly => &recurly::Recurly,
        BillingProvider::Maxio => &maxio::Maxio,
        BillingProvider::Paddle => &paddle::Paddle,
    }
}

/// Why a webhook was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookError {
    /// It is not signed by the provider, or too old. The sentence says which.
    Signature(String),
    /// It is signed, but cannot be read.
    Body(FieldError),
}

/// The content of a webhook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Webhook {
    /// Events to deliver, in their order.
    pub events: Vec<SourcedEvent>,
    /// Facts to keep with them.
    pub facts: Vec<Fact>,
}

/// An event of a webhook, with its source. What a buyer can edit is a claim, even if the provider passes it on.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcedEvent {
    /// What happened.
    pub event: Event,
    /// Its source.
    pub source: Source,
}

impl SourcedEvent {
    /// The entry to append. All events of one customer of the provider share a lane, whichever names they carry.
    pub(crate) fn entry(&self, program: &RelayProgram, now: Millis) -> NewEntry {
        let entry = admit::entry(&self.event, self.event.write(), program, self.source, now);
        NewEntry { lane: admit::lane(program, &lane(&self.event.data)), ..entry }
    }
}

fn lane(data: &Data) -> String {
    let lane = data.customer().billing_lane();
    match data {
        Data::Refund(refund) if lane.is_empty() => refund.about.clone().unwrap_or_default(),
        _ => lane,
    }
}

/// The scope of a program and mode, which is the prefix of its lanes, facts and names.
pub(crate) fn scope(program: &RelayProgram) -> String {
    admit::lane(program, "").trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests;

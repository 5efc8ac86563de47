//! What becomes of a webhook while it is read: events with ids of their own, and facts.

use headwater_journal::Fact;
use headwater_protocol::event::{CustomerRef, Data, Event, Refund};
use headwater_protocol::v2::BillingProvider;
use headwater_protocol::{EventId, FieldError, Millis, Source, field};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::fact::{self, FactBody};
use super::{SourcedEvent, Webhook, WebhookError};

/// A webhook that is being read.
pub(super) struct WebhookDraft<'a> {
    provider: BillingProvider,
    scope: &'a str,
    /// Identifies the happening among all of the provider's: its id of the webhook, if it gives one. A repeated webhook
    /// has the same.
    id: String,
    at: Millis,
    data: Vec<(Source, Data)>,
    facts: Vec<Fact>,
}

impl<'a> WebhookDraft<'a> {
    /// Begins with what identifies the happening, and the time at which the provider says that it happened.
    pub(super) fn new(provider: BillingProvider, scope: &'a str, id: String, at: Millis) -> Self {
        Self { provider, scope, id, at, data: Vec::new(), facts: Vec::new() }
    }

    /// The key of a payment, or of what took one back. Ids of two providers may be the same text.
    pub(super) fn key(&self, id: &str) -> String {
        format!("{}/{id}", self.provider.name())
    }

    /// The name of an invoice for facts.
    pub(super) fn invoice(&self, id: &str) -> String {
        fact::invoice_of(self.provider, id)
    }

    pub(super) fn push_event(&mut self, source: Source, data: Data) {
        self.data.push((source, data));
    }

    /// Stores a fact about the record `name`. Of two at one time, the one with the higher rank is kept.
    pub(super) fn fact(&mut self, known: &FactBody, name: &str, part: &str, rank: i64) {
        self.facts.push(known.fact(self.scope, name, part, self.at.0, rank));
    }

    /// Stores that two records belong together, or do not any more.
    pub(super) fn link(&mut self, one: &str, other: &str, holds: bool) {
        self.facts.extend(FactBody::link(self.scope, one, other, self.at.0, holds));
    }

    /// Adds an event for the object `id`, which has changed how much is taken back of the record `about`.
    pub(super) fn back(&mut self, about: &str, id: &str, customer: CustomerRef) {
        let refund = Refund {
            customer,
            transaction_key: self.key(id),
            about: Some(about.to_owned()),
            amount: None,
            refunded_at: self.at,
        };
        self.push_event(Source::Billing, Data::Refund(refund));
    }

    /// Ends the reading; `path` is the member of the body that the events came from.
    pub(super) fn finish(self, path: &str) -> Result<Webhook, WebhookError> {
        let Self { provider, scope, id, at, data, facts } = self;
        let event = |(index, (source, data))| {
            let digest = Sha256::digest(format!("{}/{scope}/{id}/{index}", provider.name()));
            let event = Event { id: EventId::derived(at, &digest.into()), occurred_at: at, data };
            // As delivery will read it, so that what could not be delivered is refused now.
            let event = Event::read(&event.write()).map_err(|error| refusal(error, path))?;
            Ok(SourcedEvent { event, source })
        };
        Ok(Webhook { events: data.into_iter().enumerate().map(event).collect::<Result<_, _>>()?, facts })
    }
}

/// The refusal of an event, which calls its own content `data`.
fn refusal(error: FieldError, path: &str) -> WebhookError {
    let field = error.field.strip_prefix("data.").unwrap_or(&error.field).to_owned();
    WebhookError::Body(FieldError { field, ..error }.below(path))
}

/// Reads the member `path` of a webhook's body, whose text is `text`.
pub(super) fn member<'a, T: Deserialize<'a>>(path: &str, text: &'a str) -> Result<T, WebhookError> {
    field::parse(text.as_bytes()).map_err(|error| WebhookError::Body(error.below(path)))
}

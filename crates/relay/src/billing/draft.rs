//! What a provider's reader makes of one webhook, until it is complete: events with derived ids, and facts.

use headwater_journal::Fact;
use headwater_protocol::event::{CustomerRef, Data, Event, Refund};
use headwater_protocol::{EventId, Millis, Source};
use sha2::{Digest as _, Sha256};

use super::fact::FactBody;
use super::{SourcedEvent, Webhook, WebhookError};

/// A webhook that is being read.
pub(super) struct WebhookDraft<'a> {
    /// The provider's name, which begins the keys of its transactions and the names of its records, so that the ids of
    /// two providers cannot collide.
    provider: &'static str,
    scope: &'a str,
    /// Identifies the happening among all of the provider's. A repeated webhook has the same one.
    identity: String,
    /// When it happened by the provider's clock.
    at: Millis,
    data: Vec<(Source, Data)>,
    facts: Vec<Fact>,
}

impl<'a> WebhookDraft<'a> {
    pub(super) fn new(provider: &'static str, scope: &'a str, identity: String, at: Millis) -> Self {
        Self { provider, scope, identity, at, data: Vec::new(), facts: Vec::new() }
    }

    /// The provider's id `id` with the provider's name.
    pub(super) fn own(&self, id: &str) -> String {
        format!("{}/{id}", self.provider)
    }

    pub(super) fn push(&mut self, source: Source, data: Data) {
        self.data.push((source, data));
    }

    /// Adds a fact about the record `name`. Of two facts of the same time, the one with the higher `rank` is kept.
    pub(super) fn fact(&mut self, known: &FactBody, name: &str, part: &str, rank: i64) {
        self.facts.push(known.fact(self.scope, name, part, self.at.0, rank));
    }

    /// Stores that two records belong together.
    pub(super) fn link(&mut self, one: &str, other: &str) {
        self.facts.extend(FactBody::link(self.scope, one, other, self.at.0, true));
    }

    /// Adds an event for the provider's object `id`, which has changed how much is taken back of the record `about`.
    pub(super) fn back(&mut self, about: &str, id: &str, customer: CustomerRef) {
        let refund = Refund {
            customer,
            transaction_key: self.own(id),
            about: Some(about.to_owned()),
            amount: None,
            refunded_at: self.at,
        };
        self.push(Source::Billing, Data::Refund(refund));
    }

    /// The finished webhook. `below` names the part of the body that its events were read from.
    ///
    /// # Errors
    /// [`WebhookError::Body`] when an event could not be delivered.
    pub(super) fn finish(self, below: &str) -> Result<Webhook, WebhookError> {
        let Self { provider, scope, identity, at, data, facts } = self;
        let sourced = |(index, (source, data))| {
            let text = format!("{provider}/{scope}/{identity}/{index}");
            let id = EventId::derived(at, &Sha256::digest(text).into());
            let event = Event { id, occurred_at: at, data };
            // Written and read as delivery will, so that what could not be delivered is refused now.
            let event =
                Event::read(&event.write()).map_err(|error| WebhookError::Body(error.below(below)))?;
            Ok(SourcedEvent { event, source })
        };
        let events = data.into_iter().enumerate().map(sourced).collect::<Result<_, WebhookError>>()?;
        Ok(Webhook { events, facts })
    }
}

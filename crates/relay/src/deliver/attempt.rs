//! Delivers one entry: which requests of API v2 an event becomes, and what their answers mean.
//!
//! Every request that creates carries an `Idempotency-Key` made from the event's id, so that a repeated attempt changes
//! nothing. Every request names the event's source, so that our ledger treats what a page says as a claim (trust.md
//! section 1).

mod checkout;
mod customer;
mod error;
mod money;
mod product;

use headwater_client::{Client, ClientError};
use headwater_journal::{Entry, Journal, Outcome};
use headwater_protocol::event::{Data, Event};
use headwater_protocol::{EventId, Millis, Source};

use crate::{RelayProgram, admit, billing};

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum AttemptEnd {
    /// With this outcome, to be settled.
    As(Outcome),
    /// The destination refuses our credential, for this reason. The entry is not at fault.
    Refused(String),
}

/// One attempt to deliver an entry.
pub(super) struct Attempt<'a> {
    /// Names the entry's source in each request.
    client: Client,
    program: &'a RelayProgram,
    journal: &'a Journal,
    source: Source,
    now: i64,
    id: EventId,
    occurred_at: Millis,
}

/// Delivers one entry at `now`, epoch milliseconds; returns how the attempt ended.
pub(super) async fn deliver(
    client: &Client,
    program: &RelayProgram,
    journal: &Journal,
    entry: &Entry,
    now: i64,
) -> AttemptEnd {
    let event = match Event::read(&entry.body) {
        Ok(event) => event,
        Err(error) => {
            return AttemptEnd::As(Outcome::Dead { reason: format!("its text cannot be read: {error}") });
        }
    };
    // An unknown source was written by a later version. It is taken for the least trusted one.
    let source = Source::from_name(&entry.source).unwrap_or(Source::Page);
    let client = client.clone().with_source(source);
    let (id, occurred_at) = (event.id, event.occurred_at);
    let attempt = Attempt { client, program, journal, source, now, id, occurred_at };
    let names = attempt.known_names(&event.data);
    let result = match event.data {
        Data::Signup(signup) => attempt.signup(signup).await,
        Data::Checkout(checkout) => attempt.checkout(checkout).await,
        Data::Payment(payment) => attempt.payment(payment).await,
        Data::Subscription(subscription) => attempt.subscription(subscription).await,
        Data::ProviderCustomer(known) => attempt.provider_customer(known).await,
        Data::Refund(refund) => attempt.refund(refund).await,
    };
    match result {
        Ok(()) => AttemptEnd::As(Outcome::Delivered { names }),
        Err(stop) => stop.ended(entry, now),
    }
}

impl Attempt<'_> {
    /// A name with its scope, as parked entries wait for it.
    fn name(&self, name: &str) -> String {
        admit::lane(self.program, name)
    }

    fn names(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.name(name)).collect()
    }

    /// The names that the destination knows once this event is delivered.
    fn known_names(&self, data: &Data) -> Vec<String> {
        let mut names = data.customer().names();
        match data {
            Data::Signup(signup) => {
                names.extend(signup.provider_key.as_ref().map(|key| format!("p:{key}")));
                names.extend(signup.email.as_ref().map(|email| format!("e:{email}")));
            }
            Data::Payment(payment) => names.push(transaction(&payment.key)),
            // A refund creates nothing at the destination.
            Data::Refund(_) => names.clear(),
            _ => {}
        }
        self.names(&names)
    }

    /// `<event id>/<what>`: the `Idempotency-Key` of one of the event's requests.
    fn idempotency_key(&self, what: impl std::fmt::Display) -> String {
        format!("{}/{what}", self.id)
    }

    /// When the event happened, but never later than now, because a sender's clock may be ahead.
    fn happened(&self, at: Option<Millis>) -> Millis {
        Millis(at.unwrap_or(self.occurred_at).0.min(self.now))
    }

    fn scope(&self) -> String {
        billing::scope(self.program)
    }
}

/// The name of a transaction that a refund waits for.
fn transaction(key: &str) -> String {
    format!("t:{key}")
}

/// Treats an unreadable 2xx answer as success: the request was accepted, and the next ones of the event must be sent.
fn sent<T>(answer: Result<T, ClientError>) -> Result<(), ClientError> {
    match answer {
        Ok(_) | Err(ClientError::Unreadable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether something that the request names, such as its customer, does not exist at the destination. A later event
/// may still create it. The answer is 403 for another program's record, and for an unknown customer of a product
/// (seed 000).
fn is_missing(error: &ClientError) -> bool {
    match error.status() {
        Some(404) => true,
        Some(403) => !error::refuses_credential(error),
        _ => false,
    }
}

//! One entry to its destination: which requests of API v2 an event becomes, and what their answers mean.
//!
//! Every request carries an `Idempotency-Key` made of the event's id, so that a repeated attempt changes nothing, and
//! says who says it: a destination of ours takes a page's word as a claim (trust.md section 1).

mod checkout;
mod customer;
mod money;
mod product;
mod stop;

use headwater_client::{Client, ClientError};
use headwater_journal::{Entry, Journal, Outcome};
use headwater_protocol::event::{Data, Event};
use headwater_protocol::{EventId, Millis, Source};

use crate::{Program, admit, billing};

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// To be recorded.
    As(Outcome),
    /// The destination refuses our credential: nothing is wrong with the entry.
    Refused(String),
}

/// One attempt.
pub(super) struct Carrier<'a> {
    /// Speaking for whoever says the entry.
    client: Client,
    program: &'a Program,
    journal: &'a Journal,
    source: Source,
    now: i64,
    id: EventId,
    occurred_at: Millis,
}

/// Carries one entry and says how it ended.
pub(super) async fn carry(
    client: &Client,
    program: &Program,
    journal: &Journal,
    entry: &Entry,
    now: i64,
) -> Ended {
    let event = match Event::read(&entry.body) {
        Ok(event) => event,
        Err(error) => {
            return Ended::As(Outcome::Dead { reason: format!("its text cannot be read: {error}") });
        }
    };
    // An unknown word is a later version's: the least trusted of them.
    let source = Source::from_name(&entry.source).unwrap_or(Source::Page);
    let client = client.clone().speaking_for(source);
    let (id, occurred_at) = (event.id, event.occurred_at);
    let carrier = Carrier { client, program, journal, source, now, id, occurred_at };
    let there = carrier.there(&event.data);
    let result = match event.data {
        Data::Signup(signup) => carrier.signup(signup).await,
        Data::Checkout(checkout) => carrier.checkout(checkout).await,
        Data::Payment(payment) => carrier.payment(payment).await,
        Data::Subscription(subscription) => carrier.subscription(subscription).await,
        Data::ProviderCustomer(known) => carrier.provider_customer(known).await,
        Data::Refund(refund) => carrier.refund(refund).await,
    };
    match result {
        Ok(()) => Ended::As(Outcome::Delivered { names: there }),
        Err(stop) => stop.ended(entry, now),
    }
}

impl Carrier<'_> {
    /// A name as parked entries wait for it.
    fn name(&self, name: &str) -> String {
        admit::lane(self.program, name)
    }

    fn names(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.name(name)).collect()
    }

    /// What is at the destination once this is delivered.
    fn there(&self, data: &Data) -> Vec<String> {
        let mut names = data.customer().names();
        match data {
            Data::Signup(signup) => {
                names.extend(signup.provider_key.as_ref().map(|key| format!("p:{key}")));
                names.extend(signup.email.as_ref().map(|email| format!("e:{email}")));
            }
            Data::Payment(payment) => names.push(transaction(&payment.key)),
            // Money that goes back makes nobody known.
            Data::Refund(_) => names.clear(),
            _ => {}
        }
        self.names(&names)
    }

    /// `<event id>/<what>`: the `Idempotency-Key` of one of the event's requests.
    fn idem(&self, what: impl std::fmt::Display) -> String {
        format!("{}/{what}", self.id)
    }

    /// When it happened, never later than now: a sender's clock may be ahead.
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

/// A 2xx whose answer we cannot read was accepted all the same: what follows it must still be sent.
fn sent<T>(answer: Result<T, ClientError>) -> Result<(), ClientError> {
    match answer {
        Ok(_) | Err(ClientError::Unreadable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a customer, or something else the request named, is not there; with an event on its way to make it, it may
/// yet come. 403 says it of another program's, and of a customer that a product names (seed 000).
fn is_missing(error: &ClientError) -> bool {
    match error.status() {
        Some(404) => true,
        Some(403) => !stop::refuses_credential(error),
        _ => false,
    }
}

//! The event: whatever a page, a billing provider or a site's server reports, with an id made where it happened.
//!
//! On the wire (`POST /v1/events`, browser.md section 6) a body holds one event or a batch:
//! `{"public_key": "pk_…", "events": [{"id": "<uuid>", "type": "signup", "occurred_at": 1775514585468,
//! "data": {…}}]}` or the members of a single event beside `public_key`.

mod billing;
mod data;
pub(crate) mod loose;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::field::{self, FieldError};
use crate::{Millis, limits};

pub use billing::{CustomerRef, Payment, ProviderCustomer, Refund, Subscription};
pub use data::{Checkout, CheckoutProduct, ClaimedTransaction, Signup};

/// An event's id: a UUID, version 7 where the browser makes it, version 8 where it is derived from a billing
/// provider's own id. Never changed on retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(uuid::Uuid);

impl EventId {
    /// A version 7 id of `now` and ten random bytes.
    pub fn v7(now: Millis, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now.0.unsigned_abs(), random).into_uuid())
    }

    /// A version 8 id derived from `digest`, the hash of a provider's id: the same provider's id gives the same event
    /// id, however often it is sent. It begins with `time` (when the provider's event happened, never when it
    /// arrived), so that new ids are appended to the unique index.
    pub fn derived(time: Millis, digest: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&time.0.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&digest[..10]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id's sixteen bytes, as the journal stores them.
    pub fn bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id of sixteen stored bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for EventId {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        text.parse()
            .map(Self)
            .map_err(|_| FieldError::new("invalid_value", "id", format!("id must be a UUID, got '{text}'")))
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A visitor became a customer.
    Signup,
    /// A customer chose products. Amounts are a claim, not money (browser.md section 7).
    Checkout,
    /// A billing provider, or the site's server, took a payment.
    Payment,
    /// A billing provider changed a subscription.
    Subscription,
    /// A billing provider knows a customer under an id of its own.
    ProviderCustomer,
    /// A billing provider gave money back.
    Refund,
}

impl EventKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Signup,
        Self::Checkout,
        Self::Payment,
        Self::Subscription,
        Self::ProviderCustomer,
        Self::Refund,
    ];

    /// The `type` member.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Checkout => "checkout",
            Self::Payment => "payment",
            Self::Subscription => "subscription",
            Self::ProviderCustomer => "provider_customer",
            Self::Refund => "refund",
        }
    }

    /// Whether a page may send it with a public key alone. Money and provider facts need a secret.
    pub fn from_browser(self) -> bool {
        matches!(self, Self::Signup | Self::Checkout)
    }
}

impl FromStr for EventKind {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            FieldError::new(
                "unknown_event_type",
                "type",
                format!("type must be one of {known}, got '{text}'"),
            )
        })
    }
}

/// The parsed data of an event.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one exists at a time, from parsing to its requests")]
pub enum Data {
    /// See [`EventKind::Signup`].
    Signup(Signup),
    /// See [`EventKind::Checkout`].
    Checkout(Checkout),
    /// See [`EventKind::Payment`].
    Payment(Payment),
    /// See [`EventKind::Subscription`].
    Subscription(Subscription),
    /// See [`EventKind::ProviderCustomer`].
    ProviderCustomer(ProviderCustomer),
    /// See [`EventKind::Refund`].
    Refund(Refund),
}

impl Data {
    /// The customer the event is about, by the identifiers that the event gives.
    pub fn customer(&self) -> CustomerRef {
        match self {
            Self::Signup(signup) => CustomerRef::by_key(signup.customer_key()),
            Self::Checkout(checkout) => CustomerRef::by_key(Some(&checkout.customer_key)),
            Self::Payment(payment) => payment.customer.clone(),
            Self::Subscription(subscription) => subscription.customer.clone(),
            Self::ProviderCustomer(known) => known.customer.clone(),
            Self::Refund(refund) => refund.customer.clone(),
        }
    }
}

/// One event, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Made where it happened.
    pub id: EventId,
    /// When it happened, by the sender's clock.
    pub occurred_at: Millis,
    /// What happened.
    pub data: Data,
}

#[derive(Deserialize)]
struct EventHead<'a> {
    id: EventId,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    occurred_at: Millis,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// Parses one event and checks every bound. Unknown members are ignored; they survive only in the original text.
    pub fn read(text: &str) -> Result<Self, FieldError> {
        if text.len() > limits::EVENT_MAX {
            let (max, got) = (limits::EVENT_MAX, text.len());
            return Err(FieldError::new(
                "too_large",
                "",
                format!("an event may have {max} bytes, got {got}"),
            ));
        }
        let head: EventHead<'_> = field::parse(text.as_bytes())?;
        let data = Data::read(head.kind.parse()?, head.data.get()).map_err(|error| error.below("data"))?;
        Ok(Self { id: head.id, occurred_at: head.occurred_at, data })
    }

    /// The event's kind.
    pub fn kind(&self) -> EventKind {
        match self.data {
            Data::Signup(_) => EventKind::Signup,
            Data::Checkout(_) => EventKind::Checkout,
            Data::Payment(_) => EventKind::Payment,
            Data::Subscription(_) => EventKind::Subscription,
            Data::ProviderCustomer(_) => EventKind::ProviderCustomer,
            Data::Refund(_) => EventKind::Refund,
        }
    }

    /// The event as it crosses the wire.
    pub fn write(&self) -> String {
        #[derive(Serialize)]
        struct Out<'a, T> {
            id: EventId,
            r#type: &'a str,
            occurred_at: Millis,
            data: &'a T,
        }
        fn text<T: Serialize>(event: &Event, data: &T) -> String {
            let out = Out { id: event.id, r#type: event.kind().name(), occurred_at: event.occurred_at, data };
            serde_json::to_string(&out).expect("strings and integers always serialize")
        }
        match &self.data {
            Data::Signup(data) => text(self, data),
            Data::Checkout(data) => text(self, data),
            Data::Payment(data) => text(self, data),
            Data::Subscription(data) => text(self, data),
            Data::ProviderCustomer(data) => text(self, data),
            Data::Refund(data) => text(self, data),
        }
    }
}

impl Data {
    fn read(kind: EventKind, text: &str) -> Result<Self, FieldError> {
        let bytes = text.as_bytes();
        Ok(match kind {
            EventKind::Signup => Self::Signup(field::parse::<Signup>(bytes)?.checked()?),
            EventKind::Checkout => Self::Checkout(field::parse::<Checkout>(bytes)?.checked()?),
            EventKind::Payment => Self::Payment(field::parse::<Payment>(bytes)?.checked()?),
            EventKind::Subscription => Self::Subscription(field::parse::<Subscription>(bytes)?.checked()?),
            EventKind::ProviderCustomer => {
                Self::ProviderCustomer(field::parse::<ProviderCustomer>(bytes)?.checked()?)
            }
            EventKind::Refund => Self::Refund(field::parse::<Refund>(bytes)?.checked()?),
        })
    }
}

/// A body of `POST /v1/events`: the key, and each event as unparsed text, so that one invalid event does not make the
/// others fail.
#[derive(Debug)]
pub struct Submission<'a> {
    /// The program's public key; a server that signs in with Basic may leave it out.
    pub public_key: Option<Cow<'a, str>>,
    /// Each event's text, unparsed.
    pub events: Vec<&'a str>,
}

impl<'a> Submission<'a> {
    /// Splits a body into its events without parsing them.
    pub fn read(body: &'a str) -> Result<Self, FieldError> {
        #[derive(Deserialize)]
        struct Outer<'a> {
            #[serde(borrow, default)]
            public_key: Option<Cow<'a, str>>,
            #[serde(borrow, default)]
            events: Option<Vec<&'a RawValue>>,
        }
        let outer: Outer<'a> = field::parse_outer(body.as_bytes())?;
        let events =
            outer.events.map_or_else(|| vec![body], |events| events.iter().map(|raw| raw.get()).collect());
        let count = events.len();
        if count == 0 || count > limits::BATCH_EVENTS_MAX {
            let max = limits::BATCH_EVENTS_MAX;
            return Err(FieldError::new(
                "out_of_range",
                "events",
                format!("events must hold 1 to {max} events, got {count}"),
            ));
        }
        Ok(Self { public_key: outer.public_key, events })
    }
}

#[cfg(test)]
mod tests;

//! The objects rules may name, and the events that know them.

use headwater_protocol::v2::TriggerEvent;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Product,
    Transaction,
    Customer,
    Partnership,
    Action,
    Deal,
    Lead,
    Link,
}

impl Object {
    pub(super) const ALL: [Self; 8] = [
        Self::Product,
        Self::Transaction,
        Self::Customer,
        Self::Partnership,
        Self::Action,
        Self::Deal,
        Self::Lead,
        Self::Link,
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Transaction => "transaction",
            Self::Customer => "customer",
            Self::Partnership => "partnership",
            Self::Action => "action",
            Self::Deal => "deal",
            Self::Lead => "lead",
            Self::Link => "link",
        }
    }

    /// The names of all, for messages.
    pub(super) fn names() -> String {
        let (last, rest) = Self::ALL.split_last().expect("there are objects");
        format!(
            "{} or {}",
            rest.iter().map(|object| object.name()).collect::<Vec<_>>().join(", "),
            last.name()
        )
    }

    /// The events that have such an object.
    pub(super) fn events(self) -> &'static [TriggerEvent] {
        use TriggerEvent as Event;
        match self {
            Self::Product => &[Event::TransactionCreated, Event::ProductUpdated],
            Self::Transaction => &[Event::TransactionCreated],
            Self::Customer => &[
                Event::CustomerCreated,
                Event::TransactionCreated,
                Event::ActionRecorded,
                Event::ProductUpdated,
                Event::DealUpdated,
                Event::LeadUpdated,
            ],
            Self::Partnership => &TriggerEvent::ALL,
            Self::Action => &[Event::ActionRecorded],
            Self::Deal => &[Event::DealUpdated],
            Self::Lead => &[Event::LeadUpdated],
            Self::Link => &[Event::LinkClicked],
        }
    }
}

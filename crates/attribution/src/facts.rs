//! What is known when a trigger is evaluated. Gathered by the ledger, read by the rules.

use headwater_protocol::v2::{ProductStatus, TriggerEvent};
use headwater_protocol::{Currency, Millis};
use serde_json::{Map, Value};

/// Everything the rules may ask about one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What happened.
    pub event: TriggerEvent,
    /// Whether the program's test clock is in use, so that test records earn test rewards.
    pub test_clock: bool,
    /// The payment, when the event is one.
    pub transaction: Option<TransactionFacts>,
    /// Whose event it is; `None` for events without a customer.
    pub customer: Option<CustomerFacts>,
    /// Who would earn.
    pub partnership: PartnershipFacts,
    /// The products the event is about: on a payment the linked one, or none.
    pub products: Vec<ProductFacts>,
    /// The record that only this kind of event has.
    pub record: Option<RecordFacts>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionFacts {
    /// Minor units.
    pub amount: i64,
    /// Currency of `amount`.
    pub currency: Currency,
    /// Free text.
    pub category_key: Option<String>,
    /// Free text given with the payment.
    pub product_key: Option<String>,
    /// As given.
    pub metadata: Map<String, Value>,
    /// Made with test keys.
    pub test: bool,
    /// When it happened.
    pub created_at: Millis,
}

/// A customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerFacts {
    /// What the site keeps with the customer.
    pub fields: Map<String, Value>,
    /// Made with test keys.
    pub test: bool,
    /// Signed up at.
    pub created_at: Millis,
    /// Minor units paid and not given back, this payment included, in this payment's currency.
    pub total_revenue: i64,
    /// Payments so far, this one included.
    pub transaction_count: i64,
}

/// A partner's place in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnershipFacts {
    /// Key and slug of the group; `None` outside any group.
    pub group: Option<(String, String)>,
    /// Labels.
    pub tags: Vec<String>,
    /// Key and name of the tier; `None` without one.
    pub tier: Option<(String, String)>,
    /// Joined at.
    pub created_at: Millis,
}

/// What a customer has of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFacts {
    /// `prod_…`
    pub key: String,
    /// The catalogue's name.
    pub name: String,
    /// `pbook_…`
    pub product_book_key: String,
    /// Its present status.
    pub status: ProductStatus,
    /// Purchase date.
    pub created_at: Millis,
}

/// The record that a kind of event is about.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordFacts {
    /// Of `action_recorded`.
    Action(ActionFacts),
    /// Of `deal_updated`.
    Deal(DealFacts),
    /// Of `lead_updated`.
    Lead(LeadFacts),
    /// Of `link_clicked`.
    Link(LinkFacts),
}

/// An action of a customer or a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFacts {
    /// What kind, as `demo_booked`.
    pub kind: String,
    /// How many.
    pub value: i64,
    /// When it happened.
    pub created_at: Millis,
}

/// A deal.
#[derive(Debug, Clone, PartialEq)]
pub struct DealFacts {
    /// One of the group's stages.
    pub stage: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Currency of `amount`.
    pub currency: Option<Currency>,
    /// What the form asked for.
    pub fields: Map<String, Value>,
    /// Made at.
    pub created_at: Millis,
}

/// A lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadFacts {
    /// `open`, `closed`, `dead`, `closed won` or `closed lost`.
    pub status: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// What the form asked for.
    pub fields: Map<String, Value>,
    /// Made at.
    pub created_at: Millis,
}

/// The link that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFacts {
    /// `link_…`
    pub key: String,
    /// The path on the link host.
    pub slug: String,
    /// Where it leads.
    pub dest: String,
}

impl Facts {
    /// Whether the event is of test records.
    pub(crate) fn is_test(&self) -> bool {
        self.customer.as_ref().is_some_and(|customer| customer.test)
            || self.transaction.as_ref().is_some_and(|payment| payment.test)
    }

    /// The event's own currency, where it has one.
    pub(crate) fn currency(&self) -> Option<Currency> {
        match (&self.transaction, &self.record) {
            (Some(payment), _) => Some(payment.currency),
            (None, Some(RecordFacts::Deal(deal))) => deal.currency,
            _ => None,
        }
    }
}

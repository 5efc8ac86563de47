//! What is known when a trigger is evaluated. Gathered by the ledger, read by the rules.

use headwater_protocol::v2::{ProductStatus, TriggerEvent};
use headwater_protocol::{Currency, Millis};
use serde_json::{Map, Value};

/// Everything the rules may ask about one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What happened.
    pub event: TriggerEvent,
    /// The payment, when the event is one.
    pub transaction: Option<TransactionFacts>,
    /// Whose event it is.
    pub customer: CustomerFacts,
    /// Who would earn.
    pub partnership: PartnershipFacts,
    /// The products the event is about: on a payment the linked one, or none.
    pub products: Vec<ProductFacts>,
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
    /// Made with test keys: earns nothing.
    pub test: bool,
    /// When it happened.
    pub created_at: Millis,
}

/// A customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerFacts {
    /// What the site keeps with the customer.
    pub fields: Map<String, Value>,
    /// Made with test keys: earns nothing.
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

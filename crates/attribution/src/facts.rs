//! Facts: what was true when the program learned of an event. Gathered by the ledger, read by the rules.

use protocol::v2::ProductStatus;
use protocol::{Currency, Millis};

/// Everything a trigger may ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The payment, when the event is one.
    pub transaction: Option<TransactionFacts>,
    /// Who paid or signed up.
    pub customer: CustomerFacts,
    /// Who referred them.
    pub partnership: PartnershipFacts,
    /// The products the event is about: of a payment, the one its subscription names, or none.
    pub products: Vec<ProductFacts>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionFacts {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// Free text.
    pub category_key: Option<String>,
    /// Free text, as the sender gave it.
    pub product_key: Option<String>,
    /// Names and values.
    pub metadata: Vec<(String, String)>,
    /// When it happened.
    pub created: Millis,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFacts {
    /// When the customer signed up.
    pub created: Millis,
    /// Whether test keys made it; a test customer earns nobody anything.
    pub test: bool,
    /// Payments before this event.
    pub transactions: i64,
}

/// A partnership.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartnershipFacts {
    /// The group's key and slug; either names it.
    pub group: Option<(String, String)>,
    /// Labels.
    pub tags: Vec<String>,
    /// When the partner joined.
    pub joined: Millis,
}

/// A product a customer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFacts {
    /// The catalogue entry's name.
    pub name: String,
    /// The catalogue entry's key.
    pub product_book_key: String,
    /// Where it stands.
    pub status: ProductStatus,
    /// Purchase date.
    pub created: Millis,
}

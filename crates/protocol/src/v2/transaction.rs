//! Transactions: a customer's payments (api.md section 3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Currency, Millis};

/// `POST /transactions`: exactly one of `customer_key`, `customer_external_key`, `customer_email`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateTransaction {
    /// Minor units, −5·10¹⁰ to 5·10¹⁰.
    pub amount: i64,
    /// ISO 4217, either case.
    pub currency: Currency,
    /// Our `cus_` key, else the site's own id.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_key: Option<String>,
    /// The customer's `external_key`, else the site's own id, else the billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_external_key: Option<String>,
    /// The customer's address, where only one customer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// Unique name of the payment, 4 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A product's `external_subscription_key`, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_key: Option<String>,
    /// Free text; a linked product takes its place in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_key: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_key: Option<String>,
    /// At most 25 entries; names 30, values 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Names of what was bought at the billing provider, such as a product's and a price's id: looked up in the
    /// catalogue's `external_key`, in order. **We** add it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue_keys: Vec<String>,
    /// Team member credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_key: Option<String>,
    /// When it happened, when that is not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Millis>,
}

/// `POST /transactions/{key}/refund`: exactly one of `amount`, `refunded_total` and `lines`. **We** add it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateRefund {
    /// Minor units given back by this call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Minor units given back altogether: a state, so that saying it again changes nothing. A smaller one than
    /// before gives back what was taken, as when a dispute is won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_total: Option<i64>,
    /// What this call gives back, line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<RefundLine>>,
    /// When `refunded_total` was true, by the source's clock; a request older than the stored state changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Millis>,
    /// Orders totals with the same `occurred_at`: one with a lower number than the stored state's changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// A line of a refund.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundLine {
    /// Minor units.
    pub amount: i64,
}

/// The customer inside a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionCustomer {
    /// `cus_…`
    pub key: String,
    /// Address.
    pub email: String,
    /// The site's own id.
    pub external_key: Option<String>,
    /// Sub-ids of the click.
    pub sub_ids: Vec<String>,
}

/// A customer's payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    /// The given unique name, or `tran_…`.
    pub key: String,
    /// Minor units.
    pub amount: i64,
    /// Minor units of US dollars, where the program has a rate; equal to `amount` for USD.
    pub amount_usd: Option<i64>,
    /// ISO 4217.
    pub currency: Currency,
    /// Whether it counts.
    pub approved: bool,
    /// Whether it was refunded in full.
    pub archived: bool,
    /// Free text.
    pub category_key: Option<String>,
    /// The linked product's key, else the free text given.
    pub product_key: Option<String>,
    /// As given.
    pub subscription_key: Option<String>,
    /// Who paid.
    pub customer: TransactionCustomer,
    /// Who paid, as the request named it.
    pub customer_key: String,
    /// The partnership credited.
    pub partnership_key: Option<String>,
    /// The team member credited (`stck_…`). **We** add it.
    pub member_key: Option<String>,
    /// The program.
    pub company: Option<Value>,
    /// Always null.
    pub extension: Option<Value>,
    /// As given.
    pub metadata: Option<Map<String, Value>>,
    /// Made with test keys.
    pub test: bool,
    /// `approved` or `refunded`.
    pub status: String,
    /// The source of the payment: `page`, `billing` or `vendor`. **We** add it.
    pub source: String,
    /// When it happened.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// Whether a fact is a claim or confirmed (trust.md section 1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    /// The most trusted source so far: `page`, `signed`, `billing` or `vendor`.
    pub source: String,
    /// When a source other than a page confirmed the fact; null until then.
    pub confirmed_at: Option<Millis>,
    /// Whether pages have named two partners for the customer, and no more trusted source has named one.
    pub contested: bool,
}

/// What the program's triggers make of a transaction, in the order of evaluation. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionExplanation {
    /// The transaction's key.
    pub transaction: String,
    /// The linked product's key.
    pub product_key: Option<String>,
    /// Who would earn (`part_…`); nobody when the customer was not referred.
    pub partnership_key: Option<String>,
    /// Whether the customer is claimed or confirmed, and by which source.
    pub customer: Confirmation,
    /// The same of the linked product's catalogue entry.
    pub product: Option<Confirmation>,
    /// One for each trigger that is on.
    pub triggers: Vec<super::Explanation>,
}

//! Customers (api.md section 3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::CompanyName;
use crate::Millis;

/// `POST /customers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateCustomer {
    /// 4 to 255 characters; not unique. Only a page may leave it out (trust.md section 3).
    #[serde(default)]
    pub email: String,
    /// The site's own id; identity. Null falls back to the email.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_key: Option<String>,
    /// The referring partner, unless a click supplied it. Null counts as empty, which is refused: it means that the
    /// sender lost its cookie (api.md section 6).
    #[serde(
        default,
        deserialize_with = "crate::event::loose::null_as_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub partner_key: Option<String>,
    /// A key of ours (`cus_…`) to keep, for records moved from elsewhere. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// The team member credited (`stck_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_key: Option<String>,
    /// Anything the site wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// `PATCH` or `PUT /customers/{key}`: members absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpdateCustomer {
    /// New address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// The site's new id of the customer. Payments by the old one are refused for 90 days.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_key: Option<String>,
    /// The team member credited (`stck_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_key: Option<String>,
    /// Custom fields by their `api_name`; those that are not named stay, null removes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Map<String, Value>>,
    /// Replaces `meta` as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// Read-only after creation; another value than the present one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
}

/// A custom field with its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomField {
    /// What requests call it.
    pub api_name: String,
    /// What people read; the same until fields can be named.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// `text`, `number` or `boolean`.
    pub r#type: String,
    /// Whether partners and pages may not set it.
    pub read_only: bool,
    /// Whether a customer must have it.
    pub required: bool,
    /// What it may be; empty when anything.
    pub options: Vec<String>,
}

/// Reads custom fields. Another server than ours may answer null or an object, which says nothing of their types.
fn fields<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Vec<CustomField>, D::Error> {
    let given = Value::deserialize(reader)?;
    Ok(serde_json::from_value(given).unwrap_or_default())
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// `cus_…`
    pub key: String,
    /// The site's own id.
    pub customer_key: Option<String>,
    /// Another system's id.
    pub external_key: Option<String>,
    /// Address.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// The billing provider's id.
    pub provider_key: Option<String>,
    /// The referring partner's key, as their links carry it.
    pub partner_key: Option<String>,
    /// The referring partnership (`part_…`).
    pub partnership_key: Option<String>,
    /// What brought the customer: a click's xid or nothing.
    pub source_key: Option<String>,
    /// `click`, `api` or `import`.
    pub source_type: String,
    /// The most trusted source of the customer so far: `page`, `signed`, `billing` or `vendor`. **We** add it.
    pub source: String,
    /// When a source other than a page confirmed the customer; null until then. **We** add it.
    pub confirmed_at: Option<Millis>,
    /// Made with test keys.
    pub test: bool,
    /// What the site wanted kept.
    pub meta: Option<Map<String, Value>>,
    /// The same under the older name.
    pub mdata: Option<Map<String, Value>>,
    /// Custom fields.
    #[serde(default, deserialize_with = "fields")]
    pub field_data: Vec<CustomField>,
    /// The same, under the older name.
    #[serde(default, deserialize_with = "fields")]
    pub fields: Vec<CustomField>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
    /// Whether it is archived.
    pub archived: bool,
    /// The program; in a partner's view only, as are the four below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyName>,
    /// Sub-ids of the click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_ids: Option<Vec<String>>,
    /// What partner and company may both call the customer: its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_id: Option<String>,
    /// Null: where customers are is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_iso: Option<Value>,
    /// Whether it has a payment that was not wholly refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_paid: Option<bool>,
}

/// `POST /customers/{key}/attribution`: credits the customer to another partner. **We** add it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attribution {
    /// Who referred the customer.
    pub partner_key: String,
    /// Why; kept in the customer's history. 1 to 1,000 characters.
    pub reason: String,
}

/// A change of a customer after its creation: `GET /customers/{key}/history`. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The field that changed.
    pub field: String,
    /// Its value before.
    pub old: Option<String>,
    /// Its value since.
    pub new: Option<String>,
    /// The source of the change: `page`, `signed`, `billing` or `vendor`.
    pub source: String,
    /// When it changed.
    pub created_at: Millis,
}

//! The wire types of version 1, for old snippets and servers (api.md section 3): `key` is the site's own id.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{ErrorBody, Warning};
use crate::{Currency, Millis};

/// A success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct V1Envelope<T> {
    /// The HTTP status as an integer.
    pub status: u16,
    /// A sentence for people.
    pub message: String,
    /// The object or list.
    pub rdata: T,
    /// What was accepted but is probably a mistake. **We** add it; absent when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// An error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct V1Error {
    /// The sentence again, under the name that some clients read.
    pub error: String,
    /// Always null.
    pub rdata: Option<()>,
    /// The same members as in API v2.
    #[serde(flatten)]
    pub whole: ErrorBody,
}

/// `POST /v1/customers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateV1Customer {
    /// The site's own id; the address when absent.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub key: Option<String>,
    /// The referring partner.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::null_as_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub partner_key: Option<String>,
    /// Address.
    #[serde(default)]
    pub email: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// Accepted, and kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// Anything the site wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// `POST /v1/partnerships/{public_key}`: somebody applies to become a partner, from a page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateV1Application {
    /// 4 to 255 characters.
    pub email: String,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The applicant's company. At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Anything worth keeping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// The answer to an application from a page: the same whoever applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct V1Application {
    /// Always true.
    pub received: bool,
}

/// `PATCH /v1/customers/{key}`: members absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpdateV1Customer {
    /// The site's new id of the customer.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub key: Option<String>,
    /// New address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// Replaces `meta` as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// A customer as version 1 shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct V1Customer {
    /// The site's own id, else ours.
    pub key: String,
    /// Ours (`cus_…`). **We** add it.
    pub customer_key: String,
    /// The referring partner's key.
    pub partner_key: Option<String>,
    /// Address.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// The billing provider's id.
    pub provider_key: Option<String>,
    /// What the site wanted kept.
    pub meta: Option<Map<String, Value>>,
    /// Made with test keys.
    pub test: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// `POST /v1/customers/{key}/transactions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateV1Transaction {
    /// Minor units; may be 0.
    pub amount: i64,
    /// ISO 4217; US dollars when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Unique name of the payment, 4 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_key: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_key: Option<String>,
    /// At most 25 entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

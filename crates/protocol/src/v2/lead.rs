//! Leads: people who may buy (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{FormAnswers, FormValue, SaleSource};
use crate::{Currency, Millis};

/// `POST /leads`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateLead {
    /// Whose lead it is; `partner` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SaleSource>,
    /// The partner: required when `source` is `partner`. A partner's own leads need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
    /// The group's key or slug: required when `source` is `vendor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// The person's address. 4 to 255 characters. Without it, that of `fields` or `meta`, or an `external_key` that is
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name; `meta` and `fields` may name it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name; `meta` and `fields` may name it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The person's company. At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// What it may bring, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Of the amount; USD when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Whether the company accepts it. Only the vendor says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Answers to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// Anything the company wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// One of the group's statuses; its first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// A key of ours (`lead_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /leads/{key}`: members absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpdateLead {
    /// The person's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The person's company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// What it may bring, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Of the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Whether the company accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Replaces the answers to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// Replaces `meta` as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// One of the group's statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lead {
    /// `lead_…`
    pub key: String,
    /// What it may bring, in minor units.
    pub amount: Option<i64>,
    /// Of the amount.
    pub currency: Currency,
    /// Whether the company accepts it.
    pub approved: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// The person's company.
    pub company: Option<String>,
    /// The customer that it became (`cus_…`).
    pub customer_key: Option<String>,
    /// The person's address.
    pub email: Option<String>,
    /// Another system's id.
    pub external_key: Option<String>,
    /// Answers to the form.
    pub fields: Vec<FormValue>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// The group (`grup_…`).
    pub group_key: Option<String>,
    /// The team member it is assigned to (`stck_…`).
    pub member_key: Option<String>,
    /// What the company wanted kept.
    pub meta: Option<Map<String, Value>>,
    /// What the partner's links carry.
    pub partner_key: Option<String>,
    /// The partner (`part_…`).
    pub partnership_key: Option<String>,
    /// Whose lead it is.
    pub source: SaleSource,
    /// Where it stands.
    pub status: String,
    /// Made with test keys.
    pub test: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

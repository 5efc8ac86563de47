//! Deals: sales that a partner or the company has registered (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{FormAnswers, FormValue};
use crate::{Currency, Millis};

/// Whose sale a deal or lead is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleSource {
    /// A partner brought it: it names the partner.
    #[default]
    Partner,
    /// The company's own, for the partners of a group: it names the group.
    Vendor,
}

impl SaleSource {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Vendor => "vendor",
        }
    }
}

/// `POST /deals`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateDeal {
    /// Whose sale it is; `partner` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SaleSource>,
    /// The partner: required when `source` is `partner`. A partner's own deals need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
    /// The group's key or slug: required when `source` is `vendor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// Who may buy. At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// The same, under the name that a seed uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may bring, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Of the amount; USD when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// When it is expected to close: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_date: Option<String>,
    /// The contact's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The contact's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_first_name: Option<String>,
    /// The contact's last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_last_name: Option<String>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Answers to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// Anything the company wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// One of the group's stages; its first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// A key of ours (`deal_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /deals/{key}`: members absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpdateDeal {
    /// Who may buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// The same, under the name that a seed uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may bring, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Of the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// When it is expected to close: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_date: Option<String>,
    /// The contact's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The contact's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_first_name: Option<String>,
    /// The contact's last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_last_name: Option<String>,
    /// Another system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Replaces the answers to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// Replaces `meta` as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// One of the group's stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Whether the company accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A deal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deal {
    /// `deal_…`
    pub key: String,
    /// Who may buy.
    pub account_name: Option<String>,
    /// The same, under the name that a seed uses.
    pub name: Option<String>,
    /// What it may bring, in minor units.
    pub amount: Option<i64>,
    /// Of the amount.
    pub currency: Currency,
    /// Whether the company accepts it.
    pub approved: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// When it is expected to close: `YYYY-MM-DD`.
    pub close_date: Option<String>,
    /// The contact's address.
    pub contact_email: Option<String>,
    /// The contact's first name.
    pub contact_first_name: Option<String>,
    /// The contact's last name.
    pub contact_last_name: Option<String>,
    /// The customer that it became (`cus_…`).
    pub customer_key: Option<String>,
    /// Another system's id.
    pub external_key: Option<String>,
    /// Answers to the form.
    pub fields: Vec<FormValue>,
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
    /// Whose sale it is.
    pub source: SaleSource,
    /// Where it stands.
    pub stage: String,
    /// Made with test keys.
    pub test: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// `POST /deals/{key}/convert` and `POST /leads/{key}/convert`: makes a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConvertSale {
    /// The customer's address; the contact's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The site's own id of the customer; the address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_key: Option<String>,
}

//! Actions: what a customer or a partner did that is no payment (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    /// A customer, with the partner who referred it.
    Customer,
    /// A partner.
    Partnership,
}

/// `POST /actions`: `type`, `value`, `target_type` and `target_key`, or the form of seed 004, which is `customer_key`,
/// `key` and `value`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateAction {
    /// What kind, as `demo_booked`. 1 to 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// How many; 1 to 100,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_type: Option<TargetType>,
    /// The customer (our key or the site's own) or the partnership (`part_…`, its partner key or its address).
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub target_key: Option<String>,
    /// The action's key in another system; unique in the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// In place of `target_type` and `target_key`: the customer.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_key: Option<String>,
    /// In place of `type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The company whose program it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompanyName {
    /// The program's public name in cookies, 8 characters.
    pub key: String,
    /// Shown to people.
    pub name: String,
}

/// The customer inside an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionCustomer {
    /// `cus_…`
    pub key: String,
    /// Sub-ids of the click.
    pub sub_ids: Vec<String>,
}

/// Something that a customer or a partner did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// `act_…`
    pub key: String,
    /// Whether it was deleted, and what it earned taken back.
    pub archived: bool,
    /// The program.
    pub company: CompanyName,
    /// Who acted; null when a partner did.
    pub customer: Option<ActionCustomer>,
    /// The partner who acted, or who referred the customer when it acted (`part_…`).
    pub partnership_key: Option<String>,
    /// What kind.
    pub r#type: String,
    /// How many.
    pub value: i64,
    /// Its key in another system. **We** add it.
    pub external_key: Option<String>,
    /// When it was recorded.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

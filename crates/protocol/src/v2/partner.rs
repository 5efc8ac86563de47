//! Partnerships (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{FormAnswers, FormValue, GroupSummary, RewardOffer, TeamSummary};
use crate::{Currency, Millis};

/// `POST /partnerships`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreatePartnership {
    /// 4 to 255 characters; unique in the program.
    pub email: String,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// What their links carry; made (12 characters) when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
    /// Group's key or slug; the default group when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// The tier (`tier_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_key: Option<String>,
    /// The address of the person who looks after the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_email: Option<String>,
    /// The name of that person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_name: Option<String>,
    /// Where the partner lives, such as `{"country": "CA"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
    /// Labels that triggers may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Answers to a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// A key of ours (`part_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /partnerships/{key}`: members absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpdatePartnership {
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Moves to another group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// Moves to another tier (`tier_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_key: Option<String>,
    /// The address of the person who looks after the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_email: Option<String>,
    /// The name of that person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_name: Option<String>,
    /// Replaces the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
    /// Replaces the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Replaces the answers to a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// `approved`, `pending` or `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_status: Option<String>,
}

/// `PATCH /partnerships`: moves many partners to a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovePartnerships {
    /// Who: `part_…`, partner keys or addresses; 1 to 250. All are moved, or none.
    #[serde(alias = "partner_keys", alias = "keys")]
    pub partnership_keys: Vec<String>,
    /// The group's key or slug.
    pub group_key: String,
}

/// `PATCH /partnerships/{key}/tags`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagPartnership {
    /// Replaces the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Tags to add. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Vec<String>>,
    /// Tags to take away. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Vec<String>>,
}

/// A partner's membership of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Partnership {
    /// `part_…`
    pub key: String,
    /// What their links carry.
    pub partner_key: String,
    /// Address of their mail.
    pub email: String,
    /// First name; empty when unknown.
    pub first_name: String,
    /// Last name; empty when unknown.
    pub last_name: String,
    /// Where the partner lives.
    pub address: Option<Map<String, Value>>,
    /// The group's key again, under the name that the seeds use.
    pub group_key: Option<String>,
    /// The group.
    pub group: Option<GroupSummary>,
    /// The tier.
    pub tier: Option<TierSummary>,
    /// The partner's team.
    pub team: TeamSummary,
    /// Labels.
    pub tags: Vec<String>,
    /// Answers to a form.
    pub fields: Vec<FormValue>,
    /// Who looks after the partner.
    pub manager: Option<PartnerManager>,
    /// Counters.
    pub stats: PartnerStats,
    /// What another system wanted kept; always null.
    pub mdata: Option<Map<String, Value>>,
    /// Whether the partner has signed in.
    pub claimed: bool,
    /// `approved`, `pending` or `declined`.
    pub approved_status: String,
    /// `active` or `archived`, under the name that the seeds use.
    pub status: String,
    /// Whether it is archived.
    pub archived: bool,
    /// What the partner may earn: only with `include_offers=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Vec<RewardOffer>>,
    /// Joined at.
    pub joined_at: Millis,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// A tier inside a partnership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierSummary {
    /// `tier_…`
    pub key: String,
    /// Shown to people.
    pub name: String,
}

/// A person of the company who looks after a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerManager {
    /// Address of their mail.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
}

/// A partner's counters. They count production records only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct PartnerStats {
    /// Customers who are credited to the partner.
    pub customer_count: i64,
    /// Clicks of people on the partner's links, ever.
    pub link_clicks: i64,
    /// The currency of the next two: USD where anything is in USD, else the first of the others by its code.
    pub currency: Currency,
    /// Payments that are credited to the partner, less refunds, in minor units.
    pub revenue: i64,
    /// Rewards that are pending, approved or paid, less what was taken back, in minor units.
    pub commission_earned: i64,
    /// The same for each currency.
    pub by_currency: Vec<PartnerMoney>,
}

/// A partner's revenue and commission in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerMoney {
    /// Of the amounts.
    pub currency: Currency,
    /// Payments that are credited to the partner, less refunds, in minor units.
    pub revenue: i64,
    /// Rewards that are pending, approved or paid, less what was taken back, in minor units.
    pub commission_earned: i64,
}

/// A partner in the shape of `GET /partners` (seed 003).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partner {
    /// `part_…`
    pub key: String,
    /// Address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// `active` or `archived`.
    pub status: String,
}

/// The answer of `POST /partnerships/{key}/token` (**we**): a Bearer token for the partner's own view, shown
/// once. The one before stops working.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerToken {
    /// `pat_…`; secret.
    pub token: String,
    /// Whose view it opens.
    pub partnership_key: String,
}

impl std::fmt::Debug for PartnerToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PartnerToken")
            .field("partnership_key", &self.partnership_key)
            .finish_non_exhaustive()
    }
}

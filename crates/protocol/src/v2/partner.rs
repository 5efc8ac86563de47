//! Partnerships, their groups and their teams (api.md section 3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Millis;

/// `POST /groups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateGroup {
    /// At most 100 characters.
    pub name: String,
    /// Letters, digits and dashes; made from the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// New partners join it when they name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// A key of ours (`grup_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A group of partners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// `grup_…`
    pub key: String,
    /// Shown to people.
    pub name: String,
    /// Short name in URLs.
    pub slug: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether new partners join it.
    pub default: bool,
    /// Features switched on.
    pub features: Map<String, Value>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// A group inside a partnership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupSummary {
    /// `grup_…`
    pub key: String,
    /// Shown to people.
    pub name: String,
    /// Short name in URLs.
    pub slug: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether new partners join it.
    pub default: bool,
    /// Features switched on.
    pub features: Map<String, Value>,
}

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
    /// Labels that triggers may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A key of ours (`part_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /partnerships/{key}`.
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
    /// Replaces the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// `approved`, `pending` or `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_status: Option<String>,
}

/// A partner's membership of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Partnership {
    /// `part_…`
    pub key: String,
    /// What their links carry.
    pub partner_key: String,
    /// Address.
    pub email: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The group's key again, under the name that the seeds use.
    pub group_key: Option<String>,
    /// The group.
    pub group: Option<GroupSummary>,
    /// Labels.
    pub tags: Vec<String>,
    /// Custom fields.
    pub fields: Vec<Value>,
    /// Tier, where the program has tiers.
    pub tier: Option<Value>,
    /// Counters, as `CUSTOMER_COUNT`.
    pub stats: Map<String, Value>,
    /// Whether the partner has signed in.
    pub claimed: bool,
    /// `approved`, `pending` or `declined`.
    pub approved_status: String,
    /// `active` or `archived`, under the name that the seeds use.
    pub status: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Joined at.
    pub joined_at: Millis,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
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

/// `POST /members`: a person of a partner's team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateMember {
    /// Whose team: `part_…`, a partner key or an address.
    pub partnership_key: String,
    /// Address.
    pub email: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A key of ours (`stck_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A person of a partner's team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// `stck_…`
    pub key: String,
    /// Whose team.
    pub partnership_key: String,
    /// Address.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
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

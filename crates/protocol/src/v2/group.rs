//! Groups of partners (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// What the partners of a group may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "members that clients read")]
pub struct GroupFeatures {
    /// Whether people may apply to join.
    pub application_enabled: bool,
    /// Whether its partners may register deals.
    pub deals_enabled: bool,
    /// Whether its partners may not make links of their own.
    pub disable_link_create: bool,
    /// Whether its partners may hand over leads.
    pub leads_enabled: bool,
}

/// Features to switch on or off; those absent stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateGroupFeatures {
    /// Whether people may apply to join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_enabled: Option<bool>,
    /// Whether its partners may register deals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deals_enabled: Option<bool>,
    /// Whether its partners may not make links of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_link_create: Option<bool>,
    /// Whether its partners may hand over leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_enabled: Option<bool>,
}

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
    /// What its partners may do: everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<UpdateGroupFeatures>,
    /// A key of ours (`grup_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /groups/{key}`. **We** add it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateGroup {
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// True makes it the group that new partners join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// What its partners may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<UpdateGroupFeatures>,
    /// Whether it is archived. The default group cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
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
    /// What its partners may do.
    pub features: GroupFeatures,
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
    /// What its partners may do.
    pub features: GroupFeatures,
}

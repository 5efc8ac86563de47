//! Partners' teams and their people (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

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

/// `POST /partnerships/{partner_key}/member`: a person of that partner's team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateTeamMember {
    /// Address.
    pub email: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name, where no full name is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name, where no full name is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
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

/// A partner's team: `GET /partner-team/{team_key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// `team_…`, with the letters of its partnership's key.
    pub key: String,
    /// The partner's name, or their address.
    pub name: String,
    /// Whose team (`part_…`).
    pub partnership_key: String,
    /// Whose team, as the partner's links carry it.
    pub partner_key: String,
    /// Its people, the first 250.
    pub members: Vec<Member>,
}

/// A team inside a partnership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamSummary {
    /// `team_…`
    pub key: String,
    /// The partner's name, or their address.
    pub name: String,
}

//! Stages of deals and statuses of leads. **We** add how a company defines them (api.md section 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// What goes through stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesCycle {
    /// Deals.
    Deal,
    /// Leads, whose stages are called statuses.
    Lead,
}

impl SalesCycle {
    /// Both, by their words.
    pub const NAMES: &'static [&'static str] = &["deal", "lead"];

    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Lead => "lead",
        }
    }

    /// The cycle of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Deal, Self::Lead].into_iter().find(|cycle| cycle.name() == name)
    }
}

/// How a sale in a stage stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleOutcome {
    /// Not decided.
    #[default]
    Open,
    /// The customer bought.
    Won,
    /// The customer did not buy.
    Lost,
}

impl SaleOutcome {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// The outcome of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Won, Self::Lost].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// `POST /sales-cycles/{deal | lead}/stages`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateStage {
    /// What deals and leads name; unique in its group. It does not change, because they keep it. At most 100
    /// characters.
    pub name: String,
    /// The group whose own stage it is; for every group without stages of its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// How a sale in it stands; `open` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SaleOutcome>,
    /// Smaller ones come first; behind all others when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// A key of ours (`stag_…`) to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /stages/{key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateStage {
    /// How a sale in it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SaleOutcome>,
    /// Smaller ones come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Whether it is archived: no sale can enter it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stage {
    /// `stag_…`
    pub key: String,
    /// Of deals or of leads.
    pub cycle: SalesCycle,
    /// What deals and leads name.
    pub name: String,
    /// The group whose own stage it is (`grup_…`).
    pub group_key: Option<String>,
    /// How a sale in it stands.
    pub outcome: SaleOutcome,
    /// Smaller ones come first.
    pub position: i64,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

//! Tiers of partners, and collections of them (api.md section 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// `POST /tiers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateTier {
    /// At most 100 characters.
    pub name: String,
    /// At most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The collection it belongs to (`tcol_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_key: Option<String>,
    /// Smaller ones come first; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// A key of ours (`tier_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /tiers/{key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateTier {
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The collection it belongs to (`tcol_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_key: Option<String>,
    /// Smaller ones come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Whether it is archived: no partner can enter it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    /// `tier_…`
    pub key: String,
    /// Shown to people.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// The collection it belongs to (`tcol_…`).
    pub collection_key: Option<String>,
    /// Smaller ones come first.
    pub position: i64,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// `POST /tiers-collection`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateTiersCollection {
    /// At most 100 characters.
    pub name: String,
    /// A key of ours (`tcol_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /tiers-collection/{key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateTiersCollection {
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A collection of tiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TiersCollection {
    /// `tcol_…`
    pub key: String,
    /// Shown to people.
    pub name: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

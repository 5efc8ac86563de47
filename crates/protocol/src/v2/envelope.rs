//! The envelope around every answer (api.md sections 1 and 2).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A success: `data`, a sentence, and the HTTP status again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The object or list.
    pub data: T,
    /// A sentence for people.
    pub message: String,
    /// The HTTP status as an integer. (Creating a catalogue entry says 200, a product 201: seed 000.)
    pub status: u16,
    /// What was accepted but is probably a mistake. **We** add it; absent when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something accepted that is probably a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Stable name, `snake_case`, as `subscription_key_unmatched`.
    pub code: String,
    /// The member it is about.
    pub field: String,
    /// What to look at.
    pub hint: String,
}

/// An error's body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// A sentence for people; JSON-schema wording for validation.
    pub message: String,
    /// The HTTP status as an integer.
    pub status: u16,
    /// Stable name, `snake_case`. **We** add it.
    #[serde(default)]
    pub code: String,
    /// The member at fault, where one is. **We** add it.
    #[serde(default)]
    pub field: Option<String>,
    /// How to correct it, where that is known. **We** add it.
    #[serde(default)]
    pub hint: Option<String>,
    /// What the request named and nothing reads, which may be the cause. **We** add it; absent when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_more: bool,
    /// The last item's key: `starting_after` of the next page.
    #[serde(default)]
    pub ending_cursor: Option<String>,
    /// Items of the whole list, in the lists that carry it: all of a partner's own, and of actions (api.md section 2).
    /// Where no total is kept they are counted up to [`LIST_TOTAL_MAX`](crate::limits::LIST_TOTAL_MAX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

//! Files of deals (api.md section 8). **We** add how they are uploaded: as base64 in JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// `POST /deals/{key}/files`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateDealFile {
    /// Shown to people. At most 255 characters.
    pub name: String,
    /// Its media type; `application/octet-stream` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What is in it, as base64: at most 128 KiB.
    pub content: String,
}

/// A file of a deal, in lists: without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DealFile {
    /// `file_…`
    pub key: String,
    /// `deal_…`
    pub deal_key: String,
    /// Shown to people.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Bytes of its content.
    pub size: i64,
    /// Where it is read.
    pub url: String,
    /// Made at.
    pub created_at: Millis,
    /// Equal to `created_at`: a file never changes.
    pub updated_at: Millis,
}

/// A page of a deal's files. They stand in it twice, because published clients read `deal_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DealFilePage {
    /// The page's items.
    pub items: Vec<DealFile>,
    /// The same.
    pub deal_files: Vec<DealFile>,
    /// Whether more follow.
    pub has_more: bool,
    /// The last item's key: `starting_after` of the next page.
    pub ending_cursor: Option<String>,
}

/// A file of a deal with its content: `GET /api/deals/{key}/file/{file_key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DealFileContent {
    /// `file_…`
    pub key: String,
    /// `deal_…`
    pub deal_key: String,
    /// Shown to people.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Bytes of its content.
    pub size: i64,
    /// Where it is read.
    pub url: String,
    /// What is in it, as base64.
    pub content: String,
    /// Made at.
    pub created_at: Millis,
}

//! Links, clicks and conversions (api.md sections 3 to 5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Millis;

/// `POST /links`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateLink {
    /// Whose link: `part_…`, a partner key or an address. A partner may leave it out: their links are their own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partnership_key: String,
    /// Where it leads; its host must be allow-listed for the program.
    pub dest: String,
    /// The path on the link host; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
}

/// `PATCH /links/{key}`. The slug stays: links are printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateLink {
    /// Where it leads; its host must be allow-listed for the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dest: Option<String>,
    /// Whether it is archived: it answers 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A partner's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// `link_…`
    pub key: String,
    /// Where it leads.
    pub dest: String,
    /// Where it is clicked.
    pub url: String,
    /// The path on the link host.
    pub slug: String,
    /// Whose link.
    pub partnership_key: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// A click on a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Click {
    /// `clck_…`
    pub key: String,
    /// The click id the visitor carries.
    pub xid: String,
    /// Whose link.
    pub partnership_key: String,
    /// Which link.
    pub link_key: String,
    /// Sub-ids on the link, in their order.
    pub sub_ids: Vec<String>,
    /// Whether it looks like a program rather than a person.
    pub bot: bool,
    /// Clicked at.
    pub created_at: Millis,
    /// Equal to `created_at`: a click never changes.
    pub updated_at: Millis,
}

/// `POST /conversion/xid` (api.md section 4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conversion {
    /// The click.
    pub xid: String,
    /// The site's own id of the new customer; a number is taken as its text.
    #[serde(deserialize_with = "crate::event::loose::key")]
    pub customer_key: String,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The billing provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// The partner, credited when nobody knows the click. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
    /// Sub-ids, where the sender knows them better than the click.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_ids: Vec<String>,
    /// Anything the site wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// What became of a conversion; always under status 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversionResult {
    /// `created`, `repeated` (this customer had converted before), `unknown_xid` (nothing was made) or `accepted`
    /// (the destination did not say).
    pub outcome: String,
    /// The customer, when there is one.
    pub customer_key: Option<String>,
}

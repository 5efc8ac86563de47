//! Messages to partners, which triggers send (triggers.md section 1). **We** add the list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// A message to a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerMessage {
    /// `note_…`
    pub key: String,
    /// To whom (`part_…`).
    pub partnership_key: String,
    /// The trigger that sent it (`trig_…`); null in a partner's view.
    pub trigger_key: Option<String>,
    /// What it is about.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Made with test keys.
    pub test: bool,
    /// When it was sent.
    pub created_at: Millis,
    /// The same: messages never change.
    pub updated_at: Millis,
}

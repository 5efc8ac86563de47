//! Applications to become a partner (api.md section 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{FormAnswers, FormValue};
use crate::Millis;

/// What was decided about an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationStatus {
    /// Nothing yet.
    Pending,
    /// The applicant has become a partner.
    Approved,
    /// The applicant has not.
    Declined,
}

impl ApplicationStatus {
    /// All, by their words.
    pub const NAMES: &'static [&'static str] = &["pending", "approved", "declined"];

    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }

    /// The status of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Declined].into_iter().find(|status| status.name() == name)
    }
}

/// `POST /applications`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateApplication {
    /// 4 to 255 characters; of no partner, and of no application that waits. Without it, that of `meta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// First name; `meta` may name it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name; `meta` may name it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The applicant's company. At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The group to join: its key or slug; the default group when absent. Some clients call it `group_slug`.
    #[serde(default, alias = "group_slug", skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// Answers to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FormAnswers>,
    /// Anything worth keeping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// A key of ours (`appl_…`) to keep. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /applications/{key}`: the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecideApplication {
    /// `approved` or `declined`.
    #[serde(alias = "decision")]
    pub status: ApplicationStatus,
    /// Why; required when it is declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `PATCH /applications`: one decision about many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecideApplications {
    /// Which (`appl_…`): 1 to 250. All are decided, or none.
    #[serde(alias = "application_keys")]
    pub keys: Vec<String>,
    /// `approved` or `declined`.
    #[serde(alias = "decision")]
    pub status: ApplicationStatus,
    /// Why; required when they are declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Application {
    /// `appl_…`
    pub key: String,
    /// The applicant's address.
    pub email: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The applicant's company.
    pub company: Option<String>,
    /// The group to join (`grup_…`).
    pub group_key: Option<String>,
    /// Answers to the form.
    pub fields: Vec<FormValue>,
    /// What else was kept.
    pub meta: Option<Map<String, Value>>,
    /// What was decided.
    pub status: ApplicationStatus,
    /// Why.
    pub reason: Option<String>,
    /// The partner that it became (`part_…`).
    pub partnership_key: Option<String>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

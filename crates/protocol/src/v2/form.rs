//! Forms that partners fill in, and the answers (api.md section 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Millis;

/// Answers to a form: an object of names and values, or a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FormAnswers {
    /// `{"industry": "retail"}`
    ByName(Map<String, Value>),
    /// `[{"api_name": "industry", "value": "retail"}]`
    Listed(Vec<FormAnswer>),
}

/// An answer as a client sends it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormAnswer {
    /// The field's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_name: Option<String>,
    /// The same, under another name that clients use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The same, or the field's label where `api_name` or `key` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The answer.
    pub value: Value,
}

/// An answer as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormValue {
    /// The field's name.
    pub api_name: String,
    /// The answer.
    pub value: Value,
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    /// Registering a deal.
    Deal,
    /// Handing over a lead.
    Lead,
    /// Applying to become a partner.
    Application,
}

/// The forms of deals or of leads: a list without a page's marks, as published clients parse it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormTemplateItems(pub Vec<FormTemplate>);

impl FormKind {
    /// All, by their words.
    pub const NAMES: &'static [&'static str] = &["deal", "lead", "application"];

    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Lead => "lead",
            Self::Application => "application",
        }
    }

    /// The kind of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Deal, Self::Lead, Self::Application].into_iter().find(|kind| kind.name() == name)
    }
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormField {
    /// The name that answers carry: letters, digits and underscores.
    pub api_name: String,
    /// What is asked.
    pub name: String,
    /// `text`, `number`, `date`, `select` or another word that the company's pages know.
    #[serde(rename = "type", default = "plain_text")]
    pub kind: String,
    /// Whether a partner must answer it.
    #[serde(default)]
    pub required: bool,
    /// What may be chosen.
    #[serde(default)]
    pub options: Vec<String>,
}

fn plain_text() -> String {
    "text".to_owned()
}

/// `POST /form-templates`. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateFormTemplate {
    /// What the form is for.
    #[serde(rename = "type")]
    pub kind: FormKind,
    /// Shown to people. At most 100 characters.
    pub name: String,
    /// The group whose partners fill it in; every group without a form of its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
    /// Its fields, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FormField>,
    /// A key of ours (`form_…`) to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /form-templates/{key}`. **We** add it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateFormTemplate {
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Replaces its fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FormField>>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormTemplate {
    /// `form_…`
    pub key: String,
    /// What the form is for.
    #[serde(rename = "type")]
    pub kind: FormKind,
    /// Shown to people.
    pub name: String,
    /// The group whose partners fill it in (`grup_…`).
    pub group_key: Option<String>,
    /// Its fields, in their order.
    pub fields: Vec<FormField>,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

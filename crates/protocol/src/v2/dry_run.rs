//! What a trigger makes of payments of the past. **We** add both: a dry run only says it, a replay pays what was not
//! paid (triggers.md section 1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Eligibility, Explanation, Rule, TriggerAction};
use crate::{Currency, Millis};

/// `POST /triggers/{key}/dry_run`; the key `draft` means a trigger that is not stored. What the body gives of rules,
/// action and eligibility takes the place of the stored trigger's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRunTrigger {
    /// Payments made then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_created: Option<Millis>,
    /// Payments made then or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_created: Option<Millis>,
    /// Payments to look at in this step, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The answer's `cursor` of the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rules to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rule>,
    /// Action to try; a draft needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<TriggerAction>,
    /// Eligibility to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<Eligibility>,
}

impl DryRunTrigger {
    /// Which payments.
    pub fn range(&self) -> PastRange {
        PastRange {
            min_created: self.min_created,
            max_created: self.max_created,
            limit: self.limit,
            cursor: self.cursor.clone(),
        }
    }
}

/// `POST /triggers/{key}/replay`, and the payments of a dry run: those of a time, oldest first, in steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastRange {
    /// Made then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_created: Option<Millis>,
    /// Made then or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_created: Option<Millis>,
    /// Payments to look at in this step, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The answer's `cursor` of the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What one step of a dry run found. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    /// Payments it looked at.
    pub examined: u32,
    /// Payments it would pay for.
    pub fired: u32,
    /// What it would pay, before caps, in minor units of each currency.
    pub sums: BTreeMap<Currency, i64>,
    /// The first payments it would pay for, and the first it would not, with the reason.
    pub examples: Vec<DryRunExample>,
    /// Whether there are payments left.
    pub has_more: bool,
    /// Where the next step goes on.
    pub cursor: Option<String>,
}

/// What a dry run makes of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRunExample {
    /// The payment's key.
    pub transaction: String,
    /// When it was made.
    pub created_at: Millis,
    /// Whether it pays, and why.
    pub explanation: Explanation,
}

/// What one step of a replay did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// Payments it looked at.
    pub examined: u32,
    /// Payments whose rules hold, paid before or not.
    pub fired: u32,
    /// Rewards it added.
    pub rewards: u32,
    /// What it added, in minor units of each currency.
    pub sums: BTreeMap<Currency, i64>,
    /// Whether there are payments left.
    pub has_more: bool,
    /// Where the next step goes on.
    pub cursor: Option<String>,
}

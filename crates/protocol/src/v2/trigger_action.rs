//! What a trigger does when its rules hold: a commission, at once or in installments, a move to another group, or a
//! message (triggers.md section 1).

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Currency;

/// What a trigger does when its rules hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TriggerAction {
    /// A fixed commission.
    CommissionFlat(FlatCommission),
    /// A share of the transaction, in its own currency; rounds half up.
    CommissionPercent(PercentCommission),
    /// The partner moves to a group.
    GroupMove {
        /// Key or slug of the group.
        group: String,
    },
    /// The partner gets a message.
    Message {
        /// 1 to 200 characters.
        subject: String,
        /// 1 to 5,000 characters of plain text.
        text: String,
    },
}

/// A fixed commission: `amount` and `currency`, or `amounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlatCommission {
    /// Minor units, above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Minor units for each currency. With several, the one of the payment is paid, and nothing where there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Currency, i64>,
    /// What it pays at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// Paid in installments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drip: Option<Drip>,
}

/// A share of the transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PercentCommission {
    /// Percent as decimal text, up to four decimals: `"12.5"`. Above 0, at most 100.
    #[schema(value_type = String)]
    pub percent: Decimal,
    /// What it pays at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// Paid in installments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drip: Option<Drip>,
}

/// A bound on what one trigger pays: `amounts`, `rewards`, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cap {
    /// Whose rewards are counted together.
    pub per: CapPer,
    /// In which time, in UTC.
    #[serde(default)]
    pub period: CapPeriod,
    /// Minor units for each currency. A commission in any other currency is not paid.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Currency, i64>,
    /// Number of rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<i64>,
}

/// Whose rewards a cap counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapPer {
    /// Those for one customer.
    Customer,
    /// Those of one partner.
    Partner,
    /// All of the trigger's.
    Trigger,
}

impl CapPer {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Partner => "partner",
            Self::Trigger => "trigger",
        }
    }
}

/// In which time a cap counts.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CapPeriod {
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
    /// Without an end.
    #[default]
    Ever,
}

impl CapPeriod {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
            Self::Ever => "ever",
        }
    }
}

/// A commission paid in installments, which together are the whole. Spans are a number and `d`, `w`, `m` or `y`: `14d`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drip {
    /// From the event to the first installment; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
    /// From one installment to the next; only a single one needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<String>,
    /// Number of installments.
    pub occurrences: u32,
}

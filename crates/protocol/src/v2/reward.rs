//! Rewards: what partners earn (api.md sections 3 and 8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::GroupSummary;
use crate::{Currency, Millis};

/// The status of a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RewardStatus {
    /// Held back, by a person or until a claim it rests on is confirmed.
    Hold,
    /// Earned, not yet approved.
    Pending,
    /// To be paid.
    Approved,
    /// Refused or reversed before payment.
    Declined,
    /// Paid.
    Paid,
    /// Part of a drip, not yet due.
    Scheduled,
}

impl RewardStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Hold, Self::Pending, Self::Approved, Self::Declined, Self::Paid, Self::Scheduled];

    /// The names of all of them.
    pub const NAMES: &'static [&'static str] = &[
        Self::Hold.name(),
        Self::Pending.name(),
        Self::Approved.name(),
        Self::Declined.name(),
        Self::Paid.name(),
        Self::Scheduled.name(),
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Paid => "paid",
            Self::Scheduled => "scheduled",
        }
    }

    /// The status with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// `PATCH /rewards/{key}`: approve, decline, hold, or mark as paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateReward {
    /// The new status; not `scheduled`.
    pub status: RewardStatus,
    /// Why it is declined; at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a new reward is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RewardTargetType {
    /// A customer: the partner who referred it earns.
    Customer,
    /// A payment: the partner credited with it earns.
    Transaction,
    /// A partner.
    Partnership,
    /// The same, under the name that some clients send.
    Manual,
}

/// The record that a new reward is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardTarget {
    /// Any name of it.
    pub key: String,
    /// What it is.
    pub r#type: RewardTargetType,
}

/// `POST /rewards`: `amount`, `description` and `target`, or the form of seed 004 with `partner_key` in place of
/// `target`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateReward {
    /// Minor units, 1 to 5·10¹⁰.
    pub amount: i64,
    /// What the partner reads; 1 to 1,000 characters.
    pub description: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<RewardTarget>,
    /// ISO 4217; the payment's currency, else US dollars, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// In place of `target`: the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
}

/// The action inside a reward, where one caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardAction {
    /// `act_…`
    pub key: String,
    /// What kind.
    pub r#type: String,
}

/// The customer inside a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardCustomer {
    /// `cus_…`
    pub key: String,
    /// Address; null in a partner's view.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// The site's own id; null in a partner's view.
    pub external_key: Option<String>,
}

/// The invoice that a reward is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardInvoice {
    /// `inv_…`
    pub key: String,
    /// When it was paid.
    pub payment_date: Option<Millis>,
    /// `open` or `paid`.
    pub status: String,
}

/// What a partner may earn by, or has earned a reward by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardOffer {
    /// `offr_…`
    pub key: String,
    /// What partners read about it.
    pub description: String,
}

/// The partner inside a reward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RewardPartnership {
    /// `part_…`
    pub key: String,
    /// Address.
    pub email: String,
    /// Full name; empty when unknown.
    pub name: String,
    /// The partner's group.
    pub group: Option<GroupSummary>,
}

/// The payment inside a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardTransaction {
    /// The payment's key.
    pub key: String,
    /// Minor units of the payment.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

/// The trigger inside a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardTrigger {
    /// `trig_…`
    pub key: String,
}

/// What a partner earned. A negative amount is a reversal and names what it reverses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reward {
    /// `rwrd_…`
    pub key: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The offer's description, or what the company wrote.
    pub description: String,
    /// Its status.
    pub reward_status: RewardStatus,
    /// The same, under the name that the seeds use.
    pub status: RewardStatus,
    /// The action that caused it.
    pub action: Option<RewardAction>,
    /// The customer it was earned with.
    pub customer: Option<RewardCustomer>,
    /// The offer that it was earned by; null when the company gave it.
    pub offer: Option<RewardOffer>,
    /// Who earned it.
    pub partnership: RewardPartnership,
    /// The payment it was earned with.
    pub transaction: Option<RewardTransaction>,
    /// The trigger that fired; null in a partner's view.
    pub trigger: Option<RewardTrigger>,
    /// The reward it reverses.
    pub reverses: Option<String>,
    /// Why it was declined or reversed, as `refunded`.
    pub reason: Option<String>,
    /// The invoice that it is on.
    pub invoice: Option<RewardInvoice>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
    /// When it may be paid.
    pub ready_at: Option<Millis>,
}

/// A program that a partner is in: `GET /marketplace/programs`, with a partner's token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketplaceProgram {
    /// The program's name in cookies, 8 characters.
    pub key: String,
    /// Shown to people.
    pub name: String,
    /// The partner's membership (`part_…`).
    pub partnership_key: String,
    /// What the partner's links carry.
    pub partner_key: String,
    /// `approved`, `pending` or `declined`.
    pub status: String,
    /// The partner's group.
    pub group: Option<GroupSummary>,
    /// What the partner may earn by.
    pub offers: Vec<RewardOffer>,
    /// Joined at.
    pub joined_at: Millis,
}

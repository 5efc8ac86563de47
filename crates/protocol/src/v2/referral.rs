//! Links, clicks, conversions and rewards (api.md sections 3 to 5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Currency, Millis};

/// `POST /links`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateLink {
    /// Whose link: `part_…`, a partner key or an address.
    pub partnership_key: String,
    /// Where it leads; its host must be allow-listed for the program.
    pub dest: String,
    /// The path on the link host; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
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

/// The customer inside a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardCustomer {
    /// `cus_…`
    pub key: String,
    /// Address; null in a partner's view.
    pub email: Option<String>,
    /// The site's own id.
    pub external_key: Option<String>,
}

/// The action inside a reward, where one caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewardAction {
    /// `act_…`
    pub key: String,
    /// What kind.
    pub r#type: String,
}

/// What a partner earned. A negative amount is a reversal and names what it reverses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reward {
    /// `rwrd_…`
    pub key: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The offer's description.
    pub description: String,
    /// Its status.
    pub reward_status: RewardStatus,
    /// The same, under the name that the seeds use.
    pub status: RewardStatus,
    /// The action that caused it.
    pub action: Option<RewardAction>,
    /// The customer it was earned with.
    pub customer: Option<RewardCustomer>,
    /// The offer's description again, under its older name.
    pub offer: Option<String>,
    /// Who earned it (`part_…`).
    pub partnership: String,
    /// The payment it was earned with (its key).
    pub transaction: Option<String>,
    /// The trigger that fired (`trig_…`); null in a partner's view.
    pub trigger: Option<String>,
    /// The reward it reverses.
    pub reverses: Option<String>,
    /// Why it was declined or reversed, as `refunded`.
    pub reason: Option<String>,
    /// The invoice that paid it.
    pub invoice: Option<String>,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
    /// When it may be paid.
    pub ready_at: Option<Millis>,
}

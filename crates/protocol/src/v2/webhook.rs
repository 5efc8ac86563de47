//! Outgoing webhooks (triggers.md section 4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// What a webhook may listen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum WebhookEvent {
    /// A partner joined.
    #[serde(rename = "partnership.created")]
    PartnershipCreated,
    /// A partner changed, moved to another group, or was archived.
    #[serde(rename = "partnership.updated")]
    PartnershipUpdated,
    /// The same as `partnership.created`, under the name of seed 003.
    #[serde(rename = "partner.created")]
    PartnerCreated,
    /// The same as `partnership.updated`, under the name of seed 003.
    #[serde(rename = "partner.updated")]
    PartnerUpdated,
    /// A customer was made.
    #[serde(rename = "customer.created")]
    CustomerCreated,
    /// A customer changed, was confirmed, or is credited to another partner.
    #[serde(rename = "customer.updated")]
    CustomerUpdated,
    /// A customer was deleted, with its personal data.
    #[serde(rename = "customer.deleted")]
    CustomerDeleted,
    /// A payment was recorded.
    #[serde(rename = "transaction.created")]
    TransactionCreated,
    /// A payment was refunded in part, or found its product.
    #[serde(rename = "transaction.updated")]
    TransactionUpdated,
    /// A payment was refunded in full by `DELETE`.
    #[serde(rename = "transaction.deleted")]
    TransactionDeleted,
    /// A reward or a reversal was added.
    #[serde(rename = "reward.created")]
    RewardCreated,
    /// The status of a reward changed.
    #[serde(rename = "reward.updated")]
    RewardUpdated,
    /// A deal was registered.
    #[serde(rename = "deal.created")]
    DealCreated,
    /// A deal changed.
    #[serde(rename = "deal.updated")]
    DealUpdated,
    /// A deal was archived.
    #[serde(rename = "deal.deleted")]
    DealDeleted,
    /// A lead was sent in.
    #[serde(rename = "lead.created")]
    LeadCreated,
    /// A lead changed.
    #[serde(rename = "lead.updated")]
    LeadUpdated,
    /// A lead was archived.
    #[serde(rename = "lead.deleted")]
    LeadDeleted,
    /// An action was recorded.
    #[serde(rename = "action.created")]
    ActionCreated,
    /// A trigger sent a partner a message. **We** add it.
    #[serde(rename = "message.created")]
    MessageCreated,
    /// A customer has a product.
    #[serde(rename = "product.created")]
    ProductCreated,
    /// A customer's product changed, or was archived.
    #[serde(rename = "product.updated")]
    ProductUpdated,
}

impl WebhookEvent {
    /// Every event with its name on the wire.
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::PartnershipCreated, "partnership.created"),
        (Self::PartnershipUpdated, "partnership.updated"),
        (Self::PartnerCreated, "partner.created"),
        (Self::PartnerUpdated, "partner.updated"),
        (Self::CustomerCreated, "customer.created"),
        (Self::CustomerUpdated, "customer.updated"),
        (Self::CustomerDeleted, "customer.deleted"),
        (Self::TransactionCreated, "transaction.created"),
        (Self::TransactionUpdated, "transaction.updated"),
        (Self::TransactionDeleted, "transaction.deleted"),
        (Self::RewardCreated, "reward.created"),
        (Self::RewardUpdated, "reward.updated"),
        (Self::DealCreated, "deal.created"),
        (Self::DealUpdated, "deal.updated"),
        (Self::DealDeleted, "deal.deleted"),
        (Self::LeadCreated, "lead.created"),
        (Self::LeadUpdated, "lead.updated"),
        (Self::LeadDeleted, "lead.deleted"),
        (Self::ActionCreated, "action.created"),
        (Self::MessageCreated, "message.created"),
        (Self::ProductCreated, "product.created"),
        (Self::ProductUpdated, "product.updated"),
    ];

    /// The name on the wire, as `customer.created`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(event, _)| *event == self).map_or("", |(_, name)| name)
    }

    /// The event of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(event, _)| *event)
    }

    /// The kind of object that it is about, as `customer`.
    pub fn kind(self) -> &'static str {
        self.name().split('.').next().unwrap_or_default()
    }

    /// The other name under which the same event is sent, if it has one.
    pub fn alias(self) -> Option<Self> {
        match self {
            Self::PartnershipCreated => Some(Self::PartnerCreated),
            Self::PartnershipUpdated => Some(Self::PartnerUpdated),
            _ => None,
        }
    }
}

/// `POST /webhooks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateWebhook {
    /// Where events are sent: an https URL of a public host, at most 2,048 characters.
    pub target: String,
    /// What it listens for; at least one.
    pub events: Vec<WebhookEvent>,
    /// A key of ours (`whk_…`) to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /webhooks/{key}`. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateWebhook {
    /// See [`CreateWebhook`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// See [`CreateWebhook`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<WebhookEvent>>,
}

/// `POST /webhooks/{key}/rotate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotateWebhook {
    /// Hours for which requests are signed with the old secret too, so that the receiver can change over; 0 to 720.
    #[serde(default = "a_day")]
    pub overlap_hours: i64,
}

fn a_day() -> i64 {
    24
}

/// A webhook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutgoingWebhook {
    /// `whk_…`
    pub key: String,
    /// Where events are sent.
    pub target: String,
    /// What it listens for.
    pub events: Vec<WebhookEvent>,
    /// `whsec_…`, with which requests are signed: in the answers that make it, and null in all others.
    pub secret: Option<String>,
    /// Until when requests are signed with the secret before this one, too.
    pub old_secret_until: Option<Millis>,
    /// Whether nothing is sent, because the target kept failing. What happens meanwhile is kept for it.
    pub paused: bool,
    /// Why it is paused.
    pub paused_reason: Option<String>,
    /// Since when every attempt has failed; null while the target answers.
    pub failing_since: Option<Millis>,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

impl std::fmt::Debug for OutgoingWebhook {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("OutgoingWebhook").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Another event of the same object is delivered first.
    Waiting,
    /// Tried when it is due.
    Pending,
    /// The webhook is paused.
    Held,
    /// The target has answered with 2xx.
    Delivered,
    /// Given up after three days, or because the webhook was archived. It can be sent again.
    Failed,
    /// Its text was deleted with the customer's.
    Erased,
}

impl DeliveryStatus {
    const ALL: [Self; 6] =
        [Self::Waiting, Self::Pending, Self::Held, Self::Delivered, Self::Failed, Self::Erased];

    /// Every name on the wire.
    pub const NAMES: &'static [&'static str] =
        &["waiting", "pending", "held", "delivered", "failed", "erased"];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The status of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// An event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookDelivery {
    /// `msg_…`, the `webhook-id` of every attempt.
    pub key: String,
    /// The webhook's key.
    pub webhook: String,
    /// The event's name; `ping` for a test.
    pub event: String,
    /// The key of the object that it is about.
    pub object: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is tried next; null unless it is pending.
    pub next_attempt_at: Option<Millis>,
    /// The beginning of the body that is sent, at most 4,096 characters.
    pub request: String,
    /// The HTTP status of the last answer.
    pub answer_status: Option<i64>,
    /// The beginning of the last answer's body, at most 1,024 characters.
    pub answer: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Whether test keys caused it.
    pub test: bool,
    /// When it happened.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

#[cfg(test)]
mod tests {
    use super::{DeliveryStatus, WebhookEvent};

    #[test]
    fn the_names_of_events_and_statuses_are_those_on_the_wire() {
        for (event, name) in WebhookEvent::NAMES {
            assert_eq!(serde_json::to_value(event).unwrap(), *name);
            assert_eq!((event.name(), WebhookEvent::from_name(name)), (*name, Some(*event)));
        }
        assert_eq!(WebhookEvent::NAMES.len(), 22);
        for status in DeliveryStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(DeliveryStatus::from_name(status.name()), Some(status));
        }
    }
}

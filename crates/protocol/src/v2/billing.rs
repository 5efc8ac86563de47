//! The billing providers whose webhooks are taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A billing provider, by the name in the URL of its webhooks and in a program's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillingProvider {
    /// Stripe; its secret is the endpoint's signing secret, `whsec_…`.
    Stripe,
    /// Chargebee; its secret is `user:password`, the Basic credentials of the webhook.
    Chargebee,
    /// Recurly; its secret is the endpoint's Basic credentials, `user:password`, or a signing key, which has no colon.
    Recurly,
    /// Maxio Advanced Billing, by its present name; its headers still carry the older one, Chargify. Its secret is the
    /// site's shared key.
    Maxio,
    /// Paddle Billing; its secret is the secret key of the notification destination, `pdl_ntfset_…`.
    Paddle,
}

impl BillingProvider {
    /// Every provider.
    pub const ALL: &[Self] = &[Self::Stripe, Self::Chargebee, Self::Recurly, Self::Maxio, Self::Paddle];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Chargebee => "chargebee",
            Self::Recurly => "recurly",
            Self::Maxio => "maxio",
            Self::Paddle => "paddle",
        }
    }

    /// All names, as an error lists them.
    pub fn names() -> String {
        Self::ALL.iter().map(|provider| provider.name()).collect::<Vec<_>>().join(", ")
    }

    /// The provider with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|provider| provider.name() == name)
    }
}

/// The secret of each provider's webhooks.
pub type WebhookSecrets = BTreeMap<BillingProvider, String>;

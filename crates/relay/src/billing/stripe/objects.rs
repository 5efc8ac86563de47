//! The members of Stripe's objects that are read. Some moved between API versions; all places of the last three years
//! are read.

mod invoice;
mod money;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub(super) use invoice::{Invoice, InvoiceLine};
pub(super) use money::{Charge, CreditNote, InvoicePayment, StripeDispute, StripeRefund};

#[derive(Deserialize)]
pub(super) struct StripeEnvelope<'a> {
    pub(super) id: String,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    /// Seconds since 1970.
    pub(super) created: i64,
    #[serde(borrow)]
    pub(super) data: Body<'a>,
}

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) object: &'a RawValue,
}

/// Reads null as the default: Stripe may write null for an empty list or object.
fn nothing<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// The metadata that is read; sites may put anything else into it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    customer_key: Option<String>,
    customer_id: Option<String>,
    partner_key: Option<String>,
    subscription_key: Option<String>,
}

impl Metadata {
    pub(super) fn customer_key(&self) -> Option<String> {
        [&self.customer_key, &self.customer_id].into_iter().flatten().find(|key| !key.is_empty()).cloned()
    }

    pub(super) fn partner_key(&self) -> Option<String> {
        self.partner_key.clone().filter(|key| !key.is_empty())
    }

    pub(super) fn subscription_key(&self) -> Option<String> {
        self.subscription_key.clone().filter(|key| !key.is_empty())
    }
}

#[derive(Deserialize)]
pub(super) struct StripeCustomer {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    pub(super) metadata: Metadata,
}

/// A checkout that ended.
#[derive(Deserialize)]
pub(super) struct CheckoutSession {
    /// From the URL of the payment link or the pricing table, where a buyer can edit it.
    #[serde(default)]
    pub(super) client_reference_id: Option<String>,
    /// Absent for a guest, who has no subscription.
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default)]
    pub(super) customer_details: Option<Buyer>,
    /// What the site's server put on the session.
    #[serde(default, deserialize_with = "nothing")]
    pub(super) metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Buyer {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct StripeSubscription {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    pub(super) metadata: Metadata,
    pub(super) items: Items,
}

#[derive(Deserialize)]
pub(super) struct Items {
    pub(super) data: Vec<SubscriptionItem>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionItem {
    pub(super) price: Price,
    #[serde(default)]
    pub(super) quantity: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Price {
    pub(super) id: String,
    #[serde(default)]
    pub(super) product: Option<String>,
    #[serde(default)]
    pub(super) unit_amount: Option<i64>,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

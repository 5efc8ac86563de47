//! As much of Stripe's objects as we read. Members moved over the years; both places are read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
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

/// The metadata we look for; everything else in it is the site's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    customer_key: Option<String>,
    customer_id: Option<String>,
    pub(super) partner_key: Option<String>,
    pub(super) subscription_key: Option<String>,
}

impl Metadata {
    pub(super) fn of(customer_key: String, partner_key: Option<String>) -> Self {
        Self { customer_key: Some(customer_key), partner_key, ..Self::default() }
    }

    pub(super) fn customer_key(&self) -> Option<String> {
        [&self.customer_key, &self.customer_id].into_iter().flatten().find(|key| !key.is_empty()).cloned()
    }
}

#[derive(Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// A checkout that ended.
#[derive(Deserialize)]
pub(super) struct Session {
    /// What the site put on the payment link, the pricing table or the session.
    #[serde(default)]
    pub(super) client_reference_id: Option<String>,
    /// Absent for a guest, who has nothing to renew.
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default)]
    pub(super) customer_details: Option<Buyer>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct Buyer {
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct StripeSubscription {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) items: Items,
}

#[derive(Deserialize)]
pub(super) struct Items {
    pub(super) data: Vec<Item>,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) price: Price,
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

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default)]
    pub(super) customer_email: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    subscription: Option<String>,
    #[serde(default)]
    subscription_details: Option<Details>,
    #[serde(default)]
    parent: Option<Parent>,
    pub(super) lines: Lines,
}

#[derive(Deserialize)]
pub(super) struct Lines {
    pub(super) data: Vec<Line>,
}

#[derive(Deserialize)]
struct Parent {
    #[serde(default)]
    subscription_details: Option<Details>,
    #[serde(default)]
    subscription_item_details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    subscription: Option<String>,
    metadata: Option<Metadata>,
}

impl Invoice {
    /// The subscription's metadata is what a renewal carries; the invoice's own comes second.
    pub(super) fn customer_key(&self) -> Option<String> {
        let parent = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        [parent, self.subscription_details.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|details| details.metadata.as_ref())
            .find_map(Metadata::customer_key)
            .or_else(|| self.metadata.customer_key())
    }

    pub(super) fn subscription(&self) -> Option<String> {
        let parent = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        self.subscription.clone().or_else(|| parent.and_then(|details| details.subscription.clone()))
    }
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) id: String,
    /// Minor units, before tax.
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    subscription: Option<String>,
    #[serde(default)]
    price: Option<Price>,
    #[serde(default)]
    pricing: Option<Pricing>,
    #[serde(default)]
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Pricing {
    #[serde(default)]
    price_details: Option<PriceDetails>,
}

#[derive(Deserialize)]
struct PriceDetails {
    #[serde(default)]
    price: Option<String>,
    #[serde(default)]
    product: Option<String>,
}

impl Line {
    fn details(&self) -> Option<&PriceDetails> {
        self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref())
    }

    pub(super) fn price(&self) -> Option<String> {
        let older = self.price.as_ref().map(|price| price.id.clone());
        older.or_else(|| self.details().and_then(|details| details.price.clone()))
    }

    pub(super) fn product(&self) -> Option<String> {
        let older = self.price.as_ref().and_then(|price| price.product.clone());
        older.or_else(|| self.details().and_then(|details| details.product.clone()))
    }

    pub(super) fn subscription(&self) -> Option<String> {
        let parent = self.parent.as_ref().and_then(|parent| parent.subscription_item_details.as_ref());
        self.subscription.clone().or_else(|| parent.and_then(|details| details.subscription.clone()))
    }
}

#[derive(Deserialize)]
pub(super) struct Charge {
    pub(super) amount: i64,
    pub(super) amount_refunded: i64,
    #[serde(default)]
    pub(super) invoice: Option<String>,
    #[serde(default)]
    pub(super) customer: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

//! The invoice and its lines. Since API version 2025-03-31 the invoice does not name its payment, the subscription is
//! in `parent`, the price in `pricing` and the taxes in `taxes`.

use serde::Deserialize;

use super::{Metadata, Price, nothing};

#[derive(Deserialize)]
pub(in super::super) struct Invoice {
    pub(in super::super) id: String,
    pub(in super::super) currency: String,
    #[serde(default)]
    pub(in super::super) customer: Option<String>,
    #[serde(default)]
    pub(in super::super) customer_email: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    metadata: Metadata,
    #[serde(default)]
    subscription: Option<String>,
    #[serde(default)]
    subscription_details: Option<Details>,
    #[serde(default)]
    parent: Option<Parent>,
    /// Until 2025-03-31.
    #[serde(default)]
    pub(in super::super) charge: Option<String>,
    /// Until 2025-03-31.
    #[serde(default)]
    pub(in super::super) payment_intent: Option<String>,
    #[serde(default)]
    total: Option<i64>,
    #[serde(default)]
    amount_paid: Option<i64>,
    /// Minor units with tax by which credit notes reduced it before it was paid.
    #[serde(default)]
    pre_payment_credit_notes_amount: Option<i64>,
    #[serde(default)]
    status_transitions: Option<Transitions>,
    pub(in super::super) lines: Lines,
}

#[derive(Deserialize)]
pub(in super::super) struct Lines {
    pub(in super::super) data: Vec<InvoiceLine>,
    /// Whether there are more lines than the webhook carries.
    #[serde(default)]
    pub(in super::super) has_more: bool,
}

#[derive(Deserialize)]
struct Transitions {
    #[serde(default)]
    paid_at: Option<i64>,
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
    subscription_item: Option<String>,
    metadata: Option<Metadata>,
}

impl Invoice {
    fn parent(&self) -> Option<&Details> {
        self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref())
    }

    /// The site's customer key: from the subscription's metadata, which every renewal carries, or else from the
    /// invoice's own.
    pub(in super::super) fn customer_key(&self) -> Option<String> {
        [self.parent(), self.subscription_details.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|details| details.metadata.as_ref())
            .find_map(Metadata::customer_key)
            .or_else(|| self.metadata.customer_key())
    }

    pub(in super::super) fn subscription(&self) -> Option<String> {
        self.subscription.clone().or_else(|| self.parent()?.subscription.clone())
    }

    /// Minor units paid, with tax. Refunds are a share of it. What the customer's balance paid is not in `amount_paid`,
    /// and what credit notes took off before the payment is still in `total`.
    pub(in super::super) fn paid(&self) -> i64 {
        let lines = || self.lines.data.iter().map(InvoiceLine::gross).fold(0, i64::saturating_add);
        let due = || self.total.unwrap_or_else(lines).saturating_sub(self.off());
        self.amount_paid.filter(|paid| *paid > 0).unwrap_or_else(due)
    }

    /// Minor units with tax that credit notes took off before the payment.
    pub(in super::super) fn off(&self) -> i64 {
        self.pre_payment_credit_notes_amount.unwrap_or(0)
    }

    /// Seconds since 1970.
    pub(in super::super) fn paid_at(&self) -> Option<i64> {
        self.status_transitions.as_ref().and_then(|when| when.paid_at)
    }
}

#[derive(Deserialize)]
pub(in super::super) struct InvoiceLine {
    pub(in super::super) id: String,
    /// Minor units before discounts. Contains inclusive tax, but not exclusive tax.
    amount: i64,
    #[serde(default, deserialize_with = "nothing")]
    discount_amounts: Vec<Amount>,
    /// Until 2025-03-31.
    #[serde(default, deserialize_with = "nothing")]
    tax_amounts: Vec<Tax>,
    /// Since then.
    #[serde(default, deserialize_with = "nothing")]
    taxes: Vec<Tax>,
    #[serde(default, deserialize_with = "nothing")]
    pub(in super::super) metadata: Metadata,
    #[serde(default)]
    subscription: Option<String>,
    #[serde(default)]
    subscription_item: Option<String>,
    #[serde(default)]
    price: Option<Price>,
    #[serde(default)]
    pricing: Option<Pricing>,
    #[serde(default)]
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Amount {
    amount: i64,
}

/// Until 2025-03-31 `inclusive` says whether the tax is inclusive, since then `tax_behavior`.
#[derive(Deserialize)]
struct Tax {
    amount: i64,
    #[serde(default)]
    inclusive: Option<bool>,
    #[serde(default, rename = "tax_behavior")]
    behavior: Option<String>,
}

impl Tax {
    fn is_inclusive(&self) -> bool {
        self.inclusive.unwrap_or(self.behavior.as_deref() == Some("inclusive"))
    }
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

impl InvoiceLine {
    /// Minor units charged after discounts and before tax. Commissions are computed from it (billing.md).
    pub(in super::super) fn base(&self) -> i64 {
        self.charged().saturating_sub(self.tax(true))
    }

    fn gross(&self) -> i64 {
        self.charged().saturating_add(self.tax(false))
    }

    fn charged(&self) -> i64 {
        self.discount_amounts.iter().fold(self.amount, |left, off| left.saturating_sub(off.amount))
    }

    fn tax(&self, inclusive: bool) -> i64 {
        let taxes = self.tax_amounts.iter().chain(&self.taxes);
        taxes.filter(|tax| tax.is_inclusive() == inclusive).fold(0, |sum, tax| sum.saturating_add(tax.amount))
    }

    fn pricing(&self) -> Option<&PriceDetails> {
        self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref())
    }

    fn item(&self) -> Option<&Details> {
        self.parent.as_ref().and_then(|parent| parent.subscription_item_details.as_ref())
    }

    pub(in super::super) fn price(&self) -> Option<String> {
        let older = self.price.as_ref().map(|price| price.id.clone());
        older.or_else(|| self.pricing()?.price.clone())
    }

    pub(in super::super) fn product(&self) -> Option<String> {
        let older = self.price.as_ref().and_then(|price| price.product.clone());
        older.or_else(|| self.pricing()?.product.clone())
    }

    pub(in super::super) fn subscription(&self) -> Option<String> {
        self.subscription.clone().or_else(|| self.item()?.subscription.clone())
    }

    /// Identifies what the line pays for within its subscription: the item, or else the price. The two lines of a
    /// proration have the same item.
    pub(in super::super) fn sold(&self) -> Option<String> {
        let item = self.subscription_item.clone().or_else(|| self.item()?.subscription_item.clone());
        item.or_else(|| self.price())
    }
}

//! The members of Chargebee's objects that are read. Amounts are minor units, times are seconds since 1970.

mod invoice;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::billing::site_data::SiteData;

pub(super) use invoice::{ChargebeeInvoice, ChargebeeLine, is_lost};

#[derive(Deserialize)]
pub(super) struct ChargebeeEnvelope<'a> {
    pub(super) id: String,
    pub(super) occurred_at: i64,
    #[serde(borrow)]
    pub(super) event_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) content: &'a RawValue,
}

/// The objects that an event is about; which of them there are depends on its type.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ChargebeeContent {
    pub(super) customer: Option<ChargebeeCustomer>,
    pub(super) subscription: Option<ChargebeeSubscription>,
    pub(super) invoice: Option<ChargebeeInvoice>,
    pub(super) credit_note: Option<ChargebeeNote>,
    pub(super) transaction: Option<ChargebeeTransaction>,
}

#[derive(Deserialize)]
pub(super) struct ChargebeeCustomer {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    pub(super) meta_data: SiteData,
}

impl ChargebeeCustomer {
    pub(super) fn name(&self) -> Option<String> {
        let names: Vec<_> =
            [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        Some(names.join(" ").trim().to_owned()).filter(|name| !name.is_empty())
    }
}

#[derive(Deserialize)]
pub(super) struct ChargebeeSubscription {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) currency_code: Option<String>,
    /// Milliseconds; grows with every change.
    #[serde(default)]
    pub(super) resource_version: Option<i64>,
    #[serde(default)]
    pub(super) meta_data: SiteData,
    /// Of the present catalogue, whose items have prices.
    #[serde(default)]
    subscription_items: Option<Vec<SubscribedPrice>>,
    /// These are of the older catalogue, of plans and addons.
    #[serde(default)]
    plan_id: Option<String>,
    #[serde(default)]
    plan_amount: Option<i64>,
    #[serde(default)]
    addons: Option<Vec<SubscribedAddon>>,
}

#[derive(Deserialize)]
struct SubscribedPrice {
    item_price_id: String,
    #[serde(default)]
    item_type: Option<String>,
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    unit_price: Option<i64>,
    #[serde(default)]
    quantity: Option<i64>,
}

#[derive(Deserialize)]
struct SubscribedAddon {
    id: String,
    #[serde(default)]
    amount: Option<i64>,
}

/// A product that a subscription sells.
pub(super) struct SoldItem {
    /// The item price's id, or the plan's or addon's in the older catalogue.
    pub(super) id: String,
    /// Minor units for a term.
    pub(super) amount: Option<i64>,
}

impl ChargebeeSubscription {
    /// What the subscription sells again and again. A charge is paid once, so it is no product of it.
    pub(super) fn sold(&self) -> Vec<SoldItem> {
        let amount = |item: &SubscribedPrice| {
            item.amount.or_else(|| Some(item.unit_price?.saturating_mul(item.quantity.unwrap_or(1))))
        };
        let items = self.subscription_items.iter().flatten();
        let items = items.filter(|item| item.item_type.as_deref() != Some("charge"));
        let items = items.map(|item| SoldItem { id: item.item_price_id.clone(), amount: amount(item) });
        let plan = self.plan_id.iter().map(|id| SoldItem { id: id.clone(), amount: self.plan_amount });
        let addons = self.addons.iter().flatten();
        let addons = addons.map(|addon| SoldItem { id: addon.id.clone(), amount: addon.amount });
        items.chain(plan).chain(addons).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct ChargebeeNote {
    pub(super) id: String,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    /// Absent for a credit that is about no invoice.
    #[serde(default)]
    pub(super) reference_invoice_id: Option<String>,
    /// `adjusted`, `refunded`, `refund_due` or `voided`.
    #[serde(default)]
    pub(super) status: Option<String>,
    /// With tax.
    #[serde(default)]
    pub(super) total: Option<i64>,
    #[serde(default)]
    pub(super) resource_version: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct ChargebeeTransaction {
    /// `success`, `failure`, `late_failure`, `voided` and others.
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) date: Option<i64>,
    #[serde(default)]
    pub(super) linked_credit_notes: Option<Vec<LinkedNote>>,
}

/// A credit note as the transaction that refunded it names it.
#[derive(Deserialize)]
pub(super) struct LinkedNote {
    #[serde(rename = "cn_id")]
    pub(super) id: String,
    #[serde(default, rename = "cn_total")]
    pub(super) total: Option<i64>,
    #[serde(default, rename = "cn_status")]
    pub(super) status: Option<String>,
    #[serde(default, rename = "cn_reference_invoice_id")]
    pub(super) reference_invoice_id: Option<String>,
}

//! The members of Paddle's objects that are read.

use std::borrow::Cow;

use headwater_protocol::Millis;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::billing::site_data::SiteData;

#[derive(Deserialize)]
pub(super) struct PaddleEnvelope<'a> {
    pub(super) event_id: String,
    #[serde(borrow)]
    pub(super) event_type: Cow<'a, str>,
    pub(super) occurred_at: PaddleTime,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

/// A time as text (RFC 3339).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PaddleTime(pub(super) Millis);

impl<'de> Deserialize<'de> for PaddleTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        let time: jiff::Timestamp = text.parse().map_err(|_| {
            D::Error::custom(format!("invalid value: '{text}', expected a time such as 2026-04-06T22:29:45Z"))
        })?;
        Ok(Self(Millis(time.as_millisecond())))
    }
}

/// Minor units of the currency, which Paddle writes as text.
#[derive(Clone, Copy, Default)]
pub(super) struct PaddleAmount(pub(super) i64);

impl<'de> Deserialize<'de> for PaddleAmount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        text.parse().map(Self).map_err(|_| {
            D::Error::custom(format!("invalid value: '{text}', expected minor units such as \"4900\""))
        })
    }
}

#[derive(Deserialize)]
pub(super) struct PaddleCustomer {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) custom_data: SiteData,
}

#[derive(Deserialize)]
pub(super) struct PaddleSubscription {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) custom_data: SiteData,
    #[serde(default)]
    pub(super) items: Vec<SubscribedItem>,
}

#[derive(Deserialize)]
pub(super) struct SubscribedItem {
    /// `active`, `inactive` or `trialing`.
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) quantity: Option<i64>,
    #[serde(default)]
    pub(super) recurring: Option<bool>,
    pub(super) price: PaddlePrice,
}

#[derive(Deserialize)]
pub(super) struct PaddlePrice {
    pub(super) id: String,
    #[serde(default)]
    pub(super) product_id: Option<String>,
    #[serde(default)]
    pub(super) unit_price: Option<UnitPrice>,
    /// Null for what is paid once.
    #[serde(default)]
    pub(super) billing_cycle: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct UnitPrice {
    pub(super) amount: PaddleAmount,
    #[serde(default)]
    pub(super) currency_code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PaddleTransaction {
    pub(super) id: String,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) subscription_id: Option<String>,
    pub(super) currency_code: String,
    /// `web`, `api`, or one of the words that begin with `subscription_`.
    #[serde(default)]
    pub(super) origin: Option<String>,
    #[serde(default)]
    pub(super) custom_data: SiteData,
    #[serde(default)]
    items: Vec<TransactionItem>,
    pub(super) details: TransactionDetails,
    #[serde(default)]
    payments: Option<Vec<PaymentAttempt>>,
    #[serde(default)]
    billed_at: Option<PaddleTime>,
}

#[derive(Deserialize)]
struct TransactionItem {
    price: PaddlePrice,
}

#[derive(Deserialize)]
pub(super) struct TransactionDetails {
    pub(super) line_items: Vec<PaddleLine>,
}

#[derive(Deserialize)]
struct PaymentAttempt {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    captured_at: Option<PaddleTime>,
}

#[derive(Deserialize)]
pub(super) struct PaddleLine {
    pub(super) id: String,
    #[serde(default)]
    pub(super) price_id: Option<String>,
    pub(super) totals: PaddleTotals,
    #[serde(default)]
    pub(super) product: Option<PaddleProduct>,
}

#[derive(Deserialize)]
pub(super) struct PaddleProduct {
    #[serde(default)]
    pub(super) id: Option<String>,
}

/// What a line or an adjustment of it comes to. Whether prices contain the tax or not, `total` does.
#[derive(Deserialize)]
pub(super) struct PaddleTotals {
    /// After discounts.
    total: PaddleAmount,
    #[serde(default)]
    tax: PaddleAmount,
}

impl PaddleTotals {
    /// Minor units after discounts and before tax.
    pub(super) fn net(&self) -> i64 {
        self.total.0.saturating_sub(self.tax.0)
    }
}

impl PaddleTransaction {
    /// The prices that are paid again and again.
    pub(super) fn recurring(&self) -> impl Iterator<Item = &String> {
        let again = self.items.iter().filter(|item| item.price.billing_cycle.is_some());
        again.map(|item| &item.price.id)
    }

    /// When it was paid. A bank transfer has no payment attempt, but a time of its own.
    pub(super) fn paid_at(&self) -> Option<Millis> {
        let attempts = self.payments.iter().flatten();
        let captured = attempts.filter(|attempt| attempt.status.as_deref() == Some("captured"));
        let captured = captured.filter_map(|attempt| attempt.captured_at).max();
        captured.or(self.billed_at).map(|time| time.0)
    }
}

#[derive(Deserialize)]
pub(super) struct PaddleAdjustment {
    pub(super) id: String,
    pub(super) action: String,
    /// `pending_approval`, `approved`, `rejected` or `reversed`.
    #[serde(default)]
    pub(super) status: Option<String>,
    pub(super) transaction_id: String,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<AdjustmentItem>,
}

#[derive(Deserialize)]
pub(super) struct AdjustmentItem {
    /// The line of the transaction.
    pub(super) item_id: String,
    pub(super) totals: PaddleTotals,
}

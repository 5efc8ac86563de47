//! Charges, refunds, disputes, credit notes, and which payment paid which invoice.

#![allow(clippy::option_option, reason = "a null member means something else than an absent one")]

use serde::Deserialize;

use super::{Metadata, nothing};

#[derive(Deserialize)]
pub(in super::super) struct Charge {
    pub(in super::super) id: String,
    pub(in super::super) amount: i64,
    /// Minor units refunded so far, all refunds together.
    pub(in super::super) amount_refunded: i64,
    /// Until 2025-03-31. Null there (`Some(None)`) means that the charge paid no invoice. Later versions leave it out,
    /// which means nothing.
    #[serde(default, deserialize_with = "said")]
    pub(in super::super) invoice: Option<Option<String>>,
    #[serde(default)]
    pub(in super::super) payment_intent: Option<String>,
    #[serde(default)]
    pub(in super::super) customer: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    pub(in super::super) metadata: Metadata,
}

/// Reads a member that is present; null becomes `Some(None)`.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Deserialize)]
pub(in super::super) struct StripeRefund {
    pub(in super::super) id: String,
    pub(in super::super) amount: i64,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    #[serde(default)]
    pub(in super::super) status: Option<String>,
    /// Seconds since 1970.
    pub(in super::super) created: i64,
    #[serde(default)]
    pub(in super::super) charge: Option<String>,
    #[serde(default)]
    pub(in super::super) payment_intent: Option<String>,
}

impl StripeRefund {
    /// Whether the refund is in force, as far as is known.
    pub(in super::super) fn stands(&self) -> bool {
        !matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }
}

#[derive(Deserialize)]
pub(in super::super) struct StripeDispute {
    pub(in super::super) id: String,
    pub(in super::super) amount: i64,
    pub(in super::super) status: String,
    #[serde(default)]
    pub(in super::super) charge: Option<String>,
    #[serde(default)]
    pub(in super::super) payment_intent: Option<String>,
}

impl StripeDispute {
    /// Whether the bank withholds the money. A `warning_…` status is an inquiry, which moves no money;
    /// `charge_refunded` was settled by a refund, which has a webhook of its own.
    pub(in super::super) fn stands(&self) -> bool {
        matches!(self.status.as_str(), "needs_response" | "under_review" | "lost")
    }
}

#[derive(Deserialize)]
pub(in super::super) struct CreditNote {
    pub(in super::super) id: String,
    pub(in super::super) invoice: String,
    /// With tax.
    pub(in super::super) amount: i64,
    #[serde(default)]
    pub(in super::super) status: Option<String>,
    #[serde(default, rename = "type")]
    pub(in super::super) kind: Option<String>,
    #[serde(default)]
    pub(in super::super) customer: Option<String>,
    /// Until 2025: the note's only refund.
    #[serde(default)]
    refund: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    refunds: Vec<RefundOfNote>,
    #[serde(default)]
    out_of_band_amount: Option<i64>,
}

#[derive(Deserialize)]
struct RefundOfNote {
    #[serde(default)]
    amount_refunded: i64,
}

impl CreditNote {
    /// Minor units that the note gives back beside its refunds: to the customer's balance, or outside of Stripe. Its
    /// refunds have webhooks of their own, and a note from before the payment has reduced the amount paid already.
    pub(in super::super) fn gives_back(&self) -> i64 {
        if self.status.as_deref() == Some("void") || self.kind.as_deref() == Some("pre_payment") {
            return 0;
        }
        if !self.refunds.is_empty() {
            let refunded =
                self.refunds.iter().fold(0, |sum: i64, one| sum.saturating_add(one.amount_refunded));
            return self.amount.saturating_sub(refunded).max(0);
        }
        if self.refund.is_some() { self.out_of_band_amount.unwrap_or(0).max(0) } else { self.amount.max(0) }
    }
}

/// A payment of an invoice; since 2025-03-31.
#[derive(Deserialize)]
pub(in super::super) struct InvoicePayment {
    pub(in super::super) invoice: String,
    #[serde(default)]
    pub(in super::super) amount_paid: Option<i64>,
    pub(in super::super) payment: PaymentTarget,
}

#[derive(Deserialize)]
pub(in super::super) struct PaymentTarget {
    #[serde(default)]
    pub(in super::super) payment_intent: Option<String>,
    #[serde(default)]
    pub(in super::super) charge: Option<String>,
}

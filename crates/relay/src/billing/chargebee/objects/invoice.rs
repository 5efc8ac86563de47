//! The invoice and its lines.

use serde::Deserialize;

#[derive(Deserialize)]
pub(in super::super) struct ChargebeeInvoice {
    pub(in super::super) id: String,
    #[serde(default)]
    pub(in super::super) customer_id: Option<String>,
    #[serde(default)]
    pub(in super::super) subscription_id: Option<String>,
    /// `paid`, `posted`, `payment_due`, `not_paid`, `voided` or `pending`.
    pub(in super::super) status: String,
    pub(in super::super) currency_code: String,
    /// `tax_exclusive` or `tax_inclusive`.
    #[serde(default)]
    price_type: Option<String>,
    /// With tax, after discounts.
    #[serde(default)]
    total: Option<i64>,
    #[serde(default)]
    amount_paid: Option<i64>,
    #[serde(default)]
    amount_due: Option<i64>,
    /// What credit notes took off before it was paid.
    #[serde(default)]
    amount_adjusted: Option<i64>,
    #[serde(default)]
    write_off_amount: Option<i64>,
    /// What was paid with earlier credits.
    #[serde(default)]
    credits_applied: Option<i64>,
    #[serde(default)]
    date: Option<i64>,
    #[serde(default)]
    pub(in super::super) paid_at: Option<i64>,
    /// Milliseconds; grows with every change.
    #[serde(default)]
    pub(in super::super) resource_version: Option<i64>,
    #[serde(default)]
    pub(in super::super) line_items: Option<Vec<ChargebeeLine>>,
    /// Present when there are more lines than the webhook carries.
    #[serde(default)]
    pub(in super::super) line_items_next_offset: Option<String>,
    #[serde(default)]
    line_item_discounts: Option<Vec<LineDiscount>>,
    #[serde(default)]
    linked_payments: Option<Vec<LinkedPayment>>,
}

#[derive(Deserialize)]
struct LineDiscount {
    #[serde(default)]
    line_item_id: Option<String>,
    discount_amount: i64,
}

#[derive(Deserialize)]
struct LinkedPayment {
    #[serde(default, rename = "txn_status")]
    status: Option<String>,
    #[serde(default, rename = "txn_date")]
    date: Option<i64>,
    /// The whole payment, of which `applied_amount` paid this invoice.
    #[serde(default, rename = "txn_amount")]
    amount: Option<i64>,
    #[serde(default)]
    applied_amount: Option<i64>,
}

#[derive(Deserialize)]
pub(in super::super) struct ChargebeeLine {
    /// Documented as optional.
    #[serde(default)]
    pub(in super::super) id: Option<String>,
    #[serde(default)]
    pub(in super::super) subscription_id: Option<String>,
    /// Before discounts; contains the tax where prices contain it.
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    discount_amount: Option<i64>,
    #[serde(default)]
    tax_amount: Option<i64>,
    #[serde(default)]
    pub(in super::super) entity_type: Option<String>,
    /// The item price, plan or addon. Absent for an amount that a person wrote.
    #[serde(default)]
    pub(in super::super) entity_id: Option<String>,
}

impl ChargebeeLine {
    /// The item price, plan or addon, if the line is for a product that a subscription sells again and again.
    pub(in super::super) fn sold(&self) -> Option<&String> {
        let kind = self.entity_type.as_deref().unwrap_or_default();
        let again = matches!(kind, "plan_item_price" | "addon_item_price" | "plan" | "addon" | "plan_setup");
        self.entity_id.as_ref().filter(|_| again)
    }

    fn tax(&self) -> i64 {
        self.tax_amount.unwrap_or(0)
    }
}

impl ChargebeeInvoice {
    pub(in super::super) fn lines(&self) -> impl Iterator<Item = &ChargebeeLine> {
        self.line_items.iter().flatten()
    }

    fn inclusive(&self) -> bool {
        self.price_type.as_deref() == Some("tax_inclusive")
    }

    /// Minor units of a line after its discounts.
    fn charged(&self, line: &ChargebeeLine) -> i64 {
        let listed = || {
            let all = self.line_item_discounts.iter().flatten();
            let own = all.filter(|discount| discount.line_item_id == line.id);
            own.fold(0_i64, |sum, discount| sum.saturating_add(discount.discount_amount))
        };
        line.amount.saturating_sub(line.discount_amount.unwrap_or_else(listed))
    }

    /// Minor units of a line after discounts and before tax. Commissions are computed from it (billing.md).
    pub(in super::super) fn base(&self, line: &ChargebeeLine) -> i64 {
        self.charged(line).saturating_sub(if self.inclusive() { line.tax() } else { 0 })
    }

    /// Minor units of the whole invoice, with tax. Refunds are a share of it.
    pub(in super::super) fn gross(&self) -> i64 {
        let line = |line: &ChargebeeLine| {
            self.charged(line).saturating_add(if self.inclusive() { 0 } else { line.tax() })
        };
        self.total.unwrap_or_else(|| self.lines().map(line).fold(0, i64::saturating_add))
    }

    pub(in super::super) fn is_paid(&self) -> bool {
        self.status == "paid"
    }

    /// Whether something else than a payment of its own settled it, so that perhaps no `payment_succeeded` comes with it
    /// paid: credits, a credit note or a write-off, money that had been paid before there was an invoice, or a payment
    /// for several invoices.
    pub(in super::super) fn is_settled_otherwise(&self) -> bool {
        let some = |amount: Option<i64>| amount.is_some_and(|amount| amount > 0);
        let foreign = |payment: &LinkedPayment| {
            payment.date.zip(self.date).is_some_and(|(paid, date)| paid < date)
                || payment.amount.zip(payment.applied_amount).is_some_and(|(whole, part)| part < whole)
        };
        some(self.credits_applied)
            || some(self.amount_adjusted)
            || some(self.write_off_amount)
            || !some(self.amount_paid)
            || self.linked_payments.iter().flatten().any(foreign)
    }

    /// Minor units with tax that are owed, though they may have been paid once: a payment failed after it had
    /// succeeded, or the invoice was voided.
    pub(in super::super) fn unpaid(&self) -> i64 {
        match self.status.as_str() {
            "paid" | "pending" => 0,
            "voided" => self.gross(),
            _ => self.amount_due.unwrap_or(0),
        }
    }

    /// Whether a payment of it succeeded once and does not count any more.
    pub(in super::super) fn lost_a_payment(&self) -> bool {
        let lost = |payment: &LinkedPayment| is_lost(payment.status.as_deref());
        self.linked_payments.iter().flatten().any(lost)
    }

    /// Whether any payment of it ever succeeded.
    pub(in super::super) fn was_paid(&self) -> bool {
        let paid = |payment: &LinkedPayment| payment.status.as_deref() == Some("success");
        self.paid_at.is_some() || self.lost_a_payment() || self.linked_payments.iter().flatten().any(paid)
    }
}

/// Whether a payment with this status succeeded once and does not count any more.
pub(in super::super) fn is_lost(status: Option<&str>) -> bool {
    matches!(status, Some("late_failure" | "voided"))
}

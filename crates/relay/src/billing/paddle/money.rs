//! Completed transactions and their adjustments: refunds, credits and chargebacks.
//!
//! Each line of a transaction is an invoice of its own to the facts, because adjustments name the lines that they are
//! about. Both sides are before tax: Paddle tells the tax of each adjustment apart, and gives back tax alone when a
//! buyer proves to be exempt, which takes no commission back. So what is taken back of a line is exactly what was given
//! back of it, and all adjustments of the whole take back the whole.

use std::collections::{BTreeMap, BTreeSet};

use headwater_protocol::event::{CustomerRef, Data, Payment};
use headwater_protocol::{Currency, FieldError, Source};

use super::objects::{PaddleAdjustment, PaddleLine, PaddleTransaction};
use super::{PaddleReader, by_id, subscription_key};
use crate::billing::WebhookError;
use crate::billing::fact::{FactBody, PaidLine};

impl PaddleReader<'_> {
    pub(super) fn transaction(&mut self, object: &PaddleTransaction) -> Result<(), WebhookError> {
        let error = |error: FieldError| WebhookError::Body(error.below("data"));
        let currency: Currency = object.currency_code.parse().map_err(error)?;
        // A renewal only repeats what the subscription was made with.
        if !object.origin.as_deref().is_some_and(|origin| origin.starts_with("subscription_")) {
            self.claim(object.customer_id.as_ref(), &object.custom_data);
        }
        for line in &object.details.line_items {
            let (id, amount) = (format!("{}/{}", object.id, line.id), line.totals.net());
            if amount == 0 {
                continue;
            }
            let key = self.0.key(&id);
            let lines = vec![PaidLine { key: key.clone(), base: amount }];
            self.0.fact(&FactBody::Paid { gross: amount, lines }, &self.0.invoice(&id), "paid", 0);
            let product = line.product.as_ref().and_then(|product| product.id.clone());
            let payment = Payment {
                customer: by_id(object.customer_id.as_ref()),
                key,
                amount,
                currency,
                subscription_key: product_of(object, line),
                product_key: product.clone(),
                category_key: None,
                catalogue_keys: product.into_iter().chain(line.price_id.clone()).collect(),
                paid_at: object.paid_at(),
                incomplete: None,
            };
            self.0.push_event(Source::Billing, Data::Payment(payment));
        }
        Ok(())
    }

    pub(super) fn adjustment(&mut self, object: &PaddleAdjustment, rank: i64) {
        let Some(sign) = effect(&object.action, object.status.as_deref()) else { return };
        // One adjustment may name a line twice, once for its tax.
        let mut lines = BTreeMap::<&str, i64>::new();
        for item in &object.items {
            let sum = lines.entry(&item.item_id).or_default();
            *sum = sum.saturating_add(item.totals.net().saturating_abs());
        }
        for (line, amount) in lines.into_iter().filter(|(_, amount)| *amount != 0) {
            let name = self.0.invoice(&format!("{}/{line}", object.transaction_id));
            let known = FactBody::Back { amount: amount.saturating_mul(sign) };
            self.0.fact(&known, &name, &format!("adjustment/{}", object.id), rank);
            let customer: CustomerRef = by_id(object.customer_id.as_ref());
            self.0.back(&name, &format!("{}/{line}", object.id), customer);
        }
    }
}

/// By what to multiply an adjustment's amount: 1 takes back, -1 gives back, 0 does nothing any more. `None` for one that
/// has done nothing yet, and for actions that came after this was written.
///
/// Only refunds are approved or rejected. What ends a credit or a chargeback is an adjustment of its own, so its status
/// `reversed` must not count a second time. A warning is an early chargeback: it has a reversal too.
fn effect(action: &str, status: Option<&str>) -> Option<i64> {
    match (action, status) {
        (_, Some("pending_approval")) => None,
        (_, Some("rejected")) | ("refund", Some("reversed")) => Some(0),
        ("refund" | "credit" | "chargeback" | "chargeback_warning", _) => Some(1),
        ("credit_reverse" | "chargeback_reverse" | "chargeback_warning_reverse", _) => Some(-1),
        _ => None,
    }
}

/// The key of the product that a line pays for, as [`subscription_key`] gives it in the subscription's own events. What
/// is paid once is no product of the subscription: the catalogue alone says what it is.
fn product_of(object: &PaddleTransaction, line: &PaddleLine) -> Option<String> {
    let recurring: BTreeSet<_> = object.recurring().collect();
    let price = line.price_id.as_ref().filter(|price| recurring.contains(price))?;
    Some(subscription_key(object.subscription_id.as_ref()?, price, recurring.len() > 1))
}

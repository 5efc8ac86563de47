//! A paid invoice: one payment event for each line, and the facts that later refunds need.

use std::collections::BTreeSet;

use headwater_protocol::event::{CustomerRef, Data, Payment};
use headwater_protocol::{Currency, FieldError, Millis, Source};

use super::objects::{Invoice, InvoiceLine, InvoicePayment};
use super::{WebhookReader, subscription_key, who};
use crate::billing::WebhookError;
use crate::billing::fact::{self, FactBody, PaidLine};

impl WebhookReader<'_> {
    pub(super) fn invoice(&mut self, object: &Invoice) -> Result<(), WebhookError> {
        let currency: Currency = object
            .currency
            .parse()
            .map_err(|error: FieldError| WebhookError::Body(error.below("data.object")))?;
        let paid_at = object.paid_at().map(|seconds| Millis(seconds.saturating_mul(1000)));
        let customer = who(object.customer_key(), object.customer.clone(), object.customer_email.clone());
        self.payments_of_old(object);
        // With some lines missing, neither the payments nor the shares of a refund can be computed.
        if object.lines.has_more {
            self.0
                .push_event(Source::Billing, Data::Payment(incomplete(object, customer, currency, paid_at)));
            return Ok(());
        }
        let lines: Vec<_> = object.lines.data.iter().map(|line| (line, base(object, line))).collect();
        let charged = || lines.iter().filter(|(_, base)| *base != 0);
        let lines = charged().map(|(line, base)| PaidLine { key: key(object, line), base: *base }).collect();
        let paid = FactBody::Paid { gross: object.paid(), lines };
        self.0.fact(&paid, &fact::invoice(&object.id), "paid", 0);
        for (line, base) in charged() {
            let payment = Payment {
                customer: customer.clone(),
                key: key(object, line),
                amount: *base,
                currency,
                subscription_key: product_of(object, line),
                product_key: line.product(),
                category_key: None,
                catalogue_keys: line.product().into_iter().chain(line.price()).collect(),
                paid_at,
                incomplete: None,
            };
            self.0.push_event(Source::Billing, Data::Payment(payment));
        }
        Ok(())
    }

    /// Before API version 2025-03-31 the invoice itself names its payment.
    fn payments_of_old(&mut self, object: &Invoice) {
        let intent = object.payment_intent.as_deref().map(fact::intent);
        let charge = object.charge.as_deref().map(fact::charge);
        for payment in intent.into_iter().chain(charge) {
            self.0.link(&fact::invoice(&object.id), &payment, true);
        }
    }

    /// Since 2025-03-31 a webhook of its own says which payment paid which invoice, or was detached from it.
    pub(super) fn invoice_payment(&mut self, object: &InvoicePayment, holds: bool) {
        let intent = object.payment.payment_intent.as_deref().map(fact::intent);
        let charge = object.payment.charge.as_deref().map(fact::charge);
        let invoice = fact::invoice(&object.invoice);
        for payment in intent.into_iter().chain(charge) {
            self.0.link(&invoice, &payment, holds);
            if let Some(amount) = object.amount_paid.filter(|_| holds) {
                self.0.fact(&FactBody::Charged { amount }, &payment, "charged", 0);
            }
        }
        if !holds {
            self.0.back(&invoice, &object.invoice, CustomerRef::default());
        }
    }
}

fn key(invoice: &Invoice, line: &InvoiceLine) -> String {
    format!("{}/{}", invoice.id, line.id)
}

/// The amount that a line's commission is computed from, in minor units. Credit notes from before the payment reduce
/// the invoice but none of its lines, so the reduction is spread over all lines in proportion.
fn base(invoice: &Invoice, line: &InvoiceLine) -> i64 {
    let (paid, off) = (invoice.paid(), invoice.off());
    if off <= 0 || paid < 0 {
        return line.base();
    }
    let whole = i128::from(paid) + i128::from(off);
    i64::try_from(i128::from(line.base()) * i128::from(paid) / whole).unwrap_or(line.base())
}

/// The key of the product that a line pays for, as [`subscription_key`] gives it in the subscription's own events.
fn product_of(invoice: &Invoice, line: &InvoiceLine) -> Option<String> {
    line.metadata.subscription_key().or_else(|| {
        let of = |line: &InvoiceLine| line.subscription().or_else(|| invoice.subscription());
        let subscription = of(line)?;
        let lines = invoice.lines.data.iter().filter(|other| of(other).as_ref() == Some(&subscription));
        let sold: BTreeSet<_> = lines.filter_map(InvoiceLine::sold).collect();
        Some(subscription_key(&subscription, &line.price().unwrap_or_default(), sold.len() > 1))
    })
}

/// A payment event for an invoice whose webhook does not carry all lines. It is parked until a person decides, because
/// the commission cannot be computed.
fn incomplete(
    object: &Invoice,
    customer: CustomerRef,
    currency: Currency,
    paid_at: Option<Millis>,
) -> Payment {
    let reason = format!(
        "invoice {} has more lines than its webhook carries (lines.has_more): record its payments by POST /api/v2/transactions",
        object.id
    );
    Payment {
        customer,
        key: format!("stripe/{}", object.id),
        amount: object.paid(),
        currency,
        subscription_key: object.subscription(),
        product_key: None,
        category_key: None,
        catalogue_keys: Vec::new(),
        paid_at,
        incomplete: Some(reason),
    }
}

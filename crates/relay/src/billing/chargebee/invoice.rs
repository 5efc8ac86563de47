//! A paid invoice: one payment event for each line, and the facts that later refunds need.
//!
//! Lines count as they were invoiced. What credit notes took off before the invoice was paid is taken back as what they
//! take off later is, so that the order does not matter ([`super::money`]).

use std::collections::BTreeSet;

use headwater_protocol::event::{CustomerRef, Data, Payment};
use headwater_protocol::{Currency, FieldError, Millis, Source};

use super::objects::{ChargebeeContent, ChargebeeInvoice, ChargebeeLine};
use super::{ChargebeeReader, subscription_key, who};
use crate::billing::WebhookError;
use crate::billing::fact::{FactBody, PaidLine};

impl ChargebeeReader<'_> {
    /// A payment that leaves the invoice partly due books nothing: the last one books all of it.
    pub(super) fn payment(&mut self, content: &ChargebeeContent) -> Result<(), WebhookError> {
        let Some(invoice) = &content.invoice else { return Ok(()) };
        if invoice.is_paid() {
            self.paid(content, invoice)?;
        }
        self.owed(content, invoice);
        Ok(())
    }

    /// An invoice that became paid by a payment is booked from that payment's own webhook, which also carries the
    /// customer with their `meta_data`.
    pub(super) fn changed_invoice(&mut self, content: &ChargebeeContent) -> Result<(), WebhookError> {
        let Some(invoice) = &content.invoice else { return Ok(()) };
        if invoice.is_paid() && invoice.is_settled_otherwise() {
            self.paid(content, invoice)?;
        }
        self.owed(content, invoice);
        Ok(())
    }

    fn paid(&mut self, content: &ChargebeeContent, invoice: &ChargebeeInvoice) -> Result<(), WebhookError> {
        let error = |error: FieldError| WebhookError::Body(error.below("content.invoice"));
        let currency: Currency = invoice.currency_code.parse().map_err(error)?;
        let paid_at = invoice.paid_at.or_else(|| content.transaction.as_ref()?.date);
        let paid_at = paid_at.map(|seconds| Millis(seconds.saturating_mul(1000)));
        let customer = who(content, invoice.customer_id.as_ref());
        // With some lines missing, neither the payments nor the shares of a refund can be computed.
        if invoice.line_items_next_offset.is_some() {
            let payment = self.incomplete(invoice, customer, currency, paid_at);
            self.0.push_event(Source::Billing, Data::Payment(payment));
            return Ok(());
        }
        let key = |index: usize, line: &ChargebeeLine| match &line.id {
            Some(id) => self.0.key(&format!("{}/{id}", invoice.id)),
            None => self.0.key(&format!("{}/{index}", invoice.id)),
        };
        let lines = invoice.lines().enumerate();
        let lines = lines.map(|(index, line)| (line, key(index, line), invoice.base(line)));
        let lines: Vec<_> = lines.filter(|(.., base)| *base != 0).collect();
        let paid_line = |(_, key, base): &(_, String, i64)| PaidLine { key: key.clone(), base: *base };
        let paid = FactBody::Paid { gross: invoice.gross(), lines: lines.iter().map(paid_line).collect() };
        self.0.fact(&paid, &self.0.invoice(&invoice.id), "paid", invoice.resource_version.unwrap_or(0));
        for (line, key, amount) in lines {
            let payment = Payment {
                customer: customer.clone(),
                key,
                amount,
                currency,
                subscription_key: product_of(content, invoice, line),
                product_key: line.entity_id.clone(),
                category_key: None,
                catalogue_keys: line.entity_id.iter().cloned().collect(),
                paid_at,
                incomplete: None,
            };
            self.0.push_event(Source::Billing, Data::Payment(payment));
        }
        Ok(())
    }

    /// A payment event for an invoice whose webhook does not carry all lines. It is parked until a person decides,
    /// because the commission cannot be computed.
    fn incomplete(
        &self,
        invoice: &ChargebeeInvoice,
        customer: CustomerRef,
        currency: Currency,
        paid_at: Option<Millis>,
    ) -> Payment {
        let reason = format!(
            "invoice {} has more lines than its webhook carries (line_items_next_offset): record its payments by POST /api/v2/transactions",
            invoice.id
        );
        Payment {
            customer,
            key: self.0.key(&invoice.id),
            amount: invoice.gross(),
            currency,
            subscription_key: invoice.subscription_id.clone(),
            product_key: None,
            category_key: None,
            catalogue_keys: Vec::new(),
            paid_at,
            incomplete: Some(reason),
        }
    }
}

/// The key of the product that a line pays for, as [`subscription_key`] gives it in the subscription's own events. A
/// charge is paid once and is no product of the subscription: the catalogue alone says what it is.
fn product_of(
    content: &ChargebeeContent,
    invoice: &ChargebeeInvoice,
    line: &ChargebeeLine,
) -> Option<String> {
    let of = |line: &ChargebeeLine| line.subscription_id.clone().or_else(|| invoice.subscription_id.clone());
    let (sold, subscription) = (line.sold()?, of(line)?);
    let known = content.subscription.as_ref().filter(|known| known.id == subscription);
    let several = match known.map(|known| known.sold().len()) {
        Some(items) if items > 0 => items > 1,
        // A webhook of the invoice alone carries no subscription.
        _ => {
            let lines = invoice.lines().filter(|other| of(other).as_ref() == Some(&subscription));
            lines.filter_map(ChargebeeLine::sold).collect::<BTreeSet<_>>().len() > 1
        }
    };
    Some(subscription_key(&subscription, sold, several))
}

//! Refunds, disputes and credit notes. Each webhook is stored as a fact, and makes an event that names the record it is
//! about. How much is taken back of which transaction is computed from all facts when the event is delivered
//! ([`crate::billing::refund_totals`]).

use headwater_protocol::event::CustomerRef;

use super::objects::{Charge, CreditNote, StripeDispute, StripeRefund};
use super::{WebhookReader, who};
use crate::billing::fact::{self, FactBody};

impl WebhookReader<'_> {
    pub(super) fn charge(&mut self, object: &Charge) {
        let name = fact::charge(&object.id);
        if let Some(intent) = &object.payment_intent {
            self.0.link(&name, &fact::intent(intent), true);
        }
        if let Some(Some(invoice)) = &object.invoice {
            self.0.link(&name, &fact::invoice(invoice), true);
        }
        let known = FactBody::Refunded { gross: object.amount, total: object.amount_refunded };
        // Of two reports within one second, the one with the larger total is the later one.
        self.0.fact(&known, &name, "refunded", object.amount_refunded);
        // Some(None): Stripe says that the charge paid no invoice, so no transaction is affected.
        if object.invoice != Some(None) {
            self.0.back(
                &name,
                &object.id,
                who(object.metadata.customer_key(), object.customer.clone(), None),
            );
        }
    }

    /// The record that the money was paid by: the charge, or else the intent. Links the two if both are named.
    fn payer(&mut self, charge: Option<&String>, intent: Option<&String>) -> Option<String> {
        let (charge, intent) = (charge.map(|id| fact::charge(id)), intent.map(|id| fact::intent(id)));
        if let (Some(charge), Some(intent)) = (&charge, &intent) {
            self.0.link(charge, intent, true);
        }
        charge.or(intent)
    }

    pub(super) fn refund(&mut self, object: &StripeRefund, rank: i64) {
        let Some(name) = self.payer(object.charge.as_ref(), object.payment_intent.as_ref()) else { return };
        let made_at = object.created.saturating_mul(1000);
        let known = FactBody::Refund { amount: object.amount, made_at, stands: object.stands() };
        self.0.fact(&known, &name, &format!("refund/{}", object.id), rank);
        self.0.back(&name, &object.id, CustomerRef::default());
    }

    pub(super) fn dispute(&mut self, object: &StripeDispute, rank: i64) {
        let Some(name) = self.payer(object.charge.as_ref(), object.payment_intent.as_ref()) else { return };
        let known = FactBody::Back { amount: if object.stands() { object.amount } else { 0 } };
        self.0.fact(&known, &name, &format!("dispute/{}", object.id), rank);
        self.0.back(&name, &object.id, CustomerRef::default());
    }

    pub(super) fn credit_note(&mut self, object: &CreditNote, rank: i64) {
        let name = fact::invoice(&object.invoice);
        let known = FactBody::Back { amount: object.gives_back() };
        self.0.fact(&known, &name, &format!("note/{}", object.id), rank);
        self.0.back(&name, &object.id, who(None, object.customer.clone(), None));
    }
}

//! Credit notes, and invoices that are owed again. Each webhook is stored as a fact, and makes an event that names the
//! invoice. How much is taken back of which transaction is computed from all facts when the event is delivered
//! ([`crate::billing::refund_totals`]).
//!
//! Every refund of Chargebee's has a credit note, whether money went back to the card or to the customer's balance, a
//! chargeback too. So the notes are what counts, and the transactions that refund them are not.

use super::objects::{ChargebeeContent, ChargebeeInvoice, is_lost};
use super::{ChargebeeReader, who};
use crate::billing::fact::FactBody;

/// A credit note as any webhook names it.
struct NoteState<'a> {
    id: &'a str,
    invoice: &'a str,
    customer: Option<&'a String>,
    /// Minor units with tax that it takes back.
    amount: i64,
    rank: i64,
}

impl ChargebeeReader<'_> {
    pub(super) fn changed_note(&mut self, content: &ChargebeeContent, deleted: bool) {
        let Some(note) = &content.credit_note else { return };
        let Some(invoice) = &note.reference_invoice_id else { return };
        let stands = !deleted && note.status.as_deref() != Some("voided");
        self.note(
            content,
            &NoteState {
                id: &note.id,
                invoice,
                customer: note.customer_id.as_ref(),
                amount: if stands { note.total.unwrap_or(0).max(0) } else { 0 },
                rank: if deleted { i64::MAX } else { note.resource_version.unwrap_or(0) },
            },
        );
    }

    /// A refund's webhook carries its credit note, or at least names it in the transaction.
    pub(super) fn refunded_payment(&mut self, content: &ChargebeeContent) {
        self.changed_note(content, false);
        let named =
            content.transaction.iter().filter_map(|refund| refund.linked_credit_notes.as_ref()).flatten();
        for note in named {
            let carried = content.credit_note.as_ref().is_some_and(|carried| carried.id == note.id);
            let (Some(invoice), false) = (&note.reference_invoice_id, carried) else { continue };
            let stands = note.status.as_deref() != Some("voided");
            let amount = if stands { note.total.unwrap_or(0).max(0) } else { 0 };
            self.note(content, &NoteState { id: &note.id, invoice, customer: None, amount, rank: 0 });
        }
        if let Some(invoice) = &content.invoice {
            self.owed(content, invoice);
        }
    }

    fn note(&mut self, content: &ChargebeeContent, note: &NoteState<'_>) {
        let name = self.0.invoice(note.invoice);
        let known = FactBody::Back { amount: note.amount };
        self.0.fact(&known, &name, &format!("note/{}", note.id), note.rank);
        self.0.back(&name, note.id, who(content, note.customer));
    }

    /// An ordinary failure changes nothing. One that comes days after the payment had succeeded, as with a direct
    /// debit, leaves the invoice due again.
    pub(super) fn failed_payment(&mut self, content: &ChargebeeContent) {
        if let Some(invoice) = &content.invoice {
            self.owed(content, invoice);
        }
    }

    pub(super) fn deleted_invoice(&mut self, content: &ChargebeeContent) {
        if let Some(invoice) = &content.invoice {
            self.state(invoice, invoice.gross(), i64::MAX);
            if invoice.was_paid() {
                self.changed_state(content, invoice);
            }
        }
    }

    /// Stores how much of an invoice is owed, and makes an event if it had been paid before. It is a state: the next
    /// payment sets it to nothing again.
    pub(super) fn owed(&mut self, content: &ChargebeeContent, invoice: &ChargebeeInvoice) {
        self.state(invoice, invoice.unpaid(), invoice.resource_version.unwrap_or(0));
        let lost = content.transaction.as_ref().is_some_and(|payment| is_lost(payment.status.as_deref()));
        if invoice.lost_a_payment() || lost || (invoice.status == "voided" && invoice.was_paid()) {
            self.changed_state(content, invoice);
        }
    }

    fn state(&mut self, invoice: &ChargebeeInvoice, amount: i64, rank: i64) {
        let name = self.0.invoice(&invoice.id);
        self.0.fact(&FactBody::Back { amount: amount.max(0) }, &name, "owed", rank);
    }

    fn changed_state(&mut self, content: &ChargebeeContent, invoice: &ChargebeeInvoice) {
        let name = self.0.invoice(&invoice.id);
        self.0.back(&name, &format!("{}/owed", invoice.id), who(content, invoice.customer_id.as_ref()));
    }
}

//! Money: payments and refunds.

use headwater_protocol::Millis;
use headwater_protocol::event::{CustomerRef, Payment, Refund};
use headwater_protocol::v2::{CreateRefund, CreateTransaction};
use sha2::{Digest as _, Sha256};

use super::error::AttemptError;
use super::{Attempt, is_missing, sent, transaction};
use crate::billing::refund_totals::{self, RefundTotals};

/// How often a refund is computed at most, when new facts arrive while it is sent. Facts that arrive after that have an
/// entry of their own.
const AGAIN_MAX: usize = 5;

impl Attempt<'_> {
    pub(super) async fn payment(&self, payment: Payment) -> Result<(), AttemptError> {
        if let Some(reason) = payment.incomplete {
            return Err(AttemptError::NeedsDecision { reason, names: Vec::new() });
        }
        let created_at = Some(self.happened(payment.paid_at));
        let customer = payment.customer;
        let CustomerRef { customer_key, provider_key, email } = customer.clone();
        let named = customer_key.is_some();
        let transaction = CreateTransaction {
            amount: payment.amount,
            currency: payment.currency,
            customer_external_key: provider_key.clone().filter(|_| !named),
            customer_email: email.filter(|_| !named && provider_key.is_none()),
            customer_key,
            key: Some(payment.key),
            subscription_key: payment.subscription_key,
            product_key: payment.product_key,
            category_key: payment.category_key,
            catalogue_keys: payment.catalogue_keys,
            metadata: None,
            member_key: None,
            created_at,
        };
        self.transaction(&transaction, &customer, &self.idempotency_key(0)).await
    }

    pub(super) async fn transaction(
        &self,
        new: &CreateTransaction,
        customer: &CustomerRef,
        idem: &str,
    ) -> Result<(), AttemptError> {
        let error = match self.client.create_transaction(new, Some(idem)).await {
            Err(error) => error,
            made => return sent(made).map_err(AttemptError::from),
        };
        match error.code() {
            // It was sent before, with the same content.
            "transaction_exists" => Ok(()),
            // A conflict about money is not resolved by a guess: it is parked until a person decides, or until the
            // customer's names are unambiguous.
            _ if error.status() == Some(409) => {
                Err(AttemptError::needs_decision(&error, self.names(&customer.names())))
            }
            _ if is_missing(&error) => Err(AttemptError::not_yet(&error, self.names(&customer.names()))),
            _ => sent::<()>(Err(error)).map_err(AttemptError::from),
        }
    }

    pub(super) async fn refund(&self, refund: Refund) -> Result<(), AttemptError> {
        if let Some(about) = &refund.about {
            return self.refund_by_record(about).await;
        }
        let key = &refund.transaction_key;
        if refund.amount.is_none() {
            let waits_for = || vec![self.name(&transaction(key))];
            return match self.client.delete_transaction(key).await {
                Err(error) if is_missing(&error) => Err(AttemptError::not_yet(&error, waits_for())),
                other => sent(other).map_err(AttemptError::from),
            };
        }
        let change = CreateRefund {
            refunded_total: refund.amount,
            occurred_at: Some(refund.refunded_at),
            ..CreateRefund::default()
        };
        self.send_refund(key, &change).await
    }

    /// Sets the refunded total of every transaction that belongs to a record, as computed from all facts.
    async fn refund_by_record(&self, about: &str) -> Result<(), AttemptError> {
        let mut sent_totals = None;
        for _ in 0..AGAIN_MAX {
            let known = refund_totals::read_totals(self.journal, &self.scope(), about).await?;
            // Facts that arrived while the totals were sent have changed them; otherwise all is sent.
            if sent_totals.as_ref() == Some(&known) {
                break;
            }
            match &known {
                RefundTotals::Nothing => break,
                RefundTotals::Unknown { reason, waits_for } => {
                    return Err(AttemptError::NotYet {
                        reason: reason.clone(),
                        names: self.names(waits_for),
                    });
                }
                RefundTotals::Totals { lines, at, revision } => {
                    for (key, total) in lines {
                        let change = CreateRefund {
                            refunded_total: Some(*total),
                            occurred_at: Some(Millis(*at)),
                            revision: Some(*revision),
                            ..CreateRefund::default()
                        };
                        self.send_refund(key, &change).await?;
                    }
                }
            }
            sent_totals = Some(known);
        }
        Ok(())
    }

    /// Sends one refunded total. The idempotency key contains the body, because one event may send several totals as
    /// more facts arrive.
    async fn send_refund(&self, key: &str, refund: &CreateRefund) -> Result<(), AttemptError> {
        let total = refund.refunded_total.unwrap_or_default();
        let at = refund.occurred_at.map_or(0, |at| at.0);
        let revision = refund.revision.unwrap_or_default();
        let digest = Sha256::digest(format!("{key}/{total}/{at}/{revision}"));
        let idem = self.idempotency_key(hex::encode(&digest[..8]));
        match self.client.refund_transaction(key, refund, Some(&idem)).await {
            Err(error) if is_missing(&error) => {
                Err(AttemptError::not_yet(&error, vec![self.name(&transaction(key))]))
            }
            Err(error) if error.status() == Some(409) => {
                Err(AttemptError::needs_decision(&error, Vec::new()))
            }
            other => sent(other).map_err(AttemptError::from),
        }
    }
}

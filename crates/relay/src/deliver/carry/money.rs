//! Money: payments, and what is taken back of them.

use headwater_protocol::Millis;
use headwater_protocol::event::{CustomerRef, Payment, Refund};
use headwater_protocol::v2::{CreateRefund, CreateTransaction};
use sha2::{Digest as _, Sha256};

use super::stop::Stop;
use super::{Carrier, is_missing, sent, transaction};
use crate::billing::back::{self, Back};

/// How often a refund is computed anew because more became known while it was sent. What is then still new has an
/// entry of its own.
const AGAIN_MAX: usize = 5;

impl Carrier<'_> {
    pub(super) async fn payment(&self, payment: Payment) -> Result<(), Stop> {
        if let Some(reason) = payment.incomplete {
            return Err(Stop::Person { reason, names: Vec::new() });
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
        self.transaction(&transaction, &customer, &self.idem(0)).await
    }

    pub(super) async fn transaction(
        &self,
        new: &CreateTransaction,
        customer: &CustomerRef,
        idem: &str,
    ) -> Result<(), Stop> {
        let error = match self.client.create_transaction(new, Some(idem)).await {
            Err(error) => error,
            made => return sent(made).map_err(Stop::from),
        };
        match error.code() {
            // Sent before, and the same.
            "transaction_exists" => Ok(()),
            // Nothing is guessed about money: somebody has to look at it, or the customer's names to become clear.
            _ if error.status() == Some(409) => Err(Stop::person(&error, self.names(&customer.names()))),
            _ if is_missing(&error) => Err(Stop::not_yet(&error, self.names(&customer.names()))),
            _ => sent::<()>(Err(error)).map_err(Stop::from),
        }
    }

    pub(super) async fn refund(&self, refund: Refund) -> Result<(), Stop> {
        if let Some(about) = &refund.about {
            return self.take_back(about).await;
        }
        let key = &refund.transaction_key;
        if refund.amount.is_none() {
            let waits_for = || vec![self.name(&transaction(key))];
            return match self.client.delete_transaction(key).await {
                Err(error) if is_missing(&error) => Err(Stop::not_yet(&error, waits_for())),
                other => sent(other).map_err(Stop::from),
            };
        }
        let change = CreateRefund {
            refunded_total: refund.amount,
            occurred_at: Some(refund.refunded_at),
            ..CreateRefund::default()
        };
        self.tell(key, &change).await
    }

    /// Brings every transaction of a record to the total that follows from all that is known of it.
    async fn take_back(&self, about: &str) -> Result<(), Stop> {
        let mut told = None;
        for _ in 0..AGAIN_MAX {
            let known = back::look(self.journal, &self.scope(), about).await?;
            if told.as_ref() == Some(&known) {
                break;
            }
            match &known {
                Back::Nothing => break,
                Back::Unknown { reason, waits_for } => {
                    return Err(Stop::NotYet { reason: reason.clone(), names: self.names(waits_for) });
                }
                Back::Totals { lines, at } => {
                    for (key, total) in lines {
                        let change = CreateRefund {
                            refunded_total: Some(*total),
                            occurred_at: Some(Millis(*at)),
                            ..CreateRefund::default()
                        };
                        self.tell(key, &change).await?;
                    }
                }
            }
            told = Some(known);
        }
        Ok(())
    }

    /// The body is in the key: one event may say several totals as more becomes known.
    async fn tell(&self, key: &str, refund: &CreateRefund) -> Result<(), Stop> {
        let total = refund.refunded_total.unwrap_or_default();
        let at = refund.occurred_at.map_or(0, |at| at.0);
        let digest = Sha256::digest(format!("{key}/{total}/{at}"));
        let idem = self.idem(hex::encode(&digest[..8]));
        match self.client.refund_transaction(key, refund, Some(&idem)).await {
            Err(error) if is_missing(&error) => {
                Err(Stop::not_yet(&error, vec![self.name(&transaction(key))]))
            }
            Err(error) if error.status() == Some(409) => Err(Stop::person(&error, Vec::new())),
            other => sent(other).map_err(Stop::from),
        }
    }
}

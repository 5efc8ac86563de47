//! Products: what a customer has of the catalogue. A page reports one once, billing at every change.

use headwater_client::ClientError;
use headwater_protocol::Source;
use headwater_protocol::event::{CustomerRef, Subscription};
use headwater_protocol::limits::LIST_MAX;
use headwater_protocol::v2::{CreateProduct, UpdateProduct};

use super::error::AttemptError;
use super::{Attempt, is_missing, sent};
use crate::billing::fact;

impl Attempt<'_> {
    pub(super) async fn subscription(&self, subscription: Subscription) -> Result<(), AttemptError> {
        if self.is_stale(&subscription).await? {
            return Ok(());
        }
        let Some(product_book_key) = subscription.product_book_key else {
            return self.change_known(&subscription).await;
        };
        let CustomerRef { customer_key, provider_key, .. } = subscription.customer.clone();
        let product = CreateProduct {
            product_book_key,
            // The provider's id is sent only without the site's own: two names might be of two customers.
            provider_key: provider_key.filter(|_| customer_key.is_none()),
            customer_key,
            status: subscription.status,
            partnership_key: None,
            stack_key: None,
            external_subscription_key: Some(subscription.external_subscription_key),
            amount: subscription.amount,
            currency: subscription.currency,
            catalogue_keys: subscription.catalogue_keys,
            occurred_at: Some(self.occurred_at),
            click_xid: None,
            metadata: None,
        };
        self.product(product, &subscription.customer, &self.idempotency_key(0)).await
    }

    /// Whether the provider has reported this subscription at a later time already. Our ledger ignores older states by
    /// itself; another destination would take this one for the newest.
    async fn is_stale(&self, subscription: &Subscription) -> Result<bool, AttemptError> {
        let id = subscription.external_subscription_key.split('/').next().unwrap_or_default();
        let reports = self.journal.facts(self.scope(), fact::subscription(id)).await?;
        Ok(reports.iter().any(|fact| fact.at > self.occurred_at.0))
    }

    /// Creates a product. Our ledger updates an existing one if billing or the vendor sends it again. Another
    /// destination refuses it with 409; then a change is sent, but only for these two sources.
    pub(super) async fn product(
        &self,
        product: CreateProduct,
        customer: &CustomerRef,
        idem: &str,
    ) -> Result<(), AttemptError> {
        let error = match self.client.create_product(&product, Some(idem)).await {
            Err(error) => error,
            made => return sent(made).map_err(AttemptError::from),
        };
        // A destination that is not ours answers without a code.
        let exists = error.status() == Some(409) && matches!(error.code(), "product_exists" | "");
        let foreign_403 = error.status() == Some(403) && error.code().is_empty();
        match error.code() {
            "customer_ambiguous" => Err(AttemptError::needs_decision(&error, self.names(&customer.names()))),
            // No event reports that it was added to the catalogue, so the entry is parked without a name and tried
            // again by time alone.
            "unknown_product_book" | "product_book_not_found" => {
                Err(AttemptError::not_yet(&error, Vec::new()))
            }
            // An unknown customer is 403 here (seed 000), without a code at a destination that is not ours.
            _ if is_missing(&error) || foreign_403 => {
                Err(AttemptError::not_yet(&error, self.names(&customer.names())))
            }
            _ if exists && matches!(self.source, Source::Page | Source::Signed) => Ok(()),
            _ if exists => self.change(&product, &error).await,
            _ => sent::<()>(Err(error)).map_err(AttemptError::from),
        }
    }

    /// Updates the existing product that caused the conflict. It is found by its own key, because two customers may
    /// have subscriptions with the same key.
    async fn change(&self, product: &CreateProduct, error: &ClientError) -> Result<(), AttemptError> {
        let key = match named_in(error) {
            Some(key) => Some(key.to_owned()),
            None => {
                self.find(product.customer_key.as_deref(), product.external_subscription_key.as_deref())
                    .await?
            }
        };
        let Some(key) = key else { return Err(AttemptError::needs_decision(error, Vec::new())) };
        let change = UpdateProduct {
            status: Some(product.status),
            amount: product.amount,
            currency: product.currency,
            ..UpdateProduct::default()
        };
        sent(self.client.update_product(&key, &change).await).map_err(AttemptError::from)
    }

    /// Updates a product from a subscription event that names no catalogue entry, and so cannot create one.
    async fn change_known(&self, subscription: &Subscription) -> Result<(), AttemptError> {
        let waits_for = || self.names(&subscription.customer.names());
        let key = subscription.customer.customer_key.as_deref();
        let found = match self.find(key, Some(&subscription.external_subscription_key)).await {
            Err(AttemptError::Answer(error)) if is_missing(&error) => {
                return Err(AttemptError::not_yet(&error, waits_for()));
            }
            other => other?,
        };
        let Some(key) = found else {
            let reason =
                format!("no product of this customer is called '{}'", subscription.external_subscription_key);
            return Err(AttemptError::NotYet { reason, names: waits_for() });
        };
        let change = UpdateProduct {
            status: Some(subscription.status),
            amount: subscription.amount,
            currency: subscription.currency,
            ..UpdateProduct::default()
        };
        sent(self.client.update_product(&key, &change).await).map_err(AttemptError::from)
    }

    /// The key of the customer's product with this subscription key.
    async fn find(
        &self,
        customer: Option<&str>,
        subscription: Option<&str>,
    ) -> Result<Option<String>, AttemptError> {
        let (Some(customer), Some(subscription)) = (customer, subscription) else { return Ok(None) };
        let limit = LIST_MAX.to_string();
        let query = [("customer_key", customer), ("limit", limit.as_str())];
        let found = match self.client.list_products(&query).await {
            Err(ClientError::Unreadable(_)) => return Ok(None),
            other => other?.data.items,
        };
        let ours = |product: &headwater_protocol::v2::Product| {
            product.customer_key == customer
                && product.external_subscription_key.as_deref() == Some(subscription)
        };
        Ok(found.into_iter().find(ours).map(|product| product.key))
    }
}

/// The key of the existing product, if the refusal's hint names it: `PATCH /api/v2/products/prod_…`.
fn named_in(error: &ClientError) -> Option<&str> {
    let ClientError::Refused { body, .. } = error else { return None };
    let (_, key) = body.hint.as_deref()?.split_once("/products/")?;
    let end = key.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(key.len());
    Some(&key[..end]).filter(|key| key.starts_with("prod_"))
}

//! Checkouts: what a page says was chosen. A checkout creates products and never changes one. The program's settings
//! say whether its amounts are ignored, left for billing to confirm, or accepted.

use headwater_protocol::Currency;
use headwater_protocol::event::{Checkout, CustomerRef};
use headwater_protocol::limits::TRANSACTION_KEY_MAX;
use headwater_protocol::v2::{ClaimPolicy, CreateProduct, CreateTransaction};

use super::Attempt;
use super::error::AttemptError;

impl Attempt<'_> {
    pub(super) async fn checkout(&self, checkout: Checkout) -> Result<(), AttemptError> {
        let customer = CustomerRef::by_key(Some(&checkout.customer_key));
        let amounts = self.program.checkout_amounts != ClaimPolicy::Ignore;
        for (n, chosen) in checkout.products.into_iter().enumerate() {
            let product = CreateProduct {
                product_book_key: chosen.product_book_key,
                customer_key: Some(checkout.customer_key.clone()),
                provider_key: None,
                status: chosen.status,
                partnership_key: None,
                stack_key: None,
                external_subscription_key: chosen.external_subscription_key,
                amount: chosen.amount.filter(|_| amounts),
                currency: chosen.currency.filter(|_| amounts),
                catalogue_keys: Vec::new(),
                occurred_at: None,
                click_xid: None,
                metadata: None,
            };
            self.product(product, &customer, &self.idempotency_key(n)).await?;
        }
        match checkout.transaction {
            Some(claimed) if self.program.checkout_amounts == ClaimPolicy::Accept => {
                let subscription = claimed.subscription_key;
                let (amount, currency) = (claimed.amount, claimed.currency);
                self.claimed_payment(&checkout.customer_key, claimed.key, amount, currency, subscription)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Records a payment that a page claims. Its key gets a prefix that no provider's key has, so that a page cannot
    /// occupy the key of a provider's later payment.
    pub(super) async fn claimed_payment(
        &self,
        customer_key: &str,
        key: Option<String>,
        amount: i64,
        currency: Currency,
        subscription_key: Option<String>,
    ) -> Result<(), AttemptError> {
        let key = format!("chk_{}", key.unwrap_or_else(|| self.id.to_string()));
        let transaction = CreateTransaction {
            amount,
            currency,
            customer_key: Some(customer_key.to_owned()),
            customer_external_key: None,
            customer_email: None,
            key: Some(key.chars().take(TRANSACTION_KEY_MAX).collect()),
            subscription_key,
            product_key: None,
            category_key: None,
            catalogue_keys: Vec::new(),
            metadata: None,
            member_key: None,
            created_at: Some(self.happened(None)),
        };
        self.transaction(
            &transaction,
            &CustomerRef::by_key(Some(customer_key)),
            &self.idempotency_key("transaction"),
        )
        .await
    }
}

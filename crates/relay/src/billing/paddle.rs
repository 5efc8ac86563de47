//! Paddle Billing's webhooks, which Paddle calls notifications: the signature, and the objects of the events
//! (billing.md). Paddle Classic, the older product, has other ones.

mod money;
mod objects;
mod verify;

use headwater_protocol::event::{CustomerRef, Data, ProviderCustomer, Subscription};
use headwater_protocol::v2::{BillingProvider, ProductStatus};
use headwater_protocol::{Millis, Source, field};
use http::HeaderMap;
use secrecy::SecretString;

use super::draft::{WebhookDraft, member};
use super::fact::{self, FactBody};
use super::site_data::SiteData;
use super::{Provider, Webhook, WebhookError};
use objects::{PaddleCustomer, PaddleEnvelope, PaddleSubscription, SubscribedItem};

pub use verify::verify;

/// Paddle Billing.
pub struct Paddle;

impl Provider for Paddle {
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secret: &SecretString,
        now: Millis,
    ) -> Result<(), WebhookError> {
        let signature = headers.get("paddle-signature").and_then(|value| value.to_str().ok());
        verify(signature.unwrap_or_default(), body, secret, now)
    }

    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
        read(body, scope)
    }
}

/// Reads one of Paddle's events, as [`Provider::read`] says.
///
/// # Errors
/// As there.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
    // A buyer may have typed it; the payment counts all the same.
    let body = field::without_nul(body);
    let envelope: PaddleEnvelope<'_> = field::parse(&body).map_err(WebhookError::Body)?;
    let at = envelope.occurred_at.0;
    let mut reader = PaddleReader(WebhookDraft::new(BillingProvider::Paddle, scope, envelope.event_id, at));
    let data = envelope.data.get();
    match &*envelope.event_type {
        "customer.created" | "customer.updated" | "customer.imported" => {
            reader.customer(member("data", data)?);
        }
        // Not `transaction.paid`: Paddle writes the subscription's id into it after that, and before it is completed.
        "transaction.completed" => reader.transaction(&member("data", data)?)?,
        "adjustment.created" => reader.adjustment(&member("data", data)?, 0),
        "adjustment.updated" => reader.adjustment(&member("data", data)?, 1),
        "subscription.created" | "subscription.imported" => reader.subscription(&member("data", data)?, true),
        "subscription.updated"
        | "subscription.activated"
        | "subscription.trialing"
        | "subscription.past_due"
        | "subscription.paused"
        | "subscription.resumed"
        | "subscription.canceled" => reader.subscription(&member("data", data)?, false),
        _ => {}
    }
    reader.0.finish("data")
}

/// A webhook that is being read.
struct PaddleReader<'a>(WebhookDraft<'a>);

impl PaddleReader<'_> {
    /// A customer's `custom_data` is written with the site's secret API key only, so it is not a buyer's claim.
    fn customer(&mut self, object: PaddleCustomer) {
        let Some(customer_key) = object.custom_data.customer_key else { return };
        let known = ProviderCustomer {
            customer: CustomerRef {
                customer_key: Some(customer_key),
                provider_key: Some(object.id),
                email: object.email.filter(|email| !email.is_empty()),
            },
            name: object.name.filter(|name| !name.is_empty()),
            partner_key: object.custom_data.partner_key,
        };
        self.0.push_event(Source::Billing, Data::ProviderCustomer(known));
    }

    /// The `custom_data` of a transaction, which Paddle copies to its subscription and to each renewal, is a claim,
    /// whoever wrote it first: a page opens a checkout with it, and may replace it in an open one, even in one that the
    /// site's server made (trust.md section 1). So it joins the site's customer to Paddle's id as a page would, and
    /// payments and subscriptions name Paddle's id alone.
    fn claim(&mut self, id: Option<&String>, data: &SiteData) {
        if let (Some(provider_key), Some(customer_key)) = (id, &data.customer_key) {
            let customer =
                CustomerRef { customer_key: Some(customer_key.clone()), ..by_id(Some(provider_key)) };
            let known = ProviderCustomer { customer, name: None, partner_key: data.partner_key.clone() };
            self.0.push_event(Source::Page, Data::ProviderCustomer(known));
        }
    }

    fn subscription(&mut self, object: &PaddleSubscription, begins: bool) {
        if begins {
            self.claim(object.customer_id.as_ref(), &object.custom_data);
        }
        let Some(status) = status(&object.status) else { return };
        self.0.fact(&FactBody::Reported, &fact::subscription(&object.id), "told", 0);
        // What is paid once is no product of the subscription.
        let sold = || object.items.iter().filter(|item| item.recurring != Some(false));
        let several = sold().count() > 1;
        for item in sold() {
            let price = &item.price;
            let unit = price.unit_price.as_ref();
            let quantity = item.quantity.unwrap_or(1);
            let subscription = Subscription {
                customer: by_id(object.customer_id.as_ref()),
                external_subscription_key: subscription_key(&object.id, &price.id, several),
                status: of_item(status, item),
                product_book_key: Some(price.product_id.clone().unwrap_or_else(|| price.id.clone())),
                catalogue_keys: vec![price.id.clone()],
                amount: unit.map(|unit| unit.amount.0.saturating_mul(quantity)),
                currency: unit.and_then(|unit| unit.currency_code.as_deref()?.parse().ok()),
            };
            self.0.push_event(Source::Billing, Data::Subscription(subscription));
        }
    }
}

fn by_id(id: Option<&String>) -> CustomerRef {
    CustomerRef { provider_key: id.cloned(), ..CustomerRef::default() }
}

/// The product's status for a subscription's. `None` for words that came after this was written.
fn status(word: &str) -> Option<ProductStatus> {
    match word {
        "trialing" => Some(ProductStatus::Trial),
        // Paddle still tries to collect a payment that is past due.
        "active" | "past_due" => Some(ProductStatus::Active),
        "paused" | "canceled" => Some(ProductStatus::Churned),
        _ => None,
    }
}

/// An item may have ended within a subscription that goes on.
fn of_item(subscription: ProductStatus, item: &SubscribedItem) -> ProductStatus {
    if item.status.as_deref() == Some("inactive") { ProductStatus::Churned } else { subscription }
}

/// The key of a product: the subscription's id, with the price's if the subscription sells several products.
fn subscription_key(subscription: &str, price: &str, several: bool) -> String {
    if several { format!("{subscription}/{price}") } else { subscription.to_owned() }
}

#[cfg(test)]
mod tests;

//! Chargebee's webhooks of its API V2: the credentials, and the objects of the events, of both catalogues (billing.md).

mod invoice;
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
use super::{Provider, Webhook, WebhookError};
use objects::{ChargebeeContent, ChargebeeCustomer, ChargebeeEnvelope, ChargebeeSubscription};

pub use verify::verify;

/// Chargebee.
pub struct Chargebee;

impl Provider for Chargebee {
    fn verify(
        &self,
        headers: &HeaderMap,
        _body: &[u8],
        secret: &SecretString,
        _now: Millis,
    ) -> Result<(), WebhookError> {
        verify(headers, secret)
    }

    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
        read(body, scope)
    }
}

/// Reads one of Chargebee's events, as [`Provider::read`] says.
///
/// # Errors
/// As there.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
    // A buyer may have typed it; the payment counts all the same.
    let body = field::without_nul(body);
    let envelope: ChargebeeEnvelope<'_> = field::parse(&body).map_err(WebhookError::Body)?;
    let at = Millis(envelope.occurred_at.saturating_mul(1000));
    let mut reader = ChargebeeReader(WebhookDraft::new(BillingProvider::Chargebee, scope, envelope.id, at));
    let content = || member("content", envelope.content.get());
    match &*envelope.event_type {
        "customer_created" | "customer_changed" => reader.customer(content()?),
        "payment_succeeded" => reader.payment(&content()?)?,
        "invoice_generated" | "invoice_updated" => reader.changed_invoice(&content()?)?,
        "invoice_deleted" => reader.deleted_invoice(&content()?),
        "payment_failed" => reader.failed_payment(&content()?),
        "payment_refunded" => reader.refunded_payment(&content()?),
        "credit_note_created" | "credit_note_updated" => reader.changed_note(&content()?, false),
        "credit_note_deleted" => reader.changed_note(&content()?, true),
        // Whatever happened to a subscription, the event carries its present state; reminders do too.
        kind if kind.starts_with("subscription_") => {
            reader.subscription(&content()?, kind == "subscription_deleted");
        }
        _ => {}
    }
    reader.0.finish("content")
}

/// A webhook that is being read.
struct ChargebeeReader<'a>(WebhookDraft<'a>);

impl ChargebeeReader<'_> {
    /// Neither a checkout page nor the portal takes `meta_data`: it is written with the site's secret key only, so what
    /// it says is not a buyer's claim.
    fn customer(&mut self, content: ChargebeeContent) {
        let Some(object) = content.customer else { return };
        let Some(customer_key) = object.meta_data.customer_key.clone() else { return };
        let known = ProviderCustomer {
            name: object.name(),
            partner_key: object.meta_data.partner_key,
            customer: CustomerRef {
                customer_key: Some(customer_key),
                provider_key: Some(object.id),
                email: object.email.filter(|email| !email.is_empty()),
            },
        };
        self.0.push_event(Source::Billing, Data::ProviderCustomer(known));
    }

    fn subscription(&mut self, content: &ChargebeeContent, deleted: bool) {
        let Some(object) = &content.subscription else { return };
        let status = if deleted { Some(ProductStatus::Churned) } else { status(&object.status) };
        let Some(status) = status else { return };
        let name = fact::subscription(&object.id);
        self.0.fact(&FactBody::Reported, &name, "told", object.resource_version.unwrap_or(0));
        let sold = object.sold();
        let several = sold.len() > 1;
        for item in sold {
            let subscription = Subscription {
                customer: who(content, object.customer_id.as_ref()),
                external_subscription_key: subscription_key(&object.id, &item.id, several),
                status,
                product_book_key: Some(item.id.clone()),
                catalogue_keys: vec![item.id],
                amount: item.amount,
                currency: object.currency_code.as_deref().and_then(|code| code.parse().ok()),
            };
            self.0.push_event(Source::Billing, Data::Subscription(subscription));
        }
    }
}

/// The customer with Chargebee's id `id`. The event's own customer is somebody else where a company pays for another.
fn who(content: &ChargebeeContent, id: Option<&String>) -> CustomerRef {
    let known = content.customer.as_ref().filter(|customer| id.is_none_or(|id| *id == customer.id));
    let data = content.subscription.as_ref().filter(|subscription| subscription.customer_id.as_ref() == id);
    let key = |customer: &ChargebeeCustomer| customer.meta_data.customer_key.clone();
    let of_subscription = |object: &ChargebeeSubscription| object.meta_data.customer_key.clone();
    CustomerRef {
        customer_key: known.and_then(key).or_else(|| data.and_then(of_subscription)),
        provider_key: id.or(known.map(|customer| &customer.id)).cloned(),
        email: known.and_then(|customer| customer.email.clone()).filter(|email| !email.is_empty()),
    }
}

/// The product's status for a subscription's. `None` for `future`, which has not begun and is reported again when it
/// does, and for words that came after this was written.
fn status(word: &str) -> Option<ProductStatus> {
    match word {
        "in_trial" => Some(ProductStatus::Trial),
        // A subscription that will not renew is paid for until its end.
        "active" | "non_renewing" => Some(ProductStatus::Active),
        "paused" | "cancelled" | "transferred" => Some(ProductStatus::Churned),
        _ => None,
    }
}

/// The key of a product: the subscription's id, with the item price's if the subscription sells several products.
fn subscription_key(subscription: &str, item: &str, several: bool) -> String {
    if several { format!("{subscription}/{item}") } else { subscription.to_owned() }
}

#[cfg(test)]
mod tests;

//! Stripe's webhooks: the signature, and the objects of the events (billing.md). Each Stripe account pins its
//! webhooks to a version of the API, so the shapes of the last three years are read, whichever version the envelope
//! names.

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
use objects::{CheckoutSession, StripeCustomer, StripeEnvelope};

pub use verify::verify;

/// Stripe.
pub struct Stripe;

impl Provider for Stripe {
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secret: &SecretString,
        now: Millis,
    ) -> Result<(), WebhookError> {
        let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        verify(signature.unwrap_or_default(), body, secret, now)
    }

    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
        read(body, scope)
    }
}

/// Reads one of Stripe's events, as [`Provider::read`] says.
///
/// # Errors
/// As there.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
    // A buyer may have typed it; the payment counts all the same.
    let body = field::without_nul(body);
    let envelope: StripeEnvelope<'_> = field::parse(&body).map_err(WebhookError::Body)?;
    let at = Millis(envelope.created.saturating_mul(1000));
    let mut reader = WebhookReader(WebhookDraft::new(BillingProvider::Stripe, scope, envelope.id, at));
    reader.object(&envelope.kind, envelope.data.object.get())?;
    reader.0.finish("data.object")
}

fn object<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, WebhookError> {
    member("data.object", text)
}

/// A webhook that is being read.
struct WebhookReader<'a>(WebhookDraft<'a>);

impl WebhookReader<'_> {
    fn object(&mut self, kind: &str, text: &str) -> Result<(), WebhookError> {
        match kind {
            "customer.created" | "customer.updated" => self.customer(object(text)?),
            "checkout.session.completed" => self.session(object(text)?),
            "customer.subscription.created" | "customer.subscription.updated" => {
                self.subscription(&object(text)?, false);
            }
            "customer.subscription.deleted" => self.subscription(&object(text)?, true),
            // Stripe also sends invoice.payment_succeeded for each payment, with the same content.
            "invoice.paid" => self.invoice(&object(text)?)?,
            "invoice_payment.paid" => self.invoice_payment(&object(text)?, true),
            "invoice_payment.detached" => self.invoice_payment(&object(text)?, false),
            "charge.refunded" => self.charge(&object(text)?),
            "refund.created" => self.refund(&object(text)?, 0),
            "refund.updated" | "charge.refund.updated" => self.refund(&object(text)?, 1),
            "refund.failed" => self.refund(&object(text)?, 2),
            "charge.dispute.created" => self.dispute(&object(text)?, 0),
            "charge.dispute.updated"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated" => self.dispute(&object(text)?, 1),
            "charge.dispute.closed" => self.dispute(&object(text)?, 2),
            "credit_note.created" => self.credit_note(&object(text)?, 0),
            "credit_note.updated" => self.credit_note(&object(text)?, 1),
            "credit_note.voided" => self.credit_note(&object(text)?, 2),
            _ => {}
        }
        Ok(())
    }

    fn customer(&mut self, object: StripeCustomer) {
        let Some(customer_key) = object.metadata.customer_key() else { return };
        let known = ProviderCustomer {
            customer: who(Some(customer_key), Some(object.id), object.email),
            name: object.name.filter(|name| !name.is_empty()),
            partner_key: object.metadata.partner_key(),
        };
        self.0.push_event(Source::Billing, Data::ProviderCustomer(known));
    }

    /// A session links the site's key of a customer to Stripe's. A key in the metadata was written by the site's
    /// server, so the source is billing. A key from the URL of a payment link may have been edited by the buyer, so
    /// the source is a page.
    fn session(&mut self, object: CheckoutSession) {
        let Some(provider_key) = object.customer else { return };
        let confirmed = object.metadata.customer_key();
        let source = if confirmed.is_some() { Source::Billing } else { Source::Page };
        let Some(customer_key) = confirmed.or(object.client_reference_id.filter(|key| !key.is_empty()))
        else {
            return;
        };
        let buyer = object.customer_details.unwrap_or_default();
        let known = ProviderCustomer {
            customer: who(Some(customer_key), Some(provider_key), buyer.email),
            name: buyer.name.filter(|name| !name.is_empty()),
            partner_key: object.metadata.partner_key(),
        };
        self.0.push_event(source, Data::ProviderCustomer(known));
    }

    fn subscription(&mut self, object: &objects::StripeSubscription, deleted: bool) {
        let status = if deleted { Some(ProductStatus::Churned) } else { status(&object.status) };
        let Some(status) = status else { return };
        let several = object.items.data.len() > 1;
        let name = fact::subscription(&object.id);
        self.0.fact(&FactBody::Reported, &name, "told", 0);
        for item in &object.items.data {
            let price = &item.price;
            let quantity = item.quantity.unwrap_or(1);
            let subscription = Subscription {
                customer: who(object.metadata.customer_key(), object.customer.clone(), None),
                external_subscription_key: subscription_key(&object.id, &price.id, several),
                status,
                product_book_key: Some(price.product.clone().unwrap_or_else(|| price.id.clone())),
                catalogue_keys: vec![price.id.clone()],
                amount: price.unit_amount.map(|amount| amount.saturating_mul(quantity)),
                currency: price.currency.as_deref().and_then(|code| code.parse().ok()),
            };
            self.0.push_event(Source::Billing, Data::Subscription(subscription));
        }
    }
}

/// A customer by the site's key from the metadata, Stripe's id and the address (billing.md). An empty address is none.
fn who(customer_key: Option<String>, provider_key: Option<String>, email: Option<String>) -> CustomerRef {
    CustomerRef { customer_key, provider_key, email: email.filter(|email| !email.is_empty()) }
}

/// The product's status for a subscription's. `None` for `incomplete`: it waits for its first payment and will be
/// reported again when it becomes active.
fn status(word: &str) -> Option<ProductStatus> {
    match word {
        "incomplete" => None,
        "trialing" => Some(ProductStatus::Trial),
        // Stripe still tries to collect a payment that is past due.
        "active" | "past_due" => Some(ProductStatus::Active),
        _ => Some(ProductStatus::Churned),
    }
}

/// The key of a product: the subscription's id, with the price's if the subscription sells several products.
fn subscription_key(subscription: &str, price: &str, several: bool) -> String {
    if several { format!("{subscription}/{price}") } else { subscription.to_owned() }
}

#[cfg(test)]
mod tests;

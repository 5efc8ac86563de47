//! Stripe: signature, then the objects of its events (billing.md). Webhook endpoints are pinned to a version of the
//! API: the shapes of the last three years are read, whatever version the envelope names.

mod invoice;
mod money;
mod objects;
mod verify;

use headwater_journal::Fact;
use headwater_protocol::event::{CustomerRef, Data, Event, ProviderCustomer, Subscription};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{EventId, Millis, Source, field};
use sha2::{Digest as _, Sha256};

use super::fact::{self, Known};
use super::{Refusal, Said, Webhook};
use objects::{Customer, Envelope, Session};

pub use verify::verify;

/// What one of Stripe's events says to the program and mode of `scope`. Nothing for a type that is not about
/// customers or money.
///
/// Ids are derived from Stripe's and the scope, so a webhook delivered five times counts once, and one account may
/// feed two programs.
///
/// # Errors
/// [`Refusal::Body`] for a body that cannot be read, or whose events could not be delivered.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, Refusal> {
    // A buyer may have typed it; the payment counts all the same.
    let body = field::without_nul(body);
    let envelope: Envelope<'_> = field::parse(&body).map_err(Refusal::Body)?;
    let at = Millis(envelope.created.saturating_mul(1000));
    let mut saying = Saying { scope, at, data: Vec::new(), facts: Vec::new() };
    saying.object(&envelope.kind, envelope.data.object.get().as_bytes())?;
    let said = |(index, (source, data))| {
        let event = Event { id: id(scope, &envelope.id, index, at), occurred_at: at, data };
        Ok(Said { event: deliverable(&event)?, source })
    };
    let Saying { data, facts, .. } = saying;
    Ok(Webhook { said: data.into_iter().enumerate().map(said).collect::<Result<_, Refusal>>()?, facts })
}

/// What is journaled is read again before it is delivered; what would be refused then is refused now.
fn deliverable(event: &Event) -> Result<Event, Refusal> {
    Event::read(&event.write()).map_err(|error| Refusal::Body(error.below("data.object")))
}

fn object<'a, T: serde::Deserialize<'a>>(text: &'a [u8]) -> Result<T, Refusal> {
    field::parse(text).map_err(|error| Refusal::Body(error.below("data.object")))
}

fn id(scope: &str, provider_id: &str, index: usize, at: Millis) -> EventId {
    EventId::derived(at, &Sha256::digest(format!("stripe/{scope}/{provider_id}/{index}")).into())
}

/// A webhook that is being read.
struct Saying<'a> {
    scope: &'a str,
    /// When it happened by Stripe's clock.
    at: Millis,
    data: Vec<(Source, Data)>,
    facts: Vec<Fact>,
}

impl Saying<'_> {
    fn object(&mut self, kind: &str, text: &[u8]) -> Result<(), Refusal> {
        match kind {
            "customer.created" | "customer.updated" => self.customer(object(text)?),
            "checkout.session.completed" => self.session(object(text)?),
            "customer.subscription.created" | "customer.subscription.updated" => {
                self.subscription(&object(text)?, false);
            }
            "customer.subscription.deleted" => self.subscription(&object(text)?, true),
            // One of the two that Stripe sends for each payment; the other says nothing new.
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

    fn say(&mut self, source: Source, data: Data) {
        self.data.push((source, data));
    }

    fn customer(&mut self, object: Customer) {
        let Some(customer_key) = object.metadata.customer_key() else { return };
        let known = ProviderCustomer {
            customer: who(Some(customer_key), Some(object.id), object.email),
            name: object.name.filter(|name| !name.is_empty()),
            partner_key: object.metadata.partner_key(),
        };
        self.say(Source::Billing, Data::ProviderCustomer(known));
    }

    /// A session joins the site's name of a customer and Stripe's. What the site's server wrote into its metadata is
    /// billing's word; what stood in the address of a payment link, a buyer may have edited.
    fn session(&mut self, object: Session) {
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
        self.say(source, Data::ProviderCustomer(known));
    }

    fn subscription(&mut self, object: &objects::Subscription, deleted: bool) {
        let status = if deleted { Some(ProductStatus::Churned) } else { status(&object.status) };
        let Some(status) = status else { return };
        let several = object.items.data.len() > 1;
        let name = fact::subscription(&object.id);
        self.facts.push(Known::Told.fact(self.scope, &name, "told", self.at.0, 0));
        for item in &object.items.data {
            let price = &item.price;
            let quantity = item.quantity.unwrap_or(1);
            let said = Subscription {
                customer: who(object.metadata.customer_key(), object.customer.clone(), None),
                external_subscription_key: subscription_key(&object.id, &price.id, several),
                status,
                product_book_key: Some(price.product.clone().unwrap_or_else(|| price.id.clone())),
                catalogue_keys: vec![price.id.clone()],
                amount: price.unit_amount.map(|amount| amount.saturating_mul(quantity)),
                currency: price.currency.as_deref().and_then(|code| code.parse().ok()),
            };
            self.say(Source::Billing, Data::Subscription(said));
        }
    }
}

/// Whoever the metadata names, and Stripe's own id: the order of billing.md.
fn who(customer_key: Option<String>, provider_key: Option<String>, email: Option<String>) -> CustomerRef {
    CustomerRef { customer_key, provider_key, email: email.filter(|email| !email.is_empty()) }
}

/// `None` for one that has not begun: it waits for its first payment, and becomes active in the same second.
fn status(word: &str) -> Option<ProductStatus> {
    match word {
        "incomplete" => None,
        "trialing" => Some(ProductStatus::Trial),
        // Stripe still tries to collect a payment that is past due.
        "active" | "past_due" => Some(ProductStatus::Active),
        _ => Some(ProductStatus::Churned),
    }
}

/// What a product is called whose subscription sells one product, or several.
fn subscription_key(subscription: &str, price: &str, several: bool) -> String {
    if several { format!("{subscription}/{price}") } else { subscription.to_owned() }
}

#[cfg(test)]
mod tests;

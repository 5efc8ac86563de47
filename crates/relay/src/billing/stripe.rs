//! Stripe: signature, then the objects of its events (billing.md).

mod objects;
mod verify;

use headwater_protocol::event::{CustomerRef, Data, Event, Payment, ProviderCustomer, Refund, Subscription};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{EventId, FieldError, Millis, field};
use sha2::{Digest as _, Sha256};

use super::Refusal;
use objects::{Charge, Customer, Envelope, Invoice, Line, Metadata, Session, StripeSubscription};

pub use verify::verify;

/// Our events of one of Stripe's. Empty for a type that says nothing about customers or money.
///
/// Ids are derived from Stripe's, so a webhook delivered five times counts once.
pub fn to_events(body: &[u8]) -> Result<Vec<Event>, Refusal> {
    let envelope: Envelope<'_> = field::parse(body).map_err(Refusal::Body)?;
    let object = envelope.data.object.get().as_bytes();
    let created = Millis(envelope.created.saturating_mul(1000));
    let data = match envelope.kind.as_ref() {
        "customer.created" | "customer.updated" => customer(read(object)?),
        "checkout.session.completed" => session(read(object)?),
        "customer.subscription.created" | "customer.subscription.updated" => {
            subscription(&read(object)?, false)
        }
        "customer.subscription.deleted" => subscription(&read(object)?, true),
        // One of the two that Stripe sends for each payment; the other says nothing new.
        "invoice.paid" => invoice(&read(object)?)?,
        "charge.refunded" => refund(read(object)?, created),
        _ => Vec::new(),
    };
    let event = |(index, data)| Event { id: id(&envelope.id, index, created), occurred_at: created, data };
    data.into_iter().enumerate().map(|pair| deliverable(&event(pair))).collect()
}

/// What is journaled is read again before it is delivered; what would be refused then is refused now.
fn deliverable(event: &Event) -> Result<Event, Refusal> {
    Event::read(&event.write()).map_err(|error| Refusal::Body(error.below("data.object")))
}

fn read<'a, T: serde::Deserialize<'a>>(object: &'a [u8]) -> Result<T, Refusal> {
    field::parse(object).map_err(|error| Refusal::Body(error.below("data.object")))
}

fn id(provider_id: &str, index: usize, created: Millis) -> EventId {
    EventId::derived(created, &Sha256::digest(format!("stripe/{provider_id}/{index}")).into())
}

fn customer(object: Customer) -> Vec<Data> {
    let Some(customer_key) = object.metadata.customer_key() else { return Vec::new() };
    vec![Data::ProviderCustomer(ProviderCustomer {
        customer: CustomerRef {
            customer_key: Some(customer_key),
            provider_key: Some(object.id),
            email: object.email.filter(|email| !email.is_empty()),
        },
        name: object.name.filter(|name| !name.is_empty()),
        partner_key: object.metadata.partner_key.filter(|key| !key.is_empty()),
    })]
}

/// A payment link or a pricing table carries one name of the customer, and Stripe's own id comes back with it.
fn session(object: Session) -> Vec<Data> {
    let customer_key = object.metadata.customer_key();
    let named = customer_key.or(object.client_reference_id.filter(|key| !key.is_empty()));
    let (Some(customer_key), Some(provider_key)) = (named, object.customer) else { return Vec::new() };
    customer(Customer {
        id: provider_key,
        email: object.customer_details.as_ref().and_then(|details| details.email.clone()),
        name: object.customer_details.and_then(|details| details.name),
        metadata: Metadata::of(customer_key, object.metadata.partner_key),
    })
}

/// Whoever the metadata names, else Stripe's own id: the order of billing.md.
fn who(customer_key: Option<String>, provider_key: Option<String>, email: Option<String>) -> CustomerRef {
    CustomerRef { customer_key, provider_key, email: email.filter(|email| !email.is_empty()) }
}

fn subscription(object: &StripeSubscription, deleted: bool) -> Vec<Data> {
    let status = if deleted { ProductStatus::Churned } else { status(&object.status) };
    let several = object.items.data.len() > 1;
    let event = |item: &objects::Item| {
        let price = &item.price;
        Data::Subscription(Subscription {
            customer: who(object.metadata.customer_key(), object.customer.clone(), None),
            external_subscription_key: subscription_key(&object.id, &price.id, several),
            status,
            product_book_key: price.product.clone(),
            amount: price.unit_amount,
            currency: price.currency.as_deref().and_then(|code| code.parse().ok()),
        })
    };
    object.items.data.iter().map(event).collect()
}

fn status(word: &str) -> ProductStatus {
    match word {
        "trialing" => ProductStatus::Trial,
        // Stripe still tries to collect a payment that is past due.
        "active" | "past_due" => ProductStatus::Active,
        _ => ProductStatus::Churned,
    }
}

/// What a product is called whose subscription sells one product, or several.
fn subscription_key(subscription: &str, price: &str, several: bool) -> String {
    if several { format!("{subscription}/{price}") } else { subscription.to_owned() }
}

fn invoice(object: &Invoice) -> Result<Vec<Data>, Refusal> {
    let currency =
        object.currency.parse().map_err(|error: FieldError| Refusal::Body(error.below("data.object")))?;
    let lines = &object.lines.data;
    let customer = who(object.customer_key(), object.customer.clone(), object.customer_email.clone());
    let payment = |line: &Line| {
        Data::Payment(Payment {
            customer: customer.clone(),
            key: format!("{}/{}", object.id, line.id),
            amount: line.amount,
            currency,
            subscription_key: line.metadata.subscription_key.clone().or_else(|| {
                let subscription = line.subscription().or_else(|| object.subscription())?;
                Some(subscription_key(&subscription, &line.price().unwrap_or_default(), lines.len() > 1))
            }),
            product_key: line.product(),
            category_key: None,
        })
    };
    Ok(lines.iter().filter(|line| line.amount != 0).map(payment).collect())
}

/// A refund names its invoice; the transactions of an invoice carry its id as the beginning of their keys.
fn refund(object: Charge, refunded_at: Millis) -> Vec<Data> {
    let Some(invoice) = object.invoice else { return Vec::new() };
    let whole = object.amount_refunded >= object.amount;
    vec![Data::Refund(Refund {
        customer: who(object.metadata.customer_key(), object.customer, None),
        transaction_key: format!("{invoice}/"),
        amount: (!whole).then_some(object.amount_refunded),
        refunded_at,
    })]
}

#[cfg(test)]
mod tests;

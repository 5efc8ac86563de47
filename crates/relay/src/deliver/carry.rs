//! One entry to its destination: which requests of API v2 an event becomes, and what their answers mean.
//!
//! Every request carries an `Idempotency-Key` made of the event's id, so that a repeated attempt changes nothing.

use headwater_client::{Client, ClientError};
use headwater_journal::{Entry, Outcome};
use headwater_protocol::event::{
    Checkout, CustomerRef, Data, Event, Payment, ProviderCustomer, Refund, Signup, Subscription,
};
use headwater_protocol::limits::DELIVERY_ATTEMPTS_MAX;
use headwater_protocol::v2::{
    ClaimPolicy, Conversion, CreateCustomer, CreateProduct, CreateRefund, CreateTransaction, UpdateCustomer,
    UpdateProduct,
};
use headwater_protocol::{EventId, limits};

use super::backoff;
use crate::Program;

/// Milliseconds between two looks whether a parked entry's customer has come.
const PARKED_LOOK: i64 = 60 * 60 * 1000;
/// Milliseconds a parked entry waits before it is given up: 30 days.
const PARKED_MAX: i64 = 30 * 24 * 60 * 60 * 1000;

/// Why a request did not do its work.
enum Stop {
    /// The destination said no, or nothing.
    Answer(ClientError),
    /// The customer, or something else the event is about, is not there yet; or what stands in its way must be
    /// looked at.
    NotYet(String),
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::Answer(error)
    }
}

/// Carries one entry and says how it ended.
pub(super) async fn carry(client: &Client, program: &Program, entry: &Entry, now: i64) -> Outcome {
    let event = match Event::read(&entry.body) {
        Ok(event) => event,
        Err(error) => return Outcome::Dead { reason: format!("its text cannot be read: {error}") },
    };
    let id = event.id;
    let result = match event.data {
        Data::Signup(signup) => carry_signup(client, id, signup).await,
        Data::Checkout(checkout) => carry_checkout(client, program, id, checkout).await,
        Data::Payment(payment) => carry_payment(client, id, payment).await,
        Data::Subscription(subscription) => carry_subscription(client, id, subscription).await,
        Data::ProviderCustomer(known) => carry_provider_customer(client, id, known).await,
        Data::Refund(refund) => carry_refund(client, id, refund).await,
    };
    result.map_or_else(
        |stop| outcome(stop, entry, now),
        |()| Outcome::Delivered { names: vec![entry.lane.clone()] },
    )
}

fn outcome(stop: Stop, entry: &Entry, now: i64) -> Outcome {
    match stop {
        Stop::Answer(error) if error.is_transient() => {
            if entry.attempts >= i64::from(DELIVERY_ATTEMPTS_MAX) {
                return Outcome::Dead { reason: format!("after {} attempts: {error}", entry.attempts) };
            }
            let asked =
                if let ClientError::Refused { retry_after, .. } = &error { *retry_after } else { None };
            Outcome::Retry {
                at: now + backoff::wait(entry.id, entry.attempts, asked),
                reason: error.to_string(),
                counted: true,
            }
        }
        Stop::Answer(error) => Outcome::Dead { reason: error.to_string() },
        Stop::NotYet(reason) if now - entry.received_at >= PARKED_MAX => Outcome::Dead { reason },
        Stop::NotYet(reason) => Outcome::Parked {
            at: now + PARKED_LOOK,
            reason,
            names: vec![entry.lane.clone()],
            claimed: entry.claimed,
        },
    }
}

/// A 2xx whose answer we cannot read was accepted all the same: what follows it must still be sent.
fn sent<T>(answer: Result<T, ClientError>) -> Result<(), ClientError> {
    match answer {
        Ok(_) | Err(ClientError::Unreadable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// 403 and 404 say that something named is not there; with an event on its way to make it, it may yet come.
fn not_yet(error: ClientError) -> Stop {
    match error.status() {
        Some(403 | 404) => Stop::NotYet(error.to_string()),
        _ => Stop::Answer(error),
    }
}

/// `<event id>/<n>` for the nth request of an event.
fn nth(id: EventId, n: usize) -> String {
    format!("{id}/{n}")
}

async fn carry_signup(client: &Client, id: EventId, signup: Signup) -> Result<(), Stop> {
    let customer_key = signup.customer_key().unwrap_or_default().to_owned();
    if let Some(xid) = signup.xid.clone() {
        let conversion = Conversion {
            xid,
            customer_key: customer_key.clone(),
            email: signup.email.clone(),
            name: signup.full_name(),
            provider_key: signup.provider_key.clone(),
            sub_ids: signup.sub_ids.clone(),
            meta: signup.meta.clone(),
            partner_key: signup.partner_key().map(str::to_owned),
        };
        let answer = client.conversion(&conversion, Some(&nth(id, 0))).await;
        let unknown = answer.as_ref().is_ok_and(|answer| answer.data.outcome == "unknown_xid");
        if !unknown {
            return sent(answer).map_err(Stop::from);
        }
    }
    let customer = CreateCustomer {
        email: signup.email.clone().unwrap_or_default(),
        customer_key: Some(customer_key),
        partner_key: signup.partner_key().map(str::to_owned),
        name: signup.full_name(),
        provider_key: signup.provider_key.clone(),
        meta: signup.meta,
        ..CreateCustomer::default()
    };
    create_customer(client, customer, &nth(id, 1)).await
}

/// Makes a customer. One that is there already is what was wanted; a partner nobody knows (people fabricate
/// links) makes the customer an organic one.
async fn create_customer(client: &Client, mut customer: CreateCustomer, idem: &str) -> Result<(), Stop> {
    let answer = client.create_customer(&customer, Some(idem)).await;
    match answer {
        Err(error) if error.code() == "customer_exists" => Ok(()),
        Err(error) if error.code() == "unknown_partner" && customer.partner_key.is_some() => {
            customer.partner_key = None;
            let organic = client.create_customer(&customer, Some(&format!("{idem}/organic"))).await;
            sent(organic)
                .or_else(|error| if error.code() == "customer_exists" { Ok(()) } else { Err(error.into()) })
        }
        other => sent(other).map_err(Stop::from),
    }
}

async fn carry_checkout(
    client: &Client,
    program: &Program,
    id: EventId,
    checkout: Checkout,
) -> Result<(), Stop> {
    for (n, chosen) in checkout.products.iter().enumerate() {
        let product = CreateProduct {
            product_book_key: chosen.product_book_key.clone(),
            customer_key: Some(checkout.customer_key.clone()),
            provider_key: None,
            status: chosen.status,
            partnership_key: None,
            stack_key: None,
            external_subscription_key: chosen.external_subscription_key.clone(),
            amount: chosen.amount,
            currency: chosen.currency,
            catalogue_keys: Vec::new(),
            occurred_at: None,
            click_xid: None,
            metadata: None,
        };
        create_product(client, product, &nth(id, n)).await?;
    }
    let Some(claimed) = checkout.transaction.filter(|_| program.checkout_amounts == ClaimPolicy::Accept)
    else {
        return Ok(());
    };
    let payment = Payment {
        customer: CustomerRef::by_key(Some(&checkout.customer_key)),
        key: claimed.key.unwrap_or_else(|| format!("chk_{id}")),
        amount: claimed.amount,
        currency: claimed.currency,
        subscription_key: claimed.subscription_key,
        product_key: None,
        category_key: None,
    };
    carry_payment(client, id, payment).await
}

/// Makes a product, or brings the one of the same subscription up to date. Any other conflict is no success.
async fn create_product(client: &Client, product: CreateProduct, idem: &str) -> Result<(), Stop> {
    let error = match client.create_product(&product, Some(idem)).await {
        // A destination that is not ours names no code.
        Err(error) if error.status() == Some(409) && matches!(error.code(), "product_exists" | "") => error,
        other => return sent(other).map_err(not_yet),
    };
    let Some(subscription) = &product.external_subscription_key else { return Ok(()) };
    // Two customers may have a subscription of one name: only the product's own key says which is meant.
    let key = existing_product(&error).unwrap_or(subscription);
    let change = UpdateProduct {
        status: Some(product.status),
        amount: product.amount,
        currency: product.currency,
        ..UpdateProduct::default()
    };
    sent(client.update_product(key, &change).await).map_err(not_yet)
}

/// The product that stood in the way, where the refusal's hint names it: `PATCH /api/v2/products/prod_…`.
fn existing_product(error: &ClientError) -> Option<&str> {
    let ClientError::Refused { body, .. } = error else { return None };
    let (_, key) = body.hint.as_deref()?.split_once("/products/")?;
    let end = key.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(key.len());
    Some(&key[..end]).filter(|key| key.starts_with("prod_"))
}

async fn carry_payment(client: &Client, id: EventId, payment: Payment) -> Result<(), Stop> {
    let CustomerRef { customer_key, provider_key, email } = payment.customer;
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
        catalogue_keys: Vec::new(),
        metadata: None,
        member_key: None,
        created_at: None,
    };
    match client.create_transaction(&transaction, Some(&nth(id, 0))).await {
        // Sent before, and the same.
        Err(error) if error.code() == "transaction_exists" => Ok(()),
        // Sent before, and not the same: money that is not in the books. Somebody has to look at it.
        Err(error) if error.code() == "transaction_conflict" => Err(Stop::NotYet(error.to_string())),
        other => sent(other).map_err(not_yet),
    }
}

async fn carry_subscription(client: &Client, id: EventId, subscription: Subscription) -> Result<(), Stop> {
    let Subscription { customer, external_subscription_key: key, status, product_book_key, amount, currency } =
        subscription;
    let change = UpdateProduct { status: Some(status), amount, currency, ..UpdateProduct::default() };
    let error = match client.update_product(&key, &change).await {
        Err(error) if matches!(error.status(), Some(403 | 404)) => error,
        other => return sent(other).map_err(Stop::from),
    };
    let (Some(product_book_key), Some(customer_key)) = (product_book_key, customer.customer_key) else {
        return Err(Stop::NotYet(error.to_string()));
    };
    let product = CreateProduct {
        product_book_key,
        customer_key: Some(customer_key),
        provider_key: None,
        status,
        partnership_key: None,
        stack_key: None,
        external_subscription_key: Some(key),
        amount,
        currency,
        catalogue_keys: Vec::new(),
        occurred_at: None,
        click_xid: None,
        metadata: None,
    };
    create_product(client, product, &nth(id, 0)).await
}

async fn carry_provider_customer(client: &Client, id: EventId, known: ProviderCustomer) -> Result<(), Stop> {
    let CustomerRef { customer_key: Some(customer_key), provider_key, email } = known.customer else {
        return Ok(()); // a provider's customer that the site never named says nothing
    };
    let change = UpdateCustomer { provider_key: provider_key.clone(), ..UpdateCustomer::default() };
    let error = match client.update_customer(&customer_key, &change).await {
        Err(error) if matches!(error.status(), Some(403 | 404)) => error,
        other => return sent(other).map_err(Stop::from),
    };
    let (Some(email), Some(partner_key)) = (email, known.partner_key) else {
        return Err(Stop::NotYet(error.to_string()));
    };
    let customer = CreateCustomer {
        email,
        customer_key: Some(customer_key),
        partner_key: Some(partner_key),
        name: known.name,
        provider_key,
        ..CreateCustomer::default()
    };
    create_customer(client, customer, &nth(id, 0)).await
}

/// A key that ends in `/` names every transaction of an invoice: the refund is shared out in proportion,
/// cumulatively, so that the shares sum to it.
async fn carry_refund(client: &Client, id: EventId, refund: Refund) -> Result<(), Stop> {
    if !refund.transaction_key.ends_with('/') {
        let change = CreateRefund { refunded_total: refund.amount, ..CreateRefund::default() };
        let answer = client.refund_transaction(&refund.transaction_key, &change, Some(&nth(id, 0))).await;
        return sent(answer).map_err(not_yet);
    }
    let CustomerRef { customer_key, provider_key, email } = refund.customer;
    let name = customer_key.or(provider_key).or(email).unwrap_or_default();
    let customer = client.customer(&name).await.map_err(not_yet)?.data.key;
    let limit = limits::LIST_MAX.to_string();
    let page = client
        .list_transactions(&[("customer_key", &customer), ("limit", &limit), ("include_archived", "true")])
        .await?;
    let mut paid = page.data.items;
    paid.retain(|transaction| transaction.key.starts_with(&refund.transaction_key));
    if paid.is_empty() {
        return Err(Stop::NotYet(format!("no transaction of {} is known yet", refund.transaction_key)));
    }
    paid.sort_by(|one, other| one.key.cmp(&other.key));
    let whole: i64 = paid.iter().map(|transaction| transaction.amount).sum();
    let refunded = refund.amount.unwrap_or(whole).min(whole);
    let (mut passed, mut shared) = (0, 0);
    for (n, transaction) in paid.iter().enumerate() {
        passed += transaction.amount;
        let due = share(refunded, passed, whole);
        let change = CreateRefund { refunded_total: Some(due - shared), ..CreateRefund::default() };
        shared = due;
        sent(client.refund_transaction(&transaction.key, &change, Some(&nth(id, n))).await)?;
    }
    Ok(())
}

/// `refunded · part / whole`, rounded down; the last part of a whole gets what is left.
fn share(refunded: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    i64::try_from(i128::from(refunded) * i128::from(part) / i128::from(whole))
        .expect("a share fits where its whole did")
}

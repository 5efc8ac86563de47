//! Webhooks of Maxio Advanced Billing, which was Chargify (billing.md section 7): form bodies, signed with the site's
//! shared key.
//!
//! A successful payment is one transaction for the product of its subscription: it carries neither lines nor its tax.
//! A refund names the payment that it gives back.

mod form;
mod verify;

use headwater_protocol::event::{CustomerRef, Data, Payment, ProviderCustomer, Subscription};
use headwater_protocol::v2::{BillingProvider, ProductStatus};
use headwater_protocol::{Currency, FieldError, Millis, Source};
use http::HeaderMap;
use secrecy::SecretString;

use super::draft::WebhookDraft;
use super::fact::{self, FactBody, PaidLine};
use super::{Provider, Webhook, WebhookError};
use form::FormFields;

pub use verify::verify;

/// Maxio Advanced Billing.
pub struct Maxio;

impl Provider for Maxio {
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secret: &SecretString,
        _: Millis,
    ) -> Result<(), WebhookError> {
        let signature = headers.get("x-chargify-webhook-signature-hmac-sha-256");
        verify(signature.and_then(|value| value.to_str().ok()).unwrap_or_default(), body, secret)
    }

    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
        read(body, scope)
    }
}

/// Reads one of Maxio's webhooks, as [`Provider::read`] says.
///
/// # Errors
/// As there.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
    let form = FormFields::parse(body);
    match webhook(&form, scope).map_err(WebhookError::Body)? {
        Some(draft) => draft.finish("payload"),
        None => Ok(Webhook::default()),
    }
}

fn webhook<'a>(form: &FormFields, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    match form.required("event")? {
        "payment_success" => payment(form, scope),
        "refund_success" => refund(form, scope).map(Some),
        "signup_success"
        | "renewal_success"
        | "subscription_state_change"
        | "subscription_product_change"
        | "upgrade_downgrade_success" => subscription(form, scope),
        "customer_create" | "customer_update" => named(form, scope),
        // A payment that failed was no transaction. Invoices and statements repeat what the payments say.
        _ => Ok(None),
    }
}

/// A draft by the webhook's own id, which no repetition changes.
fn draft<'a>(form: &FormFields, scope: &'a str, at: Millis) -> Result<WebhookDraft<'a>, FieldError> {
    Ok(WebhookDraft::new(BillingProvider::Maxio, scope, form.id("id")?.to_owned(), at))
}

fn payment<'a>(form: &FormFields, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    if form.text("payload[transaction][success]") == Some("false") {
        return Ok(None);
    }
    let id = form.id("payload[transaction][id]")?;
    let amount = form.required_integer("payload[transaction][amount_in_cents]")?;
    let at = form.time("payload[transaction][created_at]")?;
    let currency = currency(form)?.ok_or_else(|| FieldError::required("payload[subscription][currency]"))?;
    let mut draft = draft(form, scope, at)?;
    let key = draft.key(id);
    let lines = if amount == 0 { Vec::new() } else { vec![PaidLine { key: key.clone(), base: amount }] };
    draft.fact(&FactBody::Paid { gross: amount, lines }, &payment_name(id), "paid", 0);
    if amount == 0 {
        return Ok(Some(draft));
    }
    let product = paid_product(form);
    let payment = Payment {
        customer: customer(form, "payload[subscription][customer]"),
        key,
        amount,
        currency,
        subscription_key: form.text("payload[subscription][id]").map(str::to_owned),
        product_key: product.first().cloned(),
        category_key: None,
        catalogue_keys: product,
        paid_at: Some(at),
        incomplete: None,
    };
    draft.push_event(Source::Billing, Data::Payment(payment));
    Ok(Some(draft))
}

fn refund<'a>(form: &FormFields, scope: &'a str) -> Result<WebhookDraft<'a>, FieldError> {
    let id = form.id("payload[refund_id]")?;
    let amount = form.required_integer("payload[amount_in_cents]")?;
    let at = form.time("payload[timestamp]")?;
    let mut draft = draft(form, scope, at)?;
    let name = match form.text("payload[payment_id]").filter(|id| id.trim() != "0") {
        Some(_) => payment_name(form.id("payload[payment_id]")?),
        // A refund of no single payment. It is parked under its own name, and listed.
        None => fact::charge(&format!("maxio/{id}")),
    };
    let known = FactBody::Refund { amount, made_at: at.0, stands: true };
    draft.fact(&known, &name, &format!("refund/{id}"), 0);
    let text = |name: &str| form.text(name).map(str::to_owned);
    let customer = CustomerRef {
        customer_key: text("payload[customer_reference]"),
        provider_key: text("payload[customer_id]"),
        email: text("payload[customer_email]"),
    };
    draft.back(&name, id, customer);
    Ok(draft)
}

fn subscription<'a>(form: &FormFields, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let Some(status) = status(form.required("payload[subscription][state]")?) else { return Ok(None) };
    let id = form.id("payload[subscription][id]")?;
    let mut draft = draft(form, scope, form.time("payload[subscription][updated_at]")?)?;
    draft.fact(&FactBody::Reported, &fact::subscription(id), "told", 0);
    let product = products(form);
    let currency = currency(form)?;
    let price = form.integer("payload[subscription][product_price_in_cents]")?;
    let price = price.or(form.integer("payload[subscription][product][price_in_cents]")?);
    let subscription = Subscription {
        customer: customer(form, "payload[subscription][customer]"),
        external_subscription_key: id.to_owned(),
        status,
        product_book_key: product.first().cloned(),
        catalogue_keys: product,
        amount: price.filter(|_| currency.is_some()),
        currency,
    };
    draft.push_event(Source::Billing, Data::Subscription(subscription));
    Ok(Some(draft))
}

/// A customer with both ids. Public signup pages take the reference from their address, where the buyer may have
/// written another's, so that the link of the two ids is a page's claim: it names a customer who has no id at Maxio
/// yet, and changes nothing that is known. A payment counts for the reference that it carries all the same, since its
/// money is real.
fn named<'a>(form: &FormFields, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let customer = customer(form, "payload[customer]");
    if customer.customer_key.is_none() {
        return Ok(None);
    }
    let at = form.time("payload[customer][updated_at]")?;
    let parts = ["first_name", "last_name"].map(|part| form.text(&format!("payload[customer][{part}]")));
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let known =
        ProviderCustomer { customer, name: Some(name).filter(|name| !name.is_empty()), partner_key: None };
    let mut draft = draft(form, scope, at)?;
    draft.push_event(Source::Page, Data::ProviderCustomer(known));
    Ok(Some(draft))
}

/// The customer below `path`: by the site's own reference, Maxio's id and the address.
fn customer(form: &FormFields, path: &str) -> CustomerRef {
    let text = |name: &str| form.text(&format!("{path}[{name}]")).map(str::to_owned);
    CustomerRef { customer_key: text("reference"), provider_key: text("id"), email: text("email") }
}

/// The names of the subscription's product in the catalogue: the site's handle, then Maxio's id.
fn products(form: &FormFields) -> Vec<String> {
    let names = ["handle", "id"].map(|name| form.text(&format!("payload[subscription][product][{name}]")));
    names.into_iter().flatten().map(str::to_owned).collect()
}

/// The names of the product that was paid for. The subscription may have another one since.
fn paid_product(form: &FormFields) -> Vec<String> {
    let paid = form.text("payload[transaction][product_id]");
    if paid.is_none() || paid == form.text("payload[subscription][product][id]") {
        return products(form);
    }
    paid.into_iter().map(str::to_owned).collect()
}

fn currency(form: &FormFields) -> Result<Option<Currency>, FieldError> {
    let places = ["payload[subscription][currency]", "payload[transaction][currency]"];
    let found = places.into_iter().find_map(|place| form.text(place).map(|text| (place, text)));
    let Some((place, text)) = found else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|error: FieldError| FieldError { field: place.to_owned(), ..error })
}

/// The product's status for a subscription's state. `None` for one that is not complete: it is told again.
fn status(state: &str) -> Option<ProductStatus> {
    match state {
        "pending" | "awaiting_signup" | "failed_to_create" => None,
        "trialing" => Some(ProductStatus::Trial),
        // Maxio still tries to collect what is past due; `paused` is about the site's own account at Maxio.
        "active" | "assessing" | "past_due" | "soft_failure" | "paused" => Some(ProductStatus::Active),
        _ => Some(ProductStatus::Churned),
    }
}

/// The name of a payment, which takes the place of an invoice: it is what was paid and what a refund names.
fn payment_name(id: &str) -> String {
    fact::invoice_of(BillingProvider::Maxio, id)
}

#[cfg(test)]
mod tests;

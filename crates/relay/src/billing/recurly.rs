//! Recurly's XML notifications (billing.md section 6). Its JSON webhooks name an object without its content, so that
//! nothing can be booked from them.
//!
//! What is booked follows the money. A paid charge invoice is the payment: only it tells currency, tax and
//! subscriptions, which a payment notification does not. What a refund, a void or the customer's own credit balance
//! paid is taken back.

mod invoice;
mod money;
mod subscription;
mod verify;
mod xml;

use headwater_protocol::event::CustomerRef;
use headwater_protocol::v2::BillingProvider;
use headwater_protocol::{FieldError, Millis, field};
use http::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;

use super::draft::WebhookDraft;
use super::fact;
use super::{Provider, Webhook, WebhookError};
use xml::XmlTree;

pub use verify::verify;

/// Recurly.
pub struct Recurly;

impl Provider for Recurly {
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secret: &SecretString,
        now: Millis,
    ) -> Result<(), WebhookError> {
        verify(headers, body, secret, now)
    }

    fn read(&self, body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
        read(body, scope)
    }
}

/// Reads one of Recurly's notifications, as [`Provider::read`] says.
///
/// # Errors
/// As there.
pub fn read(body: &[u8], scope: &str) -> Result<Webhook, WebhookError> {
    if body.trim_ascii_start().first() == Some(&b'{') {
        return bare(body).map_err(WebhookError::Body);
    }
    let tree = XmlTree::parse(body).map_err(WebhookError::Body)?;
    let Some(notice) = notice(&tree, scope).map_err(WebhookError::Body)? else {
        return Ok(Webhook::default());
    };
    notice.finish(tree.root())
}

fn notice<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    match tree.root() {
        "paid_charge_invoice_notification" => invoice::paid(tree, scope),
        // Sites without credit invoices: an invoice closes when it is collected, or when it failed.
        "closed_invoice_notification" if tree.text("invoice.state") == Some("collected") => {
            invoice::paid(tree, scope)
        }
        "reopened_charge_invoice_notification" => invoice::reopened(tree, scope),
        "new_credit_payment_notification" => money::credit_payment(tree, scope, false),
        "voided_credit_payment_notification" => money::credit_payment(tree, scope, true),
        "successful_refund_notification" => money::refund(tree, scope),
        "void_payment_notification" => money::void(tree, scope),
        "new_subscription_notification"
        | "updated_subscription_notification"
        | "canceled_subscription_notification"
        | "expired_subscription_notification"
        | "renewed_subscription_notification"
        | "reactivated_account_notification"
        | "subscription_paused_notification"
        | "subscription_resumed_notification" => subscription::reported(tree, scope),
        // A payment that failed paid no invoice, so that there is nothing to take back.
        _ => Ok(None),
    }
}

/// A JSON webhook.
#[derive(Deserialize)]
struct BareNotice {
    object_type: String,
}

/// Refuses a JSON webhook about money or a subscription, because it carries neither amounts nor a customer: taken and
/// forgotten it would be lost in silence.
fn bare(body: &[u8]) -> Result<Webhook, FieldError> {
    let notice: BareNotice = field::parse(body)?;
    match notice.object_type.as_str() {
        kind @ ("payment" | "subscription" | "invoice" | "charge_invoice" | "credit_payment") => {
            let message = format!(
                "a JSON webhook about a {kind} carries no amounts: let this endpoint of Recurly's send XML"
            );
            Err(FieldError::new("unsupported_format", "object_type", message))
        }
        _ => Ok(Webhook::default()),
    }
}

/// A draft of one notification. `parts` identify the happening besides the notification's type: Recurly gives
/// XML notifications no id.
fn draft<'a>(tree: &XmlTree, scope: &'a str, parts: &[&str], at: Millis) -> WebhookDraft<'a> {
    let identity = format!("{}/{}/{}", tree.root(), parts.join("/"), at.0);
    WebhookDraft::new(BillingProvider::Recurly, scope, identity, at)
}

/// The account's customer. Its code is the only id in these notifications. The site's server chooses it and nobody can
/// change it later, so it is the site's own customer key. Where a hosted payment page has it in its address, a buyer
/// may write another's there: they then pay for that customer, and bind no other name to them, since there is none.
fn customer(tree: &XmlTree) -> CustomerRef {
    let text = |path| tree.text(path).map(str::to_owned);
    CustomerRef {
        customer_key: text("account.account_code"),
        provider_key: None,
        email: text("account.email"),
    }
}

/// The name of an invoice.
fn invoice_name(id: &str) -> String {
    fact::invoice_of(BillingProvider::Recurly, id)
}

/// The name of an invoice by its number, which is all that credit payments know. Numbers of a site that counts for each
/// country are unique with their prefix only.
fn number_name(prefix: Option<&str>, number: &str) -> String {
    fact::invoice_number(&format!("recurly/{}{number}", prefix.unwrap_or_default()))
}

#[cfg(test)]
mod tests;

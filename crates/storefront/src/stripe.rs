//! The bodies and the signature of the billing provider's webhooks, in the shape Stripe sends them: members
//! of the present API version and, where they moved, also under their older names.

use headwater_protocol::Millis;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Given;
use crate::example::Offer;
use crate::site::{Member, Subscription};

/// Who an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The site's own id, carried in every `metadata`.
    pub customer_key: &'a str,
    /// The customer.
    pub member: &'a Member,
    /// The subscription.
    pub subscription: &'a Subscription,
    /// What it sells.
    pub offers: &'a [&'static Offer],
}

/// The `Stripe-Signature` header: `t=<seconds>,v1=<hex HMAC-SHA256 of "seconds.body">`.
pub fn sign(secret: &str, now: Millis, body: &[u8]) -> String {
    let seconds = now.0.div_euclid(1000);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Wraps `object` as an event of `kind`.
pub fn event(given: &Given, kind: &str, object: &Value) -> Value {
    json!({
        "id": given.id("evt_"),
        "object": "event",
        "type": kind,
        "api_version": "2025-09-30.clover",
        "created": (given.now)().0.div_euclid(1000),
        "livemode": true,
        "data": {"object": object},
    })
}

/// `customer.created`.
pub fn customer(account: &Account<'_>) -> Value {
    json!({
        "id": account.member.provider_key,
        "object": "customer",
        "name": account.member.name,
        "email": account.member.email,
        "created": account.member.signed_up_at.0.div_euclid(1000),
        "metadata": {"customer_key": account.customer_key},
    })
}

/// `customer.subscription.created` and `.deleted`.
pub fn subscription(account: &Account<'_>) -> Value {
    let items: Vec<Value> = account
        .offers
        .iter()
        .map(|offer| {
            json!({
                "id": item_id(account, offer),
                "object": "subscription_item",
                "subscription": account.subscription.id,
                "quantity": 1,
                "price": price(offer),
                "plan": plan(offer),
                "metadata": {},
            })
        })
        .collect();
    json!({
        "id": account.subscription.id,
        "object": "subscription",
        "customer": account.member.provider_key,
        "status": if account.subscription.cancelled { "canceled" } else { "active" },
        "currency": "usd",
        "created": account.subscription.chosen_at.0.div_euclid(1000),
        "metadata": {"customer_key": account.customer_key},
        "items": {"object": "list", "data": items, "has_more": false},
    })
}

/// `invoice.paid`: one line for each product.
pub fn invoice(given: &Given, account: &Account<'_>, id: &str) -> Value {
    let metadata = json!({"customer_key": account.customer_key});
    let total: i64 = account.offers.iter().map(|offer| offer.amount).sum();
    let lines: Vec<Value> =
        account.offers.iter().map(|offer| line(given, account, offer, id, &metadata)).collect();
    let details = json!({"subscription": account.subscription.id, "metadata": metadata});
    json!({
        "id": id,
        "object": "invoice",
        "customer": account.member.provider_key,
        "customer_email": account.member.email,
        "customer_name": account.member.name,
        "status": "paid",
        "paid": true,
        "currency": "usd",
        "created": (given.now)().0.div_euclid(1000),
        "subtotal": total,
        "total": total,
        "amount_due": total,
        "amount_paid": total,
        "amount_remaining": 0,
        "billing_reason": "subscription_create",
        "charge": charge_id(id),
        "subscription": account.subscription.id,
        "subscription_details": details,
        "parent": {"type": "subscription_details", "subscription_details": details},
        "status_transitions": {"paid_at": (given.now)().0.div_euclid(1000)},
        "metadata": {},
        "lines": {"object": "list", "data": lines, "has_more": false},
    })
}

/// `charge.refunded` of the whole invoice.
pub fn refunded_charge(given: &Given, account: &Account<'_>, invoice: &str) -> Value {
    let total: i64 = account.offers.iter().map(|offer| offer.amount).sum();
    json!({
        "id": charge_id(invoice),
        "object": "charge",
        "customer": account.member.provider_key,
        "invoice": invoice,
        "amount": total,
        "amount_captured": total,
        "amount_refunded": total,
        "refunded": true,
        "paid": true,
        "status": "succeeded",
        "currency": "usd",
        "created": (given.now)().0.div_euclid(1000),
        "metadata": {"customer_key": account.customer_key},
    })
}

fn line(given: &Given, account: &Account<'_>, offer: &Offer, invoice: &str, metadata: &Value) -> Value {
    let (subscription, item) = (&account.subscription.id, item_id(account, offer));
    json!({
        "id": given.id("il_"),
        "object": "line_item",
        "invoice": invoice,
        "type": "subscription",
        "amount": offer.amount,
        "subtotal": offer.amount,
        "currency": "usd",
        "quantity": 1,
        "description": format!("1 × {}", offer.name),
        "proration": false,
        "subscription": subscription,
        "subscription_item": item,
        "price": price(offer),
        "plan": plan(offer),
        "metadata": metadata,
        "pricing": {
            "type": "price_details",
            "price_details": {"price": offer.price(), "product": offer.key},
            "unit_amount_decimal": offer.amount.to_string(),
        },
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "subscription": subscription, "subscription_item": item, "proration": false,
            },
        },
    })
}

fn price(offer: &Offer) -> Value {
    json!({
        "id": offer.price(),
        "object": "price",
        "product": offer.key,
        "unit_amount": offer.amount,
        "currency": "usd",
        "recurring": {"interval": "month", "interval_count": 1},
    })
}

/// The price under its older name.
fn plan(offer: &Offer) -> Value {
    json!({"id": offer.price(), "object": "plan", "product": offer.key, "amount": offer.amount, "currency": "usd"})
}

fn item_id(account: &Account<'_>, offer: &Offer) -> String {
    format!("si_{}_{}", account.subscription.id.trim_start_matches("sub_"), offer.key)
}

fn charge_id(invoice: &str) -> String {
    format!("ch_{}", invoice.trim_start_matches("in_"))
}

#[cfg(test)]
mod tests {
    use super::sign;
    use headwater_protocol::Millis;

    #[test]
    fn a_signature_is_the_hash_of_time_dot_body() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_example
        let signature = sign("whsec_example", Millis(1_700_000_000_999), br#"{"id":"evt_1"}"#);
        assert_eq!(
            signature,
            "t=1700000000,v1=2f6f24854ba5c8d505c37e6fc0a06fc74456f1a4042208e7acdd4bd0bdbd599e"
        );
        assert_ne!(signature, sign("whsec_other", Millis(1_700_000_000_999), br#"{"id":"evt_1"}"#));
    }
}

//! The bodies and the signature of the billing provider's webhooks, as Stripe's present API version sends them. Members
//! that Stripe moved in version 2025-03-31 exist at their new place only: a charge names no invoice, an invoice no
//! charge.

mod money;

use headwater_protocol::Millis;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Environment;
use crate::example::Offer;
use crate::site::{SiteCustomer, SiteSubscription};

pub use money::{DisputeState, charge, dispute, invoice, invoice_payment, refund};

/// The API version of every event.
const API_VERSION: &str = "2025-09-30.clover";

/// Who an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The site's own id, carried in every `metadata`.
    pub customer_key: &'a str,
    /// The customer.
    pub member: &'a SiteCustomer,
    /// The subscription.
    pub subscription: &'a SiteSubscription,
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
pub fn event(environment: &Environment, kind: &str, object: &Value) -> Value {
    json!({
        "id": environment.id("evt_"),
        "object": "event",
        "type": kind,
        "api_version": API_VERSION,
        "created": (environment.now)().0.div_euclid(1000),
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
        "livemode": true,
        "metadata": {"customer_key": account.customer_key},
    })
}

/// `customer.subscription.created` and `.deleted`.
pub fn subscription(account: &Account<'_>) -> Value {
    let began = account.subscription.chosen_at.0.div_euclid(1000);
    let items: Vec<Value> = account
        .offers
        .iter()
        .map(|offer| {
            json!({
                "id": item_id(account, offer),
                "object": "subscription_item",
                "subscription": account.subscription.id,
                "quantity": 1,
                "created": began,
                "discounts": [],
                "price": price(offer),
                "metadata": {},
            })
        })
        .collect();
    json!({
        "id": account.subscription.id,
        "object": "subscription",
        "customer": account.member.provider_key,
        "status": if account.subscription.cancelled { "canceled" } else { "active" },
        "collection_method": "charge_automatically",
        "currency": "usd",
        "created": began,
        "discounts": [],
        "livemode": true,
        "metadata": {"customer_key": account.customer_key},
        "items": {"object": "list", "data": items, "has_more": false},
    })
}

fn price(offer: &Offer) -> Value {
    json!({
        "id": offer.price(),
        "object": "price",
        "active": true,
        "product": offer.key,
        "type": "recurring",
        "unit_amount": offer.amount,
        "currency": "usd",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    })
}

fn item_id(account: &Account<'_>, offer: &Offer) -> String {
    format!("si_{}_{}", account.subscription.id.trim_start_matches("sub_"), offer.key)
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

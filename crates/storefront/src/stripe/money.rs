//! Money: invoices with their lines, the payments that paid them, charges, refunds and disputes. No discounts and no
//! taxes: GigaKick has neither.

use headwater_protocol::Millis;
use serde_json::{Value, json};

use super::{Account, item_id};
use crate::Environment;
use crate::example::Offer;

/// The state of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// The customer's bank has taken the money back until the dispute is decided.
    Opened,
    /// Decided for the company, which has the money again.
    Won,
}

/// `invoice.paid`: one line for each product.
pub fn invoice(environment: &Environment, account: &Account<'_>, id: &str) -> Value {
    let total = total(account);
    let now = seconds((environment.now)());
    let lines: Vec<Value> =
        account.offers.iter().map(|offer| line(environment, account, offer, id)).collect();
    json!({
        "id": id,
        "object": "invoice",
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_remaining": 0,
        "attempt_count": 1,
        "attempted": true,
        "auto_advance": false,
        "billing_reason": if account.subscription.renewed { "subscription_cycle" } else { "subscription_create" },
        "collection_method": "charge_automatically",
        "created": now,
        "currency": "usd",
        "customer": account.member.provider_key,
        "customer_email": account.member.email,
        "customer_name": account.member.name,
        "discounts": [],
        "lines": {"object": "list", "data": lines, "has_more": false, "total_count": account.offers.len()},
        "livemode": true,
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "quote_details": null,
            "subscription_details": {
                "subscription": account.subscription.id,
                "metadata": {"customer_key": account.customer_key},
            },
        },
        "status": "paid",
        "status_transitions": {"finalized_at": now, "paid_at": now},
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_taxes": [],
    })
}

fn line(environment: &Environment, account: &Account<'_>, offer: &Offer, invoice: &str) -> Value {
    json!({
        "id": environment.id("il_"),
        "object": "line_item",
        "amount": offer.amount,
        "currency": "usd",
        "description": format!("1 × {}", offer.name),
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": invoice,
        "livemode": true,
        "metadata": {"customer_key": account.customer_key},
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": false,
                "subscription": account.subscription.id,
                "subscription_item": item_id(account, offer),
            },
        },
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": offer.price(), "product": offer.key},
            "unit_amount_decimal": offer.amount.to_string(),
        },
        "quantity": 1,
        "taxes": [],
    })
}

/// `invoice_payment.paid`: the only place that says which payment paid which invoice.
pub fn invoice_payment(environment: &Environment, account: &Account<'_>, invoice: &str) -> Value {
    let now = seconds((environment.now)());
    json!({
        "id": named("inpay_", invoice),
        "object": "invoice_payment",
        "amount_paid": total(account),
        "amount_requested": total(account),
        "created": now,
        "currency": "usd",
        "invoice": invoice,
        "is_default": true,
        "livemode": true,
        "payment": {"type": "payment_intent", "payment_intent": named("pi_", invoice)},
        "status": "paid",
        "status_transitions": {"canceled_at": null, "paid_at": now},
    })
}

/// The charge behind an invoice, of which `refunded` went back in total: `charge.refunded`.
pub fn charge(environment: &Environment, account: &Account<'_>, invoice: &str, refunded: i64) -> Value {
    let total = total(account);
    json!({
        "id": named("ch_", invoice),
        "object": "charge",
        "amount": total,
        "amount_captured": total,
        "amount_refunded": refunded,
        "captured": true,
        "created": seconds(account.subscription.paid_at.unwrap_or_else(environment.now)),
        "currency": "usd",
        "customer": account.member.provider_key,
        "disputed": account.subscription.disputed,
        "livemode": true,
        "metadata": {},
        "paid": true,
        "payment_intent": named("pi_", invoice),
        "refunded": refunded == total,
        "status": "succeeded",
    })
}

/// One step of giving back: `refund.created`.
pub fn refund(environment: &Environment, invoice: &str, amount: i64) -> Value {
    json!({
        "id": environment.id("re_"),
        "object": "refund",
        "amount": amount,
        "charge": named("ch_", invoice),
        "created": seconds((environment.now)()),
        "currency": "usd",
        "metadata": {},
        "payment_intent": named("pi_", invoice),
        "reason": "requested_by_customer",
        "status": "succeeded",
    })
}

/// A dispute about the whole of an invoice: `charge.dispute.created` and `charge.dispute.closed`.
pub fn dispute(
    environment: &Environment,
    account: &Account<'_>,
    invoice: &str,
    stands: DisputeState,
) -> Value {
    json!({
        "id": named("du_", invoice),
        "object": "dispute",
        "amount": total(account),
        "charge": named("ch_", invoice),
        "created": seconds((environment.now)()),
        "currency": "usd",
        "is_charge_refundable": false,
        "livemode": true,
        "metadata": {},
        "payment_intent": named("pi_", invoice),
        "reason": "fraudulent",
        "status": if stands == DisputeState::Won { "won" } else { "needs_response" },
    })
}

/// US cents of a month.
fn total(account: &Account<'_>) -> i64 {
    account.offers.iter().map(|offer| offer.amount).sum()
}

/// The id of the one object of another kind that belongs to an invoice.
fn named(prefix: &str, invoice: &str) -> String {
    format!("{prefix}{}", invoice.trim_start_matches("in_"))
}

/// Stripe's timestamps are in seconds.
fn seconds(time: Millis) -> i64 {
    time.0.div_euclid(1000)
}

//! More objects of Stripe's: those that link payments and invoices, refunds and disputes, and the shapes of API
//! versions before 2025-03-31.

use serde_json::{Value, json};

use crate::stripe::CUSTOMER;

/// Which payment paid the invoice, since 2025-03-31.
pub(crate) fn invoice_payment(gross: i64) -> Value {
    json!({"id": "inpay_1", "object": "invoice_payment", "invoice": "in_1", "status": "paid", "is_default": true,
           "amount_paid": gross, "amount_requested": gross, "currency": "usd",
           "payment": {"type": "payment_intent", "payment_intent": "pi_1"}})
}

/// A charge since 2025-03-31, which names no invoice. It paid `gross`, of which `refunded` was refunded.
pub(crate) fn charge(gross: i64, refunded: i64) -> Value {
    json!({"id": "ch_1", "object": "charge", "customer": CUSTOMER, "payment_intent": "pi_1", "currency": "usd",
           "amount": gross, "amount_captured": gross, "amount_refunded": refunded, "refunded": gross == refunded,
           "status": "succeeded", "metadata": {}})
}

/// An invoice before 2025-03-31.
pub(crate) fn older_invoice(lines: &[Value], gross: i64) -> Value {
    json!({"id": "in_1", "object": "invoice", "customer": CUSTOMER, "currency": "usd", "status": "paid",
           "paid": true, "charge": "ch_1", "payment_intent": "pi_1", "subscription": "sub_1",
           "subtotal": gross, "total": gross, "amount_paid": gross, "metadata": {},
           "subscription_details": {"metadata": {"customer_key": "gk_1"}},
           "lines": {"object": "list", "has_more": false, "data": lines}})
}

/// A line of an invoice before 2025-03-31.
pub(crate) fn older_line(id: &str, product: &str, amount: i64) -> Value {
    json!({"id": id, "object": "line_item", "amount": amount, "currency": "usd", "metadata": {},
           "subscription": "sub_1", "subscription_item": format!("si_{product}"),
           "price": {"id": format!("price_{product}"), "product": product}})
}

/// A charge before 2025-03-31.
pub(crate) fn older_charge(gross: i64, refunded: i64) -> Value {
    let mut charge = charge(gross, refunded);
    charge["invoice"] = json!("in_1");
    charge
}

/// A dispute about the whole of the charge.
pub(crate) fn dispute(gross: i64, status: &str) -> Value {
    json!({"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "amount": gross,
           "currency": "usd", "status": status, "reason": "fraudulent"})
}

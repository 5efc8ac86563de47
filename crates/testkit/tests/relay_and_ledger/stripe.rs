//! Objects as Stripe sends them in the present API version. All are about one customer, `cus_ada`, and one
//! subscription, `sub_1`.

use headwater_testkit::stripe::event;
use serde_json::{Value, json};

/// The customer at Stripe.
pub(crate) const CUSTOMER: &str = "cus_ada";

/// What a subscription sells: product id and monthly cents. The price is `price_<product>`.
pub(crate) type Item<'a> = (&'a str, i64);

/// A subscription of these items.
pub(crate) fn subscription(status: &str, items: &[Item<'_>]) -> Value {
    let item = |(product, amount): &Item<'_>| {
        json!({"id": format!("si_{product}"), "object": "subscription_item", "subscription": "sub_1",
               "price": {"id": format!("price_{product}"), "object": "price", "product": product,
                         "unit_amount": amount, "currency": "usd"}})
    };
    json!({"id": "sub_1", "object": "subscription", "status": status, "customer": CUSTOMER, "currency": "usd",
           "metadata": {"customer_key": "gk_1"},
           "items": {"object": "list", "has_more": false, "data": items.iter().map(item).collect::<Vec<_>>()}})
}

/// A line of an invoice since 2025-03-31; `amount` before discounts and exclusive tax.
pub(crate) fn line(id: &str, product: &str, amount: i64) -> Value {
    json!({"id": id, "object": "line_item", "amount": amount, "currency": "usd", "quantity": 1, "metadata": {},
           "discount_amounts": [], "taxes": [],
           "pricing": {"type": "price_details",
                       "price_details": {"price": format!("price_{product}"), "product": product}},
           "parent": {"type": "subscription_item_details", "subscription_item_details":
                      {"subscription": "sub_1", "subscription_item": format!("si_{product}"), "proration": false}}})
}

/// An invoice since 2025-03-31: no charge, no payment intent, no subscription of its own. `gross` is with tax.
pub(crate) fn invoice(lines: &[Value], gross: i64) -> Value {
    json!({"id": "in_1", "object": "invoice", "customer": CUSTOMER, "currency": "usd", "status": "paid",
           "subtotal": sum(lines), "total": gross, "amount_paid": gross, "metadata": {},
           "parent": {"type": "subscription_details", "subscription_details":
                      {"subscription": "sub_1", "metadata": {"customer_key": "gk_1"}}},
           "lines": {"object": "list", "has_more": false, "data": lines}})
}

/// A paid invoice as an event.
pub(crate) fn paid(created: i64, invoice: &Value) -> Value {
    event("evt_paid", "invoice.paid", created, invoice)
}

fn sum(lines: &[Value]) -> i64 {
    lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum()
}

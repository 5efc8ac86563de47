//! The provider's objects, in the shapes of 2024-06-20 and of 2025-09-30.

use headwater_testkit::CATALOGUE;
use serde_json::{Value, json};

use super::account::{Bill, Line};
use super::history::Subscription;

/// The site's key of a customer.
pub(crate) fn site(customer: usize) -> String {
    format!("gk_{customer}")
}

/// The provider's id of a customer.
pub(crate) fn provider(customer: usize) -> String {
    format!("cus_{customer}")
}

fn metadata(customer: usize, named: bool) -> Value {
    if named { json!({"customer_key": site(customer)}) } else { json!({}) }
}

/// A subscription that sells the products with these indexes in the catalogue.
pub(crate) fn subscription(customer: usize, named: bool, status: &str, items: &[usize]) -> Value {
    let item = |(n, product): (usize, &usize)| {
        let offer = CATALOGUE[*product];
        json!({"id": format!("si_{customer}_{n}"), "quantity": 1,
            "price": {"id": format!("price_{}", offer.key), "product": offer.key, "unit_amount": offer.amount,
                "currency": "usd"}})
    };
    json!({"id": format!("sub_{customer}"), "object": "subscription", "customer": provider(customer),
        "status": status, "metadata": metadata(customer, named),
        "items": {"data": items.iter().enumerate().map(item).collect::<Vec<_>>()}})
}

/// A customer at the provider that carries the site's key.
pub(crate) fn customer(customer: usize) -> Value {
    json!({"id": provider(customer), "object": "customer", "email": null, "name": null,
        "metadata": metadata(customer, true)})
}

/// A checkout session that carries the site's key.
pub(crate) fn session(customer: usize) -> Value {
    json!({"id": format!("cs_{customer}"), "object": "checkout.session", "customer": provider(customer),
        "client_reference_id": null, "metadata": metadata(customer, true)})
}

/// A paid invoice; `charge` paid it, or its first part.
pub(crate) fn invoice(what: &Subscription, bill: &Bill, charge: Option<&Charged>) -> Value {
    let whose = metadata(bill.customer, what.named);
    let line = |line| if what.new { line_of_2025(bill, line) } else { line_of_2024(bill, line) };
    let mut body = json!({"id": bill.id, "object": "invoice", "customer": provider(bill.customer), "currency": "usd",
        "status": "paid", "total": bill.paid + bill.off, "amount_paid": bill.paid, "metadata": {},
        "pre_payment_credit_notes_amount": bill.off, "status_transitions": {"paid_at": bill.paid_at},
        "lines": {"object": "list", "has_more": false, "data": bill.lines.iter().map(line).collect::<Vec<_>>()}});
    let subscription = format!("sub_{}", bill.customer);
    if what.new {
        body["parent"] = json!({"type": "subscription_details",
            "subscription_details": {"subscription": subscription, "metadata": whose}});
    } else {
        body["subscription"] = json!(subscription);
        body["subscription_details"] = json!({"metadata": whose});
        body["charge"] = json!(charge.map(|charge| &charge.id));
        body["payment_intent"] = json!(charge.map(|charge| &charge.intent));
    }
    body
}

fn line_of_2024(bill: &Bill, line: &Line) -> Value {
    let offer = CATALOGUE[line.product];
    json!({"id": line.id, "object": "line_item", "amount": line.amount, "currency": "usd", "metadata": {},
        "discount_amounts": discounts(line), "tax_amounts": [{"amount": line.tax, "inclusive": line.inclusive}],
        "subscription": format!("sub_{}", bill.customer),
        "subscription_item": format!("si_{}_{}", bill.customer, line.item),
        "price": {"id": format!("price_{}", offer.key), "product": offer.key}})
}

fn line_of_2025(bill: &Bill, line: &Line) -> Value {
    let offer = CATALOGUE[line.product];
    let behavior = if line.inclusive { "inclusive" } else { "exclusive" };
    json!({"id": line.id, "object": "line_item", "amount": line.amount, "currency": "usd", "metadata": {},
        "discount_amounts": discounts(line), "taxes": [{"amount": line.tax, "tax_behavior": behavior}],
        "pricing": {"type": "price_details",
            "price_details": {"price": format!("price_{}", offer.key), "product": offer.key}},
        "parent": {"type": "subscription_item_details", "subscription_item_details":
            {"subscription": format!("sub_{}", bill.customer), "proration": line.amount < 0,
             "subscription_item": format!("si_{}_{}", bill.customer, line.item)}}})
}

fn discounts(line: &Line) -> Value {
    if line.discount == 0 { json!([]) } else { json!([{"amount": line.discount, "discount": "di_1"}]) }
}

/// A credit note about a part of an invoice, written as a note about its first line, as the provider does.
pub(crate) fn credit_note(
    new: bool,
    bill: &Bill,
    (n, amount): (usize, i64),
    as_refund: bool,
    status: &str,
) -> Value {
    let id = format!("{}_0", bill.id);
    let mut body = json!({"id": format!("cn_{}_{n}", bill.id), "object": "credit_note", "invoice": bill.id,
        "customer": provider(bill.customer), "amount": amount, "status": status, "type": "post_payment",
        "lines": {"data": [{"type": "invoice_line_item", "invoice_line_item": bill.lines[0].id}]}});
    let refund = format!("re_{id}_{n}");
    if as_refund && new {
        body["refunds"] = json!([{"amount_refunded": amount, "refund": refund}]);
    } else if as_refund {
        body["refund"] = json!(refund);
    } else if new {
        body["refunds"] = json!([]);
    }
    body
}

/// A charge, and its payment intent.
pub(crate) struct Charged {
    new: bool,
    pub(crate) id: String,
    pub(crate) intent: String,
    customer: String,
    invoice: String,
    pub(crate) amount: i64,
}

impl Charged {
    pub(crate) fn new(new: bool, bill: &Bill, n: usize, amount: i64) -> Self {
        let (id, intent) = (format!("ch_{}_{n}", bill.id), format!("pi_{}_{n}", bill.id));
        Self { new, id, intent, customer: provider(bill.customer), invoice: bill.id.clone(), amount }
    }

    /// The object that says which invoice it paid; since 2025-03-31.
    pub(crate) fn invoice_payment(&self) -> Value {
        json!({"id": format!("inpay_{}", self.id), "object": "invoice_payment", "invoice": self.invoice,
            "status": "paid", "amount_paid": self.amount,
            "payment": {"type": "payment_intent", "payment_intent": self.intent}})
    }

    /// The charge after this much of it was refunded in total.
    pub(crate) fn refunded(&self, total: i64) -> Value {
        let mut body = json!({"id": self.id, "object": "charge", "customer": self.customer, "amount": self.amount,
            "payment_intent": self.intent, "amount_refunded": total, "refunded": total == self.amount,
            "currency": "usd", "metadata": {}});
        if !self.new {
            body["invoice"] = json!(self.invoice);
        }
        body
    }

    /// A single refund of it, made at `made` (epoch seconds).
    pub(crate) fn refund(&self, (n, amount): (usize, i64), made: i64, status: &str) -> Value {
        json!({"id": format!("re_{}_{n}", self.id), "object": "refund", "amount": amount, "charge": self.id,
            "payment_intent": self.intent, "created": made, "status": status})
    }

    /// A dispute about it.
    pub(crate) fn dispute(&self, amount: i64, status: &str) -> Value {
        json!({"id": format!("dp_{}", self.id), "object": "dispute", "charge": self.id, "amount": amount,
            "payment_intent": self.intent, "currency": "usd", "status": status})
    }
}

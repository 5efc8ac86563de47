//! Single members of Stripe's objects: which words, places and empty values mean what.

use headwater_protocol::Source;
use headwater_protocol::event::{CustomerRef, Data, ProviderCustomer};
use headwater_protocol::v2::ProductStatus;
use serde_json::{Value, json};

use super::super::read;
use super::{events, payments};
use crate::billing::Webhook;
use crate::billing::fact::{FactBody, PaidLine};

fn webhook(kind: &str, object: &Value) -> Webhook {
    let event = json!({"id": "evt_1", "type": kind, "created": 1_775_514_585, "data": {"object": object}});
    read(event.to_string().as_bytes(), "1").unwrap()
}

/// What the webhook says of the record `name`, without links.
fn facts(kind: &str, object: &Value, name: &str) -> Vec<FactBody> {
    let all = webhook(kind, object).facts;
    let said = all.iter().filter(|fact| fact.name == name).filter_map(FactBody::of);
    said.filter(|known| !matches!(known, FactBody::Link { .. })).collect()
}

fn known(kind: &str, object: &Value) -> ProviderCustomer {
    let mut events = events(kind, &object.to_string());
    let Data::ProviderCustomer(known) = events.remove(0).data else { panic!("{events:?}") };
    known
}

#[test]
fn a_customer_has_the_name_the_address_and_the_partner_that_stripe_knows_and_no_empty_ones() {
    let metadata = json!({"customer_key": "gk_1", "partner_key": "robin"});
    let who = |email: Option<&str>| CustomerRef {
        customer_key: Some("gk_1".to_owned()),
        provider_key: Some("cus_1".to_owned()),
        email: email.map(str::to_owned),
    };
    let full = ProviderCustomer {
        customer: who(Some("ann@shop.example")),
        name: Some("Ann".to_owned()),
        partner_key: Some("robin".to_owned()),
    };
    let empty = ProviderCustomer { customer: who(None), name: None, partner_key: None };
    let named = json!({"email": "ann@shop.example", "name": "Ann"});
    let blank = json!({"email": "", "name": ""});
    for (said, metadata, expect) in [
        (&named, &metadata, &full),
        (&blank, &json!({"customer_key": "", "customer_id": "gk_1", "partner_key": ""}), &empty),
    ] {
        let customer =
            json!({"id": "cus_1", "email": said["email"], "name": said["name"], "metadata": metadata});
        for kind in ["customer.created", "customer.updated"] {
            assert_eq!(&known(kind, &customer), expect);
        }
        let session = json!({"customer": "cus_1", "customer_details": said, "metadata": metadata});
        assert_eq!(&known("checkout.session.completed", &session), expect);
    }
}

#[test]
fn an_empty_reference_of_a_payment_link_names_nobody() {
    let session = |reference| json!({"customer": "cus_1", "client_reference_id": reference});
    assert_eq!(webhook("checkout.session.completed", &session("")).events, []);
    assert_eq!(webhook("checkout.session.completed", &session("gk_1")).events[0].source, Source::Page);
}

#[test]
fn every_status_of_a_subscription_is_a_status_of_its_products() {
    let status = |word: &str| {
        let object = json!({"id": "sub_1", "status": word, "customer": "cus_1",
            "items": {"data": [{"price": {"id": "price_1", "unit_amount": 4900, "currency": "usd"}, "quantity": 3}]}});
        let events = events("customer.subscription.updated", &object.to_string());
        events.into_iter().next().map(|event| match event.data {
            Data::Subscription(said) => {
                assert_eq!((said.amount, said.product_book_key.as_deref()), (Some(14_700), Some("price_1")));
                said.status
            }
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(status("incomplete"), None, "it waits for its first payment");
    assert_eq!(status("trialing"), Some(ProductStatus::Trial));
    for word in ["active", "past_due"] {
        assert_eq!(status(word), Some(ProductStatus::Active), "{word}");
    }
    for word in ["canceled", "unpaid", "incomplete_expired", "paused"] {
        assert_eq!(status(word), Some(ProductStatus::Churned), "{word}");
    }
}

#[test]
fn every_report_of_a_dispute_counts_while_the_bank_holds_the_money() {
    let back = |kind: &str, status: &str| {
        let object = json!({"id": "dp_1", "amount": 700, "status": status, "charge": "ch_1"});
        assert_eq!(webhook(kind, &object).events.len(), 1, "{kind}");
        facts(kind, &object, "ch:ch_1")
    };
    for kind in ["created", "updated", "funds_withdrawn", "funds_reinstated", "closed"] {
        let kind = format!("charge.dispute.{kind}");
        for status in ["needs_response", "under_review", "lost"] {
            assert_eq!(back(&kind, status), [FactBody::Back { amount: 700 }], "{kind} {status}");
        }
        for status in ["won", "warning_needs_response", "warning_closed", "charge_refunded"] {
            assert_eq!(back(&kind, status), [FactBody::Back { amount: 0 }], "{kind} {status}");
        }
    }
}

#[test]
fn of_reports_within_one_second_the_one_that_ends_it_is_the_newest() {
    let rank = |kind: &str, object: &Value| webhook(kind, object).facts.last().unwrap().rank;
    let dispute = json!({"id": "dp_1", "amount": 700, "status": "lost", "charge": "ch_1"});
    let refund = json!({"id": "re_1", "amount": 700, "created": 1, "charge": "ch_1"});
    let note = json!({"id": "cn_1", "amount": 700, "invoice": "in_1"});
    for (object, kinds) in [
        (&dispute, ["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"]),
        (&refund, ["refund.created", "refund.updated", "refund.failed"]),
        (&note, ["credit_note.created", "credit_note.updated", "credit_note.voided"]),
    ] {
        assert_eq!(kinds.map(|kind| rank(kind, object)), [0, 1, 2], "{kinds:?}");
    }
}

#[test]
fn a_refund_is_in_force_until_it_fails_or_is_cancelled() {
    for (status, stands) in [
        (json!("pending"), true),
        (json!("requires_action"), true),
        (json!("succeeded"), true),
        (Value::Null, true),
        (json!("failed"), false),
        (json!("canceled"), false),
    ] {
        let object = json!({"id": "re_1", "amount": 700, "created": 3, "charge": "ch_1", "status": status});
        for kind in ["refund.created", "refund.updated", "charge.refund.updated", "refund.failed"] {
            let expect = FactBody::Refund { amount: 700, made_at: 3_000, stands };
            assert_eq!(facts(kind, &object, "ch:ch_1"), [expect], "{kind} {status}");
        }
    }
}

#[test]
fn a_credit_note_gives_back_what_no_refund_and_no_lower_invoice_does() {
    for (more, expect) in [
        (json!({}), 700),
        (json!({"status": "issued", "type": "post_payment"}), 700),
        (json!({"status": "void"}), 0),
        (json!({"type": "pre_payment"}), 0),
        (json!({"refunds": [{"amount_refunded": 300}, {"amount_refunded": 100}]}), 300),
        (json!({"refunds": [{"amount_refunded": 900}]}), 0),
        (json!({"refund": "re_1"}), 0),
        (json!({"refund": "re_1", "out_of_band_amount": 200}), 200),
    ] {
        let mut object = json!({"id": "cn_1", "invoice": "in_1", "amount": 700});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        for kind in ["credit_note.created", "credit_note.updated", "credit_note.voided"] {
            assert_eq!(facts(kind, &object, "in:in_1"), [FactBody::Back { amount: expect }], "{kind} {more}");
        }
    }
}

#[test]
fn a_payment_that_is_taken_off_its_invoice_changes_what_is_refunded() {
    let object = json!({"invoice": "in_1", "amount_paid": 700, "payment": {"payment_intent": "pi_1"}});
    let joined = webhook("invoice_payment.paid", &object);
    assert_eq!(joined.events, [], "nothing was paid or refunded");
    assert_eq!(facts("invoice_payment.paid", &object, "pi:pi_1"), [FactBody::Charged { amount: 700 }]);
    let detached = webhook("invoice_payment.detached", &object);
    assert_eq!(facts("invoice_payment.detached", &object, "pi:pi_1"), []);
    let links = |webhook: &Webhook| -> Vec<_> {
        let links = webhook.facts.iter().filter(|fact| fact.part.starts_with("to/"));
        links.map(|fact| (fact.name.clone(), FactBody::of(fact).unwrap())).collect()
    };
    for (webhook, holds) in [(&joined, true), (&detached, false)] {
        let link = |name: &str, to: &str| (name.to_owned(), FactBody::Link { to: to.to_owned(), holds });
        assert_eq!(links(webhook), [link("in:in_1", "pi:pi_1"), link("pi:pi_1", "in:in_1")]);
    }
    let [event] = &detached.events[..] else { panic!("{detached:?}") };
    let Data::Refund(refund) = &event.event.data else { panic!("{detached:?}") };
    assert_eq!(refund.about.as_deref(), Some("in:in_1"));
}

fn invoice(more: &Value) -> Value {
    let mut object = json!({"id": "in_1", "customer": "cus_1", "currency": "usd", "lines": {"data": [
        {"id": "il_1", "amount": 10_000, "taxes": [{"amount": 1_900, "tax_behavior": "exclusive"}]}]}});
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

#[test]
fn an_invoice_of_an_older_version_names_its_payment_itself() {
    let object = invoice(&json!({"payment_intent": "pi_1", "charge": "ch_1"}));
    let facts = webhook("invoice.paid", &object).facts;
    let links: Vec<_> =
        facts.iter().map(|fact| (&*fact.name, &*fact.part)).filter(|(_, part)| *part != "paid").collect();
    let expect = [
        ("in:in_1", "to/pi:pi_1"),
        ("pi:pi_1", "to/in:in_1"),
        ("in:in_1", "to/ch:ch_1"),
        ("ch:ch_1", "to/in:in_1"),
    ];
    assert_eq!(links, expect);
}

/// What was paid of an invoice, and the bases of its lines.
fn paid(object: &Value) -> (i64, Vec<i64>) {
    let said = facts("invoice.paid", object, "in:in_1");
    let [FactBody::Paid { gross, lines }] = &said[..] else { panic!("{said:?}") };
    (*gross, lines.iter().map(|PaidLine { base, .. }| *base).collect())
}

#[test]
fn what_was_paid_is_the_payment_or_the_total_or_the_lines() {
    assert_eq!(paid(&invoice(&json!({"amount_paid": 7_000, "total": 11_900}))).0, 7_000);
    assert_eq!(paid(&invoice(&json!({"amount_paid": 0, "total": 11_900}))).0, 11_900, "from the balance");
    assert_eq!(paid(&invoice(&json!({"total": 11_900}))).0, 11_900);
    assert_eq!(paid(&invoice(&json!({}))).0, 11_900);
}

#[test]
fn what_credit_notes_took_off_before_the_payment_earns_nothing() {
    let off = |amount_paid: i64, total: i64, off: i64| {
        paid(&invoice(&json!({"amount_paid": amount_paid, "total": total,
            "pre_payment_credit_notes_amount": off})))
    };
    assert_eq!(off(11_900, 11_900, 0), (11_900, vec![10_000]));
    assert_eq!(off(5_950, 11_900, 5_950), (5_950, vec![5_000]));
    assert_eq!(off(2_975, 11_900, 8_925), (2_975, vec![2_500]));
    assert_eq!(off(0, 11_900, 5_950), (5_950, vec![5_000]), "the balance paid the rest");
    assert_eq!(off(0, 11_900, 11_900), (0, vec![]), "nothing was left to pay");
    let no_total = invoice(&json!({"pre_payment_credit_notes_amount": 5_950}));
    assert_eq!(paid(&no_total), (5_950, vec![5_000]));
    assert_eq!(off(0, -11_900, 100).1, [10_000], "an invoice that owes the customer has no share");
}

#[test]
fn the_products_of_two_subscriptions_on_one_invoice_are_told_apart() {
    let line = |id: &str, subscription: &str, price: &str| {
        json!({"id": id, "amount": 100,
        "subscription": subscription, "price": {"id": price}})
    };
    let object = json!({"id": "in_1", "currency": "usd", "customer": "cus_1", "lines": {"data": [
        line("il_1", "sub_1", "price_a"), line("il_2", "sub_2", "price_b"), line("il_3", "sub_2", "price_c")]}});
    let keys: Vec<_> = payments(&object.to_string()).into_iter().filter_map(|paid| paid.2).collect();
    assert_eq!(keys, ["sub_1", "sub_2/price_b", "sub_2/price_c"]);
}

#[test]
fn an_empty_subscription_key_in_the_metadata_is_none() {
    let line = |key: &str| {
        json!({"id": "il_1", "amount": 100, "subscription": "sub_1",
        "metadata": {"subscription_key": key}})
    };
    for (key, expect) in [("", "sub_1"), ("own", "own")] {
        let object = invoice(&json!({"lines": {"data": [line(key)]}}));
        assert_eq!(payments(&object.to_string())[0].2.as_deref(), Some(expect));
    }
}

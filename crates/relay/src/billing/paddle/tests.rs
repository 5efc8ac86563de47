//! Paddle's signatures, and single members of its objects.

use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source, limits};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Paddle, read, verify};
use crate::billing::outcome::{customers, lines, refunds, subscriptions, taken};
use crate::billing::{Provider as _, Webhook, WebhookError, chargebee};

mod fixtures;

const NOW: Millis = Millis(1_775_514_585_000);
const SECRET: &str = "pdl_ntfset_example";

fn signature(body: &str, seconds: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}:{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn check(header: &str, body: &str, expect: Result<(), &str>) {
    let result = verify(header, body.as_bytes(), &SECRET.to_owned().into(), NOW);
    match (result, expect) {
        (Ok(()), Ok(())) => {}
        (Err(WebhookError::Signature(reason)), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (other, _) => panic!("{header}: {other:?}"),
    }
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let seconds = (NOW.0 / 1000).to_string();
    let good = signature("{}", &seconds, SECRET);
    let old = signature("{}", &seconds, "pdl_ntfset_older_example");
    check(&format!("ts={seconds};h1={good}"), "{}", Ok(()));
    check(&format!("ts={seconds}; h1={old}; h1={good};h2=x"), "{}", Ok(()));
    check(&format!("ts={seconds};h1={old}"), "{}", Err("no signature"));
    check(&format!("ts={seconds};h1={good}"), "{ }", Err("no signature"));
    check(&format!("ts={seconds},h1={good}"), "{}", Err("no timestamp"));
    check(&format!("ts={seconds}1;h1={good}"), "{}", Err("no signature"));
    check(&format!("h1={good}"), "{}", Err("no timestamp"));
    check("ts=;h1=", "{}", Err("no timestamp"));
    check("", "{}", Err("no timestamp"));
    let mut headers = HeaderMap::new();
    let secret = SECRET.to_owned().into();
    assert!(Paddle.verify(&headers, b"{}", &secret, NOW).is_err());
    headers.insert("paddle-signature", HeaderValue::from_str(&format!("ts={seconds};h1={good}")).unwrap());
    assert_eq!(Paddle.verify(&headers, b"{}", &secret, NOW), Ok(()));
}

#[test]
fn a_signature_is_good_for_five_minutes() {
    let tolerance = limits::WEBHOOK_TOLERANCE / 1000;
    for (off, expect) in [
        (-tolerance - 1, Err("five minutes")),
        (-tolerance, Ok(())),
        (tolerance, Ok(())),
        (tolerance + 1, Err("five minutes")),
        (i64::MAX - NOW.0 / 1000, Err("five minutes")),
    ] {
        let at = (NOW.0 / 1000 + off).to_string();
        check(&format!("ts={at};h1={}", signature("{}", &at, SECRET)), "{}", expect);
    }
}

fn body(kind: &str, data: &Value) -> String {
    json!({"event_id": "evt_1", "event_type": kind, "occurred_at": "2026-04-06T22:29:45.5Z", "data": data})
        .to_string()
}

fn webhook(kind: &str, data: &Value) -> Webhook {
    read(body(kind, data).as_bytes(), "1").unwrap()
}

#[test]
fn what_a_buyer_typed_loses_nul_and_no_custom_data_refuses_a_webhook() {
    let customer = |data: Value| json!({"id": "ctm_1", "name": "A\u{0}da", "email": "", "custom_data": data});
    let known = customers(&webhook("customer.updated", &customer(json!({"customer_id": 1001})))).remove(0);
    assert_eq!((known.name.as_deref(), known.customer.email), (Some("Ada"), None));
    assert_eq!(known.customer.customer_key.as_deref(), Some("1001"), "a number counts as its text");
    for other in [json!(null), json!([]), json!("x"), json!({"customer_key": {"a": 1}})] {
        assert_eq!(webhook("customer.created", &customer(other)), Webhook::default());
    }
}

#[test]
fn every_status_of_a_subscription_is_a_status_of_its_products() {
    let status = |word: &str, item: &str| {
        let data = json!({"id": "sub_1", "status": word, "customer_id": "ctm_1",
            "items": [{"status": item, "quantity": 3, "price": {"id": "pri_1",
                "unit_price": {"amount": "4900", "currency_code": "USD"}}}]});
        subscriptions(&webhook("subscription.updated", &data)).into_iter().next().map(|known| {
            assert_eq!((known.amount, known.external_subscription_key.as_str()), (Some(14_700), "sub_1"));
            assert_eq!(known.product_book_key.as_deref(), Some("pri_1"), "without a product");
            known.status
        })
    };
    for (word, expect) in [
        ("trialing", Some(ProductStatus::Trial)),
        ("active", Some(ProductStatus::Active)),
        ("past_due", Some(ProductStatus::Active)),
        ("paused", Some(ProductStatus::Churned)),
        ("canceled", Some(ProductStatus::Churned)),
        ("a_word_of_tomorrow", None),
    ] {
        assert_eq!(status(word, "active"), expect, "{word}");
    }
    assert_eq!(status("active", "inactive"), Some(ProductStatus::Churned), "an item that ended alone");
}

fn adjustment(id: &str, action: &str, status: &str, items: &Value) -> Webhook {
    let data = json!({"id": id, "action": action, "status": status, "transaction_id": "txn_1",
        "customer_id": "ctm_1", "items": items});
    webhook("adjustment.created", &data)
}

fn paid() -> Webhook {
    let line = json!({"id": "txnitm_1", "price_id": "pri_1", "totals": {"total": "1190", "tax": "190"}});
    let data = json!({"id": "txn_1", "customer_id": "ctm_1", "currency_code": "USD", "details": {"line_items": [line]}});
    webhook("transaction.completed", &data)
}

#[test]
fn every_action_of_an_adjustment_takes_back_gives_back_or_waits() {
    let items = json!([{"item_id": "txnitm_1", "totals": {"total": "595", "tax": "95"}}]);
    let back = |action: &str, status: &str| {
        // Beside a chargeback of a fifth, so that what is given back shows too.
        let fifth = json!([{"item_id": "txnitm_1", "totals": {"total": "200", "tax": "0"}}]);
        let other = adjustment("adj_2", action, status, &items);
        let events = refunds(&other);
        let all = [paid(), adjustment("adj_1", "chargeback", "approved", &fifth), other];
        (events, taken(&all, "in:paddle/txn_1/txnitm_1"))
    };
    for action in ["refund", "credit", "chargeback", "chargeback_warning"] {
        assert_eq!(back(action, "approved"), (1, vec![700]), "{action}");
        assert_eq!(back(action, "pending_approval"), (0, vec![200]), "{action}");
        assert_eq!(back(action, "rejected"), (1, vec![200]), "{action}");
    }
    assert_eq!(back("refund", "reversed"), (1, vec![200]));
    assert_eq!(back("chargeback", "reversed"), (1, vec![700]), "its reversal is an adjustment of its own");
    for action in ["credit_reverse", "chargeback_reverse", "chargeback_warning_reverse"] {
        assert_eq!(back(action, "approved"), (1, vec![0]), "{action}");
    }
    assert_eq!(back("an_action_of_tomorrow", "approved"), (0, vec![200]));
}

#[test]
fn an_adjustment_that_names_a_line_twice_counts_both_and_one_of_tax_alone_counts_nothing() {
    let twice = json!([{"item_id": "txnitm_1", "totals": {"total": "300", "tax": "0"}},
        {"item_id": "txnitm_1", "totals": {"total": "100", "tax": "0"}}]);
    assert_eq!(
        taken(&[paid(), adjustment("adj_1", "refund", "approved", &twice)], "in:paddle/txn_1/txnitm_1"),
        [400]
    );
    let tax = json!([{"item_id": "txnitm_1", "totals": {"total": "190", "tax": "190"}}]);
    assert_eq!(adjustment("adj_1", "refund", "approved", &tax), Webhook::default());
}

#[test]
fn a_replayed_webhook_makes_the_same_ids_and_another_program_others() {
    let body = include_bytes!("../../../tests/fixtures/paddle/transaction.completed-checkout.json");
    let ids =
        |scope| read(body, scope).unwrap().events.into_iter().map(|one| one.event.id).collect::<Vec<_>>();
    assert_eq!(ids("1"), ids("1"));
    assert!(ids("1").iter().all(|id| !ids("1t").contains(id)), "one account may feed two programs");
    let customer = json!({"id": "x_1", "custom_data": {"customer_key": "gk_1"}});
    let of_paddle = webhook("customer.created", &customer).events[0].event.id;
    let other = json!({"id": "evt_1", "event_type": "customer_created", "occurred_at": 1_775_514_585,
        "content": {"customer": {"id": "x_1", "meta_data": {"customer_key": "gk_1"}}}});
    let of_chargebee = chargebee::read(other.to_string().as_bytes(), "1").unwrap().events[0].event.id;
    assert_ne!(of_paddle.bytes()[6..], of_chargebee.bytes()[6..], "two providers may give out the same id");
}

#[test]
fn an_unknown_type_makes_nothing_and_a_bad_body_is_refused_by_its_field() {
    for kind in ["transaction.paid", "payout.paid", "subscription", ""] {
        assert_eq!(webhook(kind, &json!(7)), Webhook::default(), "{kind}");
    }
    let field = |body: &str| match read(body.as_bytes(), "1") {
        Err(WebhookError::Body(error)) => error.field,
        other => panic!("{body}: {other:?}"),
    };
    assert_eq!(field("{}"), "event_id");
    assert_eq!(field("{"), "");
    assert_eq!(field(&body("customer.created", &json!([]))), "data");
    assert_eq!(
        field(r#"{"event_id":"evt_1","event_type":"x","occurred_at":"yesterday","data":{}}"#),
        "occurred_at"
    );
    let with = |line: Value, currency: &str| {
        body(
            "transaction.completed",
            &json!({"id": "txn_1", "customer_id": "ctm_1", "currency_code": currency,
            "details": {"line_items": [line]}}),
        )
    };
    let line = |total: &str| json!({"id": "txnitm_1", "totals": {"total": total, "tax": "0"}});
    assert_eq!(field(&with(line("49.00"), "USD")), "data.details.line_items[0].totals.total");
    assert_eq!(field(&with(line("4900"), "credits")), "data.currency");
    assert_eq!(field(&with(line("9223372036854775807"), "USD")), "data.amount");
    assert_eq!(
        lines(&webhook(
            "transaction.completed",
            &json!({"id": "txn_1", "customer_id": "ctm_1",
        "currency_code": "USD", "details": {"line_items": [line("0")]}})
        )),
        Vec::<[String; 4]>::new(),
        "free"
    );
}

#[test]
fn a_claim_is_made_where_a_purchase_begins() {
    let sources = |kind: &str, more: Value| {
        let mut data = json!({"id": "x_1", "status": "active", "customer_id": "ctm_1", "currency_code": "USD",
            "custom_data": {"customer_key": "gk_1"}, "details": {"line_items": []}});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        webhook(kind, &data).events.into_iter().map(|one| one.source).collect::<Vec<_>>()
    };
    for origin in ["web", "api"] {
        assert_eq!(sources("transaction.completed", json!({"origin": origin})), [Source::Page], "{origin}");
    }
    assert_eq!(sources("transaction.completed", json!({"origin": "subscription_recurring"})), []);
    assert_eq!(sources("subscription.created", json!({})), [Source::Page]);
    assert_eq!(sources("subscription.updated", json!({})), []);
    assert_eq!(sources("subscription.created", json!({"customer_id": null})), []);
}

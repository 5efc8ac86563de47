//! Payments and refunds that a server sends: what each request carries, and what its refusal means.

use headwater_journal::{NewEntry, State};
use headwater_protocol::Source;
use serde_json::{Value, json};

use super::customers::{reason, refusal, refused};
use super::{PAYMENT, SIGNUP, delivery_test};

#[tokio::test]
async fn a_payment_names_its_customer_in_one_way() {
    let (site, provider, email) = ("gk_1", "cus_1", "dana@shop.example");
    for (customer, expect) in [
        (
            json!({"customer_key": site, "provider_key": provider, "email": email}),
            [json!(site), Value::Null, Value::Null],
        ),
        (json!({"customer_key": site, "email": email}), [json!(site), Value::Null, Value::Null]),
        (json!({"provider_key": provider, "email": email}), [Value::Null, json!(provider), Value::Null]),
        (json!({"email": email}), [Value::Null, Value::Null, json!(email)]),
    ] {
        let delivery = delivery_test(&[]);
        let mut payment: Value = serde_json::from_str(PAYMENT).unwrap();
        payment["customer"] = customer;
        delivery.take_from(Source::Billing, "payment", &payment.to_string()).await;
        delivery.settle().await;
        let (paid, _) = &delivery.said("POST /api/v2/transactions")[0];
        let names =
            ["customer_key", "customer_external_key", "customer_email"].map(|name| paid[name].clone());
        assert_eq!(names, expect);
        let rest =
            ["key", "amount", "currency", "subscription_key", "created_at"].map(|name| paid[name].clone());
        assert_eq!(rest, [json!("in_1/il_1"), json!(4900), json!("USD"), json!("s/chat"), json!(1000)]);
    }
}

#[tokio::test]
async fn a_payment_from_a_clock_that_is_ahead_happened_now() {
    let delivery = delivery_test(&[]);
    let mut payment: Value = serde_json::from_str(PAYMENT).unwrap();
    payment["paid_at"] = json!(delivery.relay.now().0 + 1);
    delivery.take_from(Source::Billing, "payment", &payment.to_string()).await;
    delivery.settle().await;
    assert_eq!(delivery.said("POST /api/v2/transactions")[0].0["created_at"], delivery.relay.now().0);
}

#[tokio::test]
async fn a_payment_that_its_webhook_does_not_carry_whole_is_left_to_a_person() {
    let delivery = delivery_test(&[]);
    let mut payment: Value = serde_json::from_str(PAYMENT).unwrap();
    payment["incomplete"] = json!("lines are missing");
    delivery.take_from(Source::Billing, "payment", &payment.to_string()).await;
    delivery.settle().await;
    assert!(delivery.received().is_empty());
    assert_eq!(reason(&delivery, State::Parked).await, "lines are missing");
}

const REFUND: &str = r#"{"customer":{"customer_key":"gk_1"},"transaction_key":"in_1","refunded_at":900"#;

/// The refund of a part and of the whole, each with its request.
fn refunds() -> [(String, &'static str); 2] {
    [
        (format!(r#"{REFUND},"amount":1200}}"#), "POST /api/v2/transactions/in_1/refund"),
        (format!("{REFUND}}}"), "DELETE /api/v2/transactions/in_1"),
    ]
}

#[tokio::test]
async fn a_part_that_was_refunded_is_sent_as_a_total_with_its_time() {
    let delivery = delivery_test(&[]);
    let [(part, path), (whole, delete)] = refunds();
    delivery.take_from(Source::Vendor, "refund", &part).await;
    delivery.take_from(Source::Vendor, "refund", &whole).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), [path, delete]);
    assert_eq!(delivery.said(path)[0].0, json!({"refunded_total": 1200, "occurred_at": 900}));
}

#[tokio::test]
async fn a_refusal_of_money_is_no_success_whatever_the_refusal() {
    let payment = (PAYMENT.to_owned(), "POST /api/v2/transactions");
    let [part, whole] = refunds();
    for (n, (data, path)) in [payment, part, whole].iter().enumerate() {
        let kind = if n == 0 { "payment" } else { "refund" };
        let conflict = if n == 2 { State::Dead } else { State::Parked };
        for (answer, state) in [
            (refusal(400, "out_of_range"), State::Dead),
            ((503, "{}".to_owned()), State::Head),
            (refusal(404, "not_found"), State::Parked),
            (refusal(403, "of_another_program"), State::Parked),
            (refusal(403, "wrong_scope"), State::Head),
            (refusal(409, "refund_conflict"), conflict),
        ] {
            let delivery = refused(std::slice::from_ref(&answer));
            delivery.take_from(Source::Vendor, kind, data).await;
            delivery.settle().await;
            assert_eq!(delivery.received(), [*path], "{answer:?}");
            assert_eq!(delivery.count(state).await, 1, "{path} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_refund_waits_for_its_own_payment_and_no_other() {
    for (refund, path) in refunds() {
        let delivery = refused(&[refusal(404, "transaction_not_found")]);
        delivery.take_from(Source::Vendor, "refund", &refund).await;
        delivery.settle().await;
        delivery.take_from(Source::Vendor, "payment", PAYMENT).await;
        delivery.settle().await;
        assert_eq!(
            (delivery.received().len(), delivery.count(State::Parked).await),
            (2, 1),
            "another payment"
        );
        delivery.take_from(Source::Vendor, "payment", &PAYMENT.replace("in_1/il_1", "in_1")).await;
        delivery.settle().await;
        let ended = ["POST /api/v2/transactions", path];
        assert_eq!(delivery.received()[2..], ended);
    }
}

#[tokio::test]
async fn a_refund_makes_no_customer_known() {
    let delivery = refused(&[refusal(404, "customer_not_found")]);
    delivery.take_from(Source::Vendor, "payment", PAYMENT).await;
    delivery.settle().await;
    delivery.take_from(Source::Vendor, "refund", &refunds()[0].0).await;
    delivery.settle().await;
    assert_eq!((delivery.received().len(), delivery.count(State::Parked).await), (2, 1));
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(delivery.count(State::Delivered).await, 3);
}

#[tokio::test]
async fn a_refund_of_one_payment_leaves_the_invoice_of_another_alone() {
    let delivery = delivery_test(&[]);
    let event = |id: &str, kind: &str, object: Value| {
        json!({"id": id, "type": kind, "created": 1, "data": {"object": object}}).to_string()
    };
    for n in [1, 2] {
        let invoice = json!({"id": format!("in_{n}"), "customer": "cus_1", "currency": "usd", "amount_paid": 100,
            "payment_intent": format!("pi_{n}"), "lines": {"data": [{"id": "il", "amount": 100}]}});
        delivery.stripe(event(&format!("evt_{n}"), "invoice.paid", invoice).as_bytes()).await;
    }
    let refund = json!({"id": "re_1", "amount": 40, "created": 1, "payment_intent": "pi_2"});
    delivery.stripe(event("evt_3", "refund.created", refund).as_bytes()).await;
    delivery.settle().await;
    let refunds =
        delivery.received().into_iter().filter(|request| request.ends_with("/refund")).collect::<Vec<_>>();
    assert_eq!(refunds, ["POST /api/v2/transactions/in_2%2Fil/refund"]);
    // The seventh fact that was stored.
    let total = json!({"refunded_total": 40, "occurred_at": 1000, "revision": 7});
    assert_eq!(delivery.said(&refunds[0])[0].0, total);
}

#[tokio::test]
async fn refunds_without_a_customer_are_in_the_lane_of_what_they_are_about() {
    let delivery = delivery_test(&[]);
    let refund = |id: &str, charge: &str, customer: Option<&str>| {
        let object = json!({"id": id, "amount": 40, "amount_refunded": 40, "created": 1, "charge": charge, "customer": customer});
        let kind = if customer.is_some() { "charge.refunded" } else { "refund.created" };
        json!({"id": format!("evt_{id}"), "type": kind, "created": 1, "data": {"object": object}}).to_string()
    };
    for (id, charge, customer) in [
        ("re_1", "ch_1", None),
        ("re_2", "ch_1", None),
        ("re_3", "ch_2", None),
        ("ch_3", "ch_3", Some("cus_1")),
    ] {
        delivery.stripe(refund(id, charge, customer).as_bytes()).await;
    }
    let mut lanes: Vec<_> =
        delivery.in_state(State::Head).await.into_iter().map(|entry| entry.lane).collect();
    lanes.sort();
    assert_eq!(
        lanes,
        ["1:ch:ch_1", "1:ch:ch_2", "1:p:cus_1"],
        "one refund of the first charge waits for the other"
    );
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_given_up_and_one_of_an_unknown_source_is_a_claim() {
    let delivery = delivery_test(&[]);
    let entry = |n: u8, body: String| NewEntry {
        id: [n; 16],
        program: 1,
        test: false,
        lane: format!("1:c:gk_{n}"),
        kind: "signup",
        source: "oracle",
        body,
        received_at: 0,
    };
    let text = format!(
        r#"{{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1,"data":{SIGNUP}}}"#
    );
    delivery.relay.journal.append(vec![entry(1, "{}".to_owned()), entry(2, text)]).await.unwrap();
    delivery.settle().await;
    assert!(reason(&delivery, State::Dead).await.starts_with("its text cannot be read"));
    assert_eq!(delivery.said("POST /api/v2/customers")[0].1, "page");
}

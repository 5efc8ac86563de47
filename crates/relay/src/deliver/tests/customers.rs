//! Signups and the customers of billing providers: what each request carries, and what its refusal means.

use headwater_journal::State;
use headwater_protocol::Source;
use serde_json::{Value, json};

use super::{DeliveryTest, PAYMENT, SIGNUP, delivery_test};

/// A refusal as our ledger writes it.
pub(super) fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, json!({"message": format!("because of {code}"), "status": status, "code": code}).to_string())
}

/// A test whose receiver refuses the first requests in this way.
pub(super) fn refused(refusals: &[(u16, String)]) -> DeliveryTest {
    let answers: Vec<_> = refusals.iter().map(|(status, body)| (*status, body.as_str())).collect();
    delivery_test(&answers)
}

/// The reason that the only entry in this state was settled with.
pub(super) async fn reason(delivery: &DeliveryTest, state: State) -> String {
    let entries = delivery.in_state(state).await;
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    entry.last_error.clone().unwrap_or_default()
}

const FULL: &str = r#"{"customer_key":"gk_1","email":"dana@shop.example","name":"Dana Field","partner_key":"p1",
    "provider_key":"cus_1","meta":{"plan":"pro"},"sub_ids":["a","b"]"#;

#[tokio::test]
async fn a_signup_is_sent_with_all_that_it_says() {
    let unknown = r#"{"data":{"outcome":"unknown_xid","customer_key":null},"message":"","status":200}"#;
    let delivery = delivery_test(&[(200, unknown)]);
    delivery.take("signup", &format!(r#"{FULL},"xid":"Ab3dEf6hIj9kLm"}}"#)).await;
    delivery.settle().await;
    let customer = json!({"customer_key": "gk_1", "email": "dana@shop.example", "name": "Dana Field",
        "partner_key": "p1", "provider_key": "cus_1", "meta": {"plan": "pro"}});
    assert_eq!(delivery.said("POST /api/v2/customers")[0].0, customer);
    let mut conversion = customer;
    conversion["xid"] = json!("Ab3dEf6hIj9kLm");
    conversion["sub_ids"] = json!(["a", "b"]);
    assert_eq!(delivery.said("POST /conversion/xid")[0].0, conversion);
}

#[tokio::test]
async fn a_signup_of_nobodys_click_and_without_a_partner_is_listed_with_its_reason() {
    for code in ["unknown_partner", "unknown_xid", "unattributed"] {
        let delivery = refused(&[refusal(400, code)]);
        delivery.take("signup", r#"{"customer_key":"gk_1"}"#).await;
        delivery.settle().await;
        assert_eq!(reason(&delivery, State::Unattributed).await, "no partner is named", "{code}");
    }
    let unknown = r#"{"data":{"outcome":"unknown_xid","customer_key":null},"message":"","status":200}"#;
    let delivery = delivery_test(&[(200, unknown)]);
    delivery.take("signup", r#"{"customer_key":"gk_1","xid":"Ab3dEf6hIj9kLm"}"#).await;
    delivery.settle().await;
    assert_eq!(reason(&delivery, State::Unattributed).await, "nobody knows the click 'Ab3dEf6hIj9kLm'");
}

#[tokio::test]
async fn a_refused_signup_is_no_success_whatever_the_refusal() {
    for (answer, state) in [
        (refusal(409, "idempotency_conflict"), State::Dead),
        ((400, "{}".to_owned()), State::Dead),
        (refusal(400, "out_of_range"), State::Dead),
        ((503, "{}".to_owned()), State::Head),
    ] {
        let delivery = refused(std::slice::from_ref(&answer));
        delivery.take("signup", SIGNUP).await;
        delivery.settle().await;
        assert_eq!(delivery.received(), ["POST /api/v2/customers"], "{answer:?}");
        assert_eq!(delivery.count(state).await, 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_conflict_that_cannot_be_looked_into_now_is_tried_again() {
    let delivery = delivery_test(&[(409, "{}"), (503, "{}")]);
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/customers", "GET /api/v2/customers/gk_1"]);
    assert_eq!(delivery.count(State::Head).await, 1, "neither parked nor given up");
}

#[tokio::test]
async fn an_accepted_amount_of_nothing_is_no_payment() {
    let delivery = delivery_test(&[]);
    let accepts = crate::RelayProgram {
        checkout_amounts: headwater_protocol::v2::ClaimPolicy::Accept,
        ..delivery.program.clone()
    };
    delivery.relay.programs.replace(vec![accepts]);
    for amount in [0, -1] {
        delivery
            .take("signup", &SIGNUP.replace('}', &format!(r#","amount":{amount},"currency":"usd"}}"#)))
            .await;
    }
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/customers"; 2]);
    assert_eq!(delivery.count(State::Delivered).await, 2);
}

/// What a billing provider says of a customer, with a partner or without one.
fn known(partner: Option<&str>) -> String {
    json!({"customer": {"customer_key": "gk_1", "provider_key": "cus_1", "email": "dana@shop.example"},
        "name": "Dana Field", "partner_key": partner})
    .to_string()
}

#[tokio::test]
async fn a_providers_customer_whom_nobody_knows_is_created_for_its_partner() {
    let delivery = refused(&[refusal(404, "customer_not_found")]);
    delivery.take_from(Source::Billing, "provider_customer", &known(Some("robin"))).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["PATCH /api/v2/customers/gk_1", "POST /api/v2/customers"]);
    let expect = json!({"customer_key": "gk_1", "email": "dana@shop.example", "name": "Dana Field",
        "partner_key": "robin", "provider_key": "cus_1"});
    assert_eq!(delivery.said("POST /api/v2/customers")[0].0, expect);
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

#[tokio::test]
async fn a_providers_customer_without_a_partner_waits_for_its_signup() {
    for answer in [refusal(404, "customer_not_found"), refusal(409, "customer_conflict")] {
        let delivery = refused(&[answer]);
        delivery.take_from(Source::Billing, "provider_customer", &known(None)).await;
        delivery.settle().await;
        assert_eq!((delivery.count(State::Parked).await, delivery.received().len()), (1, 1));
        delivery.take("signup", SIGNUP).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Delivered).await, 2, "{:?}", delivery.received());
    }
}

#[tokio::test]
async fn a_conflict_about_a_providers_customer_is_left_to_a_person_even_with_a_partner() {
    let delivery = refused(&[refusal(409, "customer_conflict")]);
    delivery.take_from(Source::Billing, "provider_customer", &known(Some("robin"))).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["PATCH /api/v2/customers/gk_1"]);
    assert!(reason(&delivery, State::Parked).await.contains("customer_conflict"));
    let delivery = refused(&[refusal(400, "out_of_range")]);
    delivery.take_from(Source::Billing, "provider_customer", &known(Some("robin"))).await;
    delivery.settle().await;
    assert_eq!((delivery.received().len(), delivery.count(State::Dead).await), (1, 1));
}

fn customer(provider_key: Option<&str>) -> String {
    let data = json!({"key": "cus_a", "email": "", "provider_key": provider_key, "source_type": "link",
        "source": "page", "test": false, "fields": [], "created_at": 1, "updated_at": 1, "archived": false});
    json!({"data": data, "message": "", "status": 200}).to_string()
}

#[tokio::test]
async fn a_page_gives_a_customer_the_first_providers_id_and_no_second() {
    for (has, expect) in [
        (None, &["GET /api/v2/customers/gk_1", "PATCH /api/v2/customers/gk_1"][..]),
        (Some("cus_other"), &["GET /api/v2/customers/gk_1"][..]),
    ] {
        let delivery = delivery_test(&[(200, &customer(has))]);
        delivery.take_from(Source::Page, "provider_customer", &known(None)).await;
        delivery.settle().await;
        assert_eq!(delivery.received(), expect);
        assert_eq!(delivery.count(State::Delivered).await, 1);
    }
}

#[tokio::test]
async fn every_name_of_a_signup_brings_the_payments_that_wait_for_it() {
    let signup = format!("{FULL}}}");
    for name in [
        json!({"customer_key": "gk_1"}),
        json!({"provider_key": "cus_1"}),
        json!({"email": "dana@shop.example"}),
    ] {
        let delivery = refused(&[refusal(404, "customer_not_found")]);
        let mut payment: Value = serde_json::from_str(PAYMENT).unwrap();
        payment["customer"] = name.clone();
        delivery.take_from(Source::Billing, "payment", &payment.to_string()).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Parked).await, 1, "{name}");
        delivery.take("signup", &signup.replace("gk_1", "gk_2")).await;
        delivery.settle().await;
        let gone = usize::from(name["customer_key"].is_null()) + 1;
        assert_eq!(delivery.count(State::Delivered).await, gone, "{name}");
        delivery.take("signup", &signup).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Delivered).await, 3, "{name}");
    }
}

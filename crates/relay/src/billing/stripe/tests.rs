//! Stripe's objects in old and new API versions, and signatures that must be refused.

use headwater_protocol::event::{Data, Event};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, limits};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{read, verify};
use crate::billing::{Webhook, WebhookError};

mod fixtures;
mod members;

const NOW: Millis = Millis(1_775_514_585_000);

fn signature(body: &str, seconds: i64, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn check(header: &str, body: &str, expect: Result<(), &str>) {
    let result = verify(header, body.as_bytes(), &"whsec_example".to_owned().into(), NOW);
    match (result, expect) {
        (Ok(()), Ok(())) => {}
        (Err(WebhookError::Signature(reason)), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (other, _) => panic!("{header}: {other:?}"),
    }
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let seconds = NOW.0 / 1000;
    let good = signature("{}", seconds, "whsec_example");
    let old = signature("{}", seconds, "whsec_older");
    check(&format!("t={seconds},v1={good}"), "{}", Ok(()));
    check(&format!("t={seconds}, v1={old}, v1={good},v0=x"), "{}", Ok(()));
    check(&format!("t={seconds},v1={old}"), "{}", Err("no signature"));
    check(&format!("t={seconds},v1={good}"), "{ }", Err("no signature"));
    check(&format!("t={seconds},v0={good}"), "{}", Err("no signature"));
    check(&format!("v1={good}"), "{}", Err("no timestamp"));
    check("", "{}", Err("no timestamp"));
    let tolerance = limits::WEBHOOK_TOLERANCE / 1000;
    for (off, expect) in [
        (-tolerance - 1, Err("five minutes")),
        (-tolerance, Ok(())),
        (tolerance, Ok(())),
        (tolerance + 1, Err("five minutes")),
    ] {
        let at = seconds + off;
        check(&format!("t={at},v1={}", signature("{}", at, "whsec_example")), "{}", expect);
    }
}

fn events(kind: &str, object: &str) -> Vec<Event> {
    let body =
        format!(r#"{{"id":"evt_1","type":"{kind}","created":1775514585,"data":{{"object":{object}}}}}"#);
    events_of(read(body.as_bytes(), "1").unwrap())
}

fn events_of(webhook: Webhook) -> Vec<Event> {
    webhook.events.into_iter().map(|said| said.event).collect()
}

#[test]
fn what_a_buyer_typed_loses_nul_and_the_webhook_counts() {
    let object = r#"{"id":"cus_1","name":"A\u0000nn","metadata":{"customer_key":"gk_1"}}"#;
    let Data::ProviderCustomer(customer) = &events("customer.created", object)[0].data else { panic!() };
    assert_eq!(customer.name.as_deref(), Some("Ann"));
}

fn payments(object: &str) -> Vec<(String, i64, Option<String>, Option<String>)> {
    events("invoice.paid", object)
        .into_iter()
        .map(|event| match event.data {
            Data::Payment(paid) => (paid.key, paid.amount, paid.subscription_key, paid.customer.customer_key),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_payment_link_joins_the_customer_to_stripes_own_id() {
    let object = r#"{"id":"cs_1","client_reference_id":"gk_1001","customer":"cus_1","metadata":{},
        "customer_details":{"email":"dana@shop.example","name":"Dana Field"}}"#;
    let events = events("checkout.session.completed", object);
    let [Event { data: Data::ProviderCustomer(known), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(known.customer.customer_key.as_deref(), Some("gk_1001"));
    assert_eq!(known.customer.provider_key.as_deref(), Some("cus_1"));
    assert_eq!(known.customer.email.as_deref(), Some("dana@shop.example"));
}

#[test]
fn what_a_page_put_on_a_checkout_is_found_in_every_later_invoice() {
    let fixture = include_str!("../../../../../tests/fixtures/checkout-context.json");
    let context: serde_json::Value = serde_json::from_str(fixture).unwrap();
    let metadata = &context["stripe"]["subscription_data"]["metadata"];
    let object = format!(
        r#"{{"id":"in_1","customer":"cus_1","currency":"usd","subscription_details":{{"metadata":{metadata}}},
            "lines":{{"data":[{{"id":"il_1","amount":9900,"metadata":{metadata}}}]}}}}"#
    );
    let events = events("invoice.paid", &object);
    let [Event { data: Data::Payment(payment), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(payment.customer.customer_key.as_deref(), Some("customer-1"));
    assert_eq!(payment.subscription_key.as_deref(), Some(" Sub_1/Inbox "));
}

#[test]
fn a_checkout_of_a_guest_or_without_a_customer_key_makes_no_event() {
    for object in [r#"{"client_reference_id":"gk_1001","customer":null}"#, r#"{"customer":"cus_1"}"#] {
        assert_eq!(events("checkout.session.completed", object), []);
    }
}

#[test]
fn an_event_that_could_not_be_delivered_is_refused_at_once() {
    let body = r#"{"id":"evt_1","type":"customer.subscription.created","created":1775514585,"data":{"object":
        {"id":"sub_1","status":"active","items":{"data":[{"price":{"id":"price_1"}}]}}}}"#;
    let Err(WebhookError::Body(error)) = read(body.as_bytes(), "1") else { panic!("is refused") };
    assert!(error.field.starts_with("data.object"), "{error:?}");
}

#[test]
fn an_invoice_of_two_products_is_two_payments() {
    let older = r#"{"id":"in_1","currency":"usd","customer":"cus_s","subscription":"sub_1","subscription_details":{"metadata":{"customer_key":"gk_1"}},
        "lines":{"data":[{"id":"il_1","amount":4900,"price":{"id":"price_chat","product":"live_chat"}},{"id":"il_2","amount":9900,"price":{"id":"price_inbox"}},{"id":"il_3","amount":0}]}}"#;
    let newer = r#"{"id":"in_1","currency":"usd","customer":"cus_s","parent":{"subscription_details":{"subscription":"sub_1","metadata":{"customer_key":"gk_1"}}},
        "lines":{"data":[{"id":"il_1","amount":4900,"pricing":{"price_details":{"price":"price_chat","product":"live_chat"}},"parent":{"subscription_item_details":{"subscription":"sub_1"}}},
        {"id":"il_2","amount":9900,"pricing":{"price_details":{"price":"price_inbox"}}},{"id":"il_3","amount":0}]}}"#;
    let own = |text: &str| Some(text.to_owned());
    let expect = [
        ("in_1/il_1".to_owned(), 4900, own("sub_1/price_chat"), own("gk_1")),
        ("in_1/il_2".to_owned(), 9900, own("sub_1/price_inbox"), own("gk_1")),
    ];
    assert_eq!(payments(older), expect);
    assert_eq!(payments(newer), expect);
}

#[test]
fn a_subscription_of_one_product_is_named_by_itself() {
    let one = r#"{"id":"in_2","currency":"usd","customer":"cus_s","subscription":"sub_2","lines":{"data":[{"id":"il_9","amount":9900,"price":{"id":"p"}}]}}"#;
    assert_eq!(payments(one), [("in_2/il_9".to_owned(), 9900, Some("sub_2".to_owned()), None)]);
}

#[test]
fn a_subscription_gives_the_status_of_its_products() {
    let object = |status: &str| {
        format!(
            r#"{{"id":"sub_1","status":"{status}","customer":"cus_s","items":{{"data":[{{"price":{{"id":"price_chat","product":"live_chat","unit_amount":4900,"currency":"usd"}}}}]}}}}"#
        )
    };
    let status = |kind: &str, word: &str| match events(kind, &object(word)).remove(0).data {
        Data::Subscription(subscription) => (subscription.external_subscription_key, subscription.status),
        other => panic!("{other:?}"),
    };
    let sub = || "sub_1".to_owned();
    assert_eq!(status("customer.subscription.created", "trialing"), (sub(), ProductStatus::Trial));
    assert_eq!(status("customer.subscription.updated", "active"), (sub(), ProductStatus::Active));
    assert_eq!(status("customer.subscription.updated", "unpaid"), (sub(), ProductStatus::Churned));
    assert_eq!(status("customer.subscription.deleted", "active"), (sub(), ProductStatus::Churned));
}

#[test]
fn a_replayed_webhook_makes_the_same_ids_and_a_new_one_others() {
    let object = r#"{"id":"cus_s","email":"dana@shop.example","metadata":{"customer_id":"gk_1"}}"#;
    assert_eq!(events("customer.created", object), events("customer.created", object));
    let body = format!(
        r#"{{"id":"evt_1","type":"customer.created","created":1775514585,"data":{{"object":{object}}}}}"#
    );
    let [one, other] = ["1", "1t"].map(|scope| read(body.as_bytes(), scope).unwrap().events[0].event.id);
    assert_ne!(one, other, "one account may feed two programs");
    let Data::ProviderCustomer(known) = &events("customer.created", object)[0].data else { panic!() };
    assert_eq!(known.customer.customer_key.as_deref(), Some("gk_1"));
    assert!(events("customer.created", r#"{"id":"cus_s"}"#).is_empty(), "without the site's key");
    assert!(events("payout.paid", "{}").is_empty());
}

#[test]
fn the_error_for_a_bad_body_names_the_field() {
    let body = br#"{"id":"evt_1","type":"invoice.paid","created":1,"data":{"object":{"id":"in_1","currency":"usd","lines":{"data":[{"id":"il"}]}}}}"#;
    let Err(WebhookError::Body(error)) = read(body, "1") else { panic!("it was understood") };
    assert_eq!(error.field, "data.object.lines.data[0].amount");
}

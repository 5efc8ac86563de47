//! Whole webhooks as Maxio documents them, and those that must be refused.

use std::collections::BTreeMap;

use headwater_protocol::event::{Data, Payment};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source};

use super::{read, verify};
use crate::billing::refund_totals::{RefundTotals, compute};
use crate::billing::{Fact, Webhook, WebhookError};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/maxio/", $name, ".form"))
    };
}

const PAID: &str = fixture!("payment_success");

fn at(time: &str) -> Millis {
    Millis(time.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn webhook(body: &str) -> Webhook {
    read(body.as_bytes(), "1").unwrap()
}

fn payment(body: &str) -> Payment {
    match webhook(body).events.remove(0).event.data {
        Data::Payment(paid) => paid,
        other => panic!("{other:?}"),
    }
}

fn keys(paid: &Payment) -> Vec<&str> {
    paid.catalogue_keys.iter().map(String::as_str).collect()
}

/// How much these webhooks together take back.
fn back(bodies: &[&str]) -> RefundTotals {
    let mut records = BTreeMap::<String, Vec<Fact>>::new();
    for fact in bodies.iter().flat_map(|body| webhook(body).facts) {
        let known = records.entry(fact.name.clone()).or_default();
        if known.iter().all(|other| other.part != fact.part) {
            known.push(fact);
        }
    }
    compute(&records)
}

fn taken(bodies: &[&str]) -> i64 {
    match back(bodies) {
        RefundTotals::Totals { lines, .. } => lines.into_iter().map(|(_, total)| total).sum(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signature_is_of_the_body_by_the_shared_key() {
    // The example of Maxio's own reference.
    let example = "19826d51b9f866b26eda1f154de192593360f8d0bcb63df8a28540a5dcf733f1";
    let check = |header: &str, body: &str, key: &str| verify(header, body.as_bytes(), &key.to_owned().into());
    let body = "payload[chargify]=testing&event=test";
    assert_eq!(check(example, body, "123"), Ok(()));
    for (header, body, key, part) in [
        (example, "payload[chargify]=tampered&event=test", "123", "no signature of this body"),
        (example, body, "1234", "no signature of this body"),
        ("zz", body, "123", "no signature of this body"),
        (&example[2..], body, "123", "no signature of this body"),
        ("", body, "123", "has no X-Chargify"),
    ] {
        let Err(WebhookError::Signature(reason)) = check(header, body, key) else { panic!("{header}") };
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn a_payment_is_one_transaction_of_the_subscriptions_product() {
    let paid = payment(PAID);
    assert_eq!((paid.key.as_str(), paid.amount, paid.currency.code()), ("maxio/161537369", 9900, "USD"));
    assert_eq!(paid.subscription_key.as_deref(), Some("15100141"));
    assert_eq!((paid.product_key.as_deref(), keys(&paid)), (Some("inbox"), vec!["inbox", "3792003"]));
    assert_eq!(paid.paid_at, Some(at("2026-04-06T22:05:00Z")));
    assert_eq!(paid.customer.customer_key.as_deref(), Some("gk_1"));
    assert_eq!(paid.customer.provider_key.as_deref(), Some("14585695"));
    assert_eq!(paid.customer.email.as_deref(), Some("ada@example.com"));
    assert!(webhook(PAID).events.iter().all(|said| said.source == Source::Billing));
}

#[test]
fn a_payment_is_for_the_product_that_it_names_even_if_the_subscription_has_another_since() {
    assert_eq!(keys(&payment(fixture!("payment_success-changed-product"))), ["3792003"]);
}

#[test]
fn a_currency_without_cents_is_taken_in_its_own_units() {
    let paid = payment(fixture!("payment_success-jpy"));
    assert_eq!((paid.amount, paid.currency.code()), (1000, "JPY"));
}

#[test]
fn refunds_take_back_what_they_name() {
    let (third, rest) = (fixture!("refund_success-partial"), fixture!("refund_success-rest"));
    assert_eq!(taken(&[PAID, third]), 3300);
    assert_eq!(taken(&[third, PAID]), 3300);
    assert_eq!(taken(&[rest, PAID, third, rest, third]), 9900);
    assert!(matches!(back(&[third]), RefundTotals::Unknown { .. }));
    let event = webhook(third).events.remove(0).event;
    assert_eq!(event.data.customer().lane(), "c:gk_1");
    assert_eq!(event.occurred_at, at("2026-04-06T22:10:00Z"));
}

#[test]
fn a_refund_of_no_single_payment_is_parked_and_not_forgotten() {
    let about = |body: &str| match webhook(body).events.remove(0).event.data {
        Data::Refund(refund) => refund.about.unwrap(),
        other => panic!("{other:?}"),
    };
    let third = fixture!("refund_success-partial");
    assert_eq!(about(third), "in:maxio/161537369");
    assert_eq!(about(&third.replace("payment_id]=161537369", "payment_id]=0")), "ch:maxio/173982961");
    let body = fixture!("refund_success-no-payment");
    assert_eq!(about(body), "ch:maxio/173982963");
    assert!(matches!(back(&[body]), RefundTotals::Unknown { .. }));
}

#[test]
fn a_subscription_gives_the_status_of_its_product() {
    let told = |body: &str| {
        let event = webhook(body).events.remove(0).event;
        let Data::Subscription(told) = event.data else { panic!("{body}") };
        assert_eq!(told.external_subscription_key, "15100141");
        (told.status, told.product_book_key.unwrap(), told.amount, event.occurred_at)
    };
    let inbox = || "inbox".to_owned();
    let begun = at("2026-04-06T22:00:01Z");
    assert_eq!(told(fixture!("signup_success")), (ProductStatus::Active, inbox(), Some(9900), begun));
    assert_eq!(told(fixture!("signup_success-trial")).0, ProductStatus::Trial);
    assert_eq!(told(fixture!("renewal_success")).3, at("2026-05-06T22:00:05Z"));
    assert_eq!(
        told(fixture!("subscription_state_change-canceled")),
        (ProductStatus::Churned, inbox(), Some(9900), at("2026-04-06T22:20:00Z"))
    );
    assert_eq!(told(fixture!("subscription_state_change-on-hold")).0, ProductStatus::Churned);
    let (status, product, amount, _) = told(fixture!("subscription_product_change"));
    assert_eq!((status, product.as_str(), amount), (ProductStatus::Active, "live_chat", Some(4900)));
    let due = fixture!("subscription_state_change-canceled").replace("[state]=canceled", "[state]=past_due");
    assert_eq!(told(&due).0, ProductStatus::Active, "Maxio still tries to collect");
    let pending = fixture!("signup_success").replace("[state]=active", "[state]=pending");
    assert_eq!(webhook(&pending), Webhook::default());
}

#[test]
fn the_link_of_a_reference_and_maxios_id_is_a_claim_because_a_signup_page_takes_it_from_its_address() {
    let said = webhook(fixture!("customer_update")).events.remove(0);
    assert_eq!(said.source, Source::Page);
    let Data::ProviderCustomer(known) = said.event.data else { panic!("not a customer") };
    assert_eq!(known.customer.customer_key.as_deref(), Some("gk_1"));
    assert_eq!(known.customer.provider_key.as_deref(), Some("14585695"));
    assert_eq!(known.name.as_deref(), Some("Ada Byte"));
    let nobody = fixture!("customer_update").replace("gk_1", "");
    assert_eq!(webhook(&nobody), Webhook::default());
}

#[test]
fn what_a_buyer_typed_loses_nul_and_the_webhook_counts() {
    let body = PAID.replace("ada%40example.com", "a%00da%40example.com");
    assert_eq!(payment(&body).customer.email.as_deref(), Some("ada@example.com"));
}

#[test]
fn a_repeated_webhook_makes_the_same_ids_and_a_new_one_others() {
    let id = |body: &str, scope: &str| read(body.as_bytes(), scope).unwrap().events[0].event.id;
    assert_eq!(webhook(PAID), webhook(PAID));
    assert_ne!(id(PAID, "1"), id(PAID, "1t"), "one site may feed two programs");
    assert_ne!(id(PAID, "1"), id(&PAID.replace("id=141765008", "id=141765099"), "1"));
}

#[test]
fn what_repeats_a_payment_or_is_none_makes_nothing() {
    for body in [
        fixture!("payment_failure"),
        fixture!("refund_failure"),
        fixture!("statement_settled"),
        fixture!("test"),
        "event=invoice_issued&id=1",
    ] {
        assert_eq!(webhook(body), Webhook::default(), "{body}");
    }
    let failed = PAID.replace("[success]=true", "[success]=false");
    assert_eq!(webhook(&failed), Webhook::default());
}

#[test]
fn the_error_for_a_bad_body_names_the_field() {
    for (from, to, field) in [
        ("event=payment_success", "", "event"),
        ("id=141765008&", "", "id"),
        (
            "[transaction][amount_in_cents]=9900",
            "[transaction][amount_in_cents]=99.00",
            "payload[transaction][amount_in_cents]",
        ),
        ("[transaction][id]=161537369", "", "payload[transaction][id]"),
        ("[currency]=USD", "[currency]=", "payload[subscription][currency]"),
        ("[currency]=USD", "[currency]=dollars", "payload[subscription][currency]"),
        ("2026-04-06%2018%3A05%3A00%20-0400", "noon", "payload[transaction][created_at]"),
    ] {
        let body = PAID.replace(from, to);
        assert_ne!(body, PAID, "{field}");
        let Err(WebhookError::Body(error)) = read(body.as_bytes(), "1") else { panic!("{field} was read") };
        assert_eq!(error.field, field, "{error}");
    }
    assert!(read(b"{}", "1").is_err() && read(b"", "1").is_err() && read(b"\xff%f&&=", "1").is_err());
}

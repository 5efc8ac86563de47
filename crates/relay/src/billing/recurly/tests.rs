//! Whole notifications as Recurly documents them, and webhooks that must be refused.

use std::collections::BTreeMap;

use headwater_protocol::event::{Data, Payment};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source};

use super::read;
use crate::billing::refund_totals::{RefundTotals, compute};
use crate::billing::{Fact, Webhook, WebhookError};

mod verify;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/recurly/", $name))
    };
}

const SUBSCRIPTION: &str = "4a1d2c0be6e0427f9d1f3a7e5b6c8d90";
const KEY: &str = "recurly/7c3f5e21d0b84a6f8e9a1b2c3d4e5f60";
const PAID: &str = fixture!("paid_charge_invoice-taxed-coupon.xml");

fn seconds(time: &str) -> Millis {
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

/// How much these notifications together take back of each payment.
fn back(bodies: &[&str]) -> RefundTotals {
    let mut records = BTreeMap::<String, Vec<Fact>>::new();
    for fact in bodies.iter().flat_map(|body| webhook(body).facts) {
        let known = records.entry(fact.name.clone()).or_default();
        // The newest fact of each part, as the journal keeps them.
        match known.iter_mut().find(|other| other.part == fact.part) {
            Some(other) if (fact.at, fact.rank) > (other.at, other.rank) => *other = fact,
            Some(_) => {}
            None => known.push(fact),
        }
    }
    compute(&records)
}

fn taken(bodies: &[&str]) -> i64 {
    let forwards = back(bodies);
    let backwards: Vec<_> = bodies.iter().rev().copied().collect();
    assert_eq!(back(&backwards), forwards, "in any order");
    let twice: Vec<_> = bodies.iter().chain(bodies).copied().collect();
    assert_eq!(back(&twice), forwards, "repeated");
    match forwards {
        RefundTotals::Totals { lines, .. } => lines.into_iter().map(|(_, total)| total).sum(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_paid_invoice_counts_after_its_discount_and_before_its_tax() {
    let paid = payment(PAID);
    assert_eq!((paid.key.as_str(), paid.amount, paid.currency.code()), (KEY, 9000, "USD"));
    assert_eq!(paid.subscription_key.as_deref(), Some(SUBSCRIPTION));
    assert_eq!(paid.customer.customer_key.as_deref(), Some("gk_1"));
    assert_eq!(
        (paid.customer.provider_key.as_deref(), paid.customer.email.as_deref()),
        (None, Some("ada@example.com"))
    );
    assert_eq!(paid.paid_at, Some(seconds("2026-04-06T22:05:00Z")));
    assert!(webhook(PAID).events.iter().all(|said| said.source == Source::Billing));
}

#[test]
fn a_currency_without_cents_is_taken_in_its_own_units() {
    let paid = payment(fixture!("paid_charge_invoice-jpy.xml"));
    assert_eq!((paid.amount, paid.currency.code()), (1000, "JPY"));
}

#[test]
fn an_invoice_of_several_subscriptions_waits_for_a_person() {
    let paid = payment(fixture!("paid_charge_invoice-several-subscriptions.xml"));
    assert!(paid.incomplete.unwrap().contains("several subscriptions"));
    assert_eq!(paid.subscription_key, None);
}

#[test]
fn an_invoice_without_a_subscription_is_a_payment_of_its_own() {
    let paid = payment(fixture!("paid_charge_invoice-one-time.xml"));
    assert_eq!((paid.amount, paid.subscription_key, paid.incomplete), (9000, None, None));
}

#[test]
fn a_free_invoice_earns_nothing_and_a_collected_legacy_invoice_is_a_payment() {
    assert!(webhook(fixture!("paid_charge_invoice-free.xml")).events.is_empty());
    let legacy = fixture!("closed_invoice-collected.xml");
    assert_eq!(payment(legacy).amount, 9900);
    assert_eq!(payment(legacy).subscription_key.as_deref(), Some(SUBSCRIPTION));
    let failed = legacy.replace("collected", "failed");
    assert_eq!(webhook(&failed), Webhook::default());
    let refund = legacy.replace(">9900<", ">-9900<");
    assert_eq!(webhook(&refund), Webhook::default());
}

#[test]
fn refunds_take_back_their_share_of_what_was_paid_with_tax() {
    let (third, rest) = (fixture!("successful_refund-partial.xml"), fixture!("successful_refund-rest.xml"));
    assert_eq!(taken(&[PAID, third]), 3000);
    assert_eq!(taken(&[PAID, third, rest]), 9000);
    assert_eq!(taken(&[PAID, rest, third]), 9000);
    assert_eq!(taken(&[PAID, third, fixture!("void_payment-refund.xml")]), 0, "the refund was called off");
    let refund = webhook(third).events.remove(0).event;
    assert_eq!(refund.occurred_at, seconds("2026-04-06T22:10:00Z"), "when it was made");
    let known = back(&[third]);
    assert!(
        matches!(known, RefundTotals::Unknown { ref reason, .. } if reason.contains("7c3f5e21")),
        "{known:?}"
    );
}

#[test]
fn an_invoice_that_only_its_number_names_is_found_by_it_with_its_prefix() {
    let refund = fixture!("successful_refund-partial.xml");
    let begin = refund.find("<invoice_id>").unwrap();
    let end = refund.find("</invoice_id>").unwrap() + "</invoice_id>".len();
    let refund = refund.replace(&refund[begin..end], "");
    for (prefix, name) in [("", "no:recurly/1042"), ("FR", "no:recurly/FR1042")] {
        let told = |body: &str| {
            let prefixed = format!("<invoice_number_prefix>{prefix}</");
            webhook(&body.replace("<invoice_number_prefix></", &prefixed))
        };
        let Data::Refund(back) = told(&refund).events.remove(0).event.data else { panic!("{refund}") };
        assert_eq!(back.about.as_deref(), Some(name));
        assert!(told(PAID).facts.iter().any(|fact| fact.name == name), "the invoice is linked to {name}");
    }
}

#[test]
fn a_voided_payment_takes_back_the_whole() {
    let void = fixture!("void_payment.xml");
    assert_eq!(taken(&[PAID, void]), 9000);
    assert_eq!(taken(&[PAID, void, fixture!("successful_refund-partial.xml")]), 9000, "never more");
}

#[test]
fn what_a_credit_balance_paid_is_no_new_money() {
    let (credit, voided) = (fixture!("new_credit_payment.xml"), fixture!("voided_credit_payment.xml"));
    assert_eq!(taken(&[PAID, credit]), 1800);
    assert_eq!(taken(&[PAID, credit, voided]), 0);
    assert_eq!(taken(&[PAID, credit, fixture!("successful_refund-partial.xml")]), 4800);
    for action in ["write_off", "reduction", "refund"] {
        let other = credit.replace(">payment<", &format!(">{action}<"));
        assert_eq!(webhook(&other), Webhook::default(), "{action}");
    }
    let known = back(&[credit]);
    assert!(matches!(known, RefundTotals::Unknown { .. }), "{known:?}");
}

#[test]
fn an_invoice_that_is_opened_again_is_not_paid_until_it_is_paid_once_more() {
    let manual = fixture!("paid_charge_invoice-manual.xml");
    let reopened = fixture!("reopened_charge_invoice.xml");
    assert_eq!(taken(&[manual]), 0);
    assert_eq!(taken(&[manual, reopened]), 9000);
    let again = manual.replace("22:05:00Z", "22:09:00Z");
    assert_eq!(taken(&[manual, reopened, &again]), 0);
}

#[test]
fn a_subscription_gives_the_status_of_its_plan() {
    let told = |body: &str| match webhook(body).events.remove(0).event {
        event if event.data.customer().customer_key.as_deref() != Some("gk_1") => panic!("{event:?}"),
        event => match event.data {
            Data::Subscription(told) => {
                assert_eq!(told.external_subscription_key, SUBSCRIPTION);
                (told.status, told.product_book_key.unwrap(), event.occurred_at)
            }
            other => panic!("{other:?}"),
        },
    };
    let begun = seconds("2026-04-06T22:00:00Z");
    let inbox = || "inbox".to_owned();
    assert_eq!(told(fixture!("new_subscription-trial.xml")), (ProductStatus::Trial, inbox(), begun));
    assert_eq!(told(fixture!("new_subscription-active.xml")), (ProductStatus::Active, inbox(), begun));
    assert_eq!(told(fixture!("canceled_subscription.xml")), (ProductStatus::Active, inbox(), begun));
    assert_eq!(told(fixture!("subscription_paused.xml")), (ProductStatus::Active, inbox(), begun));
    assert_eq!(
        told(fixture!("updated_subscription-plan.xml")),
        (ProductStatus::Active, "live_chat".to_owned(), begun)
    );
    assert_eq!(
        told(fixture!("renewed_subscription-after-trial.xml")),
        (ProductStatus::Active, inbox(), seconds("2026-04-20T22:00:00Z"))
    );
    assert_eq!(
        told(fixture!("expired_subscription.xml")),
        (ProductStatus::Churned, inbox(), seconds("2026-04-06T22:20:00Z"))
    );
    let future = fixture!("new_subscription-active.xml").replace(">active<", ">future<");
    assert_eq!(webhook(&future), Webhook::default());
}

#[test]
fn a_repeated_notification_makes_the_same_ids_and_another_happening_others() {
    let id = |body: &str, scope: &str| read(body.as_bytes(), scope).unwrap().events[0].event.id;
    let renewed = fixture!("renewed_subscription.xml");
    assert_eq!(webhook(renewed), webhook(renewed));
    assert_ne!(id(renewed, "1"), id(renewed, "1t"), "one account may feed two programs");
    let next = renewed.replace("2026-05-06T22:00:00Z", "2026-06-06T22:00:00Z");
    let upgraded = renewed.replace(">inbox<", ">surveys<");
    let others = [&next, &upgraded, fixture!("updated_subscription-plan.xml"), PAID];
    let ids: std::collections::HashSet<_> =
        others.iter().map(|body| id(body, "1")).chain([id(renewed, "1")]).collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn what_is_not_about_money_or_a_subscription_makes_nothing() {
    for body in [
        fixture!("successful_payment.xml"),
        fixture!("failed_payment.xml"),
        fixture!("new_charge_invoice.xml"),
        fixture!("updated_account.xml"),
        fixture!("item.created.json"),
        "<some_new_notification/>",
    ] {
        assert_eq!(webhook(body), Webhook::default(), "{body}");
    }
}

#[test]
fn a_json_webhook_about_money_is_refused_because_it_carries_none() {
    let Err(WebhookError::Body(error)) = read(fixture!("payment.succeeded.json").as_bytes(), "1") else {
        panic!("it was taken")
    };
    assert_eq!((error.code.as_str(), error.field.as_str()), ("unsupported_format", "object_type"));
    assert!(error.message.contains("XML"), "{error}");
}

#[test]
fn the_error_for_a_bad_body_names_the_field() {
    for (from, to, field) in [
        (">10710<", ">10.7<", "invoice.total_in_cents"),
        ("<uuid>7c3f5e21d0b84a6f8e9a1b2c3d4e5f60</uuid>", "", "invoice.uuid"),
        (">USD<", "><", "invoice.currency"),
        (">USD<", ">dollars<", "invoice.currency"),
        ("22:05:00Z", "noon", "invoice.closed_at"),
        (
            "<account_code>gk_1</account_code>\n    <username nil=\"true\"></username>\n    <email>ada@example.com</email>",
            "",
            "paid_charge_invoice_notification.customer",
        ),
        ("<closed_at", "<!DOCTYPE x><closed_at", ""),
    ] {
        let body = PAID.replace(from, to);
        assert_ne!(body, PAID, "{field}");
        let Err(WebhookError::Body(error)) = read(body.as_bytes(), "1") else { panic!("{field} was read") };
        assert_eq!(error.field, field, "{error}");
    }
}

#[test]
fn no_beginning_and_no_damaged_byte_of_a_notification_panics() {
    for body in [fixture!("successful_refund-partial.xml"), fixture!("new_subscription-trial.xml")] {
        for place in 0..body.len() {
            let _ = read(&body.as_bytes()[..place], "1");
            for byte in [b'<', b'-', 0xff] {
                let mut damaged = body.as_bytes().to_vec();
                damaged[place] = byte;
                let _ = read(&damaged, "1");
            }
        }
    }
}

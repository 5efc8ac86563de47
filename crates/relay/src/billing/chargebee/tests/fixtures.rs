//! Whole webhook bodies as Chargebee sends them.

use headwater_protocol::event::Data;
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source};

use super::super::read;
use crate::billing::outcome::{customers, lines, payments, refunds, subscriptions, taken, totals};
use crate::billing::refund_totals::RefundTotals;

const INVOICE: &str = "in:chargebee/inv_1";

macro_rules! fixture {
    ($name:literal) => {
        read(include_bytes!(concat!("../../../../tests/fixtures/chargebee/", $name, ".json")), "1").unwrap()
    };
}

fn inbox(amount: &str) -> [String; 4] {
    ["chargebee/inv_1/li_1", amount, "sub_1", "inbox-EUR-monthly"].map(str::to_owned)
}

#[test]
fn a_line_counts_before_tax_and_after_discounts() {
    let webhook = fixture!("payment_succeeded-exclusive-tax");
    assert_eq!(lines(&webhook), [inbox("10000")]);
    let paid = &payments(&webhook)[0];
    assert_eq!(paid.customer.customer_key.as_deref(), Some("gk_1"));
    assert_eq!(paid.customer.provider_key.as_deref(), Some("cb_1"));
    assert_eq!(paid.paid_at, Some(Millis(1_775_514_525_000)), "the day it was paid, not that of the webhook");
    assert_eq!(webhook.events[0].source, Source::Billing);
    assert_eq!(lines(&fixture!("payment_succeeded-inclusive-tax-coupon")), [inbox("8000")]);
}

#[test]
fn each_product_of_a_subscription_is_a_payment_and_a_charge_is_none_of_its_products() {
    let line = |line: [&str; 4]| line.map(str::to_owned);
    assert_eq!(
        lines(&fixture!("payment_succeeded-two-products")),
        [
            line(["chargebee/inv_1/li_1", "9900", "sub_1/inbox-EUR-monthly", "inbox-EUR-monthly"]),
            line(["chargebee/inv_1/li_2", "9800", "sub_1/live-chat-EUR-monthly", "live-chat-EUR-monthly"]),
            line(["chargebee/inv_1/li_3", "5000", "", "set-up-EUR"]),
        ]
    );
    let sold = |webhook| {
        let known = subscriptions(&webhook).into_iter();
        known.map(|one| (one.external_subscription_key, one.amount.unwrap_or_default())).collect::<Vec<_>>()
    };
    let expect =
        |inbox: &str, chat: &str| [(format!("sub_1/{inbox}"), 9900), (format!("sub_1/{chat}"), 9800)];
    assert_eq!(
        sold(fixture!("subscription_changed-two-products")),
        expect("inbox-EUR-monthly", "live-chat-EUR-monthly")
    );
    assert_eq!(
        sold(fixture!("subscription_activated-older-catalogue")),
        expect("inbox-monthly", "live-chat")
    );
}

#[test]
fn yen_have_no_cents() {
    let paid = payments(&fixture!("payment_succeeded-yen")).remove(0);
    assert_eq!((paid.amount, paid.currency.code()), (1500, "JPY"));
}

#[test]
fn an_invoice_is_booked_once_it_is_paid_whatever_paid_it() {
    assert!(payments(&fixture!("payment_succeeded-partial")).is_empty());
    assert!(payments(&fixture!("invoice_generated-paid-with-a-card")).is_empty());
    assert_eq!(lines(&fixture!("invoice_generated-paid-with-credits")), [inbox("10000")]);
    let incomplete = payments(&fixture!("payment_succeeded-more-lines")).remove(0);
    assert!(incomplete.incomplete.unwrap().contains("line_items_next_offset"));
}

#[test]
fn a_refund_and_its_credit_note_take_back_once() {
    let paid = || fixture!("payment_succeeded-exclusive-tax");
    assert_eq!(taken(&[paid(), fixture!("payment_refunded")], INVOICE), [5000]);
    assert_eq!(taken(&[paid(), fixture!("credit_note_created")], INVOICE), [5000]);
    let both = [paid(), fixture!("credit_note_created"), fixture!("payment_refunded"), paid()];
    assert_eq!(taken(&both, INVOICE), [5000]);
    let Data::Refund(refund) = &fixture!("payment_refunded").events[0].event.data.clone() else { panic!() };
    assert_eq!((refund.about.as_deref(), refund.transaction_key.as_str()), (Some(INVOICE), "chargebee/cn_1"));
    assert_eq!(refund.refunded_at, Millis(1_775_514_685_000));
}

#[test]
fn a_refund_without_its_note_names_it_in_the_transaction() {
    let text = include_str!("../../../../tests/fixtures/chargebee/payment_refunded.json");
    let refunded = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body: serde_json::Value = serde_json::from_str(text).unwrap();
        change(&mut body["content"]);
        read(body.to_string().as_bytes(), "1").unwrap()
    };
    let paid = || fixture!("payment_succeeded-exclusive-tax");
    let named = refunded(&|content| {
        content.as_object_mut().unwrap().remove("credit_note").unwrap();
    });
    assert_eq!((refunds(&named), taken(&[paid(), named.clone()], INVOICE)), (1, vec![5000]));
    assert_eq!(taken(&[paid(), named, fixture!("credit_note_created")], INVOICE), [5000]);
    let voided = refunded(&|content| {
        content.as_object_mut().unwrap().remove("credit_note").unwrap();
        content["transaction"]["linked_credit_notes"][0]["cn_status"] = "voided".into();
    });
    assert_eq!((refunds(&voided), taken(&[paid(), voided], INVOICE)), (1, vec![0]));
    // The note that the webhook carries counts as it is carried; another one that it names counts beside it.
    assert_eq!(refunds(&refunded(&|_| {})), 1);
    let another = refunded(&|content| {
        let notes = content["transaction"]["linked_credit_notes"].as_array_mut().unwrap();
        let mut other = notes[0].clone();
        other["cn_id"] = "cn_2".into();
        notes.push(other);
    });
    assert_eq!((refunds(&another), taken(&[paid(), another], INVOICE)), (2, vec![10_000]));
}

#[test]
fn a_chargeback_takes_back_and_gives_back_when_its_note_is_voided() {
    let [paid, half] = [fixture!("payment_succeeded-exclusive-tax"), fixture!("payment_refunded")];
    let (lost, won) = (fixture!("credit_note_created-chargeback"), fixture!("credit_note_updated-voided"));
    assert_eq!(taken(&[paid.clone(), lost.clone()], INVOICE), [10_000]);
    assert_eq!(
        taken(&[paid.clone(), half.clone(), lost.clone()], INVOICE),
        [10_000],
        "no more than the whole"
    );
    assert_eq!(taken(&[paid.clone(), lost.clone(), won.clone()], INVOICE), [0]);
    assert_eq!(taken(&[paid, half, lost, won], INVOICE), [5000]);
}

#[test]
fn a_credit_note_from_before_the_payment_takes_its_share_in_any_order() {
    let all = [fixture!("credit_note_created-adjustment"), fixture!("payment_succeeded-exclusive-tax")];
    assert_eq!(taken(&all, INVOICE), [1000]);
}

#[test]
fn a_payment_that_fails_late_takes_back_until_the_next_one() {
    let paid = fixture!("payment_succeeded-exclusive-tax");
    let (failed, again) =
        (fixture!("payment_failed-late"), fixture!("payment_succeeded-after-a-late-failure"));
    assert_eq!(taken(&[paid.clone(), failed.clone()], INVOICE), [10_000]);
    assert_eq!(taken(&[paid.clone(), failed.clone(), again.clone()], INVOICE), [0]);
    assert_eq!((refunds(&paid), refunds(&failed), refunds(&again)), (0, 1, 1));
    assert_eq!(lines(&again), lines(&paid), "the same payment, which counts once");
}

#[test]
fn a_voided_invoice_takes_back_all_of_it() {
    let voided = fixture!("invoice_updated-voided");
    assert_eq!(refunds(&voided), 1);
    assert_eq!(taken(&[fixture!("payment_succeeded-exclusive-tax"), voided], INVOICE), [10_000]);
}

#[test]
fn a_refund_waits_for_its_invoice() {
    let waits = totals(&[fixture!("payment_refunded")], INVOICE);
    assert!(
        matches!(&waits, RefundTotals::Unknown { waits_for, .. } if *waits_for == [INVOICE]),
        "{waits:?}"
    );
}

#[test]
fn a_subscription_says_what_it_sells_and_when_that_ended() {
    let trial = subscriptions(&fixture!("subscription_created-trial")).remove(0);
    assert_eq!((trial.status, trial.amount), (ProductStatus::Trial, Some(10_000)));
    assert_eq!(trial.product_book_key.as_deref(), Some("inbox-EUR-monthly"));
    assert_eq!(trial.customer.customer_key.as_deref(), Some("gk_1"));
    let webhook = fixture!("subscription_cancelled");
    assert_eq!(subscriptions(&webhook)[0].status, ProductStatus::Churned);
    assert_eq!(webhook.events[0].event.occurred_at, Millis(1_775_515_085_000), "by Chargebee's own time");
    assert_eq!(webhook.facts[0].name, "sub:sub_1");
}

#[test]
fn meta_data_is_the_sites_own_and_so_confirmed() {
    let webhook = fixture!("customer_created");
    let known = customers(&webhook).remove(0);
    assert_eq!(webhook.events[0].source, Source::Billing);
    assert_eq!((known.name.as_deref(), known.partner_key.as_deref()), (Some("Ada Field"), Some("robin")));
    assert_eq!(known.customer.email.as_deref(), Some("ada@example.com"));
}

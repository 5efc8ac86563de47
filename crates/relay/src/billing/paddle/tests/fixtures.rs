//! Whole webhook bodies as Paddle sends them.

use headwater_protocol::event::Data;
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source};

use super::super::read;
use crate::billing::outcome::{customers, lines, payments, refunds, subscriptions, taken, totals};
use crate::billing::refund_totals::RefundTotals;

const LINE: &str = "in:paddle/txn_1/txnitm_1";

macro_rules! fixture {
    ($name:literal) => {
        read(include_bytes!(concat!("../../../../tests/fixtures/paddle/", $name, ".json")), "1").unwrap()
    };
}

fn line(line: [&str; 4]) -> [String; 4] {
    line.map(str::to_owned)
}

#[test]
fn a_line_counts_before_tax_and_after_discounts() {
    let webhook = fixture!("transaction.completed-checkout");
    assert_eq!(lines(&webhook), [line(["paddle/txn_1/txnitm_1", "10000", "sub_1", "pro_inbox pri_inbox"])]);
    let paid = &payments(&webhook)[0];
    assert_eq!(
        paid.paid_at,
        Some(Millis(1_775_514_525_000)),
        "when it was captured, not when a card was declined"
    );
    assert_eq!(
        lines(&fixture!("transaction.completed-two-products-coupon")),
        [
            line(["paddle/txn_1/txnitm_1", "8000", "sub_1/pri_inbox", "pro_inbox pri_inbox"]),
            line(["paddle/txn_1/txnitm_2", "7840", "sub_1/pri_chat", "pro_chat pri_chat"]),
            line(["paddle/txn_1/txnitm_3", "4000", "", "pro_setup pri_setup"]),
        ]
    );
}

#[test]
fn yen_have_no_cents() {
    let paid = payments(&fixture!("transaction.completed-yen")).remove(0);
    assert_eq!((paid.amount, paid.currency.code()), (1500, "JPY"));
}

#[test]
fn a_bank_transfer_was_paid_when_it_was_billed() {
    let paid = payments(&fixture!("transaction.completed-bank-transfer")).remove(0);
    assert_eq!(paid.paid_at, Some(Millis(1_775_514_526_296)));
}

#[test]
fn custom_data_of_a_checkout_is_a_claim_and_that_of_a_customer_is_confirmed() {
    for (webhook, source) in [
        (fixture!("transaction.completed-checkout"), Source::Page),
        (fixture!("transaction.completed-two-products-coupon"), Source::Page),
        (fixture!("subscription.created"), Source::Page),
        (fixture!("customer.created"), Source::Billing),
    ] {
        let known = customers(&webhook).remove(0);
        assert!(matches!(known.customer.customer_key.as_deref(), Some("gk_1" | "1001")));
        assert_eq!(
            (webhook.events[0].source, known.customer.provider_key.as_deref()),
            (source, Some("ctm_1"))
        );
        for other in &webhook.events[1..] {
            assert_eq!((other.source, other.event.data.customer().customer_key), (Source::Billing, None));
        }
    }
    assert!(customers(&fixture!("transaction.completed-renewal")).is_empty());
}

#[test]
fn a_customer_has_the_name_the_address_and_the_partner_that_paddle_knows() {
    let known = customers(&fixture!("customer.created")).remove(0);
    assert_eq!(known.customer.email.as_deref(), Some("ada@example.com"));
    assert_eq!((known.name.as_deref(), known.partner_key.as_deref()), (Some("Ada Field"), Some("robin")));
}

#[test]
fn a_refund_takes_back_once_it_is_approved_and_nothing_more_when_it_is_rejected() {
    let paid = || fixture!("transaction.completed-checkout");
    let [asked, approved, rejected] = [
        fixture!("adjustment.created-pending"),
        fixture!("adjustment.updated-approved"),
        fixture!("adjustment.updated-rejected"),
    ];
    assert_eq!(taken(&[paid(), asked.clone()], LINE), Vec::<i64>::new());
    assert_eq!(taken(&[paid(), asked.clone(), approved.clone(), approved.clone()], LINE), [5000]);
    assert_eq!(taken(&[paid(), asked, approved.clone(), rejected], LINE), [0]);
    let Data::Refund(refund) = &approved.events[0].event.data else { panic!("{approved:?}") };
    assert_eq!(
        (refund.about.as_deref(), refund.transaction_key.as_str()),
        (Some(LINE), "paddle/adj_1/txnitm_1")
    );
}

#[test]
fn a_chargeback_takes_back_and_its_reversal_gives_back() {
    let [paid, half] = [fixture!("transaction.completed-checkout"), fixture!("adjustment.updated-approved")];
    let [lost, won] =
        [fixture!("adjustment.created-chargeback"), fixture!("adjustment.created-chargeback_reverse")];
    assert_eq!(taken(&[paid.clone(), lost.clone()], LINE), [10_000]);
    assert_eq!(taken(&[paid.clone(), half.clone(), lost.clone()], LINE), [10_000], "no more than the whole");
    assert_eq!(taken(&[paid.clone(), lost.clone(), won.clone()], LINE), [0]);
    assert_eq!(taken(&[paid, half, lost, won], LINE), [5000]);
}

#[test]
fn a_refund_of_one_line_takes_nothing_of_the_others() {
    let paid = fixture!("transaction.completed-two-products-coupon");
    let all = [paid, fixture!("adjustment.created-one-line-of-three")];
    let of = |line: &str| taken(&all, &format!("in:paddle/txn_1/{line}"));
    assert_eq!((of("txnitm_1"), of("txnitm_2"), of("txnitm_3")), (vec![], vec![7840], vec![]));
}

#[test]
fn tax_given_back_takes_no_commission_and_what_is_left_is_the_whole() {
    let tax = fixture!("adjustment.created-tax");
    assert_eq!((refunds(&tax), tax.facts.len()), (0, 0));
}

#[test]
fn a_refund_waits_for_its_line() {
    let waits = totals(&[fixture!("adjustment.created-chargeback")], LINE);
    assert!(matches!(&waits, RefundTotals::Unknown { waits_for, .. } if *waits_for == [LINE]), "{waits:?}");
}

#[test]
fn a_subscription_says_what_it_sells_and_when_that_ended() {
    let known = subscriptions(&fixture!("subscription.created")).remove(0);
    assert_eq!((known.product_book_key.as_deref(), known.amount), (Some("pro_inbox"), Some(10_000)));
    assert_eq!(
        (known.status, &known.catalogue_keys[..]),
        (ProductStatus::Active, &["pri_inbox".to_owned()][..])
    );
    assert_eq!(subscriptions(&fixture!("subscription.trialing"))[0].status, ProductStatus::Trial);
    let sold = |webhook| {
        let known = subscriptions(&webhook).into_iter();
        known.map(|one| (one.external_subscription_key, one.amount.unwrap_or_default())).collect::<Vec<_>>()
    };
    assert_eq!(
        sold(fixture!("subscription.updated-two-products")),
        [("sub_1/pri_inbox".to_owned(), 10_000), ("sub_1/pri_chat".to_owned(), 9800)]
    );
    let webhook = fixture!("subscription.canceled");
    assert_eq!(subscriptions(&webhook)[0].status, ProductStatus::Churned);
    assert_eq!(webhook.events[0].event.occurred_at, Millis(1_777_593_600_500), "by Paddle's own time");
    assert_eq!(webhook.facts[0].name, "sub:sub_1");
}

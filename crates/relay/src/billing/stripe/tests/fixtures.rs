//! Whole webhook bodies as Stripe sends them, of the API versions of the last three years.

use std::collections::BTreeMap;

use headwater_protocol::event::{Data, Payment};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{Millis, Source};

use super::super::read;
use crate::billing::refund_totals::{RefundTotals, compute};
use crate::billing::{Fact, SourcedEvent, Webhook};

macro_rules! fixture {
    ($name:literal) => {
        read(include_bytes!(concat!("../../../../tests/fixtures/stripe/", $name, ".json")), "1").unwrap()
    };
}

fn payments(webhook: &Webhook) -> Vec<Payment> {
    let of = |said: &SourcedEvent| match &said.event.data {
        Data::Payment(paid) => Some(paid.clone()),
        _ => None,
    };
    webhook.events.iter().filter_map(of).collect()
}

/// Key, amount, subscription key and catalogue keys of each payment.
fn lines(webhook: &Webhook) -> Vec<(String, i64, String, String)> {
    let line = |paid: Payment| {
        (paid.key, paid.amount, paid.subscription_key.unwrap_or_default(), paid.catalogue_keys.join(" "))
    };
    payments(webhook).into_iter().map(line).collect()
}

/// How much all these webhooks together take back.
fn back(webhooks: &[Webhook]) -> RefundTotals {
    let mut records = BTreeMap::<String, Vec<Fact>>::new();
    for fact in webhooks.iter().flat_map(|webhook| &webhook.facts) {
        let known = records.entry(fact.name.clone()).or_default();
        // The newest fact of each part, as the journal keeps them.
        match known.iter_mut().find(|other| other.part == fact.part) {
            Some(other) if (fact.at, fact.rank) > (other.at, other.rank) => *other = fact.clone(),
            Some(_) => {}
            None => known.push(fact.clone()),
        }
    }
    compute(&records)
}

fn taken(webhooks: &[Webhook]) -> Vec<i64> {
    match back(webhooks) {
        RefundTotals::Totals { lines, .. } => lines.into_iter().map(|(_, total)| total).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_counts_before_tax_in_every_version() {
    let own = str::to_owned;
    let inbox = (own("in_1/il_1"), 10_000, own("sub_1"), own("prod_inbox price_inbox"));
    for webhook in
        [fixture!("2023-10-16-invoice.paid-exclusive-tax"), fixture!("2025-03-31-invoice.paid-exclusive-tax")]
    {
        assert_eq!(lines(&webhook).first(), Some(&inbox));
        assert_eq!(lines(&webhook).len(), 1);
        let paid = &payments(&webhook)[0];
        assert_eq!(paid.customer.customer_key.as_deref(), Some("gk_1"));
        assert_eq!(paid.customer.provider_key.as_deref(), Some("cus_1"));
        assert_eq!(
            paid.paid_at,
            Some(Millis(1_775_514_525_000)),
            "the day it was paid, not the day of the webhook"
        );
    }
}

#[test]
fn inclusive_tax_and_discounts_are_not_in_the_base() {
    for webhook in [
        fixture!("2023-10-16-invoice.paid-inclusive-tax-coupon"),
        fixture!("2025-09-30-invoice.paid-inclusive-tax-coupon"),
    ] {
        assert_eq!(payments(&webhook)[0].amount, 11_900 - 2_380 - 1_520);
    }
}

#[test]
fn a_coupon_of_the_whole_price_earns_nothing() {
    assert_eq!(fixture!("2025-09-30-invoice.paid-free").events, []);
}

#[test]
fn two_products_of_a_subscription_are_told_apart_and_two_lines_of_one_are_not() {
    let two = fixture!("2022-11-15-invoice.paid-two-products");
    let keys: Vec<_> = lines(&two).into_iter().map(|line| line.2).collect();
    assert_eq!(keys, ["sub_1/price_chat", "sub_1/price_inbox"]);
    let proration = fixture!("2025-09-30-invoice.paid-proration");
    let lines: Vec<_> = lines(&proration).into_iter().map(|line| (line.1, line.2)).collect();
    assert_eq!(lines, [(-4_900, "sub_1".to_owned()), (9_900, "sub_1".to_owned())]);
}

#[test]
fn an_invoice_whose_lines_did_not_all_come_is_parked_with_that_reason() {
    let webhook = fixture!("2025-09-30-invoice.paid-more-lines");
    let [paid] = &payments(&webhook)[..] else { panic!("{webhook:?}") };
    assert!(paid.incomplete.as_deref().unwrap().contains("lines.has_more"), "{paid:?}");
    let refunded =
        [fixture!("2025-09-30-invoice_payment.paid"), fixture!("2025-09-30-refund.created"), webhook];
    assert!(matches!(back(&refunded), RefundTotals::Unknown { .. }), "and its refunds with it");
}

#[test]
fn half_of_a_taxed_charge_takes_back_half_in_every_version() {
    let old = [fixture!("2023-10-16-invoice.paid-exclusive-tax"), fixture!("2023-10-16-charge.refunded")];
    assert_eq!(taken(&old), [5_000]);
    let paid =
        || [fixture!("2025-03-31-invoice.paid-exclusive-tax"), fixture!("2025-09-30-invoice_payment.paid")];
    let [one, other] = paid();
    assert_eq!(taken(&[one, other, fixture!("2025-03-31-charge.refunded")]), [5_000]);
    let [one, other] = paid();
    assert_eq!(taken(&[one, other, fixture!("2025-09-30-refund.created")]), [5_000]);
    let [one, other] = paid();
    let both = [one, fixture!("2025-09-30-refund.created"), other, fixture!("2025-03-31-charge.refunded")];
    assert_eq!(taken(&both), [5_000], "one refund, reported twice");
}

#[test]
fn a_refund_that_fails_gives_back() {
    let [one, other] =
        [fixture!("2025-03-31-invoice.paid-exclusive-tax"), fixture!("2025-09-30-invoice_payment.paid")];
    let all = [one, other, fixture!("2025-09-30-refund.created"), fixture!("2025-09-30-refund.failed")];
    assert_eq!(taken(&all), [0]);
    let old = [
        fixture!("2023-10-16-invoice.paid-exclusive-tax"),
        fixture!("2023-10-16-charge.refunded"),
        fixture!("2023-10-16-charge.refund.updated"),
    ];
    assert_eq!(taken(&old), [0]);
}

#[test]
fn a_dispute_takes_back_and_gives_back_when_it_is_won_and_an_inquiry_does_neither() {
    let with = |more: Vec<Webhook>| {
        let mut all = vec![
            fixture!("2025-03-31-invoice.paid-exclusive-tax"),
            fixture!("2025-09-30-invoice_payment.paid"),
        ];
        all.extend(more);
        taken(&all)
    };
    assert_eq!(with(vec![fixture!("2025-09-30-charge.dispute.created")]), [10_000]);
    let won = || fixture!("2025-09-30-charge.dispute.closed-won");
    assert_eq!(with(vec![fixture!("2025-09-30-charge.dispute.created"), won()]), [0]);
    assert_eq!(with(vec![won(), fixture!("2025-09-30-charge.dispute.created")]), [0], "whichever came first");
    assert_eq!(with(vec![fixture!("2025-09-30-charge.dispute.created-inquiry")]), [0]);
}

#[test]
fn a_credit_note_takes_back_what_its_refunds_do_not() {
    let with = |more: Vec<Webhook>| {
        let mut all = vec![
            fixture!("2025-03-31-invoice.paid-exclusive-tax"),
            fixture!("2025-09-30-invoice_payment.paid"),
        ];
        all.extend(more);
        taken(&all)
    };
    assert_eq!(with(vec![fixture!("2025-09-30-credit_note.created")]), [5_000]);
    let refunded = || fixture!("2025-09-30-refund.created");
    assert_eq!(with(vec![fixture!("2025-09-30-credit_note.created-with-refund"), refunded()]), [5_000]);
    assert_eq!(
        with(vec![fixture!("2025-09-30-credit_note.created"), fixture!("2025-09-30-credit_note.voided")]),
        [0]
    );
}

#[test]
fn a_refund_waits_for_the_facts_that_join_it_to_an_invoice() {
    let waits = |webhooks: &[Webhook]| match back(webhooks) {
        RefundTotals::Unknown { waits_for, .. } => waits_for.join(" "),
        other => panic!("{other:?}"),
    };
    let refund = || fixture!("2025-09-30-refund.created");
    assert_eq!(waits(&[refund()]), "ch:ch_1 pi:pi_1");
    assert_eq!(waits(&[refund(), fixture!("2025-09-30-invoice_payment.paid")]), "in:in_1");
    assert_eq!(
        fixture!("2023-10-16-charge.refunded-no-invoice").events,
        [],
        "Stripe said that it paid no invoice"
    );
}

#[test]
fn a_subscription_says_what_it_sells_by_the_providers_own_names() {
    let webhook = fixture!("2025-09-30-customer.subscription.updated");
    let Data::Subscription(said) = &webhook.events[0].event.data else { panic!("{webhook:?}") };
    assert_eq!((said.product_book_key.as_deref(), said.amount), (Some("prod_inbox"), Some(19_800)));
    assert_eq!(
        (&said.catalogue_keys[..], said.status),
        (&["price_inbox".to_owned()][..], ProductStatus::Active)
    );
    let gone = fixture!("2025-09-30-customer.subscription.deleted");
    let gone: Vec<_> = gone
        .events
        .iter()
        .map(|said| match &said.event.data {
            Data::Subscription(said) => (said.external_subscription_key.clone(), said.status),
            other => panic!("{other:?}"),
        })
        .collect();
    let churned = |key: &str| (key.to_owned(), ProductStatus::Churned);
    assert_eq!(gone, [churned("sub_1/price_chat"), churned("sub_1/price_inbox")]);
}

#[test]
fn a_key_that_a_buyer_can_edit_is_a_claim_and_the_sites_own_is_not() {
    let link = fixture!("2025-09-30-checkout.session.completed-payment-link");
    let own = fixture!("2023-10-16-checkout.session.completed-own-session");
    for (webhook, source) in [(link, Source::Page), (own, Source::Billing)] {
        let said = &webhook.events[0];
        assert_eq!((said.source, said.event.data.customer().customer_key.as_deref()), (source, Some("gk_1")));
    }
}

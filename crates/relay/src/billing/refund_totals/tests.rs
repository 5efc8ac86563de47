//! How much is taken back, for any history of facts.

use std::collections::BTreeMap;

use headwater_journal::{Journal, MIGRATIONS};
use headwater_protocol::limits::JOINED_RECORDS_MAX;
use proptest::prelude::*;

use super::{RefundTotals, compute, read_totals, share};
use crate::billing::Fact;
use crate::billing::fact::{FactBody, PaidLine};

proptest! {
    #[test]
    fn the_whole_takes_back_the_whole_and_no_line_more_than_it_has(
        base in -1_000_000i64..1_000_000, gross in 1i64..2_000_000, one in 0i64..2_000_000, other in 0i64..2_000_000,
    ) {
        let (less, more) = (one.min(other).min(gross), one.max(other).min(gross));
        prop_assert_eq!(share(base, gross, gross), base);
        prop_assert_eq!(share(base, 0, gross), 0);
        prop_assert!(share(base, less, gross).abs() <= share(base, more, gross).abs());
        prop_assert!(share(base, more, gross).abs() <= base.abs());
    }
}

fn records(facts: &[Fact]) -> BTreeMap<String, Vec<Fact>> {
    let mut records = BTreeMap::<String, Vec<Fact>>::new();
    for fact in facts {
        records.entry(fact.name.clone()).or_default().push(fact.clone());
    }
    records
}

fn paid(invoice: &str, gross: i64, bases: &[i64]) -> Fact {
    let line = |(n, base): (usize, &i64)| PaidLine { key: format!("{invoice}/il_{n}"), base: *base };
    FactBody::Paid { gross, lines: bases.iter().enumerate().map(line).collect() }
        .fact("1", invoice, "paid", 5, 0)
}

fn totals(facts: &[Fact]) -> Vec<i64> {
    match compute(&records(facts)) {
        RefundTotals::Totals { lines, .. } => lines.into_iter().map(|(_, total)| total).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_third_of_three_cents_takes_back_no_cent_twice() {
    let back = |amount| FactBody::Back { amount }.fact("1", "in:in_1", "note/cn_1", 9, 0);
    let lines = paid("in:in_1", 4, &[1, 1, 1]);
    for (amount, expect) in [(1, [0, 0, 0]), (3, [0, 0, 0]), (4, [1, 1, 1]), (90, [1, 1, 1])] {
        assert_eq!(totals(&[lines.clone(), back(amount)]), expect, "{amount} of 4");
    }
}

#[test]
fn a_charges_own_total_and_its_single_refunds_are_counted_once() {
    let link = FactBody::link("1", "in:in_1", "ch:ch_1", 1, true);
    let told =
        |total, at| FactBody::Refunded { gross: 100, total }.fact("1", "ch:ch_1", "refunded", at, total);
    let refund = |n: i64, amount, made_at, stands, at| {
        FactBody::Refund { amount, made_at, stands }.fact("1", "ch:ch_1", &format!("refund/{n}"), at, 0)
    };
    let all = |more: &[Fact]| {
        let mut facts = vec![paid("in:in_1", 100, &[100])];
        facts.extend(link.clone());
        facts.extend(more.iter().cloned());
        totals(&facts)
    };
    assert_eq!(all(&[told(10, 10), refund(1, 10, 10, true, 10)]), [10], "reported twice");
    assert_eq!(all(&[told(10, 10), refund(2, 20, 20, true, 20)]), [30], "made after the charge's report");
    assert_eq!(all(&[told(30, 20), refund(1, 10, 10, false, 30)]), [20], "failed after the charge's report");
    assert_eq!(all(&[told(20, 30), refund(1, 10, 10, false, 25)]), [20], "failed before");
    assert_eq!(all(&[told(20, 30), refund(1, 10, 10, false, 30)]), [20], "failed at the time of the report");
    assert_eq!(all(&[told(30, 20), refund(1, 10, 25, false, 30)]), [30], "made and failed after the report");
    assert_eq!(all(&[told(10, 10), refund(1, 10, 10, true, 20)]), [10], "heard of after the report");
    assert_eq!(
        all(&[refund(1, 10, 10, true, 10), refund(2, 20, 20, false, 20)]),
        [10],
        "no report of the charge"
    );
    assert_eq!(all(&[told(100, 30), refund(1, 90, 40, true, 40)]), [100], "never more than was charged");
}

#[test]
fn a_dispute_about_all_of_a_charge_that_was_refunded_in_part_takes_no_other_payments_share() {
    let mut facts = vec![paid("in:in_1", 100, &[100])];
    for (intent, amount) in [("pi:pi_1", 40), ("pi:pi_2", 60)] {
        facts.extend(FactBody::link("1", "in:in_1", intent, 1, true));
        facts.push(FactBody::Charged { amount }.fact("1", intent, "charged", 1, 0));
    }
    facts.extend(FactBody::link("1", "pi:pi_2", "ch:ch_2", 2, true));
    let refund = FactBody::Refund { amount: 10, made_at: 2, stands: true };
    facts.push(refund.fact("1", "ch:ch_2", "refund/re_1", 2, 0));
    assert_eq!(totals(&facts), [10]);
    facts.push(FactBody::Back { amount: 60 }.fact("1", "ch:ch_2", "dispute/dp_1", 3, 0));
    assert_eq!(totals(&facts), [60]);
}

#[test]
fn a_payment_that_was_taken_off_its_invoice_takes_nothing_back() {
    let facts = [paid("in:in_1", 100, &[100])];
    assert_eq!(compute(&records(&facts)), RefundTotals::Nothing);
    let RefundTotals::Unknown { waits_for, .. } =
        compute(&records(&[FactBody::Back { amount: 1 }.fact("1", "pi:pi_1", "dispute/dp_1", 1, 0)]))
    else {
        panic!("joined to nothing")
    };
    assert_eq!(waits_for, ["pi:pi_1"]);
}

#[test]
fn an_invoice_of_nothing_gives_nothing_back() {
    assert_eq!((share(5, 0, 0), share(5, 5, 0), share(5, 5, -5)), (0, 0, 0));
    assert_eq!(
        totals(&[
            paid("in:in_1", 0, &[5]),
            FactBody::Back { amount: 5 }.fact("1", "in:in_1", "note/cn_1", 9, 0)
        ]),
        [0]
    );
}

#[test]
fn a_link_that_ended_in_the_second_it_began_has_ended() {
    for (holds, rank) in [(true, 0), (false, 1)] {
        let link = FactBody::link("1", "in:in_1", "pi:pi_1", 5, holds);
        assert_eq!(
            [(link[0].name.as_str(), link[0].rank), (link[1].name.as_str(), link[1].rank)],
            [("in:in_1", rank), ("pi:pi_1", rank)]
        );
    }
}

/// A chain of records that ends with an invoice.
fn chain(records: usize) -> Vec<Fact> {
    let name = |n| if n == records - 1 { "in:in_1".to_owned() } else { format!("ch:ch_{n}") };
    let mut facts: Vec<_> =
        (1..records).flat_map(|n| FactBody::link("1", &name(n - 1), &name(n), 1, true)).collect();
    facts.push(paid("in:in_1", 100, &[100]));
    facts.push(FactBody::Refunded { gross: 100, total: 40 }.fact("1", "ch:ch_0", "refunded", 2, 40));
    facts
}

#[tokio::test]
async fn the_records_that_one_refund_touches_are_read_up_to_a_bound() {
    for (records, found) in [(2, true), (JOINED_RECORDS_MAX, true), (JOINED_RECORDS_MAX + 1, false)] {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(headwater_teststore::open(directory.path(), "journal", MIGRATIONS));
        journal.append_with_facts(Vec::new(), chain(records), 5).await.unwrap();
        let read = read_totals(&journal, "1", "ch:ch_0").await.unwrap();
        assert_eq!(
            matches!(&read, RefundTotals::Totals { lines, .. } if lines[0].1 == 40),
            found,
            "{records}: {read:?}"
        );
    }
}

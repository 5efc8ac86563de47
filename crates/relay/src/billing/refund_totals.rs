//! How much of each transaction was taken back: a pure function of the facts about one payment (billing.md, «What a
//! commission is computed from»).
//!
//! The result is a total, not a change: the same facts give the same totals in any order of arrival. A dispute that was
//! won counts as 0 in the sum, so the total falls again.

use std::collections::{BTreeMap, BTreeSet};

use headwater_journal::{Fact, Journal};
use headwater_protocol::limits::JOINED_RECORDS_MAX;
use headwater_store::StoreError;

use super::fact::{FactBody, PaidLine};

/// What was taken back of the transactions that a record belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundTotals {
    /// The total taken back of each transaction.
    Totals {
        /// Keys of transactions, and minor units of their base.
        lines: Vec<(String, i64)>,
        /// The time of the newest fact, epoch milliseconds.
        at: i64,
        /// The number of the newest change of a fact. Of two totals with the same time, which is that of the newest
        /// fact and not of the one that arrived last, the one with the higher number knew more.
        revision: i64,
    },
    /// Nothing was ever taken back.
    Nothing,
    /// The transactions are not known yet.
    Unknown {
        /// What is missing.
        reason: String,
        /// Names of records. A new fact about one of them may supply what is missing.
        waits_for: Vec<String>,
    },
}

/// Reads the facts about the record `about` and about all records linked to it, and computes the totals.
///
/// # Errors
/// When the journal cannot be read.
pub async fn read_totals(journal: &Journal, scope: &str, about: &str) -> Result<RefundTotals, StoreError> {
    let mut known = BTreeMap::new();
    let mut next = vec![about.to_owned()];
    while let Some(name) = next.pop() {
        if known.len() < JOINED_RECORDS_MAX && !known.contains_key(&name) {
            let facts = journal.facts(scope.to_owned(), name.clone()).await?;
            next.extend(links(&facts));
            known.insert(name, facts);
        }
    }
    Ok(compute(&known))
}

fn links(facts: &[Fact]) -> impl Iterator<Item = String> {
    facts.iter().filter_map(FactBody::of).filter_map(|known| match known {
        FactBody::Link { to, holds: true } => Some(to),
        _ => None,
    })
}

/// Computes the totals from the facts of records that belong together, given by the records' names.
pub fn compute(records: &BTreeMap<String, Vec<Fact>>) -> RefundTotals {
    let (mut gross, mut lines, mut unread) = (0_i64, Vec::<PaidLine>::new(), BTreeSet::new());
    for (name, facts) in records.iter().filter(|(name, _)| name.starts_with("in:")) {
        let paid = facts.iter().filter_map(FactBody::of).find_map(|known| match known {
            FactBody::Paid { gross, lines } => Some((gross, lines)),
            _ => None,
        });
        match paid {
            Some((paid, of)) => {
                gross = gross.saturating_add(paid);
                lines.extend(of);
            }
            None => {
                unread.insert(name.clone());
            }
        }
    }
    // While an invoice is missing, a refund cannot be shared out over the lines.
    if !unread.is_empty() {
        let reason = format!(
            "invoice {} is not known here yet",
            unread.iter().map(|name| &name[3..]).collect::<Vec<_>>().join(", ")
        );
        return RefundTotals::Unknown { reason, waits_for: unread.into_iter().collect() };
    }
    if !records.keys().any(|name| name.starts_with("in:")) {
        let reason =
            "nothing said yet which invoice it belongs to (Stripe tells by invoice_payment.paid)".to_owned();
        return RefundTotals::Unknown { reason, waits_for: records.keys().cloned().collect() };
    }
    if !records.values().flatten().filter_map(FactBody::of).any(|known| takes_back(&known)) {
        return RefundTotals::Nothing;
    }
    let back = records
        .iter()
        .fold(0_i64, |sum, (name, facts)| sum.saturating_add(of_record(facts, charged(records, name))))
        .clamp(0, gross.max(0));
    let at = records.values().flatten().map(|fact| fact.at).max().unwrap_or_default();
    let revision = records.values().flatten().map(|fact| fact.change).max().unwrap_or_default();
    RefundTotals::Totals {
        lines: lines.into_iter().map(|line| (line.key, share(line.base, back, gross))).collect(),
        at,
        revision,
    }
}

fn takes_back(known: &FactBody) -> bool {
    matches!(known, FactBody::Refunded { .. } | FactBody::Refund { .. } | FactBody::Back { .. })
}

/// Minor units with tax that a charge or its intent paid, if an invoice's payment said so; otherwise no limit. No more
/// than this is taken back: a dispute may be about the whole charge although a part was refunded before.
fn charged(records: &BTreeMap<String, Vec<Fact>>, name: &str) -> i64 {
    if name.starts_with("in:") {
        return i64::MAX;
    }
    let own = records.get(name).into_iter().flatten();
    let linked = links(&records[name]).collect::<Vec<_>>();
    let of_linked = linked.iter().filter_map(|name| records.get(name)).flatten();
    let amounts = own.chain(of_linked).filter_map(FactBody::of).filter_map(|known| match known {
        FactBody::Charged { amount } => Some(amount),
        _ => None,
    });
    amounts.max().unwrap_or(i64::MAX)
}

/// Minor units with tax that were taken back of one record, at `most`.
///
/// A charge reports the total of its refunds at one time, and each refund is reported by itself at other times. So
/// refunds made after the charge's report are added to its total, and refunds that failed after it are subtracted. The
/// result is never less than the sum of the single refunds in force.
fn of_record(facts: &[Fact], most: i64) -> i64 {
    let known = || facts.iter().filter_map(|fact| Some((fact.at, FactBody::of(fact)?)));
    let reported = known().find_map(|(at, known)| match known {
        FactBody::Refunded { gross, total } => Some((at, gross, total)),
        _ => None,
    });
    let (mut alone, mut since, mut other) = (0_i64, 0_i64, 0_i64);
    for (at, known) in known() {
        match known {
            FactBody::Refund { amount, made_at, stands } => {
                let reported_at = reported.map_or(i64::MAX, |(at, ..)| at);
                if stands {
                    alone = alone.saturating_add(amount);
                }
                if stands && made_at > reported_at {
                    since = since.saturating_add(amount);
                } else if !stands && made_at <= reported_at && at > reported_at {
                    since = since.saturating_sub(amount);
                }
            }
            FactBody::Back { amount } => other = other.saturating_add(amount),
            _ => {}
        }
    }
    let (refunded, most) =
        reported.map_or((alone, most), |(_, gross, total)| (alone.max(total.saturating_add(since)), gross));
    refunded.saturating_add(other).clamp(0, most.max(0))
}

/// `base · back / gross`, rounded towards zero. So a full refund takes back the whole base, a larger refund never takes
/// back less, and no line loses more than its base.
fn share(base: i64, back: i64, gross: i64) -> i64 {
    if gross <= 0 {
        return 0;
    }
    let share = i128::from(base) * i128::from(back) / i128::from(gross);
    i64::try_from(share).expect("a share fits where its whole did")
}

#[cfg(test)]
mod tests;

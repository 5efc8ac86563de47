//! What webhooks come to, for the tests of the providers.

use std::collections::BTreeMap;

use headwater_protocol::event::{Data, Payment, ProviderCustomer, Subscription};

use super::refund_totals::{RefundTotals, compute};
use super::{Fact, Webhook};

pub(super) fn payments(webhook: &Webhook) -> Vec<Payment> {
    let of = |data: &Data| match data {
        Data::Payment(paid) => Some(paid.clone()),
        _ => None,
    };
    webhook.events.iter().filter_map(|sourced| of(&sourced.event.data)).collect()
}

pub(super) fn subscriptions(webhook: &Webhook) -> Vec<Subscription> {
    let of = |data: &Data| match data {
        Data::Subscription(subscription) => Some(subscription.clone()),
        _ => None,
    };
    webhook.events.iter().filter_map(|sourced| of(&sourced.event.data)).collect()
}

pub(super) fn customers(webhook: &Webhook) -> Vec<ProviderCustomer> {
    let of = |data: &Data| match data {
        Data::ProviderCustomer(known) => Some(known.clone()),
        _ => None,
    };
    webhook.events.iter().filter_map(|sourced| of(&sourced.event.data)).collect()
}

/// Key, amount, subscription key and catalogue keys of each payment.
pub(super) fn lines(webhook: &Webhook) -> Vec<[String; 4]> {
    let line = |paid: Payment| {
        let subscription = paid.subscription_key.unwrap_or_default();
        [paid.key, paid.amount.to_string(), subscription, paid.catalogue_keys.join(" ")]
    };
    payments(webhook).into_iter().map(line).collect()
}

/// How many events of the webhook are refunds.
pub(super) fn refunds(webhook: &Webhook) -> usize {
    webhook.events.iter().filter(|sourced| matches!(sourced.event.data, Data::Refund(_))).count()
}

/// The totals that these webhooks together take back of the invoice `name` and what is linked to it.
pub(super) fn totals(webhooks: &[Webhook], name: &str) -> RefundTotals {
    let mut records = BTreeMap::<String, Vec<Fact>>::new();
    for fact in webhooks.iter().flat_map(|webhook| &webhook.facts).filter(|fact| fact.name == name) {
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

/// [`totals`] of each line, in any order of the webhooks: it must be the same.
pub(super) fn taken(webhooks: &[Webhook], name: &str) -> Vec<i64> {
    let of = |webhooks: &[Webhook]| match totals(webhooks, name) {
        RefundTotals::Totals { lines, .. } => lines.into_iter().map(|(_, total)| total).collect(),
        RefundTotals::Nothing => Vec::new(),
        other @ RefundTotals::Unknown { .. } => panic!("{other:?}"),
    };
    let forwards: Vec<i64> = of(webhooks);
    let mut turned = webhooks.to_vec();
    for _ in webhooks {
        turned.rotate_left(1);
        assert_eq!(of(&turned), forwards);
    }
    turned.reverse();
    assert_eq!(of(&turned), forwards);
    forwards
}

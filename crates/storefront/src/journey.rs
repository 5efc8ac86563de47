//! What the ledger recorded of one visitor, read through API v2: the company's timeline, and what the partner sees.

use headwater_client::ClientError;
use headwater_protocol::v2::{Customer, Product, Reward, Transaction};
use headwater_protocol::{Currency, Millis};
use serde::Serialize;

use crate::load::{Clients, Names};
use crate::site::{SiteCustomer, SiteSubscription};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `click`, `signup`, `product`, `transaction` or `reward`.
    pub step: &'static str,
    /// The record's own key: the same step keeps its place when the page is drawn again.
    pub key: String,
    /// A few words for people.
    pub title: String,
    /// One line of details.
    pub detail: String,
    /// Minor units, where money is concerned.
    pub amount: Option<i64>,
    /// ISO 4217, where there is an amount.
    pub currency: Option<Currency>,
    /// When the ledger wrote it.
    pub at: Millis,
    /// Milliseconds since what caused it, where the site knows when that was.
    pub took: Option<i64>,
    /// What caused it.
    pub since: &'static str,
}

/// The company's timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Journey {
    /// Whether the ledger answered. If not, `steps` is empty because nothing could be read.
    pub reachable: bool,
    /// In the order they happened.
    pub steps: Vec<Step>,
}

/// What the partner may know of the customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PartnerJourney {
    /// Whether the ledger answered.
    pub reachable: bool,
    /// Every product the customer has.
    pub products: Vec<SeenProduct>,
    /// The partner's own rewards.
    pub rewards: Vec<SeenReward>,
}

/// A product in a partner's view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenProduct {
    /// The record's key.
    pub key: String,
    /// The product's name.
    pub name: String,
    /// Its price in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// `trial`, `active` or `churned`.
    pub status: &'static str,
    /// Purchase date.
    pub created_at: Millis,
}

/// A reward in a partner's view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenReward {
    /// The record's key.
    pub key: String,
    /// The offer's description.
    pub description: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The reward's status on the wire.
    pub status: &'static str,
}

/// Reads the timeline of the customer with the site's own id `customer_key`.
pub async fn read(loaded: &Clients, customer_key: &str, member: Option<&SiteCustomer>) -> Journey {
    match collect(loaded, customer_key, member).await {
        Ok(steps) => Journey { reachable: true, steps },
        // Not known yet: the signup is still being delivered, or no partner referred this visitor.
        Err(error) if error.status() == Some(404) => Journey { reachable: true, steps: Vec::new() },
        Err(_) => Journey::default(),
    }
}

async fn collect(
    Clients { vendor, names, .. }: &Clients,
    customer_key: &str,
    member: Option<&SiteCustomer>,
) -> Result<Vec<Step>, ClientError> {
    let customer = vendor.customer(customer_key).await?.data;
    let query = [("customer_key", customer.key.as_str()), ("limit", "250")];
    let products = vendor.list_products(&query).await?.data.items;
    let transactions = vendor.list_transactions(&query).await?.data.items;
    let rewards = vendor.list_rewards(&query).await?.data.items;
    let clicks = vendor.list_clicks(&[("limit", "250")]).await?.data.items;
    let click = clicks.into_iter().find(|click| customer.source_key.as_ref() == Some(&click.xid));
    let subscription = member.and_then(|member| member.subscription.as_ref());
    let paid_at = subscription.and_then(|subscription| subscription.paid_at);

    let mut steps = Vec::new();
    steps.extend(click.map(|click| Step {
        step: "click",
        key: click.key,
        title: "Partner link clicked".to_owned(),
        detail: format!("Click {} recorded, visitor sent on to the site", click.xid),
        amount: None,
        currency: None,
        at: click.created_at,
        took: None,
        since: "",
    }));
    steps.push(signup(&customer, member));
    let own = |reward: &Reward| reward.customer.as_ref().is_some_and(|of| of.key == customer.key);
    steps.extend(products.iter().rev().map(|record| product(record, names, subscription)));
    steps.extend(transactions.iter().rev().map(|record| transaction(record, paid_at)));
    steps.extend(rewards.iter().rev().filter(|record| own(record)).map(|record| reward(record, paid_at)));
    Ok(steps)
}

fn signup(customer: &Customer, member: Option<&SiteCustomer>) -> Step {
    let partner = customer.partner_key.as_deref().unwrap_or("nobody");
    Step {
        step: "signup",
        key: customer.key.clone(),
        title: "Customer signed up".to_owned(),
        detail: format!("Credited to partner {partner}"),
        amount: None,
        currency: None,
        at: customer.created_at,
        took: member.and_then(|member| passed(member.signed_up_at, customer.created_at)),
        since: "the form was sent",
    }
}

fn product(record: &Product, names: &Names, subscription: Option<&SiteSubscription>) -> Step {
    let key = record.external_subscription_key.as_deref().unwrap_or("no subscription");
    // The site keeps the latest checkout only, so products of an earlier subscription show no latency.
    let chosen = subscription.filter(|open| key.starts_with(&open.id)).map(|open| open.chosen_at);
    Step {
        step: "product",
        key: record.key.clone(),
        title: format!("{}: {}", name(record, names), record.status.name()),
        detail: key.to_owned(),
        amount: record.amount,
        currency: record.amount.and(record.currency.or(Some(crate::load::CURRENCY))),
        at: record.created_at,
        took: chosen.and_then(|chosen| passed(chosen, record.created_at)),
        since: "the checkout",
    }
}

fn transaction(record: &Transaction, paid_at: Option<Millis>) -> Step {
    let linked = record.product_key.as_deref().unwrap_or("no product");
    Step {
        step: "transaction",
        key: record.key.clone(),
        title: if record.archived { "Payment, refunded" } else { "Payment received" }.to_owned(),
        detail: format!("{} → {linked}", record.subscription_key.as_deref().unwrap_or("no subscription")),
        amount: Some(record.amount),
        currency: Some(record.currency),
        at: record.created_at,
        took: paid_at.and_then(|paid| passed(paid, record.created_at)),
        since: "the card was charged",
    }
}

fn reward(record: &Reward, paid_at: Option<Millis>) -> Step {
    let reversal = if record.reverses.is_some() { " (reversal)" } else { "" };
    Step {
        step: "reward",
        key: record.key.clone(),
        title: format!("Commission {}{reversal}", record.status.name()),
        detail: record.description.clone(),
        amount: Some(record.amount),
        currency: Some(record.currency),
        at: record.created_at,
        took: paid_at.and_then(|paid| passed(paid, record.created_at)),
        since: "the card was charged",
    }
}

/// Reads what the partner sees of the customer with the site's own id `customer_key`, with the partner's own token.
///
/// A partner's token cannot look up the site's ids, so the company's client finds the `cus_` key first (api.md
/// section 7).
pub async fn read_partner_view(loaded: &Clients, customer_key: &str) -> PartnerJourney {
    match collect_partner_view(loaded, customer_key).await {
        Ok(view) => view,
        // Not known yet, or not referred by this partner.
        Err(error) => {
            let unknown = matches!(error.status(), Some(403 | 404));
            PartnerJourney { reachable: unknown, ..PartnerJourney::default() }
        }
    }
}

async fn collect_partner_view(
    Clients { vendor, partner, names, .. }: &Clients,
    customer_key: &str,
) -> Result<PartnerJourney, ClientError> {
    let customer = vendor.customer(customer_key).await?.data.key;
    let query = [("customer_key", customer.as_str()), ("limit", "250")];
    let products = partner.list_products(&query).await?.data.items;
    let rewards = partner.list_rewards(&query).await?.data.items;
    Ok(PartnerJourney {
        reachable: true,
        products: products.iter().rev().map(|record| seen_product(record, names)).collect(),
        rewards: rewards.iter().rev().map(seen_reward).collect(),
    })
}

fn seen_product(record: &Product, names: &Names) -> SeenProduct {
    SeenProduct {
        key: record.key.clone(),
        name: name(record, names),
        amount: record.amount.unwrap_or(0),
        currency: record.currency.unwrap_or(crate::load::CURRENCY),
        status: record.status.name(),
        created_at: record.created_at,
    }
}

fn seen_reward(record: &Reward) -> SeenReward {
    SeenReward {
        key: record.key.clone(),
        description: record.description.clone(),
        amount: record.amount,
        currency: record.currency,
        status: record.status.name(),
    }
}

/// The product's name: in a partner's view it is part of the record, in the company's it comes from the catalogue.
fn name(record: &Product, names: &Names) -> String {
    let catalogued = record.product_book_key.as_ref().and_then(|key| names.get(key));
    record.name.as_ref().or(catalogued).map_or_else(|| "Product".to_owned(), Clone::clone)
}

/// Milliseconds from `cause` to `effect`. `None` if `cause` is later: then it belongs to a later effect, as a renewal's
/// payment does.
fn passed(cause: Millis, effect: Millis) -> Option<i64> {
    Some(effect.since(cause)).filter(|passed| *passed >= 0)
}

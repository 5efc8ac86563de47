//! `headwater verify`: reads payments back and finds those whose `subscription_key` matches no product, with the likely
//! reason (seed 000, «Verifying your integration»). It only reads, so it works against hosted PartnerStack too.

mod cause;

use std::collections::HashMap;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use headwater_client::Client;
use headwater_protocol::Millis;
use headwater_protocol::referral::percent_encode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{PAGE, command, credentials, explain};
use crate::{status, system, table};
use cause::{NamedProduct, likely_cause};

pub(super) const NAME: &str = "verify";
const HOUR: i64 = 60 * 60 * 1000;
const MINUTE: i64 = 60 * 1000;

/// The command as clap has it.
pub(super) fn command() -> Command {
    let number = |name: &'static str, about: &'static str, default: &'static str| {
        let arg = Arg::new(name).long(name).value_name("NUMBER").value_parser(value_parser!(u32));
        arg.default_value(default).help(about)
    };
    let command = Command::new(NAME)
        .about("Find payments that name a subscription but are linked to no product, and say why")
        .arg(number("hours", "Look at the payments of so many hours", "24"))
        .arg(number(
            "settle-minutes",
            "Leave out the payments of the last minutes: hosted PartnerStack shows them late",
            "10",
        ))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON in place of a table"));
    command::with_connection(command)
}

/// A payment as API v2 shows it, as far as it is needed.
#[derive(Deserialize)]
struct ReadPayment {
    key: String,
    #[serde(default)]
    subscription_key: Option<String>,
    #[serde(default)]
    product_key: Option<String>,
    #[serde(default)]
    customer_key: Option<String>,
    #[serde(default)]
    customer: Option<Payer>,
    created_at: Millis,
}

#[derive(Deserialize)]
struct Payer {
    key: String,
}

impl ReadPayment {
    /// The customer's own key. What the request named it by may not be known to lists of products.
    fn customer(&self) -> &str {
        let named = self.customer.as_ref().map(|payer| &payer.key).or(self.customer_key.as_ref());
        named.map_or("", String::as_str)
    }
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    has_more: bool,
}

impl<T> Page<T> {
    /// Where the next page begins; `None` behind the last.
    fn next(&self, key: impl Fn(&T) -> &String) -> Option<String> {
        self.items.last().filter(|_| self.has_more).map(|item| key(item).clone())
    }
}

/// A payment whose subscription matches no product.
struct Mismatch {
    payment: ReadPayment,
    cause: String,
}

/// What was found.
#[derive(Default)]
struct Verification {
    linked: usize,
    /// Payments without a subscription, which no product is looked up for.
    unnamed: usize,
    mismatches: Vec<Mismatch>,
}

/// Runs the command. A mismatch ends it with the exit code of `status --check`.
pub(super) async fn run(options: &ArgMatches, settings: Option<&Path>) -> anyhow::Result<()> {
    let client = credentials::client(&[], options, settings)?;
    let number = |name: &str| options.get_one::<u32>(name).copied().map_or(0, i64::from);
    let until = system::now().0 - number("settle-minutes") * MINUTE;
    let found = verify(&client, (until - number("hours") * HOUR, until)).await?;
    if options.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&found.as_json())?);
    } else {
        found.show(number("hours"));
    }
    if found.mismatches.is_empty() {
        return Ok(());
    }
    let count = found.mismatches.len();
    Err(status::Attention::new(format!("{count} payments name a subscription that no product has")).into())
}

/// Compares the payments made in a time with the products of their customers.
async fn verify(client: &Client, (since, until): (i64, i64)) -> anyhow::Result<Verification> {
    let mut found = Verification::default();
    let mut products = HashMap::new();
    let mut after = None;
    loop {
        let bounds = format!("min_created={since}&max_created={until}");
        let page: Page<ReadPayment> =
            page(client, &format!("transactions?{bounds}"), after.as_deref()).await?;
        after = page.next(|payment| &payment.key);
        for payment in page.items {
            let Some(wanted) = payment.subscription_key.clone().filter(|name| !name.is_empty()) else {
                found.unnamed += 1;
                continue;
            };
            let customer = payment.customer().to_owned();
            // A payment without product_key is linked to nothing. One with it may show a text of its sender's.
            if !products.contains_key(&customer) {
                products.insert(customer.clone(), products_of(client, &customer).await?);
            }
            let known = &products[&customer];
            let linked = |product: &NamedProduct| Some(&product.key) == payment.product_key.as_ref();
            if known.iter().any(linked) {
                found.linked += 1;
            } else {
                let cause = likely_cause(&wanted, known);
                found.mismatches.push(Mismatch { payment, cause });
            }
        }
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Every product of a customer, archived ones included: one of those may be what a payment is linked to.
async fn products_of(client: &Client, customer: &str) -> anyhow::Result<Vec<NamedProduct>> {
    let path = format!("products?include_archived=true&customer_key={}", percent_encode(customer));
    let mut all: Vec<NamedProduct> = Vec::new();
    let mut after = None;
    loop {
        let page: Page<NamedProduct> = page(client, &path, after.as_deref()).await?;
        after = page.next(|product| &product.key);
        all.extend(page.items);
        if after.is_none() {
            return Ok(all);
        }
    }
}

async fn page<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    after: Option<&str>,
) -> anyhow::Result<Page<T>> {
    let after = after.map_or_else(String::new, |key| format!("&starting_after={}", percent_encode(key)));
    let path = format!("/api/v2/{path}&limit={PAGE}{after}");
    let answer = client.request(axum::http::Method::GET, &path, None, None).await.map_err(explain)?;
    Ok(serde_json::from_value(answer.data)?)
}

impl Verification {
    fn show(&self, hours: i64) {
        let Self { linked, unnamed, mismatches } = self;
        let row = |one: &Mismatch| {
            let payment = &one.payment;
            let wanted = payment.subscription_key.clone().unwrap_or_default();
            vec![
                payment.key.clone(),
                payment.customer().to_owned(),
                table::time(payment.created_at),
                wanted,
                one.cause.clone(),
            ]
        };
        let rows: Vec<_> = mismatches.iter().map(row).collect();
        table::print(&["PAYMENT", "CUSTOMER", "CREATED", "SUBSCRIPTION", "LIKELY CAUSE"], &rows);
        println!(
            "payments of {hours} hours: {linked} linked to their product, {} linked to none, {unnamed} without a subscription",
            mismatches.len()
        );
    }

    fn as_json(&self) -> serde_json::Value {
        let mismatch = |one: &Mismatch| {
            json!({
                "key": one.payment.key,
                "customer_key": one.payment.customer(),
                "subscription_key": one.payment.subscription_key,
                "created_at": one.payment.created_at,
                "cause": one.cause,
            })
        };
        let mismatches: Vec<_> = self.mismatches.iter().map(mismatch).collect();
        json!({"linked": self.linked, "without_subscription": self.unnamed, "mismatches": mismatches})
    }
}

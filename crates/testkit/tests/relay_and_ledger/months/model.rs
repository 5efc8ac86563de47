//! What a history must end in: what is owed for each line, and the requests that lead there.

use std::collections::BTreeMap;

use headwater_testkit::{CATALOGUE, PARTNERS, stripe::event};
use serde_json::{Value, json};

use super::account::{Bill, Line};
use super::history::{History, Joined};
use super::objects::{self, provider, site};

/// For each payment with a base other than zero: the partner, the time it was paid, and what it earns in the end. A
/// commission that rounds to zero has no reward, and then no partner is named.
pub(crate) type Owed = BTreeMap<String, (String, i64, i64)>;

/// The model. The base of a line is the amount after discounts and before tax, reduced in proportion to the credit
/// notes from before the payment. A refund takes back the same share of the base as it is of the amount paid.
pub(crate) fn model(bills: &[Bill]) -> Owed {
    let lines = bills.iter().flat_map(|bill| bill.lines.iter().map(move |line| (bill, line)));
    let one = |(bill, line): (&Bill, &Line)| {
        let base = line.base() * bill.paid.max(1) / (bill.paid + bill.off).max(1);
        let back = base * bill.back.min(bill.paid) / bill.paid.max(1);
        let earned = half_up(base * CATALOGUE[line.product].percent, 100);
        let taken = if back == base { earned } else { half_up(earned * back, base) };
        let partner = if earned == 0 { String::new() } else { PARTNERS[bill.customer % 2].to_owned() };
        (base != 0)
            .then(|| (format!("{}/{}", bill.id, line.id), (partner, bill.paid_at * 1000, earned - taken)))
    };
    lines.filter_map(one).collect()
}

/// `part / whole`, halves away from zero.
fn half_up(part: i64, whole: i64) -> i64 {
    (2 * part.abs() + whole.abs()) / (2 * whole.abs()) * part.signum() * whole.signum()
}

/// A request that arrives: a webhook of the provider's, or a page's signup.
pub(crate) enum Arriving {
    Webhook(Value),
    Signup(Value),
}

pub(crate) fn arriving(history: &History, webhooks: Vec<Value>) -> Vec<Arriving> {
    let mut all: Vec<_> = webhooks.into_iter().map(Arriving::Webhook).collect();
    for (number, subscription) in history.subscriptions.iter().enumerate() {
        let mut signup = json!({"customer_key": site(number), "email": format!("{number}@shop.example"),
            "partner_key": PARTNERS[number % 2]});
        let id = format!("evt_join_{number}");
        let at = headwater_testkit::START;
        match subscription.joined {
            Joined::Page => signup["provider_key"] = json!(provider(number)),
            Joined::Customer => {
                all.push(Arriving::Webhook(event(&id, "customer.created", at, &objects::customer(number))));
            }
            Joined::Session => all.push(Arriving::Webhook(event(
                &id,
                "checkout.session.completed",
                at,
                &objects::session(number),
            ))),
        }
        all.push(Arriving::Signup(signup));
    }
    all
}

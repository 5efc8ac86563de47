//! Months of a Stripe account: trials, prorations, coupons, taxes, refunds, disputes, two versions of the API,
//! delivered in any order and repeatedly. What the destination hears equals a model of ten lines, to the cent.

use std::collections::{BTreeMap, BTreeSet};

use headwater_journal::State;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::money::hosted;

const BEGIN: i64 = 1_775_514_585;
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

/// Numbers that a seed decides.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn amount(&mut self, most: i64) -> i64 {
        1 + i64::try_from(self.below(most.unsigned_abs())).unwrap()
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

struct Line {
    amount: i64,
    discount: i64,
    tax: i64,
    inclusive: bool,
}

struct Charge {
    amount: i64,
    refunds: Vec<(i64, bool)>,
    /// Amount, and whether it was won.
    dispute: Option<(i64, bool)>,
}

struct Invoice {
    id: String,
    customer: String,
    new: bool,
    paid_at: i64,
    lines: Vec<Line>,
    charges: Vec<Charge>,
}

impl Line {
    fn base(&self) -> i64 {
        self.amount - self.discount - if self.inclusive { self.tax } else { 0 }
    }

    fn gross(&self) -> i64 {
        self.amount - self.discount + if self.inclusive { 0 } else { self.tax }
    }
}

/// The model: of each line, what it is and what was taken back of it.
fn model(invoices: &[Invoice]) -> BTreeMap<String, (i64, i64, i64)> {
    let lines = invoices.iter().flat_map(|invoice| {
        let gross: i64 = invoice.lines.iter().map(Line::gross).sum();
        let refunds = invoice.charges.iter().flat_map(|charge| &charge.refunds).filter(|(_, stands)| *stands);
        let disputes = invoice.charges.iter().filter_map(|charge| charge.dispute).filter(|(_, won)| !*won);
        let back: i64 = refunds.map(|(amount, _)| *amount).chain(disputes.map(|(amount, _)| amount)).sum();
        let share = move |base: i64| if gross > 0 { base * back / gross } else { 0 };
        invoice.lines.iter().enumerate().map(move |(n, line)| {
            (format!("{}/il_{n}", invoice.id), (line.base(), share(line.base()), invoice.paid_at * 1000))
        })
    });
    lines.filter(|(_, (base, ..))| *base != 0).collect()
}

fn invoice(dice: &mut Dice, n: usize, customer: &str, paid_at: i64) -> Invoice {
    let discount = [0, 0, 25, 50, 100][usize::try_from(dice.below(5)).unwrap()];
    let (taxed, inclusive, trial) = (dice.one_in(2), dice.one_in(2), dice.one_in(8));
    let mut lines = Vec::new();
    for at in 0..=dice.below(3) {
        let mut amount = if trial { 0 } else { dice.amount(20_000) };
        if at > 0 && dice.one_in(3) {
            amount = -dice.amount(i64::max(1, lines.iter().map(Line::gross).sum::<i64>() / 4));
        }
        let off = amount * discount / 100;
        let tax = match (taxed, inclusive) {
            (false, _) => 0,
            (true, true) => (amount - off) * 19 / 119,
            (true, false) => (amount - off) * 19 / 100,
        };
        lines.push(Line { amount, discount: off, tax, inclusive });
    }
    let new = dice.one_in(2);
    let gross: i64 = lines.iter().map(Line::gross).sum();
    let first = if new && gross > 10 && dice.one_in(3) { gross / 3 } else { gross };
    let amounts = [first, gross - first].into_iter().filter(|amount| *amount > 0);
    let charges = amounts.map(|amount| charge(dice, amount)).collect();
    Invoice { id: format!("in_{n}"), customer: customer.to_owned(), new, paid_at, lines, charges }
}

fn charge(dice: &mut Dice, amount: i64) -> Charge {
    let (mut left, mut refunds) = (amount, Vec::new());
    for _ in 0..dice.below(4) {
        if left > 0 {
            let some = if dice.one_in(3) { left } else { dice.amount(left) };
            let stands = !dice.one_in(4);
            left -= if stands { some } else { 0 };
            refunds.push((some, stands));
        }
    }
    let dispute = (left > 0 && dice.one_in(3)).then(|| (left, dice.one_in(2)));
    Charge { amount, refunds, dispute }
}

/// The webhooks of an account, each of a second of its own.
struct Account {
    bodies: Vec<String>,
    now: i64,
}

impl Account {
    fn tell(&mut self, new: bool, kind: &str, object: &Value) {
        self.now += 1;
        let version = if new { "2025-09-30.clover" } else { "2023-10-16" };
        let id = format!("evt_{}", self.bodies.len());
        self.bodies.push(
            json!({"id": id, "type": kind, "api_version": version, "created": self.now, "data": {"object": object}})
                .to_string(),
        );
    }

    fn invoice(&mut self, invoice: &Invoice) {
        let line = |(n, line): (usize, &Line)| {
            let tax = if invoice.new {
                let behavior = if line.inclusive { "inclusive" } else { "exclusive" };
                json!({"taxes": [{"amount": line.tax, "tax_behavior": behavior}]})
            } else {
                json!({"tax_amounts": [{"amount": line.tax, "inclusive": line.inclusive}]})
            };
            let mut body = json!({"id": format!("il_{n}"), "amount": line.amount,
                "discount_amounts": [{"amount": line.discount, "discount": "di_1"}]});
            body.as_object_mut().unwrap().extend(tax.as_object().unwrap().clone());
            body
        };
        let gross: i64 = invoice.lines.iter().map(Line::gross).sum();
        let lines: Vec<_> = invoice.lines.iter().enumerate().map(line).collect();
        let mut body = json!({"id": invoice.id, "currency": "eur", "customer": invoice.customer, "amount_paid": gross,
            "total": gross, "status_transitions": {"paid_at": invoice.paid_at},
            "lines": {"data": lines, "has_more": false}});
        if !invoice.new && !invoice.charges.is_empty() {
            body["charge"] = json!(format!("ch_{}_0", invoice.id));
            body["payment_intent"] = json!(format!("pi_{}_0", invoice.id));
        }
        self.tell(invoice.new, "invoice.paid", &body);
        for (n, charge) in invoice.charges.iter().enumerate() {
            self.charge(invoice, n, charge);
        }
    }

    fn charge(&mut self, invoice: &Invoice, n: usize, charge: &Charge) {
        let (ch, pi) = (format!("ch_{}_{n}", invoice.id), format!("pi_{}_{n}", invoice.id));
        if invoice.new {
            let body = json!({"id": format!("inpay_{ch}"), "invoice": invoice.id, "amount_paid": charge.amount,
                "payment": {"type": "payment_intent", "payment_intent": pi}});
            self.tell(true, "invoice_payment.paid", &body);
        }
        let mut refunded = 0;
        for (at, (amount, stands)) in charge.refunds.iter().enumerate() {
            let made = self.now + 1;
            let refund = |status: &str| {
                json!({"id": format!("re_{ch}_{at}"), "amount": amount, "charge": ch, "payment_intent": pi,
                    "created": made, "status": status})
            };
            // An account hears of a refund by itself, of the charge's new total, or of both.
            let how = if *stands { at % 3 } else { 1 };
            if how != 0 {
                self.tell(invoice.new, "refund.created", &refund("pending"));
            }
            refunded += amount;
            if how != 1 {
                let mut body = json!({"id": ch, "amount": charge.amount, "amount_refunded": refunded,
                    "payment_intent": pi, "customer": invoice.customer});
                if !invoice.new {
                    body["invoice"] = json!(invoice.id);
                }
                self.tell(invoice.new, "charge.refunded", &body);
            }
            if !stands {
                refunded -= amount;
                let kind = if invoice.new { "refund.failed" } else { "charge.refund.updated" };
                self.tell(invoice.new, kind, &refund("failed"));
            }
        }
        if let Some((amount, won)) = charge.dispute {
            let body = |status: &str| json!({"id": format!("dp_{ch}"), "amount": amount, "charge": ch, "payment_intent": pi, "status": status});
            self.tell(invoice.new, "charge.dispute.created", &body("needs_response"));
            self.tell(invoice.new, "charge.dispute.closed", &body(if won { "won" } else { "lost" }));
        }
    }
}

async fn month(seed: u64) {
    let mut dice = Dice(seed);
    let mut account = Account { bodies: Vec::new(), now: BEGIN };
    let mut invoices = Vec::new();
    for n in 0..=dice.below(4) {
        let customer = format!("cus_{}", dice.below(2));
        let paid_at = account.now;
        let made = invoice(&mut dice, usize::try_from(n).unwrap(), &customer, paid_at);
        account.invoice(&made);
        invoices.push(made);
    }
    // In any order, some of it twice, and customers somewhere in between.
    let mut order: Vec<_> = account.bodies.iter().map(Some).chain([None]).collect();
    for _ in 0..dice.below(5) {
        order.push(Some(&account.bodies[usize::try_from(dice.below(account.bodies.len() as u64)).unwrap()]));
    }
    for at in (1..order.len()).rev() {
        order.swap(at, usize::try_from(dice.below(at as u64 + 1)).unwrap());
    }
    let (hosted, desk) = hosted();
    hosted.lock().unwrap().customers = Some(BTreeSet::new());
    desk.later(BEGIN * 1000 + WEEK);
    for webhook in order {
        match webhook {
            Some(body) => desk.stripe(body.as_bytes()).await,
            None => {
                for n in 0..2 {
                    let signup = format!(
                        r#"{{"customer_key":"gk_{n}","email":"dana@shop.example","partner_key":"p1","provider_key":"cus_{n}"}}"#
                    );
                    desk.take("signup", &signup).await;
                }
            }
        }
        if dice.one_in(3) {
            desk.settle().await;
        }
    }
    desk.settle().await;
    let open = [State::Parked, State::Dead, State::Head, State::Waiting];
    for state in open {
        assert_eq!(
            desk.in_state(state).await,
            [],
            "seed {seed}: all of it is known, and none of it waits for a look"
        );
    }
    let heard = hosted.lock().unwrap().paid.clone();
    let heard: BTreeMap<_, _> =
        heard.into_iter().map(|(key, paid)| (key, (paid.amount, paid.refunded, paid.created_at))).collect();
    assert_eq!(heard, model(&invoices), "seed {seed}");
}

proptest! {
    // 64 histories; PROPTEST_CASES=4000 makes a thousand.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]
    #[test]
    fn months_of_stripe_come_to_what_the_model_says_in_every_order(seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(month(seed));
    }
}

//! Simulates the provider's account: the webhooks it sends for a history, and its invoices in the end.

use headwater_testkit::{CATALOGUE, START};
use serde_json::{Value, json};

use super::history::{Back, Dispute, History, Invoice, Start, Subscription, Tax};
use super::objects::{self, Charged};

/// The account, while a history is played.
#[derive(Default)]
pub(crate) struct Account {
    /// Its webhooks, in the order it sends them.
    pub(crate) webhooks: Vec<Value>,
    /// Its paid invoices.
    pub(crate) bills: Vec<Bill>,
    seconds: i64,
}

/// A paid invoice.
pub(crate) struct Bill {
    pub(crate) id: String,
    /// The number of the customer.
    pub(crate) customer: usize,
    pub(crate) lines: Vec<Line>,
    /// Cents paid, with tax.
    pub(crate) paid: i64,
    /// Cents by which a credit note reduced it before it was paid.
    pub(crate) off: i64,
    /// Cents taken back for good, with tax.
    pub(crate) back: i64,
    /// When it was paid, epoch seconds.
    pub(crate) paid_at: i64,
}

/// A line of an invoice.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    /// The product's index in [`CATALOGUE`].
    pub(crate) product: usize,
    /// The index of the subscription's item.
    pub(crate) item: usize,
    /// Cents before discounts, with inclusive tax.
    pub(crate) amount: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) inclusive: bool,
}

impl Line {
    /// Cents after discounts, without tax.
    pub(crate) fn base(&self) -> i64 {
        self.amount - self.discount - if self.inclusive { self.tax } else { 0 }
    }

    /// Cents after discounts, with tax.
    pub(crate) fn gross(&self) -> i64 {
        self.amount - self.discount + if self.inclusive { 0 } else { self.tax }
    }
}

/// Plays a history; returns the account with its webhooks and invoices.
pub(crate) fn live(history: &History) -> Account {
    let mut account = Account { seconds: START.div_euclid(1000), ..Account::default() };
    for (number, subscription) in history.subscriptions.iter().enumerate() {
        account.subscription(number, subscription);
    }
    account
}

/// A charge, and how much of it is not taken back yet.
struct Left {
    charge: Charged,
    rest: i64,
    refunded: i64,
    disputed: i64,
}

impl Account {
    /// Lets some seconds pass.
    fn pass(&mut self, seconds: i64) {
        self.seconds += seconds;
    }

    fn tell(&mut self, new: bool, kind: &str, object: &Value) {
        let version = if new { "2025-09-30.clover" } else { "2024-06-20" };
        self.webhooks
            .push(json!({"id": format!("evt_{}", self.webhooks.len()), "object": "event", "type": kind,
            "created": self.seconds, "livemode": true, "api_version": version, "data": {"object": object}}));
    }

    fn subscription(&mut self, number: usize, what: &Subscription) {
        let mut items = what.items.clone();
        let status = |status: &str, items: &[usize]| objects::subscription(number, what.named, status, items);
        self.pass(60);
        let begins = match what.start {
            Start::Active => "active",
            Start::Trial => "trialing",
            Start::Incomplete => "incomplete",
        };
        self.tell(what.new, "customer.subscription.created", &status(begins, &items));
        if what.start == Start::Trial {
            let free = Invoice {
                odd: Some(0),
                back: Vec::new(),
                change: None,
                note: None,
                ..what.invoices[0].clone()
            };
            self.invoice(number, what, "trial", &free, &items, None);
            self.pass(30 * 24 * 3600);
        }
        for (month, invoice) in what.invoices.iter().enumerate() {
            let changed = invoice.change.filter(|new| month > 0 && !items.contains(new));
            let old = changed.map(|new| std::mem::replace(&mut items[0], new));
            if old.is_some() || (month == 0 && what.start == Start::Trial) {
                self.tell(what.new, "customer.subscription.updated", &status("active", &items));
            }
            self.invoice(number, what, &month.to_string(), invoice, &items, old);
            if month == 0 && what.start == Start::Incomplete {
                self.tell(what.new, "customer.subscription.updated", &status("active", &items));
            }
            self.pass(30 * 24 * 3600);
        }
        if what.cancelled {
            self.tell(what.new, "customer.subscription.deleted", &status("canceled", &items));
        }
    }

    fn invoice(
        &mut self,
        number: usize,
        what: &Subscription,
        month: &str,
        invoice: &Invoice,
        items: &[usize],
        old: Option<usize>,
    ) {
        let lines = lines(invoice, items, old);
        let total: i64 = lines.iter().map(Line::gross).sum();
        let off = invoice.note.map_or(0, |part| total * part / 1000);
        let id = format!("in_{number}_{month}");
        let mut bill =
            Bill { id, customer: number, lines, paid: total - off, off, back: 0, paid_at: self.seconds };
        let split = invoice.split && what.new && bill.paid > 10;
        let first = if split { bill.paid / 3 } else { bill.paid };
        let amounts = [first, bill.paid - first].into_iter().filter(|amount| *amount > 0);
        let charge = |(n, amount)| Charged::new(what.new, &bill, n, amount);
        let charges: Vec<_> = amounts.enumerate().map(charge).collect();
        self.pass(7);
        self.tell(what.new, "invoice.paid", &objects::invoice(what, &bill, charges.first()));
        let mut lefts = Vec::new();
        for charge in charges {
            if what.new {
                self.tell(true, "invoice_payment.paid", &charge.invoice_payment());
            }
            let rest = charge.amount;
            lefts.push(Left { charge, rest, refunded: 0, disputed: 0 });
        }
        for (n, back) in invoice.back.iter().enumerate() {
            self.pass(3600);
            self.back(what, &mut bill, &mut lefts, (n, back));
        }
        bill.back +=
            lefts.iter().map(|left| left.charge.amount.min(left.refunded + left.disputed)).sum::<i64>();
        self.bills.push(bill);
    }

    fn back(&mut self, what: &Subscription, bill: &mut Bill, lefts: &mut [Left], (n, back): (usize, &Back)) {
        let open = lefts.iter().map(|left| left.rest).sum::<i64>() - bill.back;
        let of = |of: usize| of.min(lefts.len().saturating_sub(1));
        match *back {
            _ if open <= 0 => {}
            Back::Refund { of: at, part, fails } => {
                let left = &mut lefts[of(at)];
                let amount = (left.rest.min(open) * part / 1000).max(1);
                if left.rest >= amount && left.disputed == 0 {
                    self.refund(what, left, n, amount, fails);
                }
            }
            Back::Dispute { of: at, whole, ends } => {
                let left = &mut lefts[of(at)];
                if left.rest > 0 && bill.back == 0 && left.disputed == 0 {
                    let amount = if whole { left.charge.amount } else { left.rest };
                    self.dispute(what.new, left, amount, ends);
                }
            }
            Back::Note { part, as_refund, voided } => {
                let left = &mut lefts[0];
                let amount = (left.rest.min(open) * part / 1000).max(1);
                if left.rest < amount || left.disputed > 0 {
                    return;
                }
                let note =
                    |status: &str| objects::credit_note(what.new, bill, (n, amount), as_refund, status);
                let (issued, void) = (note("issued"), note("void"));
                self.tell(what.new, "credit_note.created", &issued);
                if as_refund {
                    self.refund(what, left, n, amount, false);
                } else if voided {
                    self.pass(3600);
                    self.tell(what.new, "credit_note.voided", &void);
                } else {
                    bill.back += amount;
                }
            }
        }
    }

    fn refund(&mut self, what: &Subscription, left: &mut Left, n: usize, amount: i64, fails: bool) {
        let (made, (charges, refunds)) = (self.seconds, what.listens);
        let refund = |status: &str| left.charge.refund((n, amount), made, status);
        let (pending, failed) = (refund("pending"), refund("failed"));
        if refunds {
            self.tell(what.new, "refund.created", &pending);
        }
        if charges {
            self.tell(what.new, "charge.refunded", &left.charge.refunded(left.refunded + amount));
        }
        if fails {
            self.pass(3600);
            let kind = if what.new { "refund.failed" } else { "charge.refund.updated" };
            self.tell(what.new, kind, &failed);
        } else {
            left.refunded += amount;
            left.rest -= amount;
        }
    }

    fn dispute(&mut self, new: bool, left: &mut Left, amount: i64, ends: Dispute) {
        let (opened, closed) = match ends {
            Dispute::Inquiry => ("warning_needs_response", Some("warning_closed")),
            Dispute::Won => ("needs_response", Some("won")),
            Dispute::Lost => ("needs_response", Some("lost")),
            Dispute::Open => ("needs_response", None),
        };
        self.tell(new, "charge.dispute.created", &left.charge.dispute(amount, opened));
        if let Some(status) = closed {
            self.pass(3600);
            self.tell(new, "charge.dispute.closed", &left.charge.dispute(amount, status));
        }
        if matches!(ends, Dispute::Lost | Dispute::Open) {
            left.disputed = amount;
            left.rest = 0;
        }
    }
}

/// One line for each item, and a credit for the rest of the month of a plan that was replaced.
fn lines(invoice: &Invoice, items: &[usize], old: Option<usize>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (item, product) in items.iter().enumerate() {
        let usual = CATALOGUE[*product].amount;
        let amount = if item == 0 || invoice.odd == Some(0) { invoice.odd.unwrap_or(usual) } else { usual };
        lines.push(line(invoice, (lines.len(), item, *product), amount));
    }
    if let Some(old) = old {
        let most = lines.iter().map(|line| line.amount).sum::<i64>();
        let credit = -(CATALOGUE[old].amount / 3).min(most);
        lines.push(line(invoice, (lines.len(), 0, old), credit));
    }
    lines
}

fn line(invoice: &Invoice, (n, item, product): (usize, usize, usize), amount: i64) -> Line {
    let discount = amount * invoice.coupon / 100;
    let tax = match invoice.tax {
        Tax::None => 0,
        Tax::Inclusive => (amount - discount) * 19 / 119,
        Tax::Exclusive => (amount - discount) * 19 / 100,
    };
    Line {
        id: format!("il_{n}"),
        product,
        item,
        amount,
        discount,
        tax,
        inclusive: invoice.tax == Tax::Inclusive,
    }
}

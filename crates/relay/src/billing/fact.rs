//! Facts of billing: what is kept of a webhook because a later one cannot be understood without it (billing.md).
//!
//! A record of the provider is a name, `in:` an invoice, `pi:` a payment intent, `ch:` a charge, `sub:` a subscription. Two records that
//! belong together each have a fact that leads to the other; the rest say what was paid, and what went back.

use headwater_journal::Fact;
use serde::{Deserialize, Serialize};

/// The name of an invoice.
pub fn invoice(id: &str) -> String {
    format!("in:{id}")
}

/// The name of a payment intent.
pub fn intent(id: &str) -> String {
    format!("pi:{id}")
}

/// The name of a charge.
pub fn charge(id: &str) -> String {
    format!("ch:{id}")
}

/// The name of a subscription.
pub fn subscription(id: &str) -> String {
    format!("sub:{id}")
}

/// What a fact says of its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Known {
    /// It belongs together with the record of this name, or does not any more.
    Link {
        /// The other record.
        to: String,
        /// Whether it still does.
        holds: bool,
    },
    /// An invoice that was paid.
    Paid {
        /// Minor units with tax: what a refund is a share of.
        gross: i64,
        /// The transactions it made.
        lines: Vec<PaidLine>,
    },
    /// What a payment paid of its invoice.
    Charged {
        /// Minor units, with tax.
        amount: i64,
    },
    /// What a charge says was refunded of it.
    Refunded {
        /// Minor units charged, with tax.
        gross: i64,
        /// Minor units refunded altogether, at the time of the fact.
        total: i64,
    },
    /// A refund by itself.
    Refund {
        /// Minor units, with tax.
        amount: i64,
        /// When it was made, epoch milliseconds.
        made_at: i64,
        /// Whether it stands; a refund may fail.
        stands: bool,
    },
    /// A subscription was told of at this time.
    Told,
    /// What else takes money back, with tax: a dispute, a credit note. 0 when it does not stand.
    Back {
        /// Minor units.
        amount: i64,
    },
}

/// A transaction that an invoice's line became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidLine {
    /// The transaction's key.
    pub key: String,
    /// Minor units, after discounts and before tax.
    pub base: i64,
}

impl Known {
    /// This as a fact about `name`; see [`Fact`] for the others.
    pub fn fact(&self, scope: &str, name: &str, part: &str, at: i64, rank: i64) -> Fact {
        Fact {
            scope: scope.to_owned(),
            name: name.to_owned(),
            part: part.to_owned(),
            at,
            rank,
            body: serde_json::to_string(self).expect("texts and integers always serialize"),
        }
    }

    /// Two facts: each of the records leads to the other, or does not any more.
    pub fn link(scope: &str, one: &str, other: &str, at: i64, holds: bool) -> [Fact; 2] {
        [(one, other), (other, one)].map(|(from, to)| {
            // Told in the same second, the end is later than the beginning.
            let link = Self::Link { to: to.to_owned(), holds };
            link.fact(scope, from, &format!("to/{to}"), at, i64::from(!holds))
        })
    }

    /// What a fact says; `None` when a later version wrote it.
    pub fn of(fact: &Fact) -> Option<Self> {
        serde_json::from_str(&fact.body).ok()
    }
}

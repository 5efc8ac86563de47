//! Facts of billing: what is stored of a webhook because a later one cannot be understood without it (billing.md).
//!
//! A fact is stored under the name of the provider's record that it is about: `in:` an invoice or what counts as one,
//! `no:` an invoice by its number, `pi:` a payment intent, `ch:` a charge, `sub:` a subscription. Two records that belong
//! together each have a fact with the other's name; the other facts say what was paid and what was refunded.
//!
//! The ids of invoices of other providers than Stripe stand behind the provider's name (`in:recurly/…`), so that two
//! providers of one program cannot share a record.

use headwater_journal::Fact;
use headwater_protocol::v2::BillingProvider;
use serde::{Deserialize, Serialize};

/// The name of an invoice.
pub fn invoice(id: &str) -> String {
    format!("in:{id}")
}

/// The name of an invoice by its number.
pub fn invoice_number(number: &str) -> String {
    format!("no:{number}")
}

/// The name of another provider's invoice, by its name there. The provider is part of it: two of them may give out the
/// same id, and one program may use both.
pub fn invoice_of(provider: BillingProvider, id: &str) -> String {
    invoice(&format!("{}/{id}", provider.name()))
}

/// The name of a payment intent.
pub fn intent(id: &str) -> String {
    format!("pi:{id}")
}

/// The name of a charge.
pub fn charge(id: &str) -> String {
    format!("ch:{id}")
}

/// The name of a subscription, the same for every provider: it is looked up by the product's key, which says no more.
pub fn subscription(id: &str) -> String {
    format!("sub:{id}")
}

/// What a fact says of its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FactBody {
    /// It belongs together with another record, or does not any more.
    Link {
        /// The name of the other record.
        to: String,
        /// Whether they still belong together.
        holds: bool,
    },
    /// An invoice that was paid.
    Paid {
        /// Minor units with tax. A refund is a share of it.
        gross: i64,
        /// The transactions that its lines became.
        lines: Vec<PaidLine>,
    },
    /// How much a payment paid of its invoice.
    Charged {
        /// Minor units, with tax.
        amount: i64,
    },
    /// How much of a charge was refunded, as the charge itself says.
    Refunded {
        /// Minor units charged, with tax.
        gross: i64,
        /// Minor units refunded altogether, at the time of the fact.
        total: i64,
    },
    /// A single refund.
    Refund {
        /// Minor units, with tax.
        amount: i64,
        /// When it was made, epoch milliseconds.
        made_at: i64,
        /// Whether it is in force. `false` when it failed or was cancelled.
        stands: bool,
    },
    /// The provider has reported the subscription at the time of the fact, so older reports are stale.
    #[serde(rename = "told")]
    Reported,
    /// A dispute or a credit note, which takes money back too.
    Back {
        /// Minor units, with tax; 0 when it is not in force.
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

impl FactBody {
    /// A fact about the record `name`. The other parameters are those of [`Fact`].
    pub fn fact(&self, scope: &str, name: &str, part: &str, at: i64, rank: i64) -> Fact {
        Fact {
            scope: scope.to_owned(),
            name: name.to_owned(),
            part: part.to_owned(),
            at,
            rank,
            body: serde_json::to_string(self).expect("texts and integers always serialize"),
            change: 0,
        }
    }

    /// The two facts that say whether two records belong together, one for each record.
    pub fn link(scope: &str, one: &str, other: &str, at: i64, holds: bool) -> [Fact; 2] {
        [(one, other), (other, one)].map(|(from, to)| {
            // Stripe's times are whole seconds. Within one second, the end of a link counts as later than its begin.
            let link = Self::Link { to: to.to_owned(), holds };
            link.fact(scope, from, &format!("to/{to}"), at, i64::from(!holds))
        })
    }

    /// What a fact says; `None` when a later version wrote it.
    pub fn of(fact: &Fact) -> Option<Self> {
        serde_json::from_str(&fact.body).ok()
    }
}

//! Subscriptions as a company has them over some months, and what of their payments is given back.

use std::fmt;

use headwater_testkit::CATALOGUE;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// All that happens, in the provider's own order, and how its webhooks arrive.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) arrival: Arrival,
}

/// One after the other when all numbers are 0.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// Webhooks arrive in the order of these, the first one's first.
    pub(crate) places: Vec<u8>,
    /// Which webhooks come again, and where.
    pub(crate) again: Vec<(usize, u8)>,
    /// After which of them everything is delivered.
    pub(crate) pauses: Vec<bool>,
}

impl fmt::Debug for Arrival {
    /// On one line, without what does nothing.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ones = self.pauses.iter().enumerate().filter(|(_, pause)| **pause);
        let pauses: Vec<_> = ones.map(|(at, _)| at).collect();
        write!(out, "places {:?}, again {:?}, pauses after {pauses:?}", self.places, self.again)
    }
}

/// How it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Active,
    /// With a month that costs nothing.
    Trial,
    /// It becomes active by its first payment.
    Incomplete,
}

/// How the provider's customer and the site's become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    /// The page that signs up says so.
    Page,
    /// The provider's customer carries the site's key.
    Customer,
    /// The checkout's session carries it.
    Session,
}

/// One customer's.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    /// In the API version of 2025-09-30, else of 2024-06-20.
    pub(crate) new: bool,
    pub(crate) start: Start,
    pub(crate) joined: Joined,
    /// Whether it carries the site's key of its customer.
    pub(crate) named: bool,
    /// What it sells: places in the catalogue.
    pub(crate) items: Vec<usize>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) cancelled: bool,
    /// Whether the account listens to `charge.refunded`, and to refunds that are made.
    pub(crate) listens: (bool, bool),
}

/// What taxes do to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tax {
    None,
    Inclusive,
    Exclusive,
}

/// A month's.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    /// The first item gives way to this one of the catalogue: its rest is credited and the new one's charged.
    pub(crate) change: Option<usize>,
    /// Percent off.
    pub(crate) coupon: i64,
    pub(crate) tax: Tax,
    /// Cents of one item's line, which is else what the catalogue says.
    pub(crate) odd: Option<i64>,
    /// Thousandths that a credit note takes off before it is paid.
    pub(crate) note: Option<i64>,
    /// Paid in two payments, where the API version knows that.
    pub(crate) split: bool,
    pub(crate) back: Vec<Back>,
}

/// What gives back. Amounts are thousandths of what is left.
#[derive(Debug, Clone)]
pub(crate) enum Back {
    Refund {
        of: usize,
        part: i64,
        fails: bool,
    },
    /// Of the rest of a charge, or of all of it although some went back before.
    Dispute {
        of: usize,
        whole: bool,
        ends: Dispute,
    },
    Note {
        part: i64,
        as_refund: bool,
        voided: bool,
    },
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dispute {
    Won,
    Lost,
    Open,
    /// It was a question of the bank, and moved nothing.
    Inquiry,
}

fn one_of<T: Clone + fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(all.to_vec())
}

/// Mostly a part, often the whole.
fn part() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 1..1000_i64, 1 => Just(1000)]
}

fn back() -> impl Strategy<Value = Back> {
    let ends = one_of(&[Dispute::Won, Dispute::Lost, Dispute::Open, Dispute::Inquiry]);
    prop_oneof![
        4 => (0..2_usize, part(), prop::bool::weighted(0.25))
            .prop_map(|(of, part, fails)| Back::Refund { of, part, fails }),
        2 => (0..2_usize, any::<bool>(), ends)
            .prop_map(|(of, whole, ends)| Back::Dispute { of, whole, ends }),
        1 => (part(), any::<bool>(), prop::bool::weighted(0.25))
            .prop_map(|(part, as_refund, voided)| Back::Note { part, as_refund, voided }),
    ]
}

fn invoice() -> impl Strategy<Value = Invoice> {
    (
        prop::option::weighted(0.2, 0..CATALOGUE.len()),
        one_of(&[0, 0, 0, 25, 50, 100]),
        one_of(&[Tax::None, Tax::Inclusive, Tax::Exclusive]),
        prop::option::of(1..20_000_i64),
        prop::option::weighted(0.1, 1..900_i64),
        prop::bool::weighted(0.4),
        prop::collection::vec(back(), 0..4),
    )
        .prop_map(|(change, coupon, tax, odd, note, split, back)| Invoice {
            change,
            coupon,
            tax,
            odd,
            note,
            split,
            back,
        })
}

fn subscription() -> impl Strategy<Value = Subscription> {
    (
        any::<bool>(),
        one_of(&[Start::Active, Start::Trial, Start::Incomplete]),
        one_of(&[Joined::Page, Joined::Customer, Joined::Session]),
        any::<bool>(),
        subsequence((0..CATALOGUE.len()).collect::<Vec<_>>(), 1..=2),
        prop::collection::vec(invoice(), 1..4),
        prop::bool::weighted(0.3),
        one_of(&[(true, true), (true, false), (false, true)]),
    )
        .prop_map(|(new, start, joined, named, items, invoices, cancelled, listens)| Subscription {
            new,
            start,
            joined,
            named,
            items,
            invoices,
            cancelled,
            listens,
        })
}

/// Any history.
pub(crate) fn history() -> impl Strategy<Value = History> {
    let arrival = (
        prop::collection::vec(prop_oneof![1 => Just(0), 2 => any::<u8>()], 40),
        prop::collection::vec((0..64_usize, any::<u8>()), 0..4),
        prop::collection::vec(prop::bool::weighted(0.3), 40),
    )
        .prop_map(|(places, again, pauses)| Arrival { places, again, pauses });
    (prop::collection::vec(subscription(), 1..3), arrival)
        .prop_map(|(subscriptions, arrival)| History { subscriptions, arrival })
}

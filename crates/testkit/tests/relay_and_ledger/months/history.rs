//! Random histories: a company's subscriptions over some months, with refunds, disputes and credit notes.

use std::fmt;

use headwater_testkit::CATALOGUE;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// What happens at the provider, and in which order its webhooks arrive.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) arrival: Arrival,
}

/// How webhooks arrive: in the order they were sent if all numbers are 0.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// A sort key for each webhook; they arrive by ascending keys.
    pub(crate) places: Vec<u8>,
    /// Webhooks that arrive a second time: their number and the sort key of the second time.
    pub(crate) again: Vec<(usize, u8)>,
    /// Whether due entries are delivered after the arrival at this index.
    pub(crate) pauses: Vec<bool>,
}

impl fmt::Debug for Arrival {
    /// On one line; of the pauses only those that are true.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ones = self.pauses.iter().enumerate().filter(|(_, pause)| **pause);
        let pauses: Vec<_> = ones.map(|(at, _)| at).collect();
        write!(out, "places {:?}, again {:?}, pauses after {pauses:?}", self.places, self.again)
    }
}

/// The status with which a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Active,
    /// With a month that costs nothing.
    Trial,
    /// It becomes active by its first payment.
    Incomplete,
}

/// How the ledger learns which of the provider's customers is which of the site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    /// The page's signup has the provider's id.
    Page,
    /// The provider's customer carries the site's key.
    Customer,
    /// The checkout session carries the site's key.
    Session,
}

/// A customer's subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    /// In the API version of 2025-09-30, else of 2024-06-20.
    pub(crate) new: bool,
    pub(crate) start: Start,
    pub(crate) joined: Joined,
    /// Whether it carries the site's key of its customer.
    pub(crate) named: bool,
    /// The products it sells, as indexes in [`CATALOGUE`].
    pub(crate) items: Vec<usize>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) cancelled: bool,
    /// Whether the account's webhooks include `charge.refunded`, and `refund.created`.
    pub(crate) listens: (bool, bool),
}

/// How tax is added to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tax {
    None,
    Inclusive,
    Exclusive,
}

/// The invoice of one month.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    /// The first item is replaced by this one of the catalogue: the rest of the old one's month is credited, and the
    /// new one is charged.
    pub(crate) change: Option<usize>,
    /// The discount in percent.
    pub(crate) coupon: i64,
    pub(crate) tax: Tax,
    /// Cents of the first item's line instead of the catalogue's price; 0 makes every line free.
    pub(crate) odd: Option<i64>,
    /// Thousandths by which a credit note reduces the invoice before it is paid.
    pub(crate) note: Option<i64>,
    /// Whether it is paid in two payments, if the API version supports that.
    pub(crate) split: bool,
    pub(crate) back: Vec<Back>,
}

/// What takes money back. `part` is in thousandths of what is left of a charge; `of` is the index of the charge.
#[derive(Debug, Clone)]
pub(crate) enum Back {
    Refund {
        of: usize,
        part: i64,
        fails: bool,
    },
    /// About the rest of a charge, or about the whole although a part was refunded before.
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
    /// The bank only inquired; no money moved.
    Inquiry,
}

fn one_of<T: Clone + fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(all.to_vec())
}

/// Thousandths: in two of three cases a part, else the whole.
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

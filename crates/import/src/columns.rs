//! The columns of each kind of file: what they are called, what they hold, and which a file must have.

mod tables;

use headwater_protocol::v2::ImportKind;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// One line.
    Text,
    /// Any text.
    Prose,
    /// Minor units, of the row's currency.
    Amount,
    Currency,
    /// A moment.
    Time,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    Flag,
    /// Texts with commas, semicolons or bars between them.
    List,
}

/// A column that is known.
#[derive(Debug)]
pub(crate) struct FileColumn {
    /// Its name, and the member of the body that it fills; `target.key` is `key` inside `target`.
    pub(crate) name: &'static str,
    /// Other names that people's files have for it, in the form of [`plain`].
    pub(crate) also: &'static [&'static str],
    pub(crate) kind: CellKind,
}

/// What a kind of file has.
#[derive(Debug)]
pub(crate) struct KindColumns {
    pub(crate) known: &'static [FileColumn],
    /// Objects whose members may each be a column, as `meta.plan`.
    pub(crate) objects: &'static [&'static str],
    /// Groups of columns of which a file must have at least one each.
    pub(crate) required: &'static [&'static [&'static str]],
}

/// The columns of a kind.
pub(crate) fn of(kind: ImportKind) -> &'static KindColumns {
    match kind {
        ImportKind::Partnerships => &tables::PARTNERSHIPS,
        ImportKind::Customers => &tables::CUSTOMERS,
        ImportKind::Products => &tables::PRODUCTS,
        ImportKind::Transactions => &tables::TRANSACTIONS,
        ImportKind::Rewards => &tables::REWARDS,
        ImportKind::Leads => &tables::LEADS,
        ImportKind::Deals => &tables::DEALS,
    }
}

/// A name without what people write differently: capitals, and what separates words.
pub(crate) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars().filter(|letter| !matches!(letter, '\u{feff}' | '"')) {
        if letter.is_alphanumeric() {
            plain.extend(letter.to_lowercase());
        } else if letter == '.' {
            plain.push('.');
        } else if !plain.is_empty() && !plain.ends_with(['_', '.']) {
            plain.push('_');
        }
    }
    plain.truncate(plain.trim_end_matches(['_', '.']).len());
    plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_the_same_whatever_separates_their_words() {
        for name in ["partner_key", "Partner Key", " PARTNER-KEY ", "partner  key*", "\"Partner/Key\""] {
            assert_eq!(plain(name), "partner_key", "{name}");
        }
        assert_eq!(plain("Address.Country"), "address.country");
    }

    #[test]
    fn a_name_is_one_column_of_its_kind() {
        for kind in ImportKind::ALL {
            let mut taken = BTreeSet::new();
            for column in of(kind).known {
                for name in column.also.iter().chain([&column.name]) {
                    assert_eq!(plain(name), **name);
                    assert!(taken.insert(*name), "{name} of {kind:?}");
                }
            }
            for name in of(kind).required.iter().copied().flatten() {
                assert!(of(kind).known.iter().any(|column| column.name == *name), "{name} of {kind:?}");
            }
        }
    }
}

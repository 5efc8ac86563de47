//! The first row: which column of the file fills which member.

use headwater_protocol::limits::IMPORT_COLUMNS_MAX;
use headwater_protocol::v2::ImportKind;

use crate::columns::{self, CellKind, plain};
use crate::problem::{FileProblem, short};

/// Columns that our own file of refused rows has besides; they are passed over without a word.
const OWN: &str = "import_";

/// What a column of the file fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilledMember {
    /// The member, with those that hold it in front: `["target", "key"]`.
    pub(crate) path: Vec<String>,
    pub(crate) kind: CellKind,
}

/// The columns of a file, in its order.
#[derive(Debug)]
pub(crate) struct FileHeader {
    /// As the file calls them.
    pub(crate) names: Vec<String>,
    /// What each fills; `None` where it is not read.
    pub(crate) places: Vec<Option<FilledMember>>,
    /// Columns that nothing reads, each with the known name that is most like it.
    pub(crate) unread: Vec<(String, Option<&'static str>)>,
}

impl FileHeader {
    /// Reads the cells of the first row. `mapping` has names of the file's columns with what they stand for.
    pub(crate) fn read(
        kind: ImportKind,
        names: Vec<String>,
        mapping: &[(String, String)],
    ) -> Result<Self, FileProblem> {
        if names.len() > IMPORT_COLUMNS_MAX {
            let message =
                format!("the file has {} columns, at most {IMPORT_COLUMNS_MAX} are read", names.len());
            return Err(FileProblem::new("too_many_columns", message, "remove those that are not needed"));
        }
        for (theirs, _) in mapping {
            if !names.iter().any(|name| plain(name) == plain(theirs)) {
                let message =
                    format!("the mapping names a column '{}', which the file does not have", short(theirs));
                return Err(FileProblem::new("unknown_column", message, has(&names)));
            }
        }
        let (mut places, mut unread) = (Vec::with_capacity(names.len()), Vec::new());
        for name in &names {
            let place = place(kind, name, mapping)?;
            if place.is_none() && !name.is_empty() && !plain(name).starts_with(OWN) {
                unread.push((name.clone(), nearest(kind, &plain(name))));
            }
            if let Some(other) = place.as_ref().and_then(|_| places.iter().position(|known| *known == place))
            {
                let message =
                    format!("the columns '{}' and '{}' mean the same", short(&names[other]), short(name));
                let hint = "remove one of them, or give one another name";
                return Err(FileProblem::new("duplicate_column", message, hint).column(name));
            }
            places.push(place);
        }
        let header = Self { names, places, unread };
        header.check_required(kind)?;
        Ok(header)
    }

    fn check_required(&self, kind: ImportKind) -> Result<(), FileProblem> {
        let has_one = |name: &&str| self.places.iter().flatten().any(|place| place.path.join(".") == **name);
        for group in columns::of(kind).required {
            if !group.iter().any(has_one) {
                let message = format!("a file of {} needs a column {}", kind.name(), group.join(" or "));
                let hint = format!(
                    "{}; a mapping can say which one it is, as `Their name={}`",
                    has(&self.names),
                    group[0]
                );
                return Err(FileProblem::new("missing_column", message, hint));
            }
        }
        Ok(())
    }

    /// The position of the column that fills a member of the API; `None` when no column does.
    pub(crate) fn name_of(&self, member: &str) -> Option<usize> {
        let fits = |place: &Option<FilledMember>| {
            place.as_ref().is_some_and(|place| {
                let path = place.path.join(".");
                path == member
                    || member.starts_with(&format!("{path}["))
                    || place.path.first().is_some_and(|first| first == member)
            })
        };
        self.places.iter().position(fits)
    }
}

fn has(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(20).map(|name| format!("'{}'", short(name))).collect();
    format!("the first row has {}", shown.join(", "))
}

/// What a column fills: by the mapping, else by its own name.
fn place(
    kind: ImportKind,
    name: &str,
    mapping: &[(String, String)],
) -> Result<Option<FilledMember>, FileProblem> {
    let mapped = mapping.iter().find(|(theirs, _)| plain(theirs) == plain(name));
    let Some((_, ours)) = mapped else { return Ok(known(kind, name)) };
    known(kind, ours).map(Some).ok_or_else(|| {
        let names: Vec<_> = columns::of(kind).known.iter().map(|column| column.name).collect();
        let message = format!("the mapping names '{}', which is no column of {}", short(ours), kind.name());
        FileProblem::new("unknown_column", message, format!("known are {}", names.join(", "))).column(name)
    })
}

fn known(kind: ImportKind, name: &str) -> Option<FilledMember> {
    let (columns, wanted) = (columns::of(kind), plain(name));
    let found =
        columns.known.iter().find(|column| column.name == wanted || column.also.contains(&wanted.as_str()));
    if let Some(column) = found {
        let path = column.name.split('.').map(str::to_owned).collect();
        return Some(FilledMember { path, kind: column.kind });
    }
    // The member's own name keeps its capitals: it is the company's word.
    let (holder, member) = name.trim().split_once('.')?;
    let object = columns.objects.iter().find(|known| **known == plain(holder))?;
    let member = member.trim();
    let path = vec![(*object).to_owned(), member.to_owned()];
    (!member.is_empty()).then_some(FilledMember { path, kind: CellKind::Prose })
}

/// The known name that is most like a name, if a third of its letters differ at most.
fn nearest(kind: ImportKind, name: &str) -> Option<&'static str> {
    if name.len() > 100 {
        return None;
    }
    let distances =
        columns::of(kind).known.iter().map(|column| (strsim::osa_distance(name, column.name), column.name));
    let (distance, found) = distances.min()?;
    (distance * 3 <= found.len()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ImportKind, line: &str, mapping: &[(&str, &str)]) -> Result<FileHeader, FileProblem> {
        let mapping: Vec<_> = mapping.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        FileHeader::read(kind, line.split(',').map(str::to_owned).collect(), &mapping)
    }

    fn members(header: &FileHeader) -> Vec<String> {
        header
            .places
            .iter()
            .map(|place| place.as_ref().map_or(String::new(), |place| place.path.join(".")))
            .collect()
    }

    #[test]
    fn names_are_found_in_any_order_and_case_and_by_those_of_other_exports() {
        let header =
            read(ImportKind::Transactions, "Invoice ID,Metadata.Plan Name,Currency,AMOUNT,Customer-Key", &[]);
        assert_eq!(
            members(&header.unwrap()),
            ["key", "metadata.Plan Name", "currency", "amount", "customer_key"]
        );
    }

    #[test]
    fn a_mapping_comes_before_the_name_itself() {
        let mapping = [("Rechnung", "key"), ("Kunde", "customer_key"), ("Betrag", "amount")];
        let header = read(ImportKind::Transactions, "Rechnung,Kunde,Betrag,currency", &mapping).unwrap();
        assert_eq!(members(&header), ["key", "customer_key", "amount", "currency"]);
        let wrong = read(ImportKind::Transactions, "a,b", &[("a", "amuont")]).unwrap_err();
        assert_eq!((wrong.code, wrong.column.as_deref()), ("unknown_column", Some("a")));
        let absent = read(ImportKind::Transactions, "a,b", &[("c", "amount")]).unwrap_err();
        assert!(absent.message.contains("'c'"), "{absent:?}");
    }

    #[test]
    fn missing_and_doubled_columns_are_named_with_what_is_there() {
        let missing = read(ImportKind::Transactions, "amount,customer", &[]).unwrap_err();
        assert_eq!(missing.message, "a file of transactions needs a column currency");
        assert!(missing.hint.contains("'amount', 'customer'"), "{}", missing.hint);
        let doubled = read(ImportKind::Customers, "email,E-Mail", &[]).unwrap_err();
        assert_eq!(doubled.code, "duplicate_column");
        let many = vec!["x".to_owned(); IMPORT_COLUMNS_MAX + 1];
        assert_eq!(FileHeader::read(ImportKind::Customers, many, &[]).unwrap_err().code, "too_many_columns");
    }

    #[test]
    fn what_nothing_reads_is_told_with_the_nearest_name() {
        let header =
            read(ImportKind::Customers, "email,partner_kye,favourite colour,,import_error", &[]).unwrap();
        let expected =
            vec![("partner_kye".to_owned(), Some("partner_key")), ("favourite colour".to_owned(), None)];
        assert_eq!(header.unread, expected);
    }
}

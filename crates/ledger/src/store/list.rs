//! Keyset pagination: the only place that writes ORDER BY and LIMIT for a list.

use std::borrow::Cow;
use std::fmt::Write as _;

use headwater_store::{Columns, Record, StoreError, Unit, Value};

mod filter;
mod updated;

pub(in crate::store) use updated::INDEXES as BY_CHANGE;

pub(crate) use filter::{FilterBy, ListFilter, NamedRecord};

/// The parameters of a list request (api.md section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Items wanted, 1 to 250.
    pub(crate) limit: u32,
    /// The item to continue from.
    pub(crate) cursor: Option<Cursor>,
    /// Name of the order: `created_at`, `updated_at` or one of the listing's.
    pub(crate) order: &'static str,
    /// Whether the smallest comes first.
    pub(crate) ascending: bool,
    /// Bounds on `created_at` and `updated_at`, both ends included.
    pub(crate) min_created: Option<i64>,
    /// See `min_created`.
    pub(crate) max_created: Option<i64>,
    /// See `min_created`.
    pub(crate) min_updated: Option<i64>,
    /// See `min_created`.
    pub(crate) max_updated: Option<i64>,
    /// Whether archived items are shown.
    pub(crate) include_archived: bool,
}

impl PageRequest {
    /// Whether it asks for pages of everything that is not archived.
    pub(crate) fn is_whole(&self) -> bool {
        let bounds = [self.min_created, self.max_created, self.min_updated, self.max_updated];
        bounds.iter().all(Option::is_none) && !self.include_archived
    }
}

/// Where a page begins or ends: an item's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Items behind this one.
    After(String),
    /// Items before this one.
    Before(String),
}

/// How a list reads its table, and what it may be asked for.
pub(crate) struct Listing {
    /// Table and joins. The table that is listed carries `program`, `key`, `id`, `created_at`, `updated_at`.
    pub(crate) from: &'static str,
    /// The listed table's name or alias.
    pub(crate) table: &'static str,
    /// Orders: the API's name and a column that is never null, because a keyset cannot compare NULL.
    pub(crate) orders: &'static [(&'static str, &'static str)],
    /// Whether the table has `archived`.
    pub(crate) archivable: bool,
    /// Whether the table has `test`: rows of production and of test keys, which do not see each other's.
    pub(crate) modes: bool,
    /// The condition on the partnership whose rows these are. A partner may list their own; without one only the vendor
    /// lists.
    pub(crate) partner: Option<&'static str>,
    /// What the list may be narrowed by.
    pub(crate) filters: &'static [ListFilter],
}

impl Listing {
    /// The rows that the caller may know of: of the program and mode, and of one partnership when one looks.
    pub(crate) fn scope(&self, (program, test): (i64, bool), viewer: Option<i64>) -> Vec<Condition> {
        let own = |column: &str| format!("{}.{column} =", self.table);
        let mut scope = vec![Condition::int(own("program"), program)];
        if self.modes {
            scope.push(Condition::int(own("test"), i64::from(test)));
        }
        // A list without such a condition is never a partner's; no row has the number 0.
        scope.extend(viewer.map(|id| match self.partner {
            Some(left) => Condition::int(left, id),
            None => Condition::int(own("id"), 0),
        }));
        scope
    }
}

/// A condition: a left side such as `customer.partnership =` and the value on its right, or a complete one without a
/// value, such as `product IS NULL`.
#[derive(Clone)]
pub(crate) struct Condition {
    left: Cow<'static, str>,
    right: Option<ConditionValue>,
    /// What follows the value.
    tail: &'static str,
}

#[derive(Clone)]
enum ConditionValue {
    Int(i64),
    Text(String),
}

impl Condition {
    /// A condition on a number.
    pub(crate) fn int(left: impl Into<Cow<'static, str>>, right: i64) -> Self {
        Self { left: left.into(), right: Some(ConditionValue::Int(right)), tail: "" }
    }

    /// A condition on a text.
    pub(crate) fn text(left: &'static str, right: impl Into<String>) -> Self {
        Self { left: left.into(), right: Some(ConditionValue::Text(right.into())), tail: "" }
    }

    /// A condition without a value. Written exactly like the condition of a partial index, it lets the planner use
    /// that index.
    pub(crate) fn fact(left: &'static str) -> Self {
        Self { left: left.into(), right: None, tail: "" }
    }

    /// A condition on a text inside a bracket that the left side opens, such as `EXISTS (SELECT … WHERE tag =`.
    pub(crate) fn within(left: &'static str, right: impl Into<String>) -> Self {
        Self::text(left, right).closed()
    }

    /// The same condition, with the bracket closed that its left side opens.
    pub(crate) fn closed(self) -> Self {
        Self { tail: ")", ..self }
    }
}

/// A page of rows, each with its key.
pub(crate) struct Slice<T> {
    /// Key and row.
    pub(crate) rows: Vec<(String, T)>,
    /// Whether more follow in the direction asked for.
    pub(crate) has_more: bool,
}

/// A query under construction: text and its parameters, in order.
struct SqlQuery {
    text: String,
    params: Vec<ConditionValue>,
}

impl SqlQuery {
    fn push(&mut self, text: &str, value: ConditionValue) {
        self.params.push(value);
        let _ = write!(self.text, "{text} ${}", self.params.len());
    }

    fn conditions(&mut self, conditions: Vec<Condition>) {
        for (at, condition) in conditions.into_iter().enumerate() {
            self.text.push_str(if at == 0 { " WHERE " } else { " AND " });
            self.condition(condition);
        }
    }

    fn condition(&mut self, Condition { left, right, tail }: Condition) {
        match right {
            Some(right) => self.push(&left, right),
            None => self.text.push_str(&left),
        }
        self.text.push_str(tail);
    }

    fn values(&self) -> Vec<Value<'_>> {
        self.params
            .iter()
            .map(|value| match value {
                ConditionValue::Int(number) => Value::Int(*number),
                ConditionValue::Text(text) => Value::Text(text),
            })
            .collect()
    }
}

/// Reads one page. `scope` limits the rows that the caller may know of (never empty), and the cursor's item too.
/// `filters` narrow the page only, so a cursor whose item no longer passes them still works. `None` when the cursor
/// names no item in scope.
pub(crate) fn page<T: Record>(
    unit: &mut Unit<'_>,
    listing: &Listing,
    scope: &[Condition],
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<T>>, StoreError> {
    let table = listing.table;
    let order = match listing.orders.iter().find(|(name, _)| *name == page.order) {
        Some((_, column)) => (*column).to_owned(),
        None if page.order == "updated_at" => format!("{table}.updated_at"),
        None => format!("{table}.created_at"),
    };
    let (key, backward) = match &page.cursor {
        None => (None, false),
        Some(Cursor::After(key)) => (Some(key), false),
        Some(Cursor::Before(key)) => (Some(key), true),
    };
    // The cursor is a key; the query needs the order's value and the id of its item.
    let place = match key {
        None => None,
        Some(key) => match find_place(unit, listing, &order, scope.to_vec(), key)? {
            Some(place) => Some(place),
            None => return Ok(None),
        },
    };
    // A page before the cursor is read backwards from it, and reversed at the end.
    let ascending = page.ascending != backward;
    let text = format!("SELECT {table}.key, {} FROM {}", T::COLUMNS, listing.from);
    let mut query = SqlQuery { text, params: Vec::new() };
    query.conditions(scope.to_vec());
    for condition in filters {
        query.text.push_str(" AND ");
        query.condition(condition);
    }
    push_bounds(&mut query, listing, page);
    if let Some((value, id)) = place {
        let sign = if ascending { '>' } else { '<' };
        query.push(&format!(" AND ({order}, {table}.id) {sign} ("), ConditionValue::Int(value));
        query.push(",", ConditionValue::Int(id));
        query.text.push(')');
    }
    let way = if ascending { "ASC" } else { "DESC" };
    query.push(
        &format!(" ORDER BY {order} {way}, {table}.id {way} LIMIT"),
        ConditionValue::Int(i64::from(page.limit) + 1), // one more tells whether more follow
    );
    let mut rows = unit.query::<_, StoreError>(&query.text, &query.values(), |row| {
        Ok((row.get(0)?, T::read(&mut Columns::after(1, row))?))
    })?;
    let has_more = rows.len() > usize::try_from(page.limit).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    if backward {
        rows.reverse();
    }
    Ok(Some(Slice { rows, has_more }))
}

/// The number of rows of all pages together, counted up to a bound.
pub(crate) fn count(
    unit: &mut Unit<'_>,
    listing: &Listing,
    scope: &[Condition],
    filters: Vec<Condition>,
    (page, bound): (&PageRequest, i64),
) -> Result<i64, StoreError> {
    let text = format!("SELECT count(*) FROM (SELECT 1 AS one FROM {}", listing.from);
    let mut query = SqlQuery { text, params: Vec::new() };
    query.conditions(scope.iter().cloned().chain(filters).collect());
    push_bounds(&mut query, listing, page);
    query.push(" LIMIT", ConditionValue::Int(bound));
    query.text.push_str(") AS counted");
    Ok(unit.query_one::<_, StoreError>(&query.text, &query.values(), |row| row.get(0))?.unwrap_or_default())
}

fn push_bounds(query: &mut SqlQuery, listing: &Listing, page: &PageRequest) {
    let table = listing.table;
    let bounds = [
        ("created_at >=", page.min_created),
        ("created_at <=", page.max_created),
        ("updated_at >=", page.min_updated),
        ("updated_at <=", page.max_updated),
    ];
    for (test, bound) in bounds {
        if let Some(bound) = bound {
            query.push(&format!(" AND {table}.{test}"), ConditionValue::Int(bound));
        }
    }
    if listing.archivable && !page.include_archived {
        query.push(&format!(" AND {table}.archived ="), ConditionValue::Int(0));
    }
}

/// The position of the cursor's item in the order: the order's value and the id.
fn find_place(
    unit: &mut Unit<'_>,
    listing: &Listing,
    order: &str,
    scope: Vec<Condition>,
    key: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let table = listing.table;
    let mut query =
        SqlQuery { text: format!("SELECT {order}, {table}.id FROM {}", listing.from), params: Vec::new() };
    query.conditions(scope);
    query.push(&format!(" AND {table}.key ="), ConditionValue::Text(key.to_owned()));
    unit.query_one(&query.text, &query.values(), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The row in scope with this key.
pub(crate) fn find<T: Record>(
    unit: &mut Unit<'_>,
    listing: &Listing,
    scope: Vec<Condition>,
    key: &str,
) -> Result<Option<T>, StoreError> {
    let text = format!("SELECT {} FROM {}", T::COLUMNS, listing.from);
    let mut query = SqlQuery { text, params: Vec::new() };
    query.conditions(scope);
    query.push(&format!(" AND {}.key =", listing.table), ConditionValue::Text(key.to_owned()));
    unit.query_one(&query.text, &query.values(), T::from_row)
}

//! Lists: what a request asks of one, and its page as the API shows it.

use headwater_protocol::FieldError;
use headwater_protocol::v2::List;
use headwater_store::Unit;

use super::{Ctx, Refusal, lookup, partnership};
use crate::store::list::{Condition, Cursor, Filter, FilterBy, NamedRecord, PageRequest, Slice};
use crate::store::{customer, group, product, transaction};

/// What a request asks of a list.
pub(crate) struct ListRequest {
    pub(crate) page: PageRequest,
    /// The list's filters that the request gave, and their texts.
    pub(crate) asked: Vec<(&'static Filter, String)>,
}

impl ListRequest {
    /// The text that was given for a filter.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.asked.iter().find(|(filter, _)| filter.name == name).map(|(_, text)| text.as_str())
    }

    /// The conditions that the filters stand for.
    pub(crate) fn conditions(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        viewer: Option<i64>,
    ) -> Result<Vec<Condition>, Refusal> {
        let mut conditions = Vec::with_capacity(self.asked.len());
        for (filter, text) in &self.asked {
            conditions.extend(condition(unit, ctx, viewer, (filter, text))?);
        }
        Ok(conditions)
    }
}

fn condition(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    (filter, text): (&Filter, &str),
) -> Result<Option<Condition>, Refusal> {
    let name = filter.name;
    Ok(Some(match filter.by {
        FilterBy::Text(left) => Condition::text(left, text),
        FilterBy::Word(left, words) if words.contains(&text) => Condition::text(left, text),
        FilterBy::Word(_, words) => {
            let message = format!("{name} must be one of {}", words.join(", "));
            return Err(FieldError::new("invalid_value", name, message).into());
        }
        FilterBy::Flag(condition) => match text {
            "true" | "1" => Condition::fact(condition),
            "false" | "0" => return Ok(None),
            _ => {
                return Err(Refusal::invalid("invalid_value", name, format!("{name} must be true or false")));
            }
        },
        // An unknown name matches nothing: no row has the number 0.
        FilterBy::Record(named, left) => {
            Condition::int(left, number(unit, ctx, viewer, (named, text))?.unwrap_or(0))
        }
    }))
}

/// The number of the record that a text names.
fn number(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    (named, text): (NamedRecord, &str),
) -> Result<Option<i64>, Refusal> {
    Ok(match named {
        NamedRecord::Customer if viewer.is_some() => customer::find_number(unit, ctx.scope(), text)?,
        NamedRecord::Customer => match lookup::by_key(unit, ctx, text)? {
            Some(row) => Some(row.id),
            // A customer that was deleted is found by our key, so that what it earned can be listed.
            None => customer::find_number(unit, ctx.scope(), text)?,
        },
        NamedRecord::Partnership => partnership::find(unit, ctx, text)?.map(|row| row.id),
        NamedRecord::Group => group::find(unit, ctx.program, text)?.map(|row| row.id),
        NamedRecord::Transaction => transaction::find(unit, ctx.scope(), text)?.map(|row| row.id),
        NamedRecord::Product => product::find(unit, ctx.scope(), text)?.map(|row| row.id),
    })
}

/// Renders a page, or refuses the cursor when the store found no such item in scope.
pub(crate) fn render<R, T>(
    page: &PageRequest,
    slice: Option<Slice<R>>,
    render: impl Fn(R) -> T,
) -> Result<List<T>, Refusal> {
    let slice = slice.ok_or_else(|| {
        let (field, key) = match &page.cursor {
            Some(Cursor::Before(key)) => ("ending_before", key.as_str()),
            Some(Cursor::After(key)) => ("starting_after", key.as_str()),
            None => ("starting_after", ""),
        };
        Refusal::invalid(
            "unknown_cursor",
            field,
            format!("{field} must be an item's key, got '{}'", super::refusal::short(key)),
        )
    })?;
    let ending_cursor = slice.rows.last().map(|(key, _)| key.clone());
    let items = slice.rows.into_iter().map(|(_, row)| render(row)).collect();
    Ok(List { items, has_more: slice.has_more, ending_cursor })
}

/// A page whose items could all be rendered, or the first refusal.
pub(crate) fn all_rendered<T>(page: List<Result<T, Refusal>>) -> Result<List<T>, Refusal> {
    let List { items, has_more, ending_cursor } = page;
    Ok(List { items: items.into_iter().collect::<Result<_, _>>()?, has_more, ending_cursor })
}

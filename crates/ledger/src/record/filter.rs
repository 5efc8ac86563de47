//! Filters of lists: the conditions that a request's parameters stand for.

use headwater_protocol::FieldError;
use headwater_protocol::limits::LIST_TOTAL_MAX;
use headwater_protocol::v2::List;
use headwater_store::Unit;

use super::invoice::Invoices;
use super::list::{self, ListRequest};
use super::partnership::named as partnerships;
use super::resource::Resource;
use super::tier::{Tiers, TiersCollections};
use super::{Ctx, Refusal, lookup};
use crate::store::list::{Condition, FilterBy, ListFilter, NamedRecord, Slice, count, page};
use crate::store::{customer, group, product, transaction};

/// A page of objects.
pub(crate) fn list<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    request: &ListRequest,
) -> Result<List<R::Wire>, Refusal> {
    let (slice, total) = rows::<R>(unit, ctx, viewer, request)?;
    let page = list::all_rendered(list::render(&request.page, slice, |row| R::render(ctx, viewer, row))?)?;
    Ok(List { total, ..page })
}

/// A page of those objects that also satisfy `narrowed`.
pub(crate) fn narrowed<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    mut narrowed: Vec<Condition>,
    request: &ListRequest,
) -> Result<List<R::Wire>, Refusal> {
    narrowed.extend(conditions(unit, ctx, viewer, request)?);
    let scope = R::LISTING.scope(ctx.scope(), viewer);
    let slice = page(unit, R::LISTING, &scope, narrowed, &request.page)?;
    list::all_rendered(list::render(&request.page, slice, |row| R::render(ctx, viewer, row))?)
}

/// A page's rows, where its cursor names an item, and the list's `total`, where it carries one.
type CountedRows<T> = (Option<Slice<T>>, Option<i64>);

/// The rows of a page, and the list's `total` where it carries one.
pub(crate) fn rows<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    request: &ListRequest,
) -> Result<CountedRows<R::Row>, Refusal> {
    let mut narrowed = conditions(unit, ctx, viewer, request)?;
    let whole = narrowed.is_empty() && request.page.is_whole();
    narrowed.extend(R::implied(request));
    let scope = R::LISTING.scope(ctx.scope(), viewer);
    let mut total = None;
    if R::COUNTED || viewer.is_some() {
        total = if whole { R::kept_total(unit, ctx, viewer)? } else { None };
        if total.is_none() {
            let bound = (&request.page, LIST_TOTAL_MAX);
            total = Some(count(unit, R::LISTING, &scope, narrowed.clone(), bound)?);
        }
    }
    Ok((page(unit, R::LISTING, &scope, narrowed, &request.page)?, total))
}

/// The conditions that the filters of a request stand for.
pub(crate) fn conditions(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    request: &ListRequest,
) -> Result<Vec<Condition>, Refusal> {
    let mut conditions = Vec::with_capacity(request.asked.len());
    for (filter, text) in &request.asked {
        conditions.extend(condition(unit, ctx, viewer, (filter, text))?);
    }
    Ok(conditions)
}

fn condition(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    (filter, text): (&ListFilter, &str),
) -> Result<Option<Condition>, Refusal> {
    let name = filter.name;
    Ok(Some(match filter.by {
        FilterBy::Text(left) => Condition::text(left, text),
        FilterBy::Within(left) => Condition::within(left, text),
        FilterBy::Word(left, words) if words.contains(&text) => Condition::text(left, text),
        FilterBy::Word(_, words) => {
            let message = format!("{name} must be one of {}", words.join(", "));
            return Err(FieldError::new("invalid_value", name, message).into());
        }
        FilterBy::Case(cases) => {
            let found = cases.iter().find(|(word, _)| *word == text);
            let (_, condition) = found.ok_or_else(|| {
                let words: Vec<_> = cases.iter().map(|(word, _)| *word).collect();
                FieldError::new("invalid_value", name, format!("{name} must be one of {}", words.join(", ")))
            })?;
            Condition::fact(condition)
        }
        // SQLite and PostgreSQL escape wildcards differently, so a wildcard in the text matches any one character.
        FilterBy::Contains(left) => {
            Condition::text(left, format!("%{}%", text.to_lowercase().replace(['%', '_', '\\'], "_")))
        }
        FilterBy::Flag(condition) if truth(name, text)? => Condition::fact(condition),
        FilterBy::Flag(_) => return Ok(None),
        FilterBy::Bool(left) => Condition::int(left, i64::from(truth(name, text)?)),
        FilterBy::RecordOrText(named, left, other) => match number(unit, ctx, viewer, (named, text))? {
            Some(number) => Condition::int(left, number),
            None => Condition::text(other, text),
        },
        // An unknown name matches nothing: no row has the number 0.
        FilterBy::Record(named, left) => {
            Condition::int(left, number(unit, ctx, viewer, (named, text))?.unwrap_or(0))
        }
    }))
}

fn truth(name: &str, text: &str) -> Result<bool, Refusal> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Refusal::invalid("invalid_value", name, format!("{name} must be true or false"))),
    }
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
        NamedRecord::ExternalCustomer => {
            lookup::named(unit, ctx, lookup::Named::External(text))?.map(|found| found.row.id)
        }
        NamedRecord::Partnership => partnerships::find(unit, ctx, text)?.map(|row| row.id),
        NamedRecord::Group => group::find(unit, ctx.program, text)?.map(|row| row.id),
        NamedRecord::Transaction => transaction::find(unit, ctx.scope(), text)?.map(|row| row.id),
        NamedRecord::Invoice => Invoices::find(unit, ctx, viewer, text)?.map(|row| row.id),
        NamedRecord::Product => product::find(unit, ctx.scope(), text)?.map(|row| row.id),
        NamedRecord::Tier => Tiers::find(unit, ctx, None, text)?.map(|row| row.id),
        NamedRecord::TiersCollection => TiersCollections::find(unit, ctx, None, text)?.map(|row| row.id),
    })
}

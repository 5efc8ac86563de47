//! The catalogue: what the program sells.

use headwater_protocol::Millis;
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{CUSTOMER_KEY_MAX, DESCRIPTION_MAX, NAME_MAX};
use headwater_protocol::v2::{CreateProductBook, ProductBook, UpdateProductBook};
use headwater_store::Unit;

use super::refusal::short;
use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind};
use crate::store::list::Listing;
use crate::store::product_book::{self, ProductBookRow};

/// Adds an entry to the catalogue.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateProductBook) -> Result<ProductBook, Refusal> {
    check_length("name", &new.name, 1, NAME_MAX)?;
    check_rest(new.description.as_deref(), new.external_key.as_deref())?;
    let key = super::own_key(ctx, Prefix::ProductBook, new.key)?;
    if product_book::find(unit, ctx.program, &key)?.is_some() {
        let message = format!("a product book with key '{key}' exists");
        return Err(Refusal::new(RefusalKind::Conflict, "product_book_exists", message).field("key"));
    }
    let row = ProductBookRow {
        id: ctx.next_id(),
        key,
        name: new.name,
        description: new.description,
        external_key: new.external_key,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
    };
    product_book::insert(unit, ctx.program, &row)?;
    Ok(render(ctx, row))
}

fn check_rest(description: Option<&str>, external_key: Option<&str>) -> Result<(), Refusal> {
    check_optional("description", description, 0, DESCRIPTION_MAX)?;
    check_optional("external_key", external_key, 1, CUSTOMER_KEY_MAX)?;
    Ok(())
}

/// The entry a body names: by our key, then by the billing system's id.
pub(crate) fn require_named(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<ProductBookRow, Refusal> {
    find(unit, ctx, name)?.filter(|row| !row.archived).ok_or_else(|| {
        let message = format!("product_book_key names no product of the catalogue: '{}'", short(name));
        Refusal::new(RefusalKind::Forbidden, "unknown_product_book", message)
            .field("product_book_key")
            .hint("GET /api/v2/product_book lists it; POST /api/v2/product_book adds to it")
    })
}

/// The first entry that one of the names means and that is not archived.
pub(crate) fn first_named<'a>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<Option<ProductBookRow>, Refusal> {
    for name in names {
        if let Some(row) = find(unit, ctx, name)?.filter(|row| !row.archived) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn find(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Option<ProductBookRow>, Refusal> {
    if name.starts_with(Prefix::ProductBook.text())
        && let Some(row) = product_book::find(unit, ctx.program, name)?
    {
        return Ok(Some(row));
    }
    Ok(product_book::find_external(unit, ctx.program, name)?)
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<ProductBookRow, Refusal> {
    find(unit, ctx, name)?.ok_or_else(|| Refusal::not_found("product_book", name))
}

/// The catalogue: what the company sells.
pub(crate) struct Catalogue;

impl Resource for Catalogue {
    const NAME: &'static str = "product_book";
    const LISTING: &'static Listing = &product_book::LISTING;
    type Row = ProductBookRow;
    type Wire = ProductBook;

    fn render(ctx: &Ctx, _: Option<i64>, row: ProductBookRow) -> Result<ProductBook, Refusal> {
        Ok(render(ctx, row))
    }

    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        _: Option<i64>,
        name: &str,
    ) -> Result<Option<ProductBookRow>, Refusal> {
        find(unit, ctx, name)
    }
}

/// Archives an entry: no new product can be made of it.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<ProductBook, Refusal> {
    update(unit, ctx, name, UpdateProductBook { archived: Some(true), ..UpdateProductBook::default() })
}

/// Changes an entry. Rules that use its old name no longer match.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdateProductBook,
) -> Result<ProductBook, Refusal> {
    let mut row = require(unit, ctx, name)?;
    check_optional("name", change.name.as_deref(), 1, NAME_MAX)?;
    check_rest(change.description.as_deref(), change.external_key.as_deref())?;
    row.name = change.name.unwrap_or(row.name);
    row.description = change.description.or(row.description);
    row.external_key = change.external_key.or(row.external_key);
    row.archived = change.archived.unwrap_or(row.archived);
    row.updated_at = ctx.now.0;
    product_book::update(unit, &row)?;
    Ok(render(ctx, row))
}

fn render(ctx: &Ctx, row: ProductBookRow) -> ProductBook {
    ProductBook {
        archived: row.archived,
        company_id: ctx.company_id,
        created_at: Millis(row.created_at),
        description: row.description,
        external_key: row.external_key,
        id: None,
        key: row.key,
        name: row.name,
        updated_at: Millis(row.updated_at),
    }
}

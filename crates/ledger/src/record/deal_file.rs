//! Files of deals: of the vendor, and of the partner whose deal it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{DEAL_FILES_MAX, FILE_MAX};
use headwater_protocol::v2::{CreateDealFile, DealFile, DealFileContent, DealFilePage};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::deal::Deals;
use super::list::ListRequest;
use super::resource::{Resource, get, require};
use super::{Ctx, Refusal, RefusalKind, filter};
use crate::store::deal_file::{self, DealFileRow};
use crate::store::list::{Condition, Listing};

/// Characters of a file's name and of its media type.
pub(crate) const NAME_MAX: usize = 255;

/// Files of deals.
pub(crate) struct DealFiles;

impl Resource for DealFiles {
    const NAME: &'static str = "file";
    const LISTING: &'static Listing = &deal_file::LISTING;
    type Row = DealFileRow;
    type Wire = DealFile;

    fn render(_: &Ctx, _: Option<i64>, row: DealFileRow) -> Result<DealFile, Refusal> {
        Ok(DealFile {
            url: url(&row),
            key: row.key,
            deal_key: row.deal_key,
            name: row.name,
            content_type: row.content_type,
            size: row.size,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.created_at),
        })
    }
}

/// Where a file is read.
fn url(row: &DealFileRow) -> String {
    format!("/api/deals/{}/file/{}", row.deal_key, row.key)
}

/// A page of the files of a deal that the caller may see.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    deal: &str,
    request: &ListRequest,
) -> Result<DealFilePage, Refusal> {
    let deal = require::<Deals>(unit, ctx, viewer, deal)?;
    let own = vec![Condition::int("deal_file.sale =", deal.id)];
    let page = filter::narrowed::<DealFiles>(unit, ctx, None, own, request)?;
    Ok(DealFilePage {
        deal_files: page.items.clone(),
        items: page.items,
        has_more: page.has_more,
        ending_cursor: page.ending_cursor,
    })
}

/// Adds a file to a deal that the caller may see.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    deal: &str,
    new: CreateDealFile,
) -> Result<DealFile, Refusal> {
    let deal = require::<Deals>(unit, ctx, viewer, deal)?;
    check_length("name", &new.name, 1, NAME_MAX)?;
    let content_type = new.content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    check_length("content_type", &content_type, 3, NAME_MAX)?;
    let content = STANDARD.decode(&new.content).map_err(|_| {
        FieldError::new("invalid_value", "content", "content must be base64, with padding and without breaks")
    })?;
    if content.len() > FILE_MAX {
        let message = format!("content must have at most {FILE_MAX} bytes, got {}", content.len());
        return Err(FieldError::new("out_of_range", "content", message).into());
    }
    if deal_file::count(unit, deal.id)? >= i64::try_from(DEAL_FILES_MAX).unwrap_or(i64::MAX) {
        let message = format!("a deal has at most {DEAL_FILES_MAX} files");
        return Err(Refusal::new(RefusalKind::Conflict, "too_many_files", message)
            .hint("DELETE /api/deals/{key}/file/{file_key} removes one"));
    }
    let row = DealFileRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::DealFile),
        name: new.name,
        content_type,
        size: i64::try_from(content.len()).unwrap_or(i64::MAX),
        created_at: ctx.now.0,
        deal_key: deal.key,
    };
    deal_file::insert(unit, ctx.scope(), deal.id, &row, &content)?;
    get::<DealFiles>(unit, ctx, None, &row.key)
}

/// The file of a deal that a path names.
fn require_file(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    [deal, file]: [&str; 2],
) -> Result<DealFileRow, Refusal> {
    let deal = require::<Deals>(unit, ctx, viewer, deal)?;
    let found = DealFiles::find(unit, ctx, None, file)?.filter(|row| row.deal_key == deal.key);
    found.ok_or_else(|| Refusal::not_found(DealFiles::NAME, file))
}

/// A file with its content.
pub(crate) fn read(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    keys: [&str; 2],
) -> Result<DealFileContent, Refusal> {
    let row = require_file(unit, ctx, viewer, keys)?;
    let content = deal_file::content(unit, row.id)?.unwrap_or_default();
    Ok(DealFileContent {
        url: url(&row),
        key: row.key,
        deal_key: row.deal_key,
        name: row.name,
        content_type: row.content_type,
        size: row.size,
        content: STANDARD.encode(content),
        created_at: Millis(row.created_at),
    })
}

/// Deletes a file with its content.
pub(crate) fn delete(unit: &mut Unit<'_>, ctx: &Ctx, keys: [&str; 2]) -> Result<DealFile, Refusal> {
    let row = require_file(unit, ctx, None, keys)?;
    deal_file::delete(unit, row.id)?;
    DealFiles::render(ctx, None, row)
}

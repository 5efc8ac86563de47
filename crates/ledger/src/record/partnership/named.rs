//! Finds a partnership by any of its names.

use headwater_protocol::key::Prefix;
use headwater_store::Unit;

use crate::record::{Ctx, Refusal};
use crate::store::partnership::{self, PartnershipName, PartnershipRow};

/// A partnership by `part_…`, by partner key, or by address.
pub(crate) fn find(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Option<PartnershipRow>, Refusal> {
    // Only our own keys begin with this prefix, so other names need no lookup by key.
    let ours = Some(PartnershipName::Key).filter(|_| name.starts_with(Prefix::Partnership.text()));
    for by in ours.into_iter().chain([PartnershipName::PartnerKey, PartnershipName::Email]) {
        if let Some(row) = partnership::find_by(unit, ctx.program, by, name)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The partnership of an address.
pub(crate) fn find_by_address(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    email: &str,
) -> Result<Option<PartnershipRow>, Refusal> {
    Ok(partnership::find_by(unit, ctx.program, PartnershipName::Email, email)?)
}

/// A partnership by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<PartnershipRow>, Refusal> {
    Ok(partnership::find_by_id(unit, id)?)
}

/// The partnership that a path names.
pub(crate) fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<PartnershipRow, Refusal> {
    find(unit, ctx, name)?.ok_or_else(|| Refusal::not_found("partnership", name))
}

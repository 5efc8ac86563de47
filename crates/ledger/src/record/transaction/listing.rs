//! Pages of payments.

use headwater_protocol::v2::{List, Transaction, Warning};
use headwater_store::Unit;

use super::view::{Transactions, unmatched_warning};
use crate::record::list::{self, ListRequest};
use crate::record::resource::Resource;
use crate::record::{Ctx, Refusal, filter};

/// A page of payments; the vendor's with a warning for each whose subscription matches no product.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    request: &ListRequest,
) -> Result<(List<Transaction>, Vec<Warning>), Refusal> {
    let (slice, total) = filter::rows::<Transactions>(unit, ctx, viewer, request)?;
    let mut warnings = Vec::new();
    let rows = slice.iter().filter(|_| viewer.is_none()).flat_map(|slice| slice.rows.iter().enumerate());
    for (at, (_, row)) in rows {
        warnings.extend(unmatched_warning(unit, row, &format!("items[{at}].subscription_key"))?);
    }
    let page = list::render(&request.page, slice, |row| Transactions::render(ctx, viewer, row))?;
    Ok((List { total, ..list::all_rendered(page)? }, warnings))
}

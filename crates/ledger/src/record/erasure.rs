//! Erasures that are still pending: a customer that was deleted here has left texts in the relay's journal, under
//! each name that the ledger knows of it.

use headwater_store::Unit;

use super::{Ctx, Refusal};
use crate::store::customer::{self, CustomerRow};
use crate::store::erasure::{self, Erasure};

/// Records the names of a customer that is being deleted, in the same unit of work, so that the journal's texts are
/// erased even after a crash. `former` are ids that the site has given up for it and for nobody else since.
pub(crate) fn remember(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &CustomerRow,
    former: &[String],
) -> Result<(), Refusal> {
    let mut names = vec![format!("c:{}", row.key)];
    names.extend(row.customer_key.iter().chain(former).map(|key| format!("c:{key}")));
    // A name that another customer shares is left out: that customer's payments may be parked under it. A page's
    // claim to a confirmed name does not count as sharing.
    let provider_keys = erasure::own_provider_keys(unit, row.id)?;
    names.extend(provider_keys.into_iter().map(|key| format!("p:{key}")));
    if !row.email.is_empty() && !is_shared(unit, ctx, row)? {
        names.push(format!("e:{}", row.email));
    }
    let pending = Erasure { id: ctx.next_id(), program: ctx.program, test: ctx.test, names };
    Ok(erasure::insert(unit, &pending, ctx.now.0)?)
}

/// Whether another customer has the address with the same trust or more.
fn is_shared(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<bool, Refusal> {
    let mut others = customer::find_by_email(unit, ctx.scope(), &row.email, false)?;
    if row.email_claimed {
        others.extend(customer::find_by_email(unit, ctx.scope(), &row.email, true)?);
    }
    Ok(others.iter().any(|other| other.id != row.id))
}

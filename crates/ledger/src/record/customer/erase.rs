//! Deleting a customer (trust.md section 4).

use headwater_protocol::v2::Customer;
use headwater_store::Unit;

use super::details::without_personal_data;
use super::lookup::require;
use super::view::render;
use crate::record::{Ctx, Refusal, erasure, outgoing, save};
use crate::store::customer::CustomerRow;
use crate::store::{
    action, deal_file, former_key, idempotency, product, provider_id, record_change, sale, transaction,
};

/// Deletes a customer: removes personal data, also from stored idempotency answers and from what was or will be sent to
/// webhooks. What remains is a key that payments and rewards can point to.
pub(crate) fn erase(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Customer, Refusal> {
    let row = require(unit, ctx, name)?;
    let former = former_key::list_own(unit, row.id)?;
    erasure::remember(unit, ctx, &row, &former)?;
    forget_answers(unit, ctx, &row, &former)?;
    provider_id::forget(unit, row.id)?;
    former_key::forget(unit, row.id)?;
    record_change::forget(unit, ctx.scope(), &row.key)?;
    product::forget(unit, row.id)?;
    transaction::forget(unit, row.id)?;
    for key in sale::keys_of_customer(unit, row.id)? {
        outgoing::forget_object(unit, ctx, &key)?;
    }
    deal_file::forget(unit, row.id)?;
    sale::forget(unit, row.id)?;
    action::forget(unit, row.id)?;
    let erased = without_personal_data(row, ctx.now.0);
    outgoing::forget(unit, ctx, erased.id)?;
    save::deleted_customer(unit, ctx, &erased)?;
    Ok(render(erased))
}

/// Deletes the stored answers that show the customer, or a deal or lead that became it.
fn forget_answers(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &CustomerRow,
    former: &[String],
) -> Result<(), Refusal> {
    idempotency::delete_mentioning(unit, ctx.program, &row.key)?;
    // The answer about a product names its customer by the site's own id, where its request did.
    for name in row.customer_key.iter().chain(former) {
        let member = format!("\"customer_key\":{}", serde_json::Value::from(name.as_str()));
        idempotency::delete_mentioning(unit, ctx.program, &member)?;
    }
    for key in sale::keys_of_customer(unit, row.id)? {
        idempotency::delete_mentioning(unit, ctx.program, &key)?;
    }
    Ok(())
}

//! Deleting a customer (trust.md section 4).

use headwater_protocol::v2::Customer;
use headwater_store::Unit;

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
    // A product is shown under the site's own id of its customer, where its request used that.
    for name in row.customer_key.iter().chain(former) {
        let member = format!("\"customer_key\":{}", serde_json::Value::from(name.as_str()));
        idempotency::delete_mentioning(unit, ctx.program, &member)?;
    }
    for key in sale::keys_of_customer(unit, row.id)? {
        idempotency::delete_mentioning(unit, ctx.program, &key)?;
    }
    Ok(())
}

/// What is kept of a customer. Every column is listed, so that a new one does not compile until somebody has decided
/// whether it is personal.
fn without_personal_data(row: CustomerRow, now: i64) -> CustomerRow {
    CustomerRow {
        id: row.id,
        key: row.key,
        customer_key: None,
        email: String::new(),
        name: None,
        provider_key: None,
        external_key: None,
        partnership: row.partnership,
        member: row.member,
        // A click's id leads to what is known of the visitor.
        source_key: None,
        source_type: row.source_type,
        sub_ids: Vec::new(),
        meta: None,
        fields: None,
        test: row.test,
        archived: true,
        created_at: row.created_at,
        updated_at: now,
        source: row.source,
        confirmed_at: row.confirmed_at,
        credit_source: row.credit_source,
        contested: row.contested,
        email_claimed: row.email_claimed,
        partner_key: row.partner_key,
        partnership_key: row.partnership_key,
        company_key: row.company_key,
        company_name: row.company_name,
        has_paid: row.has_paid,
    }
}

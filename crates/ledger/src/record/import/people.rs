//! Rows of partners and of customers.

use headwater_protocol::Source;
use headwater_protocol::v2::{CreateCustomer, CreatePartnership, UpdatePartnership, Warning};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::known::{Elsewhere, keep_others, shows};
use super::{RowOutcome, TakenRow, members, read};
use crate::record::{Ctx, Refusal, RefusalKind, customer as customers, lookup, partnership as partnerships};

/// What made a customer whom a file names.
const IMPORT: &str = "import";
/// Where an object shows what a row calls by the key of another.
const OF_PARTNERSHIP: &[Elsewhere<'_>] = &[
    ("group_key", &["/group/key", "/group/slug"]),
    ("tier_key", &["/tier/key"]),
    ("manager_email", &["/manager/email"]),
    ("manager_name", &["/manager/name"]),
];

/// A partner, found by our key, by the partner key, or by the address.
pub(super) fn partnership(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &Map<String, Value>,
) -> Result<TakenRow, Refusal> {
    let new: CreatePartnership = read(row)?;
    let name = new.key.as_deref().or(new.partner_key.as_deref()).unwrap_or(&new.email);
    let Some(found) = partnerships::find(unit, ctx, name)? else {
        partnerships::record(unit, ctx, new)?;
        return Ok(RowOutcome::Created.into());
    };
    if found.email != new.email {
        let message =
            format!("the partner {} has another address, which an import does not change", found.key);
        return Err(Refusal::new(RefusalKind::Conflict, "partnership_conflict", message).field("email"));
    }
    let key = found.key.clone();
    let known = Value::Object(members(&partnerships::render(found)));
    let said = members(&read::<UpdatePartnership>(row)?);
    if shows(&known, &said, OF_PARTNERSHIP) {
        return Ok(RowOutcome::Unchanged.into());
    }
    let mut changed = said;
    keep_others(&mut changed, &known, &["address", "fields"]);
    partnerships::update(unit, ctx, &key, read(&changed)?)?;
    Ok(RowOutcome::Updated.into())
}

/// A customer, found by the site's own id, or by the address where the row has none.
pub(super) fn customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &Map<String, Value>,
) -> Result<TakenRow, Refusal> {
    let mut new: CreateCustomer = read(row)?;
    let site_key = new.customer_key.as_ref().unwrap_or(&new.email);
    let found = lookup::by_site_key(unit, ctx, site_key)?;
    let mut warnings = Vec::new();
    // What only a page or a provider has said is confirmed by a row that says the same.
    if let Some(found) = found.filter(|found| found.source == Source::Vendor) {
        let known = Value::Object(members(&customers::view::render(found)));
        if let Some(partner) = new.partner_key.take()
            && ["partner_key", "partnership_key"].iter().all(|name| known[*name] != partner.as_str())
        {
            warnings.push(Warning {
                code: "partner_key_ignored".to_owned(),
                field: "partner_key".to_owned(),
                hint: "who referred a customer is settled when the customer is made; \
                       POST /api/v2/customers/{key}/attribution changes it"
                    .to_owned(),
            });
        }
        let mut said = members(&new);
        said.remove("key");
        if shows(&known, &said, &[]) {
            return Ok(TakenRow { outcome: RowOutcome::Unchanged, warnings });
        }
        keep_others(&mut said, &known, &["meta"]);
        new = read(&said)?;
    }
    let made = customers::record_from(unit, ctx, &new, (true, IMPORT))?;
    warnings.extend(made.warnings);
    let outcome = if made.created { RowOutcome::Created } else { RowOutcome::Updated };
    Ok(TakenRow { outcome, warnings })
}

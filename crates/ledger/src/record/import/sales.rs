//! Rows of leads and of deals.

use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{CreateDeal, CreateLead, UpdateDeal, UpdateLead};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::known::{keep_others, shows};
use super::{RowOutcome, TakenRow, identity, members, read};
use crate::record::deal::{self, Deals};
use crate::record::lead::{self, Leads};
use crate::record::resource::Resource as _;
use crate::record::{Ctx, Refusal};

/// What names a row, besides our own key.
const NAMES: &[&str] = &["external_key"];
/// Objects whose other members stay.
const OBJECTS: &[&str] = &["meta", "fields"];

/// The row under our key: its own, or one made from the other system's id, or from all that it says.
fn keyed(prefix: Prefix, row: &Map<String, Value>) -> (String, Map<String, Value>) {
    let mut keyed = row.clone();
    let made = || Value::from(identity::key(prefix, row, NAMES));
    let key = keyed.entry("key").or_insert_with(made).as_str().unwrap_or_default().to_owned();
    (key, keyed)
}

/// A lead, found by its key.
pub(super) fn lead(unit: &mut Unit<'_>, ctx: &Ctx, row: &Map<String, Value>) -> Result<TakenRow, Refusal> {
    let (key, row) = keyed(Prefix::Lead, row);
    let Some(found) = Leads::find(unit, ctx, None, &key)? else {
        lead::record(unit, ctx, None, read::<CreateLead>(&row)?)?;
        return Ok(RowOutcome::Created.into());
    };
    let known = Value::Object(members(&Leads::render(ctx, None, found)?));
    let mut said = members(&read::<UpdateLead>(&row)?);
    if shows(&known, &said, &[]) {
        return Ok(RowOutcome::Unchanged.into());
    }
    keep_others(&mut said, &known, OBJECTS);
    lead::update(unit, ctx, &key, read(&said)?)?;
    Ok(RowOutcome::Updated.into())
}

/// A deal, found by its key.
pub(super) fn deal(unit: &mut Unit<'_>, ctx: &Ctx, row: &Map<String, Value>) -> Result<TakenRow, Refusal> {
    let (key, row) = keyed(Prefix::Deal, row);
    let Some(found) = Deals::find(unit, ctx, None, &key)? else {
        deal::record(unit, ctx, None, read::<CreateDeal>(&row)?)?;
        return Ok(RowOutcome::Created.into());
    };
    let known = Value::Object(members(&Deals::render(ctx, None, found)?));
    let mut said = members(&read::<UpdateDeal>(&row)?);
    if shows(&known, &said, &[]) {
        return Ok(RowOutcome::Unchanged.into());
    }
    keep_others(&mut said, &known, OBJECTS);
    deal::update(unit, ctx, &key, read(&said)?)?;
    Ok(RowOutcome::Updated.into())
}

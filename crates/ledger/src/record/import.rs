//! What a row of an imported file does: it makes an object, changes the one that is there, or finds it as it says
//! (billing.md section 8).

mod identity;
mod known;
mod money;
mod people;
mod sales;

use headwater_protocol::field;
use headwater_protocol::v2::{ImportKind, Warning};
use headwater_store::Unit;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Ctx, Refusal};

/// What became of a row's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOutcome {
    /// It is new.
    Created,
    /// It was there, and has changed.
    Updated,
    /// It was there as the row says it.
    Unchanged,
}

/// A row that was taken.
#[derive(Debug)]
pub(crate) struct TakenRow {
    pub(crate) outcome: RowOutcome,
    pub(crate) warnings: Vec<Warning>,
}

impl From<RowOutcome> for TakenRow {
    fn from(outcome: RowOutcome) -> Self {
        Self { outcome, warnings: Vec::new() }
    }
}

/// Takes one row. The same row again changes nothing.
pub(crate) fn take(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    kind: ImportKind,
    row: &Map<String, Value>,
) -> Result<TakenRow, Refusal> {
    match kind {
        ImportKind::Partnerships => people::partnership(unit, ctx, row),
        ImportKind::Customers => people::customer(unit, ctx, row),
        ImportKind::Products => money::product(unit, ctx, row),
        ImportKind::Transactions => money::transaction(unit, ctx, row),
        ImportKind::Rewards => money::reward(unit, ctx, row),
        ImportKind::Leads => sales::lead(unit, ctx, row),
        ImportKind::Deals => sales::deal(unit, ctx, row),
    }
}

/// The row as a body of the API.
fn read<T: DeserializeOwned>(row: &Map<String, Value>) -> Result<T, Refusal> {
    let whole = Value::Object(row.clone());
    serde_json::from_value(whole).or_else(|_| {
        // Read as text again, which names the member and its bound.
        let text = serde_json::to_vec(row).unwrap_or_default();
        field::parse(&text).map_err(Refusal::from)
    })
}

/// A body of the API as the members that it says.
fn members<T: serde::Serialize>(body: &T) -> Map<String, Value> {
    match serde_json::to_value(body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

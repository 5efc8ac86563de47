//! Rows of `provider_id`: billing providers' ids of customers, with their source. A customer may have several.

use headwater_protocol::Source;
use headwater_store::{StoreError, Unit};

/// An id of a customer at a billing provider.
pub(crate) struct ProviderId<'a> {
    pub(crate) provider_key: &'a str,
    pub(crate) customer: i64,
    pub(crate) source: Source,
    /// Epoch milliseconds.
    pub(crate) at: i64,
}

/// Adds an id, or confirms a claimed one; `false` when nothing changed.
pub(crate) fn upsert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    id: &ProviderId<'_>,
) -> Result<bool, StoreError> {
    let changed = unit.insert_on_conflict(
        "provider_id",
        [
            ("program", program.into()),
            ("test", test.into()),
            ("provider_key", id.provider_key.into()),
            ("claimed", id.source.is_claim().into()),
            ("customer", id.customer.into()),
            ("source", id.source.name().into()),
            ("created_at", id.at.into()),
        ],
        "(program, test, provider_key, customer) DO UPDATE SET claimed = excluded.claimed, \
         source = excluded.source WHERE provider_id.claimed = 1 AND excluded.claimed = 0",
    )?;
    Ok(changed == 1)
}

/// Removes an id from a customer: the vendor has given another in its place.
pub(crate) fn delete(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    provider_key: &str,
    customer: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "DELETE FROM provider_id WHERE program = $1 AND test = $2 AND provider_key = $3 AND customer = $4",
        &[program.into(), test.into(), provider_key.into(), customer.into()],
    )?;
    Ok(())
}

/// Deletes every id of a customer.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM provider_id WHERE customer = $1", &[customer.into()])?;
    Ok(())
}

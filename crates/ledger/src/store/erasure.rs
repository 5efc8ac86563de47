//! Rows of `erasure`: deleted customers whose texts the relay's journal still has to erase.

use headwater_store::{Record, StoreError, Unit, row};

use super::json;

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE erasure (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    names text NOT NULL,
    created_at bigint NOT NULL
);
";

/// Erasures that one list holds.
const PAGE: i64 = 100;

row! {
    /// A deleted customer whose texts the relay's journal still has to erase.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Erasure {
        /// Its number.
        pub id: i64 = "id",
        /// The program's number.
        pub program: i64 = "program",
        /// Whether test keys made the customer.
        pub test: bool = "test",
        /// Every name that only this customer had: a letter for its kind, `:` and the name, the form of the journal's
        /// lanes.
        pub names: Vec<String> = "names" => json::texts,
    }
}

/// Adds an erasure.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &Erasure, now: i64) -> Result<(), StoreError> {
    unit.insert(
        "erasure",
        [
            ("id", row.id.into()),
            ("program", row.program.into()),
            ("test", row.test.into()),
            ("names", (&json::from_texts(&row.names)).into()),
            ("created_at", now.into()),
        ],
    )?;
    Ok(())
}

/// A customer's ids at billing providers that no other customer has with the same trust or more: a claimed id that
/// nobody else has, a confirmed id that nobody else has confirmed.
pub(crate) fn own_provider_keys(unit: &mut Unit<'_>, customer: i64) -> Result<Vec<String>, StoreError> {
    unit.query(
        "SELECT own.provider_key FROM provider_id AS own WHERE own.customer = $1 AND NOT EXISTS (
            SELECT 1 FROM provider_id AS other WHERE other.program = own.program AND other.test = own.test
            AND other.provider_key = own.provider_key AND other.customer <> own.customer
            AND other.claimed <= own.claimed) ORDER BY own.provider_key",
        &[customer.into()],
        |row| row.get(0),
    )
}

/// The oldest pending erasures.
pub(crate) fn list(unit: &mut Unit<'_>) -> Result<Vec<Erasure>, StoreError> {
    let sql = format!("SELECT {} FROM erasure ORDER BY id LIMIT $1", Erasure::COLUMNS);
    unit.query(&sql, &[PAGE.into()], Erasure::from_row)
}

/// Deletes a completed erasure, and with it the names.
pub(crate) fn delete(unit: &mut Unit<'_>, id: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM erasure WHERE id = $1", &[id.into()])?;
    Ok(())
}

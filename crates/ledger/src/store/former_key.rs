//! Rows of `former_key`: ids that a site has given up for customers, so that payments by them are not taken for those of
//! nobody.

use headwater_store::{StoreError, Unit};

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE former_key (
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    customer_key text NOT NULL,
    customer bigint NOT NULL REFERENCES customer (id),
    until bigint NOT NULL,
    PRIMARY KEY (program, test, customer_key)
);
CREATE INDEX former_key_by_customer ON former_key (customer);
ALTER TABLE customer ADD COLUMN fields text;
";

/// Notes that a customer was called by this id, which is remembered until a time.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    (name, customer): (&str, i64),
    until: i64,
) -> Result<(), StoreError> {
    unit.insert_on_conflict(
        "former_key",
        [
            ("program", program.into()),
            ("test", test.into()),
            ("customer_key", name.into()),
            ("customer", customer.into()),
            ("until", until.into()),
        ],
        "(program, test, customer_key) DO UPDATE SET customer = excluded.customer, until = excluded.until",
    )?;
    Ok(())
}

/// The number of the customer who was called by this id, if that is remembered.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    name: &str,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT customer FROM former_key WHERE program = $1 AND test = $2 AND customer_key = $3 AND until > $4";
    unit.query_one(sql, &[program.into(), test.into(), name.into(), now.into()], |row| row.get(0))
}

/// Forgets an id: another customer has it now.
pub(crate) fn delete(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    name: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM former_key WHERE program = $1 AND test = $2 AND customer_key = $3";
    unit.execute(sql, &[program.into(), test.into(), name.into()])?;
    Ok(())
}

/// The ids that a site has given up for a customer and has given to no other since, whether their time has passed or
/// not.
pub(crate) fn list_own(unit: &mut Unit<'_>, customer: i64) -> Result<Vec<String>, StoreError> {
    unit.query(
        "SELECT customer_key FROM former_key WHERE customer = $1 AND NOT EXISTS (SELECT 1 FROM customer AS other \
         WHERE other.program = former_key.program AND other.test = former_key.test \
         AND other.customer_key = former_key.customer_key) ORDER BY customer_key",
        &[customer.into()],
        |row| row.get(0),
    )
}

/// Forgets every id of a customer.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM former_key WHERE customer = $1", &[customer.into()])?;
    Ok(())
}

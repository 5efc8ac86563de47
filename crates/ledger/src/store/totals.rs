//! Stored totals: a partner's customers, and a customer's payments and revenue. Counting them at each read would cost
//! more with every row; a stored total costs one row. They change in the unit of work that changes what they count,
//! so a reader always sees both or neither.
//!
//! A row that is about to change is subtracted from its total as it is, and added again as it then is, so that no caller
//! has to compute the difference. `headwater check` compares every total with a recount.

use headwater_store::{StoreError, Unit};

/// The tables, filled from the existing rows.
pub(super) const TABLES: &str = "
CREATE TABLE partner_total (
    partnership bigint PRIMARY KEY REFERENCES partnership (id),
    customers bigint NOT NULL
);
INSERT INTO partner_total (partnership, customers)
    SELECT partnership, count(*) FROM customer
    WHERE partnership IS NOT NULL AND test = 0 AND archived = 0 GROUP BY partnership;
CREATE TABLE customer_total (
    customer bigint NOT NULL REFERENCES customer (id),
    currency text NOT NULL,
    payments bigint NOT NULL,
    revenue bigint NOT NULL,
    PRIMARY KEY (customer, currency)
);
INSERT INTO customer_total (customer, currency, payments, revenue)
    SELECT customer, currency, count(*), CAST(sum(amount - refunded_total) AS bigint) FROM txn
    WHERE archived = 0 GROUP BY customer, currency;
";

/// Adds a customer to the total of the partnership that it counts for, if there is one.
pub(crate) fn add_customer(unit: &mut Unit<'_>, partnership: Option<i64>) -> Result<(), StoreError> {
    let Some(partnership) = partnership else { return Ok(()) };
    unit.send(
        "INSERT INTO partner_total (partnership, customers) VALUES ($1, 1) \
         ON CONFLICT (partnership) DO UPDATE SET customers = partner_total.customers + 1",
        &[partnership.into()],
    )
}

/// Subtracts a customer, as it is stored, from its partner's total, before it changes.
pub(crate) fn subtract_customer(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.send(
        "UPDATE partner_total SET customers = customers - 1 WHERE partnership = (SELECT partnership \
         FROM customer WHERE id = $1 AND test = 0 AND archived = 0)",
        &[customer.into()],
    )
}

/// Adds a payment that was not wholly refunded to its customer's total; `revenue` is what is left of it, in minor
/// units.
pub(crate) fn add_payment(
    unit: &mut Unit<'_>,
    customer: i64,
    currency: &str,
    revenue: i64,
) -> Result<(), StoreError> {
    unit.send(
        "INSERT INTO customer_total (customer, currency, payments, revenue) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (customer, currency) DO UPDATE SET payments = customer_total.payments + 1, \
         revenue = customer_total.revenue + excluded.revenue",
        &[customer.into(), currency.into(), revenue.into()],
    )
}

/// Subtracts a payment, as it is stored, from its customer's total, before it changes. A wholly refunded one was not
/// in it.
pub(crate) fn subtract_payment(unit: &mut Unit<'_>, txn: i64) -> Result<(), StoreError> {
    unit.send(
        "INSERT INTO customer_total (customer, currency, payments, revenue) \
         SELECT customer, currency, -1, refunded_total - amount FROM txn WHERE id = $1 AND archived = 0 \
         ON CONFLICT (customer, currency) DO UPDATE SET payments = customer_total.payments - 1, \
         revenue = customer_total.revenue + excluded.revenue",
        &[txn.into()],
    )
}

/// The number of a customer's payments in all currencies, less wholly refunded ones, and their revenue in one
/// currency (minor units).
pub(crate) fn history(unit: &mut Unit<'_>, customer: i64, currency: &str) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT CAST(coalesce(sum(payments), 0) AS bigint), CAST(coalesce(sum(CASE WHEN currency = $1 \
               THEN revenue ELSE 0 END), 0) AS bigint) FROM customer_total WHERE customer = $2";
    let found = unit.query_one::<_, StoreError>(sql, &[currency.into(), customer.into()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(found.unwrap_or_default())
}

/// The same as it was with a payment of the past: of payments that were made up to `at`, its time and number, and are
/// not wholly refunded. It costs more with each payment of the customer, and is asked where the past is looked at.
pub(crate) fn history_at(
    unit: &mut Unit<'_>,
    customer: i64,
    currency: &str,
    (created_at, id): (i64, i64),
) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT count(*), CAST(coalesce(sum(CASE WHEN currency = $1 THEN amount - refunded_total ELSE 0 END), \
               0) AS bigint) FROM txn WHERE customer = $2 AND archived = 0 AND (created_at, id) <= ($3, $4)";
    let params = [currency.into(), customer.into(), created_at.into(), id.into()];
    let found = unit.query_one::<_, StoreError>(sql, &params, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

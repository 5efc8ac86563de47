//! Stored totals: a partner's customers, clicks, revenue and commission, and a customer's payments and revenue. Counting them at each read would cost
//! more with every row; a stored total costs one row. They change in the unit of work that changes what they count,
//! so a reader always sees both or neither.
//!
//! A row that is about to change is subtracted from its total as it is, and added again as it then is, so that no caller
//! has to compute the difference. `headwater check` compares every total with a recount.

use headwater_store::{StoreError, Unit, joined};

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

/// A partner's clicks, and in each currency its revenue and commission. Clicks that were deleted because of their age are
/// still counted; their number is kept, so that the others can be recounted.
pub(super) const PARTNERS: &str = joined!(
    "",
    "
ALTER TABLE partner_total ADD COLUMN clicks bigint NOT NULL DEFAULT 0;
ALTER TABLE partner_total ADD COLUMN pruned_clicks bigint NOT NULL DEFAULT 0;
INSERT INTO partner_total (partnership, customers, clicks)
    SELECT partnership, 0, count(*) FROM click WHERE bot = 0 GROUP BY partnership
    ON CONFLICT (partnership) DO UPDATE SET clicks = excluded.clicks;
CREATE TABLE partner_money (
    partnership bigint NOT NULL REFERENCES partnership (id),
    currency text NOT NULL,
    revenue bigint NOT NULL,
    commission bigint NOT NULL,
    PRIMARY KEY (partnership, currency)
);
INSERT INTO partner_money (partnership, currency, revenue, commission)
    SELECT partnership, currency, CAST(sum(revenue) AS bigint), CAST(sum(commission) AS bigint) FROM (",
    MONEY,
    ") AS moved GROUP BY partnership, currency;
"
);

/// What counts towards a partner's revenue and commission, as rows. Never changed, because a migration contains it.
pub(super) const MONEY: &str = "SELECT partnership, currency, amount - refunded_total AS revenue, 0 AS commission \
     FROM txn WHERE partnership IS NOT NULL AND test = 0 AND archived = 0 \
     UNION ALL SELECT partnership, currency, 0, amount FROM reward \
     WHERE test = 0 AND status IN ('pending', 'approved', 'paid')";

/// What a partner's money total is changed by. Amounts are in minor units.
pub(crate) struct MoneyChange<'a> {
    pub(crate) partnership: i64,
    pub(crate) currency: &'a str,
    pub(crate) revenue: i64,
    pub(crate) commission: i64,
}

/// The statement that adds rows of a query to the totals.
const ADDED: &str = " ON CONFLICT (partnership, currency) DO UPDATE SET \
     revenue = partner_money.revenue + excluded.revenue, commission = partner_money.commission + excluded.commission";

/// Adds to a partner's revenue and commission.
pub(crate) fn add_money(unit: &mut Unit<'_>, change: &MoneyChange<'_>) -> Result<(), StoreError> {
    let sql = joined!(
        "",
        "INSERT INTO partner_money (partnership, currency, revenue, commission) VALUES ($1, $2, $3, $4)",
        ADDED
    );
    let MoneyChange { partnership, currency, revenue, commission } = *change;
    unit.send(sql, &[partnership.into(), currency.into(), revenue.into(), commission.into()])?;
    Ok(())
}

/// Subtracts a payment, as it is stored, from its partner's revenue, before it changes.
pub(crate) fn subtract_revenue(unit: &mut Unit<'_>, txn: i64) -> Result<(), StoreError> {
    let sql = joined!(
        "",
        "INSERT INTO partner_money (partnership, currency, revenue, commission) \
         SELECT partnership, currency, refunded_total - amount, 0 FROM txn \
         WHERE id = $1 AND partnership IS NOT NULL AND test = 0 AND archived = 0",
        ADDED
    );
    unit.send(sql, &[txn.into()])?;
    Ok(())
}

/// Adds a reward and its reversals, as they are stored, to its partner's commission, `times` once or minus once: minus
/// once before their status changes, once after it.
pub(crate) fn move_commission(unit: &mut Unit<'_>, reward: i64, times: i64) -> Result<(), StoreError> {
    let sql = joined!(
        "",
        "INSERT INTO partner_money (partnership, currency, revenue, commission) \
         SELECT partnership, currency, 0, CAST(sum(amount) AS bigint) * $1 FROM (\
         SELECT partnership, currency, amount, status, test FROM reward WHERE id = $2 \
         UNION ALL SELECT partnership, currency, amount, status, test FROM reward WHERE reverses = $2) AS moved \
         WHERE test = 0 AND status IN ('pending', 'approved', 'paid') GROUP BY partnership, currency",
        ADDED
    );
    unit.send(sql, &[times.into(), reward.into()])?;
    Ok(())
}

/// Whether a reward of this status counts towards its partner's commission.
pub(crate) fn is_earned(status: &str) -> bool {
    matches!(status, "pending" | "approved" | "paid")
}

/// Adds a person's click to the partner's total.
pub(crate) fn add_click(unit: &mut Unit<'_>, partnership: i64) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO partner_total (partnership, customers, clicks) VALUES ($1, 0, 1) \
         ON CONFLICT (partnership) DO UPDATE SET clicks = partner_total.clicks + 1",
        &[partnership.into()],
    )?;
    Ok(())
}

/// Notes that clicks are about to be deleted: the oldest `limit` of those whose number is below `before`.
pub(crate) fn note_pruned_clicks(unit: &mut Unit<'_>, before: i64, limit: i64) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO partner_total (partnership, customers, pruned_clicks) \
         SELECT partnership, 0, count(*) FROM click WHERE bot = 0 \
         AND id IN (SELECT id FROM click WHERE id < $1 ORDER BY id LIMIT $2) GROUP BY partnership \
         ON CONFLICT (partnership) DO UPDATE SET pruned_clicks = partner_total.pruned_clicks + excluded.pruned_clicks",
        &[before.into(), limit.into()],
    )?;
    Ok(())
}

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

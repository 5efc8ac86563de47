//! Rows of `reward`: what partners earned, and its reversals. Amounts are never edited.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A reward or a reversal, with the keys of what it refers to.
#[derive(Debug, Clone)]
pub(crate) struct RewardRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) test: bool,
    pub(crate) partnership: i64,
    pub(crate) customer: Option<i64>,
    pub(crate) txn: Option<i64>,
    pub(crate) trigger: Option<i64>,
    /// The event that fired the trigger; a trigger pays once for each.
    pub(crate) event_key: Option<String>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) description: String,
    pub(crate) status: String,
    /// The reward that this row reverses.
    pub(crate) reverses: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) ready_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Read only.
    pub(crate) names: RewardNames,
}

/// Keys and names of what a reward refers to; read only.
#[derive(Debug, Clone, Default)]
pub(crate) struct RewardNames {
    pub(crate) partnership_key: String,
    pub(crate) customer_key: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_site_key: Option<String>,
    pub(crate) transaction_key: Option<String>,
    pub(crate) trigger_key: Option<String>,
    pub(crate) reverses_key: Option<String>,
}

const COLUMNS: &str = "reward.key, reward.id, reward.test, reward.partnership, reward.customer, reward.txn, \
     reward.trigger_id, reward.event_key, reward.amount, reward.currency, reward.description, reward.status, \
     reward.reverses, reward.reason, reward.ready_at, reward.created_at, reward.updated_at, partnership.key, \
     customer.key, customer.email, customer.customer_key, txn.key, trigger_rule.key, original.key";
const FROM: &str = "reward JOIN partnership ON partnership.id = reward.partnership \
     LEFT JOIN customer ON customer.id = reward.customer LEFT JOIN txn ON txn.id = reward.txn \
     LEFT JOIN trigger_rule ON trigger_rule.id = reward.trigger_id \
     LEFT JOIN reward AS original ON original.id = reward.reverses";

const LISTING: Listing = Listing {
    columns: COLUMNS,
    from: FROM,
    table: "reward",
    orders: &[("amount", "reward.amount"), ("ready_at", "coalesce(reward.ready_at, 0)")],
    archivable: true,
};

fn from_row(row: &Row<'_>) -> Result<RewardRow, StoreError> {
    Ok(RewardRow {
        key: row.get(0)?,
        id: row.get(1)?,
        test: row.get(2)?,
        partnership: row.get(3)?,
        customer: row.get(4)?,
        txn: row.get(5)?,
        trigger: row.get(6)?,
        event_key: row.get(7)?,
        amount: row.get(8)?,
        currency: row.get(9)?,
        description: row.get(10)?,
        status: row.get(11)?,
        reverses: row.get(12)?,
        reason: row.get(13)?,
        ready_at: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        names: RewardNames {
            partnership_key: row.get(17)?,
            customer_key: row.get(18)?,
            customer_email: row.get(19)?,
            customer_site_key: row.get(20)?,
            transaction_key: row.get(21)?,
            trigger_key: row.get(22)?,
            reverses_key: row.get(23)?,
        },
    })
}

/// Adds a row. Adds nothing and returns `false` when the trigger has paid for this event before.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &RewardRow) -> Result<bool, StoreError> {
    let added = unit.execute(
        "INSERT INTO reward (id, program, test, key, partnership, customer, txn, trigger_id, event_key, \
         amount, currency, description, status, reverses, reason, ready_at, archived, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         ON CONFLICT (trigger_id, event_key) WHERE reverses IS NULL AND retired_at IS NULL DO NOTHING",
        &[
            row.id.into(),
            program.into(),
            row.test.into(),
            (&row.key).into(),
            row.partnership.into(),
            row.customer.into(),
            row.txn.into(),
            row.trigger.into(),
            row.event_key.as_ref().into(),
            row.amount.into(),
            (&row.currency).into(),
            (&row.description).into(),
            (&row.status).into(),
            row.reverses.into(),
            row.reason.as_ref().into(),
            row.ready_at.into(),
            false.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(added == 1)
}

/// Marks a reward as taken back by a correction: its event may earn anew, and later refunds skip it.
pub(crate) fn retire(unit: &mut Unit<'_>, id: i64, at: i64) -> Result<(), StoreError> {
    unit.execute("UPDATE reward SET retired_at = $1 WHERE id = $2", &[at.into(), id.into()])?;
    Ok(())
}

/// A status for a reward, and its reason.
pub(crate) struct StatusChange<'a> {
    pub(crate) status: &'a str,
    pub(crate) reason: Option<&'a str>,
    /// When it was decided.
    pub(crate) at: i64,
}

/// Sets the status of a reward, and of those of its reversals that are not paid.
pub(crate) fn set_status(unit: &mut Unit<'_>, id: i64, to: &StatusChange<'_>) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE reward SET status = $1, reason = $2, updated_at = $3 WHERE id = $4",
        &[to.status.into(), to.reason.into(), to.at.into(), id.into()],
    )?;
    unit.execute(
        "UPDATE reward SET status = $1, updated_at = $2 WHERE reverses = $3 AND status <> 'paid'",
        &[to.status.into(), to.at.into(), id.into()],
    )?;
    Ok(())
}

/// A row by its key.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
) -> Result<Option<RewardRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE reward.program = $1 AND reward.test = $2 AND reward.key = $3"
    );
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], from_row)
}

/// A row by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<RewardRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE reward.id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
}

/// Which rewards to list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EarnedBy {
    /// Those that this payment earned.
    ByPayment(i64),
    /// Those that this customer earned, by any event.
    ForCustomer(i64),
}

/// Rewards that no correction has taken back, oldest first, each with what its reversals took so far (minor units,
/// with the sign of the reward).
pub(crate) fn list_earned(unit: &mut Unit<'_>, by: EarnedBy) -> Result<Vec<(RewardRow, i64)>, StoreError> {
    let (column, id) = match by {
        EarnedBy::ByPayment(txn) => ("txn", txn),
        EarnedBy::ForCustomer(customer) => ("customer", customer),
    };
    let sql = format!(
        "SELECT {COLUMNS}, CAST(coalesce((SELECT -sum(taken.amount) FROM reward AS taken \
         WHERE taken.reverses = reward.id), 0) AS bigint) \
         FROM {FROM} WHERE reward.{column} = $1 AND reward.reverses IS NULL AND reward.retired_at IS NULL \
         ORDER BY reward.id"
    );
    unit.query(&sql, &[id.into()], |row| Ok((from_row(row)?, row.get(24)?)))
}

/// A page of rewards, of one partnership when one is given.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    partnership: Option<i64>,
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<RewardRow>>, StoreError> {
    let scope = || {
        let mut scope = vec![
            Condition::int("reward.program =", program),
            Condition::int("reward.test =", i64::from(test)),
        ];
        scope.extend(partnership.map(|id| Condition::int("reward.partnership =", id)));
        scope
    };
    read_page(unit, &LISTING, scope, filters, page, from_row)
}

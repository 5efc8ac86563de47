//! Rows of `cap_use` and `cap_total`: which rewards the caps of triggers count, and their sums. A sum is kept, so that
//! what a capped reward costs does not grow with what was paid before; triggers without caps have neither.

use headwater_attribution::{CapKey, CapUse};
use headwater_protocol::v2::CapPer;
use headwater_store::{StoreError, Unit};

/// The tables.
pub(super) const TABLE: &str = "
ALTER TABLE reward ADD COLUMN capped bigint NOT NULL DEFAULT 0;
CREATE TABLE cap_use (
    reward bigint NOT NULL REFERENCES reward (id),
    per text NOT NULL,
    subject bigint NOT NULL,
    period text NOT NULL,
    starts bigint NOT NULL,
    PRIMARY KEY (reward, per, period)
);
CREATE TABLE cap_total (
    trigger_id bigint NOT NULL REFERENCES trigger_rule (id),
    test bigint NOT NULL,
    per text NOT NULL,
    subject bigint NOT NULL,
    period text NOT NULL,
    starts bigint NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    rewards bigint NOT NULL,
    PRIMARY KEY (trigger_id, test, per, subject, period, starts, currency)
);
";

/// Whose rewards are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CapScope {
    /// The trigger's number.
    pub(crate) trigger: i64,
    pub(crate) test: bool,
    /// The partnership's number.
    pub(crate) partnership: i64,
    /// The customer's number, 0 without one.
    pub(crate) customer: i64,
}

impl CapScope {
    fn subject(&self, per: CapPer) -> i64 {
        match per {
            CapPer::Customer => self.customer,
            CapPer::Partner => self.partnership,
            CapPer::Trigger => 0,
        }
    }
}

/// What was counted under a key so far: minor units in `currency`, and rewards in all currencies.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    scope: &CapScope,
    key: &CapKey,
    currency: &str,
) -> Result<CapUse, StoreError> {
    let sql = "SELECT CAST(coalesce(sum(CASE WHEN currency = $1 THEN amount ELSE 0 END), 0) AS bigint), \
               CAST(coalesce(sum(rewards), 0) AS bigint) FROM cap_total WHERE trigger_id = $2 AND test = $3 \
               AND per = $4 AND subject = $5 AND period = $6 AND starts = $7";
    let params = [
        currency.into(),
        scope.trigger.into(),
        scope.test.into(),
        key.per.name().into(),
        scope.subject(key.per).into(),
        key.period.name().into(),
        key.starts.0.into(),
    ];
    let found = unit.query_one::<_, StoreError>(sql, &params, |row| {
        Ok(CapUse { amount: row.get(0)?, rewards: row.get(1)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// What the standing rewards of one event count under a key: what the totals would be without them.
pub(crate) fn of_event(
    unit: &mut Unit<'_>,
    scope: &CapScope,
    key: &CapKey,
    txn: i64,
) -> Result<CapUse, StoreError> {
    let sql = "SELECT CAST(coalesce(sum(reward.amount), 0) AS bigint), count(*) FROM reward \
               JOIN cap_use ON cap_use.reward = reward.id WHERE reward.txn = $1 AND reward.trigger_id = $2 \
               AND cap_use.per = $3 AND cap_use.period = $4 AND cap_use.starts = $5 AND cap_use.subject = $6";
    let params = [
        txn.into(),
        scope.trigger.into(),
        key.per.name().into(),
        key.period.name().into(),
        key.starts.0.into(),
        scope.subject(key.per).into(),
    ];
    let found = unit.query_one::<_, StoreError>(sql, &params, |row| {
        Ok(CapUse { amount: row.get(0)?, rewards: row.get(1)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// Counts a reward, which must be stored, under each key.
pub(crate) fn count(
    unit: &mut Unit<'_>,
    scope: &CapScope,
    keys: &[CapKey],
    reward: i64,
) -> Result<(), StoreError> {
    for key in keys {
        unit.insert(
            "cap_use",
            [
                ("reward", reward.into()),
                ("per", key.per.name().into()),
                ("subject", scope.subject(key.per).into()),
                ("period", key.period.name().into()),
                ("starts", key.starts.0.into()),
            ],
        )?;
    }
    add(unit, reward, "reward.amount, 1")?;
    unit.execute("UPDATE reward SET capped = 1 WHERE id = $1", &[reward.into()])?;
    Ok(())
}

/// No longer counts a reward: it was taken back for good, and leaves room for others.
pub(crate) fn release(unit: &mut Unit<'_>, reward: i64) -> Result<(), StoreError> {
    add(unit, reward, "-reward.amount, -1")?;
    unit.execute("DELETE FROM cap_use WHERE reward = $1", &[reward.into()])?;
    unit.execute("UPDATE reward SET capped = 0 WHERE id = $1", &[reward.into()])?;
    Ok(())
}

/// Adds to the totals of each key that a reward counts under.
fn add(unit: &mut Unit<'_>, reward: i64, amount_and_number: &str) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO cap_total (trigger_id, test, per, subject, period, starts, currency, amount, rewards) \
         SELECT reward.trigger_id, reward.test, cap_use.per, cap_use.subject, cap_use.period, cap_use.starts, \
         reward.currency, {amount_and_number} FROM cap_use JOIN reward ON reward.id = cap_use.reward \
         WHERE cap_use.reward = $1 ON CONFLICT (trigger_id, test, per, subject, period, starts, currency) \
         DO UPDATE SET amount = cap_total.amount + excluded.amount, rewards = cap_total.rewards + excluded.rewards"
    );
    unit.execute(&sql, &[reward.into()])?;
    Ok(())
}

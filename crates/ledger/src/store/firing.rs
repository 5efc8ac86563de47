//! Rows of `trigger_firing`: events for which a trigger has done something that leaves no reward. Rewards are their own
//! record of that.

use headwater_store::{StoreError, Unit};

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE trigger_firing (
    trigger_id bigint NOT NULL REFERENCES trigger_rule (id),
    event_key text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (trigger_id, event_key)
);
";

/// Notes that a trigger acts for an event; `false` if it has done so before.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    trigger: i64,
    event_key: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "trigger_firing",
        [("trigger_id", trigger.into()), ("event_key", event_key.into()), ("created_at", at.into())],
        "DO NOTHING",
    )?;
    Ok(added == 1)
}

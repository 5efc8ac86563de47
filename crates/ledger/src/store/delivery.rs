//! Rows of `delivery`: events on their way to webhooks, and the log of those that have arrived.
//!
//! A lane is one object's events for one webhook. The oldest open row of a lane is `pending`, the others are `waiting`,
//! so a claim reads only what may be sent. `id` is counted by the database: rows are added and settled under the
//! program's lock, so it orders a lane's rows as their causes were committed, whatever the processes' clocks say.

use headwater_protocol::v2::DeliveryStatus;
use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing};

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE delivery (
    id integer PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    webhook bigint NOT NULL REFERENCES webhook (id),
    event text NOT NULL,
    object text NOT NULL,
    lane text NOT NULL,
    customer bigint,
    body text NOT NULL,
    status text NOT NULL,
    request bigint NOT NULL,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    tried_since bigint NOT NULL,
    claimed_by bigint NOT NULL,
    answer_status bigint,
    answer text,
    error text,
    settled_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX delivery_due ON delivery (webhook, due_at, id) WHERE status = 'pending';
CREATE INDEX delivery_claimed ON delivery (claimed_by) WHERE status = 'pending' AND claimed_by <> 0;
CREATE INDEX delivery_lane ON delivery (webhook, lane, id) WHERE settled_at IS NULL;
CREATE INDEX delivery_by_webhook ON delivery (webhook, program, test, created_at, id);
CREATE INDEX delivery_by_customer ON delivery (customer) WHERE customer IS NOT NULL;
CREATE INDEX delivery_by_object ON delivery (program, test, object) WHERE customer IS NULL;
";

row! {
    /// A delivery.
    #[derive(Clone)]
    pub(crate) struct DeliveryRow {
        pub(crate) id: i64 = "delivery.id",
        pub(crate) program: i64 = "delivery.program",
        pub(crate) test: bool = "delivery.test",
        /// `msg_…`
        pub(crate) key: String = "delivery.key",
        /// The webhook's number.
        pub(crate) webhook: i64 = "delivery.webhook",
        /// The event's name.
        pub(crate) event: String = "delivery.event",
        /// The object's key.
        pub(crate) object: String = "delivery.object",
        pub(crate) lane: String = "delivery.lane",
        /// Whose personal data the body holds.
        pub(crate) customer: Option<i64> = "delivery.customer",
        pub(crate) body: String = "delivery.body",
        pub(crate) status: DeliveryStatus = "delivery.status"
            => |value| DeliveryStatus::from_name(value.text()?),
        /// The request that caused it, within its process: later changes by the same request are put into one event.
        pub(crate) request: i64 = "delivery.request",
        pub(crate) attempts: i64 = "delivery.attempts",
        pub(crate) due_at: i64 = "delivery.due_at",
        /// Since when it may be sent; it is given up three days later.
        pub(crate) tried_since: i64 = "delivery.tried_since",
        pub(crate) answer_status: Option<i64> = "delivery.answer_status",
        pub(crate) answer: Option<String> = "delivery.answer",
        pub(crate) error: Option<String> = "delivery.error",
        /// When it was delivered, given up or erased; none while it is open.
        pub(crate) settled_at: Option<i64> = "delivery.settled_at",
        pub(crate) created_at: i64 = "delivery.created_at",
        pub(crate) updated_at: i64 = "delivery.updated_at",
        /// Read only.
        pub(crate) webhook_key: String = "webhook.key",
    }
}

const COLUMNS: &str = DeliveryRow::COLUMNS;
const FROM: &str = "delivery JOIN webhook ON webhook.id = delivery.webhook";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "delivery",
    orders: &[],
    archivable: false,
    modes: true,
    partner: None,
    filters: &[
        ListFilter::vendor("event", "The event's name.", FilterBy::Text("delivery.event =")),
        ListFilter::vendor(
            "status",
            "What became of it.",
            FilterBy::Word("delivery.status =", DeliveryStatus::NAMES),
        ),
    ],
};

/// Adds a delivery.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    unit.insert(
        "delivery",
        [
            ("program", row.program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("webhook", row.webhook.into()),
            ("event", (&row.event).into()),
            ("object", (&row.object).into()),
            ("lane", (&row.lane).into()),
            ("customer", row.customer.into()),
            ("body", (&row.body).into()),
            ("status", row.status.name().into()),
            ("request", row.request.into()),
            ("attempts", row.attempts.into()),
            ("due_at", row.due_at.into()),
            ("tried_since", row.tried_since.into()),
            ("claimed_by", 0_i64.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// The newest open delivery of a lane.
pub(crate) fn last_open(
    unit: &mut Unit<'_>,
    webhook: i64,
    lane: &str,
) -> Result<Option<DeliveryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE delivery.webhook = $1 AND delivery.lane = $2 \
         AND delivery.settled_at IS NULL ORDER BY delivery.id DESC LIMIT 1"
    );
    unit.query_one(&sql, &[webhook.into(), lane.into()], DeliveryRow::from_row)
}

/// Replaces the body of a delivery that was not sent yet; `false` when it was.
pub(crate) fn replace_body(unit: &mut Unit<'_>, id: i64, body: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE delivery SET body = $1 WHERE id = $2 AND attempts = 0 AND settled_at IS NULL";
    Ok(unit.execute(sql, &[body.into(), id.into()])? == 1)
}

/// Claims up to `limit` deliveries of a webhook that are due, for as long as `lease` milliseconds; without those that
/// another process is claiming.
pub(crate) fn claim(
    unit: &mut Unit<'_>,
    webhook: i64,
    (now, lease): (i64, i64),
    limit: u32,
    process: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE delivery.webhook = $1 AND delivery.status = 'pending' \
         AND delivery.due_at <= $2 ORDER BY delivery.due_at, delivery.id LIMIT $3 \
         /*! FOR UPDATE OF delivery SKIP LOCKED */"
    );
    let mut rows =
        unit.query(&sql, &[webhook.into(), now.into(), i64::from(limit).into()], DeliveryRow::from_row)?;
    for row in &mut rows {
        row.attempts += 1;
        unit.execute(
            "UPDATE delivery SET due_at = $1, attempts = $2, claimed_by = $3 WHERE id = $4",
            &[(now + lease).into(), row.attempts.into(), process.into(), row.id.into()],
        )?;
    }
    Ok(rows)
}

/// An open delivery, locked; `None` when it is settled.
pub(crate) fn find_open(unit: &mut Unit<'_>, id: i64) -> Result<Option<DeliveryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE delivery.id = $1 AND delivery.settled_at IS NULL \
         /*! FOR UPDATE OF delivery */"
    );
    unit.query_one(&sql, &[id.into()], DeliveryRow::from_row)
}

/// Writes the columns that may change, and ends a claim.
pub(crate) fn update(unit: &mut Unit<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    unit.update(
        "delivery",
        row.id,
        [
            ("status", row.status.name().into()),
            ("attempts", row.attempts.into()),
            ("due_at", row.due_at.into()),
            ("tried_since", row.tried_since.into()),
            ("claimed_by", 0_i64.into()),
            ("answer_status", row.answer_status.into()),
            ("answer", row.answer.as_ref().into()),
            ("error", row.error.as_ref().into()),
            ("settled_at", row.settled_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Makes the next delivery of a lane due, after the one before it was settled.
pub(crate) fn promote(unit: &mut Unit<'_>, webhook: i64, lane: &str, now: i64) -> Result<(), StoreError> {
    let sql = "SELECT min(id) FROM delivery WHERE webhook = $1 AND lane = $2 AND settled_at IS NULL";
    let next = unit
        .query_one::<_, StoreError>(sql, &[webhook.into(), lane.into()], |row| row.get::<Option<i64>>(0))?;
    if let Some(next) = next.flatten() {
        unit.execute(
            "UPDATE delivery SET status = 'pending', due_at = $1, tried_since = $1, updated_at = $1 \
             WHERE id = $2 AND status = 'waiting'",
            &[now.into(), next.into()],
        )?;
    }
    Ok(())
}

/// Holds every open delivery of a webhook.
pub(crate) fn hold(unit: &mut Unit<'_>, webhook: i64, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE delivery SET status = 'held', claimed_by = 0, updated_at = $1 \
         WHERE webhook = $2 AND settled_at IS NULL",
        &[now.into(), webhook.into()],
    )?;
    Ok(())
}

/// Makes the oldest delivery of each lane of a webhook due, and the others wait for it.
pub(crate) fn release(unit: &mut Unit<'_>, webhook: i64, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE delivery SET status = 'waiting', updated_at = $1 WHERE webhook = $2 AND settled_at IS NULL",
        &[now.into(), webhook.into()],
    )?;
    unit.execute(
        "UPDATE delivery SET status = 'pending', due_at = $1, tried_since = $1 WHERE id IN (SELECT min(id) \
         FROM delivery WHERE webhook = $2 AND settled_at IS NULL GROUP BY lane)",
        &[now.into(), webhook.into()],
    )?;
    Ok(())
}

/// Settles every open delivery of a webhook as failed, for this reason.
pub(crate) fn fail_all(unit: &mut Unit<'_>, webhook: i64, reason: &str, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE delivery SET status = 'failed', error = $1, settled_at = $2, updated_at = $2 \
         WHERE webhook = $3 AND settled_at IS NULL",
        &[reason.into(), now.into(), webhook.into()],
    )?;
    Ok(())
}

/// Makes deliveries due at once that are claimed by none of the `living` processes. Returns how many.
pub(crate) fn release_dead(unit: &mut Unit<'_>, living: &[i64], now: i64) -> Result<usize, StoreError> {
    let sql = "SELECT DISTINCT claimed_by FROM delivery WHERE status = 'pending' AND claimed_by <> 0";
    let claimants = unit.query::<i64, StoreError>(sql, &[], |row| row.get(0))?;
    let mut released = 0;
    for dead in claimants.iter().filter(|claimant| !living.contains(claimant)) {
        released += unit.execute(
            "UPDATE delivery SET due_at = $1, claimed_by = 0 \
             WHERE status = 'pending' AND claimed_by = $2 AND claimed_by <> 0",
            &[now.into(), (*dead).into()],
        )?;
    }
    Ok(released)
}

/// Deletes the texts of a deleted customer: what is not sent yet will not be.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE delivery SET body = '', answer = NULL, error = NULL, customer = NULL, status = 'erased', \
         settled_at = $1, updated_at = $1 WHERE customer = $2",
        &[now.into(), customer.into()],
    )?;
    Ok(())
}

/// Deletes the texts about an object that were queued before it was known whose personal data they hold.
pub(crate) fn forget_object(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    object: &str,
    now: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE delivery SET body = '', answer = NULL, error = NULL, status = 'erased', settled_at = $1, \
         updated_at = $1 WHERE program = $2 AND test = $3 AND object = $4 AND customer IS NULL",
        &[now.into(), program.into(), test.into(), object.into()],
    )?;
    Ok(())
}

/// Deletes up to `limit` deliveries of a webhook in one mode that were made before `before`, or before the newest
/// `keep`. Those that are still tried stay. Returns how many.
pub(crate) fn prune(
    unit: &mut Unit<'_>,
    (webhook, program, test): (i64, i64, bool),
    before: i64,
    (keep, limit): (i64, i64),
) -> Result<usize, StoreError> {
    let sql = "SELECT created_at FROM delivery WHERE webhook = $1 AND program = $2 AND test = $3 \
               ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $4";
    let newest = unit.query_one::<i64, StoreError>(
        sql,
        &[webhook.into(), program.into(), test.into(), keep.into()],
        |row| row.get(0),
    )?;
    let bound = newest.map_or(before, |newest| before.max(newest + 1));
    unit.execute(
        "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE webhook = $1 AND program = $2 \
         AND test = $3 AND created_at < $4 AND (settled_at IS NOT NULL OR status = 'held') \
         ORDER BY created_at, id LIMIT $5)",
        &[webhook.into(), program.into(), test.into(), bound.into(), limit.into()],
    )
}

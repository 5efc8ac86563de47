//! Rows of `webhook`: where a program's events are sent (triggers.md section 4).

use headwater_store::{Record, StoreError, Unit, row};

use super::json;
use super::list::Listing;

/// The table, and the version of a program's webhooks: 0 without any, a new number after each change. It is read with
/// the idempotency key of a request, so a program without webhooks pays nothing for them.
pub(super) const TABLE: &str = "
ALTER TABLE program ADD COLUMN webhooks_version bigint NOT NULL DEFAULT 0;
CREATE TABLE webhook (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    target text NOT NULL,
    events text NOT NULL,
    secret text NOT NULL,
    old_secret text,
    old_secret_until bigint,
    paused bigint NOT NULL,
    paused_reason text,
    failing_since bigint,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX webhook_by_time ON webhook (program, created_at, id);
";

row! {
    /// A webhook. Its secrets are stored as they are, because every request is signed with them.
    #[derive(Clone)]
    pub(crate) struct WebhookRow {
        pub(crate) id: i64 = "webhook.id",
        pub(crate) program: i64 = "webhook.program",
        pub(crate) key: String = "webhook.key",
        pub(crate) target: String = "webhook.target",
        /// Names of events.
        pub(crate) events: Vec<String> = "webhook.events" => json::texts,
        pub(crate) secret: String = "webhook.secret",
        pub(crate) old_secret: Option<String> = "webhook.old_secret",
        pub(crate) old_secret_until: Option<i64> = "webhook.old_secret_until",
        pub(crate) paused: bool = "webhook.paused",
        pub(crate) paused_reason: Option<String> = "webhook.paused_reason",
        pub(crate) failing_since: Option<i64> = "webhook.failing_since",
        pub(crate) archived: bool = "webhook.archived",
        pub(crate) created_at: i64 = "webhook.created_at",
        pub(crate) updated_at: i64 = "webhook.updated_at",
    }
}

const COLUMNS: &str = WebhookRow::COLUMNS;

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "webhook",
    table: "webhook",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[],
};

/// Adds a webhook.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &WebhookRow) -> Result<(), StoreError> {
    unit.insert(
        "webhook",
        [
            ("id", row.id.into()),
            ("program", row.program.into()),
            ("key", (&row.key).into()),
            ("target", (&row.target).into()),
            ("events", (&json::from_texts(&row.events)).into()),
            ("secret", (&row.secret).into()),
            ("paused", row.paused.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &WebhookRow) -> Result<(), StoreError> {
    unit.update(
        "webhook",
        row.id,
        [
            ("target", (&row.target).into()),
            ("events", (&json::from_texts(&row.events)).into()),
            ("secret", (&row.secret).into()),
            ("old_secret", row.old_secret.as_ref().into()),
            ("old_secret_until", row.old_secret_until.into()),
            ("paused", row.paused.into()),
            ("paused_reason", row.paused_reason.as_ref().into()),
            ("failing_since", row.failing_since.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// A webhook by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<WebhookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook WHERE webhook.id = $1");
    unit.query_one(&sql, &[id.into()], WebhookRow::from_row)
}

/// A program's webhooks that are not archived, oldest first.
pub(crate) fn list_active(unit: &mut Unit<'_>, program: i64) -> Result<Vec<WebhookRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook WHERE webhook.program = $1 AND webhook.archived = 0 \
         ORDER BY webhook.created_at, webhook.id"
    );
    unit.query(&sql, &[program.into()], WebhookRow::from_row)
}

/// The webhooks of all programs that have a delivery to be sent at `now`.
pub(crate) fn list_due(unit: &mut Unit<'_>, now: i64) -> Result<Vec<WebhookRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook WHERE webhook.archived = 0 AND webhook.paused = 0 AND EXISTS (SELECT 1 \
         FROM delivery WHERE delivery.webhook = webhook.id AND delivery.status = 'pending' \
         AND delivery.due_at <= $1) ORDER BY webhook.id"
    );
    unit.query(&sql, &[now.into()], WebhookRow::from_row)
}

/// When the next delivery of any webhook falls due.
pub(crate) fn next_due(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT min(first.due_at) FROM (SELECT (SELECT min(due_at) FROM delivery \
               WHERE delivery.webhook = webhook.id AND delivery.status = 'pending') AS due_at \
               FROM webhook WHERE archived = 0 AND paused = 0) AS first";
    Ok(unit.query_one::<_, StoreError>(sql, &[], |row| row.get::<Option<i64>>(0))?.flatten())
}

/// Every webhook with its program, archived ones too.
pub(crate) fn list_all(unit: &mut Unit<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    unit.query("SELECT id, program FROM webhook ORDER BY id", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Sets the version of a program's webhooks after a change; `version` must never have been used.
pub(crate) fn set_version(unit: &mut Unit<'_>, program: i64, version: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE program SET webhooks_version = $1 WHERE id = $2",
        &[version.into(), program.into()],
    )?;
    Ok(())
}

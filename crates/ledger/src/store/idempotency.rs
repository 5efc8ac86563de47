//! Rows of `idempotency`: stored answers.

use headwater_store::{StoreError, Unit};

/// A stored answer.
pub(crate) struct AnswerRow {
    pub(crate) request_hash: [u8; 32],
    pub(crate) status: i64,
    pub(crate) answer: String,
}

/// The answer stored under `key` at `since` (epoch milliseconds) or later.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
    since: i64,
) -> Result<Option<AnswerRow>, StoreError> {
    unit.query_one(
        "SELECT request_hash, status, answer FROM idempotency \
         WHERE program = $1 AND test = $2 AND key = $3 AND created_at >= $4",
        &[program.into(), test.into(), key.into(), since.into()],
        |row| Ok(AnswerRow { request_hash: row.get(0)?, status: row.get(1)?, answer: row.get(2)? }),
    )
}

/// Deletes up to `limit` answers stored before `before`, the oldest first; returns how many.
pub(crate) fn delete_before(unit: &mut Unit<'_>, before: i64, limit: i64) -> Result<usize, StoreError> {
    unit.execute(
        "DELETE FROM idempotency WHERE (program, test, key) IN (SELECT program, test, key FROM idempotency \
         WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        &[before.into(), limit.into()],
    )
}

/// Stores an answer; overwrites an expired one that was not deleted yet.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
    row: &AnswerRow,
    now: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO idempotency (program, test, key, request_hash, status, answer, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (program, test, key) DO UPDATE SET request_hash = excluded.request_hash, \
         status = excluded.status, answer = excluded.answer, created_at = excluded.created_at",
        &[
            program.into(),
            test.into(),
            key.into(),
            (&row.request_hash).into(),
            row.status.into(),
            (&row.answer).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Deletes every stored answer of a program that contains `text`: answers hold personal data, too.
pub(crate) fn delete_mentioning(unit: &mut Unit<'_>, program: i64, text: &str) -> Result<(), StoreError> {
    unit.execute(
        "DELETE FROM idempotency WHERE program = $1 AND answer LIKE $2",
        &[program.into(), (&format!("%{text}%")).into()],
    )?;
    Ok(())
}

//! Rows of `idempotency`: answers already given.

use headwater_store::{StoreError, Unit};

/// An answer already given.
pub(crate) struct AnswerRow {
    pub(crate) request_hash: [u8; 32],
    pub(crate) status: i64,
    pub(crate) answer: String,
}

/// The answer given under `key` since `since`.
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

/// Forgets up to `limit` answers given before `before`, the oldest first; says how many.
pub(crate) fn delete_before(unit: &mut Unit<'_>, before: i64, limit: i64) -> Result<usize, StoreError> {
    unit.execute(
        "DELETE FROM idempotency WHERE (program, test, key) IN (SELECT program, test, key FROM idempotency \
         WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        &[before.into(), limit.into()],
    )
}

/// Keeps an answer, in place of one that has expired and was not yet forgotten.
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

/// Forgets every answer of a program that mentions `text`: personal data goes from here too.
pub(crate) fn delete_mentioning(unit: &mut Unit<'_>, program: i64, text: &str) -> Result<(), StoreError> {
    unit.execute(
        "DELETE FROM idempotency WHERE program = $1 AND answer LIKE $2",
        &[program.into(), (&format!("%{text}%")).into()],
    )?;
    Ok(())
}

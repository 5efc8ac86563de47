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

/// Forgets every answer given before `before`.
pub(crate) fn delete_before(unit: &mut Unit<'_>, before: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM idempotency WHERE created_at < $1", &[before.into()])?;
    Ok(())
}

/// Keeps an answer.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
    row: &AnswerRow,
    now: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO idempotency (program, test, key, request_hash, status, answer, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
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

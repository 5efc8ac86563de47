//! Rows of `idempotency`: stored answers.

use headwater_store::{Record, StoreError, Unit, row};

use super::program::ProgramVersions;

row! {
    /// A stored answer.
    pub(crate) struct AnswerRow {
        pub(crate) request_hash: [u8; 32] = "idempotency.request_hash",
        pub(crate) status: i64 = "idempotency.status",
        pub(crate) answer: String = "idempotency.answer",
    }
}

row! {
    /// What is read before a request is worked on.
    pub(crate) struct BeforeWork {
        pub(crate) versions: ProgramVersions,
        /// The stored answer, if the request is a repetition.
        pub(crate) first: Option<AnswerRow>,
    }
}

/// The answer stored under `key` at `since` (epoch milliseconds) or later, and the versions of what is cached of the program.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
    since: i64,
) -> Result<Option<BeforeWork>, StoreError> {
    let sql = format!(
        "SELECT {} FROM program LEFT JOIN idempotency ON idempotency.program = program.id \
         AND idempotency.test = $1 AND idempotency.key = $2 AND idempotency.created_at >= $3 \
         WHERE program.id = $4",
        BeforeWork::COLUMNS
    );
    unit.query_one(&sql, &[test.into(), key.into(), since.into(), program.into()], BeforeWork::from_row)
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
    unit.send_insert_on_conflict(
        "idempotency",
        [
            ("program", program.into()),
            ("test", test.into()),
            ("key", key.into()),
            ("request_hash", (&row.request_hash).into()),
            ("status", row.status.into()),
            ("answer", (&row.answer).into()),
            ("created_at", now.into()),
        ],
        "(program, test, key) DO UPDATE SET request_hash = excluded.request_hash, \
         status = excluded.status, answer = excluded.answer, created_at = excluded.created_at",
    )
}

/// Deletes every stored answer of a program that contains `text`: answers hold personal data, too.
pub(crate) fn delete_mentioning(unit: &mut Unit<'_>, program: i64, text: &str) -> Result<(), StoreError> {
    // `replace` in place of LIKE: a name may contain LIKE's wildcards, and would delete the answers of others.
    unit.execute(
        "DELETE FROM idempotency WHERE program = $1 AND replace(answer, $2, '') <> answer",
        &[program.into(), text.into()],
    )?;
    Ok(())
}

//! Rows of `due`: what shall happen at a time that has not come yet. A row is deleted in the unit of work that does it,
//! so that it is done once by however many processes. Times of test records are those of their program's test clock.

use headwater_store::{Record, StoreError, Unit, row};

/// The table; the programs' test clocks, how many milliseconds each is ahead of the real clock, null when it is not in
/// use; and the time as of which a reward's rules were asked, null when it is the one at which it was made.
pub(super) const TABLE: &str = "
ALTER TABLE reward ADD COLUMN asked_at bigint;
ALTER TABLE program ADD COLUMN test_clock bigint;
CREATE INDEX program_by_test_clock ON program (id) WHERE test_clock IS NOT NULL;
CREATE TABLE due (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    kind text NOT NULL,
    subject bigint NOT NULL,
    due_at bigint NOT NULL
);
CREATE INDEX due_by_time ON due (test, due_at, program);
CREATE INDEX due_by_program ON due (program, test, due_at, id);
";

row! {
    /// What shall happen once its time has come.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct DueRow {
        pub(crate) id: i64 = "id",
        /// What: `drip` for an installment.
        pub(crate) kind: String = "kind",
        /// The number of the row that it is about.
        pub(crate) subject: i64 = "subject",
        pub(crate) due_at: i64 = "due_at",
    }
}

/// Adds a row.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &DueRow,
) -> Result<(), StoreError> {
    unit.insert(
        "due",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("kind", (&row.kind).into()),
            ("subject", row.subject.into()),
            ("due_at", row.due_at.into()),
        ],
    )?;
    Ok(())
}

/// Deletes a row; `false` if another process has done so.
pub(crate) fn take(unit: &mut Unit<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(unit.execute("DELETE FROM due WHERE id = $1", &[id.into()])? == 1)
}

/// Puts a row off.
pub(crate) fn postpone(unit: &mut Unit<'_>, id: i64, due_at: i64) -> Result<(), StoreError> {
    unit.execute("UPDATE due SET due_at = $1 WHERE id = $2", &[due_at.into(), id.into()])?;
    Ok(())
}

/// A program's rows that are due, by their time.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    now: i64,
    limit: i64,
) -> Result<Vec<DueRow>, StoreError> {
    let sql = format!(
        "SELECT {} FROM due WHERE program = $1 AND test = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4",
        DueRow::COLUMNS
    );
    unit.query(&sql, &[program.into(), test.into(), now.into(), limit.into()], DueRow::from_row)
}

/// The program whose production records have waited longest.
pub(crate) fn next_program(unit: &mut Unit<'_>, now: i64) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT program FROM due WHERE test = 0 AND due_at <= $1 ORDER BY due_at LIMIT 1";
    unit.query_one(sql, &[now.into()], |row| row.get(0))
}

/// A program with a test clock in use and test records that are due by it, and how far that clock is ahead.
pub(crate) fn next_test_program(unit: &mut Unit<'_>, now: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "SELECT id, test_clock FROM program WHERE test_clock IS NOT NULL AND EXISTS (SELECT 1 FROM due \
               WHERE due.program = program.id AND due.test = 1 AND due.due_at <= program.test_clock + $1) LIMIT 1";
    unit.query_one(sql, &[now.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The test clocks in use: each program, and how many milliseconds its clock is ahead.
pub(crate) fn test_clocks(unit: &mut Unit<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    let sql = "SELECT id, test_clock FROM program WHERE test_clock IS NOT NULL";
    unit.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Sets how far a program's test clock is ahead; `None` when it is no longer in use.
pub(crate) fn set_test_clock(
    unit: &mut Unit<'_>,
    program: i64,
    ahead: Option<i64>,
) -> Result<(), StoreError> {
    unit.update("program", program, [("test_clock", ahead.into())])?;
    Ok(())
}

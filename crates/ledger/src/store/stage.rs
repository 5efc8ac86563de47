//! Rows of `stage`: the stages of deals and the statuses of leads, of a group or of all groups without their own.

use headwater_protocol::v2::{SaleOutcome, SalesCycle};
use headwater_store::{Record, StoreError, Unit, Value, joined, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A stage.
    pub(crate) struct StageRow {
        pub(crate) id: i64 = "stage.id",
        pub(crate) key: String = "stage.key",
        pub(crate) cycle: SalesCycle = "stage.cycle" => cycle,
        /// The group's number.
        pub(crate) group: Option<i64> = "stage.grp",
        pub(crate) name: String = "stage.name",
        pub(crate) outcome: SaleOutcome = "stage.outcome" => outcome,
        pub(crate) position: i64 = "stage.position",
        pub(crate) archived: bool = "stage.archived",
        pub(crate) created_at: i64 = "stage.created_at",
        pub(crate) updated_at: i64 = "stage.updated_at",
        /// Read only: `grup_…`.
        pub(crate) group_key: Option<String> = "grp.key",
    }
}

/// The table, with the standard stages of the programs that exist.
pub(super) const TABLE: &str = joined!(
    "",
    "
CREATE TABLE stage (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    cycle text NOT NULL,
    grp bigint REFERENCES grp (id),
    name text NOT NULL,
    outcome text NOT NULL,
    position bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX stage_by_cycle ON stage (program, cycle, position, id);
",
    STANDARD,
    ";
"
);

/// The stages that every program begins with. Never changed, because a migration contains it. Their numbers follow the
/// program's own; a stage that is made later has a greater one, because numbers grow with time.
const STANDARD: &str = "INSERT INTO stage (id, program, key, cycle, name, outcome, position, archived, created_at, updated_at) \
SELECT program.id + standard.position, program.id, 'stag_' || program.id || 'n' || standard.position, standard.cycle, \
standard.name, standard.outcome, standard.position, 0, program.created_at, program.created_at FROM program \
CROSS JOIN (SELECT 1 AS position, 'deal' AS cycle, 'open' AS name, 'open' AS outcome \
UNION ALL SELECT 2, 'deal', 'qualified', 'open' UNION ALL SELECT 3, 'deal', 'proposal', 'open' \
UNION ALL SELECT 4, 'deal', 'negotiation', 'open' UNION ALL SELECT 5, 'deal', 'closed won', 'won' \
UNION ALL SELECT 6, 'deal', 'closed lost', 'lost' UNION ALL SELECT 7, 'lead', 'open', 'open' \
UNION ALL SELECT 8, 'lead', 'closed', 'open' UNION ALL SELECT 9, 'lead', 'dead', 'lost' \
UNION ALL SELECT 10, 'lead', 'closed won', 'won' UNION ALL SELECT 11, 'lead', 'closed lost', 'lost') AS standard";

fn cycle(value: Value<'_>) -> Option<SalesCycle> {
    SalesCycle::from_name(value.text()?)
}

fn outcome(value: Value<'_>) -> Option<SaleOutcome> {
    SaleOutcome::from_name(value.text()?)
}

const COLUMNS: &str = StageRow::COLUMNS;
const FROM: &str = "stage LEFT JOIN grp ON grp.id = stage.grp";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "stage",
    orders: &[("position", "stage.position")],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[
        ListFilter::new(
            "cycle",
            "Those of deals or of leads.",
            FilterBy::Word("stage.cycle =", SalesCycle::NAMES),
        ),
        ListFilter::vendor(
            "group_key",
            "The group whose own stages they are: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "stage.grp ="),
        ),
    ],
};

/// Adds the standard stages of a new program.
pub(crate) fn insert_standard(unit: &mut Unit<'_>, program: i64) -> Result<(), StoreError> {
    unit.execute(joined!("", STANDARD, " WHERE program.id = $1"), &[program.into()])?;
    Ok(())
}

/// Adds a stage.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &StageRow) -> Result<(), StoreError> {
    unit.insert(
        "stage",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("cycle", row.cycle.name().into()),
            ("grp", row.group.into()),
            ("name", (&row.name).into()),
            ("outcome", row.outcome.name().into()),
            ("position", row.position.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &StageRow) -> Result<(), StoreError> {
    unit.update(
        "stage",
        row.id,
        [
            ("outcome", row.outcome.name().into()),
            ("position", row.position.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Every stage of a cycle that is not archived, in its order.
pub(crate) fn list_of_cycle(
    unit: &mut Unit<'_>,
    program: i64,
    cycle: SalesCycle,
) -> Result<Vec<StageRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE stage.program = $1 AND stage.cycle = $2 AND stage.archived = 0 \
         ORDER BY stage.position, stage.id"
    );
    unit.query(&sql, &[program.into(), cycle.name().into()], StageRow::from_row)
}

/// How many stages a program has, archived ones too.
pub(crate) fn count(unit: &mut Unit<'_>, program: i64) -> Result<i64, StoreError> {
    let found =
        unit.query_one("SELECT count(*) FROM stage WHERE program = $1", &[program.into()], |row| row.get(0));
    Ok(found?.unwrap_or(0))
}

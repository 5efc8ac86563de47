//! Rows of `action`: what customers and partners did that is no payment, and their kept number.

use headwater_store::{Record, StoreError, Unit, row};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

/// The tables. Every index covers a search and its order. `action_total` counts the actions that are not archived: of
/// a whole program and mode under the number 0, and of each partnership.
pub(super) const TABLES: &str = "
CREATE TABLE action (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL,
    customer bigint REFERENCES customer (id),
    partnership bigint REFERENCES partnership (id),
    external_key text,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX action_by_time ON action (program, test, created_at, id);
CREATE INDEX action_by_update ON action (program, test, updated_at, id);
CREATE INDEX action_by_kind ON action (kind, program, test, created_at, id);
CREATE INDEX action_by_customer ON action (customer, program, test, created_at, id) WHERE customer IS NOT NULL;
CREATE INDEX action_by_partnership ON action (partnership, program, test, created_at, id)
    WHERE partnership IS NOT NULL;
CREATE UNIQUE INDEX action_by_external_key ON action (program, test, external_key) WHERE external_key IS NOT NULL;
CREATE TABLE action_total (
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    partnership bigint NOT NULL,
    actions bigint NOT NULL,
    PRIMARY KEY (program, test, partnership)
);
ALTER TABLE reward ADD COLUMN action bigint REFERENCES action (id);
CREATE INDEX reward_by_action ON reward (action) WHERE action IS NOT NULL;
";

row! {
    /// An action, with the names of whom it is about.
    #[derive(Debug, Clone)]
    pub(crate) struct ActionRow {
        pub(crate) id: i64 = "action.id",
        pub(crate) key: String = "action.key",
        pub(crate) test: bool = "action.test",
        pub(crate) kind: String = "action.kind",
        pub(crate) value: i64 = "action.value",
        /// Who acted; `None` when a partner did.
        pub(crate) customer: Option<i64> = "action.customer",
        /// The partner who acted, or who referred the customer when it acted.
        pub(crate) partnership: Option<i64> = "action.partnership",
        pub(crate) external_key: Option<String> = "action.external_key",
        pub(crate) archived: bool = "action.archived",
        pub(crate) created_at: i64 = "action.created_at",
        pub(crate) updated_at: i64 = "action.updated_at",
        /// Read only.
        pub(crate) company_key: String = "program.company_key",
        /// Read only.
        pub(crate) company_name: String = "program.name",
        /// Read only: `part_…`.
        pub(crate) partnership_key: Option<String> = "partnership.key",
        /// Read only.
        pub(crate) actor: Option<ActingCustomer>,
    }
}

row! {
    /// The customer who acted; read only.
    #[derive(Debug, Clone)]
    pub(crate) struct ActingCustomer {
        pub(crate) key: String = "customer.key",
        pub(crate) sub_ids: Vec<String> = "customer.sub_ids" => json::texts,
    }
}

const COLUMNS: &str = ActionRow::COLUMNS;
const FROM: &str = "action JOIN program ON program.id = action.program \
     LEFT JOIN customer ON customer.id = action.customer \
     LEFT JOIN partnership ON partnership.id = action.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "action",
    orders: &[],
    archivable: true,
    modes: true,
    partner: None,
    filters: &[
        ListFilter::vendor(
            "partnership_key",
            "The partner who acted, or who referred the customer.",
            FilterBy::Record(NamedRecord::Partnership, "action.partnership ="),
        ),
        ListFilter::vendor(
            "customer_key",
            "Who acted: our key or the site's own.",
            FilterBy::Record(NamedRecord::Customer, "action.customer ="),
        ),
        ListFilter::vendor("action_type", "What kind.", FilterBy::Text("action.kind =")),
    ],
};

/// Adds an action. Adds nothing and returns `false` when its external key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &ActionRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "action",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("kind", (&row.kind).into()),
            ("value", row.value.into()),
            ("customer", row.customer.into()),
            ("partnership", row.partnership.into()),
            ("external_key", row.external_key.as_ref().into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "DO NOTHING",
    )?;
    if added == 1 {
        count(unit, (program, row.test), row.partnership, 1)?;
    }
    Ok(added == 1)
}

/// Archives an action that is not archived yet.
pub(crate) fn archive(unit: &mut Unit<'_>, program: i64, row: &ActionRow, at: i64) -> Result<(), StoreError> {
    unit.update("action", row.id, [("archived", true.into()), ("updated_at", at.into())])?;
    count(unit, (program, row.test), row.partnership, -1)
}

/// Adds to the kept numbers of a program and of a partnership.
fn count(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    partnership: Option<i64>,
    step: i64,
) -> Result<(), StoreError> {
    for of in std::iter::once(0).chain(partnership) {
        unit.execute(
            "INSERT INTO action_total (program, test, partnership, actions) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (program, test, partnership) \
             DO UPDATE SET actions = action_total.actions + excluded.actions",
            &[program.into(), test.into(), of.into(), step.into()],
        )?;
    }
    Ok(())
}

/// The kept number of a program's actions, or of one partnership's.
pub(crate) fn total(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    partnership: Option<i64>,
) -> Result<i64, StoreError> {
    let sql = "SELECT actions FROM action_total WHERE program = $1 AND test = $2 AND partnership = $3";
    let params = [program.into(), test.into(), partnership.unwrap_or_default().into()];
    Ok(unit.query_one::<_, StoreError>(sql, &params, |row| row.get(0))?.unwrap_or_default())
}

/// An action by its key in another system.
pub(crate) fn find_by_external_key(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
) -> Result<Option<ActionRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE action.program = $1 AND action.test = $2 AND action.external_key = $3"
    );
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], ActionRow::from_row)
}

/// Erases what may identify the customer.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute("UPDATE action SET external_key = NULL WHERE customer = $1", &[customer.into()])?;
    Ok(())
}

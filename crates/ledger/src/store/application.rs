//! Rows of `application`: people who want to become partners.

use headwater_protocol::v2::{ApplicationStatus, FormValue};
use headwater_store::{Record, StoreError, Unit, Value, row};
use serde_json::{Map, Value as Json};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// An application.
    pub(crate) struct ApplicationRow {
        pub(crate) id: i64 = "application.id",
        pub(crate) key: String = "application.key",
        pub(crate) email: String = "application.email",
        pub(crate) first_name: Option<String> = "application.first_name",
        pub(crate) last_name: Option<String> = "application.last_name",
        pub(crate) company: Option<String> = "application.company",
        /// The group's number.
        pub(crate) group: Option<i64> = "application.grp",
        pub(crate) fields: Vec<FormValue> = "application.fields" => json::read,
        pub(crate) meta: Option<Map<String, Json>> = "application.meta" => json::object,
        pub(crate) status: ApplicationStatus = "application.status" => status,
        pub(crate) reason: Option<String> = "application.reason",
        /// The number of the partnership that it became.
        pub(crate) partnership: Option<i64> = "application.partnership",
        pub(crate) created_at: i64 = "application.created_at",
        pub(crate) updated_at: i64 = "application.updated_at",
        /// Read only: `grup_…`.
        pub(crate) group_key: Option<String> = "grp.key",
        /// Read only: `part_…`.
        pub(crate) partnership_key: Option<String> = "partnership.key",
    }
}

/// The table. Each index covers a list: scope, filter and order.
pub(super) const TABLE: &str = "
CREATE TABLE application (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    email text NOT NULL,
    first_name text,
    last_name text,
    company text,
    grp bigint REFERENCES grp (id),
    fields text NOT NULL,
    meta text,
    status text NOT NULL,
    reason text,
    partnership bigint REFERENCES partnership (id),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX application_by_time ON application (program, created_at, id);
CREATE INDEX application_by_status ON application (program, status, created_at, id);
CREATE INDEX application_by_email ON application (program, email, created_at, id);
CREATE INDEX application_by_group ON application (grp, program, created_at, id);
";

fn status(value: Value<'_>) -> Option<ApplicationStatus> {
    ApplicationStatus::from_name(value.text()?)
}

const COLUMNS: &str = ApplicationRow::COLUMNS;
const FROM: &str = "application LEFT JOIN grp ON grp.id = application.grp \
     LEFT JOIN partnership ON partnership.id = application.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "application",
    orders: &[],
    archivable: false,
    modes: false,
    partner: None,
    filters: &[
        ListFilter::vendor(
            "status",
            "What was decided.",
            FilterBy::Word("application.status =", ApplicationStatus::NAMES),
        ),
        ListFilter::vendor("email", "The applicant's address.", FilterBy::Text("application.email =")),
        ListFilter::vendor(
            "group_key",
            "The group to join: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "application.grp ="),
        ),
    ],
};

/// Adds an application. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &ApplicationRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "application",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("email", (&row.email).into()),
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("company", row.company.as_ref().into()),
            ("grp", row.group.into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("meta", json::from_object(row.meta.as_ref()).as_ref().into()),
            ("status", row.status.name().into()),
            ("reason", row.reason.as_ref().into()),
            ("partnership", row.partnership.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(program, key) DO NOTHING",
    )?;
    Ok(added == 1)
}

/// Writes what was decided.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ApplicationRow) -> Result<(), StoreError> {
    unit.update(
        "application",
        row.id,
        [
            ("status", row.status.name().into()),
            ("reason", row.reason.as_ref().into()),
            ("partnership", row.partnership.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// The newest application of an address.
pub(crate) fn find_by_email(
    unit: &mut Unit<'_>,
    program: i64,
    email: &str,
) -> Result<Option<ApplicationRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE application.program = $1 AND application.email = $2 \
         ORDER BY application.created_at DESC, application.id DESC LIMIT 1"
    );
    unit.query_one(&sql, &[program.into(), email.into()], ApplicationRow::from_row)
}

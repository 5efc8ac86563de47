//! Rows of `form_template`: the forms that partners fill in.

use headwater_protocol::v2::{FormField, FormKind};
use headwater_store::{Record, StoreError, Unit, Value, row};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A form.
    pub(crate) struct FormTemplateRow {
        pub(crate) id: i64 = "form_template.id",
        pub(crate) key: String = "form_template.key",
        pub(crate) kind: FormKind = "form_template.kind" => kind,
        /// The group's number.
        pub(crate) group: Option<i64> = "form_template.grp",
        pub(crate) name: String = "form_template.name",
        pub(crate) fields: Vec<FormField> = "form_template.fields" => json::read,
        pub(crate) archived: bool = "form_template.archived",
        pub(crate) created_at: i64 = "form_template.created_at",
        pub(crate) updated_at: i64 = "form_template.updated_at",
        /// Read only: `grup_…`.
        pub(crate) group_key: Option<String> = "grp.key",
    }
}

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE form_template (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    kind text NOT NULL,
    grp bigint REFERENCES grp (id),
    name text NOT NULL,
    fields text NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX form_template_by_kind ON form_template (program, kind, created_at, id);
";

fn kind(value: Value<'_>) -> Option<FormKind> {
    FormKind::from_name(value.text()?)
}

const COLUMNS: &str = FormTemplateRow::COLUMNS;
const FROM: &str = "form_template LEFT JOIN grp ON grp.id = form_template.grp";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "form_template",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[
        ListFilter::new(
            "type",
            "What the forms are for.",
            FilterBy::Word("form_template.kind =", FormKind::NAMES),
        ),
        ListFilter::vendor(
            "group_key",
            "The group whose partners fill them in: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "form_template.grp ="),
        ),
    ],
};

/// Adds a form. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &FormTemplateRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "form_template",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("kind", row.kind.name().into()),
            ("grp", row.group.into()),
            ("name", (&row.name).into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(program, key) DO NOTHING",
    )?;
    Ok(added == 1)
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &FormTemplateRow) -> Result<(), StoreError> {
    unit.update(
        "form_template",
        row.id,
        [
            ("name", (&row.name).into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// The newest form of a kind that is not archived: the group's own, or that of groups without one.
pub(crate) fn find_newest(
    unit: &mut Unit<'_>,
    program: i64,
    kind: FormKind,
    group: Option<i64>,
) -> Result<Option<FormTemplateRow>, StoreError> {
    let own = if group.is_some() { "form_template.grp = $3" } else { "form_template.grp IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE form_template.program = $1 AND form_template.kind = $2 AND {own} \
         AND form_template.archived = 0 ORDER BY form_template.created_at DESC, form_template.id DESC LIMIT 1"
    );
    let mut params = vec![program.into(), kind.name().into()];
    params.extend(group.map(Value::from));
    unit.query_one(&sql, &params, FormTemplateRow::from_row)
}

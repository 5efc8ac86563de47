//! Rows of `message`: what triggers have told partners.

use headwater_store::{StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A message to a partner.
    #[derive(Debug, Clone)]
    pub(crate) struct MessageRow {
        pub(crate) id: i64 = "message.id",
        pub(crate) key: String = "message.key",
        pub(crate) test: bool = "message.test",
        /// The partnership's number.
        pub(crate) partnership: i64 = "message.partnership",
        /// The trigger's number.
        pub(crate) trigger: i64 = "message.trigger_id",
        pub(crate) subject: String = "message.subject",
        pub(crate) text: String = "message.body",
        pub(crate) created_at: i64 = "message.created_at",
        /// Read only: `part_…`.
        pub(crate) partnership_key: String = "partnership.key",
        /// Read only: `trig_…`.
        pub(crate) trigger_key: String = "trigger_rule.key",
    }
}

/// The table. Each index covers a list: scope, filter and order.
pub(super) const TABLE: &str = "
CREATE TABLE message (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    partnership bigint NOT NULL REFERENCES partnership (id),
    trigger_id bigint NOT NULL REFERENCES trigger_rule (id),
    subject text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX message_by_time ON message (program, test, created_at, id);
CREATE INDEX message_by_change ON message (program, test, updated_at, id);
CREATE INDEX message_by_partnership ON message (partnership, program, test, created_at, id);
";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "message JOIN partnership ON partnership.id = message.partnership \
           JOIN trigger_rule ON trigger_rule.id = message.trigger_id",
    table: "message",
    orders: &[],
    archivable: false,
    modes: true,
    partner: Some("message.partnership ="),
    filters: &[ListFilter::vendor(
        "partnership_key",
        "To whom.",
        FilterBy::Record(NamedRecord::Partnership, "message.partnership ="),
    )],
};

/// Adds a message.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &MessageRow) -> Result<(), StoreError> {
    unit.insert(
        "message",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("trigger_id", row.trigger.into()),
            ("subject", (&row.subject).into()),
            ("body", (&row.text).into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.created_at.into()),
        ],
    )?;
    Ok(())
}

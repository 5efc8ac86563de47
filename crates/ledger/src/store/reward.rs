//! Rows of `reward`: what partners earned, and its reversals. Amounts are never edited.

use headwater_protocol::v2::RewardStatus;
use headwater_store::{Columns, FromColumn, Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};
use super::partnership::GroupFacts;
use super::totals::{self, MoneyChange};

row! {
    /// A reward or a reversal, with the keys of what it refers to.
    #[derive(Debug, Clone)]
    pub(crate) struct RewardRow {
        pub(crate) id: i64 = "reward.id",
        pub(crate) key: String = "reward.key",
        pub(crate) test: bool = "reward.test",
        pub(crate) partnership: i64 = "reward.partnership",
        pub(crate) customer: Option<i64> = "reward.customer",
        pub(crate) txn: Option<i64> = "reward.txn",
        pub(crate) trigger: Option<i64> = "reward.trigger_id",
        /// The action that earned it; [`insert`] reads it from the event's key.
        pub(crate) action: Option<i64> = "reward.action",
        /// The event that fired the trigger; a trigger pays once for each.
        pub(crate) event_key: Option<String> = "reward.event_key",
        pub(crate) amount: i64 = "reward.amount",
        pub(crate) currency: String = "reward.currency",
        pub(crate) description: String = "reward.description",
        pub(crate) status: String = "reward.status",
        /// The invoice that it is on.
        pub(crate) invoice: Option<i64> = "reward.invoice",
        /// The reward that this row reverses.
        pub(crate) reverses: Option<i64> = "reward.reverses",
        pub(crate) reason: Option<String> = "reward.reason",
        /// When an installment is due.
        pub(crate) ready_at: Option<i64> = "reward.ready_at",
        /// The time as of which the rules of its trigger were asked, where that is not `created_at`.
        pub(crate) asked_at: Option<i64> = "reward.asked_at",
        /// The status that it has again once the refund that declined it is undone; see [`keep_status`].
        pub(crate) reopens_as: Option<String> = "reward.reopens_as",
        /// Whether the caps of its trigger count it; [`super::cap`] sets it.
        pub(crate) capped: bool = "reward.capped",
        pub(crate) created_at: i64 = "reward.created_at",
        pub(crate) updated_at: i64 = "reward.updated_at",
        /// Read only.
        pub(crate) names: RewardNames,
    }
}

row! {
    /// Keys and names of what a reward refers to; read only.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct RewardNames {
        pub(crate) partnership_key: String = "partnership.key",
        pub(crate) partner_email: String = "partnership.email",
        pub(crate) first_name: Option<String> = "partnership.first_name",
        pub(crate) last_name: Option<String> = "partnership.last_name",
        pub(crate) group: Option<GroupFacts>,
        pub(crate) customer_key: Option<String> = "customer.key",
        pub(crate) customer_name: Option<String> = "customer.name",
        pub(crate) customer_email: Option<String> = "customer.email",
        pub(crate) customer_site_key: Option<String> = "customer.customer_key",
        pub(crate) transaction_key: Option<String> = "txn.key",
        pub(crate) transaction_amount: Option<i64> = "txn.amount",
        pub(crate) transaction_currency: Option<String> = "txn.currency",
        pub(crate) action_key: Option<String> = "action.key",
        pub(crate) action_kind: Option<String> = "action.kind",
        pub(crate) invoice_key: Option<String> = "invoice.key",
        pub(crate) invoice_status: Option<String> = "invoice.status",
        pub(crate) paid_at: Option<i64> = "invoice.paid_at",
        pub(crate) trigger_key: Option<String> = "trigger_rule.key",
        pub(crate) reverses_key: Option<String> = "original.key",
    }
}

/// The status that an undone refund restores: what the company has approved or held stays so.
pub(super) const REOPENS: &str = "
ALTER TABLE reward ADD COLUMN reopens_as text;
";

/// The list by status: without this index it read all rewards of a program where few have the status, as those that wait
/// for approval. It costs a payment four microseconds and 2.7 % of what its reward writes (docs/scale.md).
pub(super) const BY_STATUS: &str = "
CREATE INDEX reward_by_status ON reward (program, test, status, created_at, id);
";

const COLUMNS: &str = RewardRow::COLUMNS;
const FROM: &str = "reward JOIN partnership ON partnership.id = reward.partnership \
     LEFT JOIN grp ON grp.id = partnership.grp LEFT JOIN action ON action.id = reward.action \
     LEFT JOIN invoice ON invoice.id = reward.invoice \
     LEFT JOIN customer ON customer.id = reward.customer LEFT JOIN txn ON txn.id = reward.txn \
     LEFT JOIN trigger_rule ON trigger_rule.id = reward.trigger_id \
     LEFT JOIN reward AS original ON original.id = reward.reverses";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "reward",
    orders: &[("amount", "reward.amount"), ("ready_at", "coalesce(reward.ready_at, 0)")],
    archivable: true,
    modes: true,
    partner: Some("reward.partnership ="),
    filters: &[
        ListFilter::new(
            "status",
            "The reward's status.",
            FilterBy::Word("reward.status =", RewardStatus::NAMES),
        ),
        ListFilter::new("reward_status", "The same.", FilterBy::Word("reward.status =", RewardStatus::NAMES)),
        ListFilter::vendor(
            "partnership_key",
            "Who earned it.",
            FilterBy::Record(NamedRecord::Partnership, "reward.partnership ="),
        ),
        ListFilter::vendor(
            "partner_key",
            "The same.",
            FilterBy::Record(NamedRecord::Partnership, "reward.partnership ="),
        ),
        ListFilter::new(
            "customer_key",
            "Whose signup or payment earned it.",
            FilterBy::Record(NamedRecord::Customer, "reward.customer ="),
        ),
        ListFilter::vendor(
            "group_key",
            "The partners' group: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "partnership.grp ="),
        ),
        ListFilter::new(
            "invoice_key",
            "The invoice that it is on.",
            FilterBy::Record(NamedRecord::Invoice, "reward.invoice ="),
        ),
        ListFilter::new("payment_status", "How far its payment is.", FilterBy::Case(PAYMENTS)),
        ListFilter::new(
            "keywords",
            "A part of the description, in either case.",
            FilterBy::Contains("lower(reward.description) LIKE"),
        ),
        ListFilter::new("description", "The whole description.", FilterBy::Text("reward.description =")),
        ListFilter::new(
            "exclude_drip_rewards",
            "Leaves out what is paid in installments.",
            FilterBy::Flag("reward.ready_at IS NULL"),
        ),
        ListFilter::new(
            "hide_archived_rewards",
            "Leaves out what is archived, whatever include_archived says.",
            FilterBy::Flag("reward.archived = 0"),
        ),
        ListFilter::new(
            "transaction",
            "The payment that earned it.",
            FilterBy::Record(NamedRecord::Transaction, "reward.txn ="),
        ),
        ListFilter::new(
            "transaction_key",
            "The same.",
            FilterBy::Record(NamedRecord::Transaction, "reward.txn ="),
        ),
    ],
};

/// What is asked by each `payment_status`. Nothing here expires, fails or is merged.
const PAYMENTS: &[(&str, &str)] = &[
    ("available", "reward.status = 'approved' AND reward.invoice IS NULL"),
    ("in_transit", "reward.status = 'approved' AND reward.invoice IS NOT NULL"),
    ("withdrawn", "reward.status = 'paid' AND reward.invoice IS NOT NULL"),
    (
        "paid_and_refunded",
        "reward.status = 'paid' AND EXISTS (SELECT 1 FROM reward AS taken WHERE taken.reverses = reward.id)",
    ),
    ("paid_externally", "reward.status = 'paid' AND reward.invoice IS NULL"),
    ("expired", "1 = 0"),
    ("failed", "1 = 0"),
    ("merging", "1 = 0"),
];

/// Adds a row. Adds nothing and returns `false` when the trigger has paid for this event before.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &RewardRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "reward",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("customer", row.customer.into()),
            ("txn", row.txn.into()),
            ("trigger_id", row.trigger.into()),
            ("action", row.action.or_else(|| action_of(row.event_key.as_deref())).into()),
            ("event_key", row.event_key.as_ref().into()),
            ("amount", row.amount.into()),
            ("currency", (&row.currency).into()),
            ("description", (&row.description).into()),
            ("status", (&row.status).into()),
            ("invoice", row.invoice.into()),
            ("reverses", row.reverses.into()),
            ("reason", row.reason.as_ref().into()),
            ("ready_at", row.ready_at.into()),
            ("asked_at", row.asked_at.into()),
            ("archived", false.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(trigger_id, event_key) WHERE reverses IS NULL AND retired_at IS NULL DO NOTHING",
    )?;
    if added == 1 && !row.test && totals::is_earned(&row.status) {
        let change = MoneyChange {
            partnership: row.partnership,
            currency: &row.currency,
            revenue: 0,
            commission: row.amount,
        };
        totals::add_money(unit, &change)?;
    }
    Ok(added == 1)
}

/// The action that an event's key names: `action:7`, of which the second installment's is `action:7#2`.
fn action_of(event_key: Option<&str>) -> Option<i64> {
    event_key?.strip_prefix("action:")?.split('#').next()?.parse().ok()
}

/// Marks a reward as taken back by a correction: its event may earn anew, and later refunds skip it.
pub(crate) fn retire(unit: &mut Unit<'_>, id: i64, at: i64) -> Result<(), StoreError> {
    unit.execute("UPDATE reward SET retired_at = $1 WHERE id = $2", &[at.into(), id.into()])?;
    Ok(())
}

/// Keeps the status of a reward that a refund is about to decline.
pub(crate) fn keep_status(unit: &mut Unit<'_>, id: i64, status: &str) -> Result<(), StoreError> {
    unit.update("reward", id, [("reopens_as", status.into())])?;
    Ok(())
}

/// A status for a reward, and its reason.
pub(crate) struct StatusChange<'a> {
    pub(crate) status: &'a str,
    pub(crate) reason: Option<&'a str>,
    /// When it was decided.
    pub(crate) at: i64,
}

/// Sets the status of a reward, and of those of its reversals that are not paid.
pub(crate) fn set_status(unit: &mut Unit<'_>, id: i64, to: &StatusChange<'_>) -> Result<(), StoreError> {
    totals::move_commission(unit, id, -1)?;
    unit.update(
        "reward",
        id,
        [("status", to.status.into()), ("reason", to.reason.into()), ("updated_at", to.at.into())],
    )?;
    unit.execute(
        "UPDATE reward SET status = $1, updated_at = $2 WHERE reverses = $3 AND status <> 'paid' \
         AND invoice IS NULL",
        &[to.status.into(), to.at.into(), id.into()],
    )?;
    totals::move_commission(unit, id, 1)
}

/// A row by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<RewardRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE reward.id = $1");
    unit.query_one(&sql, &[id.into()], RewardRow::from_row)
}

/// The reversals of a reward, oldest first.
pub(crate) fn list_reversals(unit: &mut Unit<'_>, id: i64) -> Result<Vec<RewardRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE reward.reverses = $1 ORDER BY reward.id");
    unit.query(&sql, &[id.into()], RewardRow::from_row)
}

/// The rewards on an invoice, oldest first.
pub(crate) fn list_on_invoice(unit: &mut Unit<'_>, invoice: i64) -> Result<Vec<RewardRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE reward.invoice = $1 ORDER BY reward.id");
    unit.query(&sql, &[invoice.into()], RewardRow::from_row)
}

/// Which rewards to list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EarnedBy {
    /// Those that this payment earned.
    ByPayment(i64),
    /// Those that this action earned.
    ByAction(i64),
    /// Those that this customer earned, by any event.
    ForCustomer(i64),
}

/// Rewards that no correction has taken back, oldest first, each with what its reversals took so far (minor units,
/// with the sign of the reward).
pub(crate) fn list_earned(unit: &mut Unit<'_>, by: EarnedBy) -> Result<Vec<(RewardRow, i64)>, StoreError> {
    let (column, id) = match by {
        EarnedBy::ByPayment(txn) => ("txn", txn),
        EarnedBy::ByAction(action) => ("action", action),
        EarnedBy::ForCustomer(customer) => ("customer", customer),
    };
    let sql = format!(
        "SELECT {COLUMNS}, CAST(coalesce((SELECT -sum(taken.amount) FROM reward AS taken \
         WHERE taken.reverses = reward.id), 0) AS bigint) \
         FROM {FROM} WHERE reward.{column} = $1 AND reward.reverses IS NULL AND reward.retired_at IS NULL \
         ORDER BY reward.id"
    );
    unit.query(&sql, &[id.into()], |row| {
        let mut columns = Columns::after(0, row);
        Ok((RewardRow::read(&mut columns)?, columns.take("taken", i64::from_column)?))
    })
}

/// What the reversals of a reward took so far (minor units, with the sign of the reward).
pub(crate) fn taken(unit: &mut Unit<'_>, id: i64) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(coalesce(-sum(amount), 0) AS bigint) FROM reward WHERE reverses = $1";
    Ok(unit.query_one::<_, StoreError>(sql, &[id.into()], |row| row.get(0))?.unwrap_or_default())
}

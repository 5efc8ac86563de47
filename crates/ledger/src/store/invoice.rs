//! Rows of `invoice`, what a partner is paid for a month in one currency, and of `payout`, their payments.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

/// The tables. `reward_unpaid` holds only what no invoice has yet, so that closing a month reads nothing else.
pub(super) const TABLES: &str = "
CREATE TABLE invoice (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    partnership bigint NOT NULL REFERENCES partnership (id),
    currency text NOT NULL,
    month text NOT NULL,
    amount bigint NOT NULL,
    rewards bigint NOT NULL,
    status text NOT NULL,
    paid_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key),
    UNIQUE (partnership, test, currency, month)
);
CREATE INDEX invoice_by_time ON invoice (program, test, created_at, id);
CREATE INDEX invoice_by_month ON invoice (month, program, test, created_at, id);
CREATE INDEX invoice_by_partnership ON invoice (partnership, program, test, created_at, id);
CREATE TABLE payout (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    invoice bigint NOT NULL UNIQUE REFERENCES invoice (id),
    partnership bigint NOT NULL REFERENCES partnership (id),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX payout_by_time ON payout (program, test, created_at, id);
CREATE INDEX payout_by_partnership ON payout (partnership, program, test, created_at, id);
ALTER TABLE reward ADD COLUMN invoice bigint REFERENCES invoice (id);
CREATE INDEX reward_by_invoice ON reward (invoice, program, test, created_at, id) WHERE invoice IS NOT NULL;
CREATE INDEX reward_unpaid ON reward (program, test, partnership, currency)
    WHERE invoice IS NULL AND status <> 'paid' AND status <> 'declined';
";

row! {
    /// An invoice.
    #[derive(Debug, Clone)]
    pub(crate) struct InvoiceRow {
        pub(crate) id: i64 = "invoice.id",
        pub(crate) key: String = "invoice.key",
        pub(crate) partnership: i64 = "invoice.partnership",
        pub(crate) currency: String = "invoice.currency",
        /// As `2026-11`.
        pub(crate) month: String = "invoice.month",
        /// The sum of its rewards, in minor units.
        pub(crate) amount: i64 = "invoice.amount",
        /// The number of its rewards.
        pub(crate) rewards: i64 = "invoice.rewards",
        /// `open` or `paid`.
        pub(crate) status: String = "invoice.status",
        pub(crate) paid_at: Option<i64> = "invoice.paid_at",
        pub(crate) created_at: i64 = "invoice.created_at",
        pub(crate) updated_at: i64 = "invoice.updated_at",
        /// Read only: who is paid.
        pub(crate) partnership_key: String = "partnership.key",
        /// Read only.
        pub(crate) partner_email: String = "partnership.email",
    }
}

row! {
    /// A payment of an invoice.
    #[derive(Debug, Clone)]
    pub(crate) struct PayoutRow {
        pub(crate) id: i64 = "payout.id",
        pub(crate) key: String = "payout.key",
        pub(crate) created_at: i64 = "payout.created_at",
        pub(crate) updated_at: i64 = "payout.updated_at",
        /// What was paid; read only.
        pub(crate) invoice: InvoiceRow,
    }
}

const COLUMNS: &str = InvoiceRow::COLUMNS;
const FROM: &str = "invoice JOIN partnership ON partnership.id = invoice.partnership";

/// How invoices are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "invoice",
    orders: &[("amount", "invoice.amount")],
    archivable: false,
    modes: true,
    partner: Some("invoice.partnership ="),
    filters: &[
        ListFilter::vendor(
            "partnership_key",
            "Who is paid.",
            FilterBy::Record(NamedRecord::Partnership, "invoice.partnership ="),
        ),
        ListFilter::new(
            "status",
            "Whether it is paid.",
            FilterBy::Word("invoice.status =", &["open", "paid"]),
        ),
        ListFilter::new("month", "The month, as `2026-11`.", FilterBy::Text("invoice.month =")),
        ListFilter::new("currency", "The currency, in capitals.", FilterBy::Text("invoice.currency =")),
    ],
};

/// How payouts are listed.
pub(crate) const PAYOUTS: Listing = Listing {
    from: "payout JOIN invoice ON invoice.id = payout.invoice \
           JOIN partnership ON partnership.id = payout.partnership",
    table: "payout",
    orders: &[],
    archivable: false,
    modes: true,
    partner: Some("payout.partnership ="),
    filters: &[
        ListFilter::vendor(
            "partnership_key",
            "Who was paid.",
            FilterBy::Record(NamedRecord::Partnership, "payout.partnership ="),
        ),
        ListFilter::new(
            "invoice_key",
            "The invoice that was paid.",
            FilterBy::Record(NamedRecord::Invoice, "payout.invoice ="),
        ),
    ],
};

/// What an invoice may hold, of a program and mode and made before a time: rewards that are approved, and what is owed
/// back of those that are paid or on an invoice. A reversal belongs to the month of its reward, so that no month pays
/// what is known to be taken back; an installment belongs to the month in which it is due.
const DUE: &str = "FROM reward LEFT JOIN reward AS original ON original.id = reward.reverses \
     WHERE reward.program = $1 AND reward.test = $2 AND coalesce(original.ready_at, original.created_at, reward.ready_at, \
     reward.created_at) < $3 \
     AND reward.invoice IS NULL AND reward.status <> 'paid' AND reward.status <> 'declined' \
     AND (reward.status = 'approved' OR (reward.status = 'pending' \
     AND (original.status = 'paid' OR original.invoice IS NOT NULL)))";

row! {
    /// What a partner has to be paid in one currency.
    #[derive(Debug, Clone)]
    pub(crate) struct DuePayment {
        pub(crate) partnership: i64 = "reward.partnership",
        pub(crate) currency: String = "reward.currency",
        /// Minor units, more than 0.
        pub(crate) amount: i64 = "CAST(sum(reward.amount) AS bigint)",
        /// The number of rewards and reversals.
        pub(crate) rewards: i64 = "count(*)",
    }
}

/// The partners who have to be paid for rewards made before `before` and have no invoice of `month` yet, up to `limit`.
/// Who owes more than was earned waits until later rewards have made up for it.
pub(crate) fn list_due(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    (before, month): (i64, &str),
    limit: i64,
) -> Result<Vec<DuePayment>, StoreError> {
    let columns = DuePayment::COLUMNS;
    let sql = format!(
        "SELECT {columns} {DUE} AND NOT EXISTS (SELECT 1 FROM invoice WHERE invoice.partnership = reward.partnership \
         AND invoice.test = reward.test AND invoice.currency = reward.currency AND invoice.month = $4) \
         GROUP BY reward.partnership, reward.currency HAVING sum(reward.amount) > 0 \
         ORDER BY reward.partnership, reward.currency LIMIT $5"
    );
    let params = [program.into(), test.into(), before.into(), month.into(), limit.into()];
    unit.query(&sql, &params, DuePayment::from_row)
}

/// Adds an invoice and puts on it the rewards that [`list_due`] has summed.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &InvoiceRow,
    before: i64,
) -> Result<(), StoreError> {
    unit.insert(
        "invoice",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("currency", (&row.currency).into()),
            ("month", (&row.month).into()),
            ("amount", row.amount.into()),
            ("rewards", row.rewards.into()),
            ("status", (&row.status).into()),
            ("paid_at", row.paid_at.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    let sql = format!(
        "WITH due AS (SELECT reward.id {DUE} AND reward.partnership = $4 AND reward.currency = $5) \
         UPDATE reward SET invoice = $6, status = 'approved', updated_at = $7 WHERE id IN (SELECT id FROM due)"
    );
    let params = [
        program.into(),
        test.into(),
        before.into(),
        row.partnership.into(),
        (&row.currency).into(),
        row.id.into(),
        row.updated_at.into(),
    ];
    unit.execute(&sql, &params)?;
    Ok(())
}

/// Notes the payment of an invoice, of its rewards, and the payout.
pub(crate) fn pay(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &InvoiceRow,
    (payout, payout_key): (i64, &str),
) -> Result<(), StoreError> {
    unit.update(
        "invoice",
        row.id,
        [
            ("status", (&row.status).into()),
            ("paid_at", row.paid_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    unit.execute(
        "UPDATE reward SET status = 'paid', updated_at = $1 WHERE invoice = $2",
        &[row.updated_at.into(), row.id.into()],
    )?;
    unit.insert(
        "payout",
        [
            ("id", payout.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("key", payout_key.into()),
            ("invoice", row.id.into()),
            ("partnership", row.partnership.into()),
            ("created_at", row.updated_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// The invoices of a month, oldest first, up to `limit`.
pub(crate) fn list_of_month(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    month: &str,
    limit: i64,
) -> Result<Vec<InvoiceRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE invoice.month = $1 AND invoice.program = $2 AND invoice.test = $3 \
         ORDER BY invoice.created_at, invoice.id LIMIT $4"
    );
    unit.query(&sql, &[month.into(), program.into(), test.into(), limit.into()], InvoiceRow::from_row)
}

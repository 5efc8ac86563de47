//! Rows of `credential`: hashes of secrets and their owners. The secrets that callers show are not stored: who reads
//! the database cannot act as one of them. (Secrets that we sign or verify with have to be, in `program` and `webhook`.)

use headwater_store::{FromColumn, Record, StoreError, Unit, Value, row};

/// What a credential gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// The vendor's key pair.
    Pair,
    /// The conversion API.
    Tracking,
    /// One partner's own view.
    Partner,
    /// The program's settings.
    Admin,
    /// What the vendor's key pair may read. Its row has no public key: the program's pair has that.
    Read,
}

impl CredentialKind {
    const ALL: [Self; 5] = [Self::Pair, Self::Tracking, Self::Partner, Self::Admin, Self::Read];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Tracking => "tracking",
            Self::Partner => "partner",
            Self::Admin => "admin",
            Self::Read => "read",
        }
    }
}

impl FromColumn for CredentialKind {
    fn from_column(value: Value<'_>) -> Option<Self> {
        let kind = value.text()?;
        Self::ALL.into_iter().find(|known| known.name() == kind)
    }
}

row! {
    /// A credential.
    pub(crate) struct CredentialRow {
        pub(crate) secret_hash: [u8; 32] = "secret_hash",
        pub(crate) program: i64 = "program",
        pub(crate) kind: CredentialKind = "kind",
        pub(crate) test: bool = "test",
        /// The other half of a pair.
        pub(crate) public_key: Option<String> = "public_key",
        /// The partnership, for a partner's token.
        pub(crate) partnership: Option<i64> = "partnership",
    }
}

const COLUMNS: &str = CredentialRow::COLUMNS;

/// Adds a credential; a partner's older token stops working.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &CredentialRow, now: i64) -> Result<(), StoreError> {
    if let Some(partnership) = row.partnership {
        unit.execute("DELETE FROM credential WHERE partnership = $1", &[partnership.into()])?;
    }
    unit.insert(
        "credential",
        [
            ("secret_hash", (&row.secret_hash).into()),
            ("program", row.program.into()),
            ("kind", row.kind.name().into()),
            ("test", row.test.into()),
            ("public_key", row.public_key.as_ref().into()),
            ("partnership", row.partnership.into()),
            ("created_at", now.into()),
        ],
    )?;
    Ok(())
}

/// Deletes a partner's token.
pub(crate) fn delete_of_partnership(unit: &mut Unit<'_>, partnership: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM credential WHERE partnership = $1", &[partnership.into()])?;
    Ok(())
}

/// The pair of a public key.
pub(crate) fn find_pair(unit: &mut Unit<'_>, public_key: &str) -> Result<Option<CredentialRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM credential WHERE public_key = $1"),
        &[public_key.into()],
        CredentialRow::from_row,
    )
}

/// The credential of a secret's hash.
pub(crate) fn find_by_hash(
    unit: &mut Unit<'_>,
    hash: &[u8; 32],
) -> Result<Option<CredentialRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM credential WHERE secret_hash = $1"),
        &[hash.into()],
        CredentialRow::from_row,
    )
}

/// The program's own credential of a kind and mode; partners' tokens are not among them.
pub(crate) fn find_own(
    unit: &mut Unit<'_>,
    program: i64,
    kind: CredentialKind,
    test: bool,
) -> Result<Option<CredentialRow>, StoreError> {
    unit.query_one(
        &format!(
            "SELECT {COLUMNS} FROM credential \
             WHERE program = $1 AND kind = $2 AND test = $3 AND partnership IS NULL"
        ),
        &[program.into(), kind.name().into(), test.into()],
        CredentialRow::from_row,
    )
}

/// Replaces the hash of a secret.
pub(crate) fn replace(
    unit: &mut Unit<'_>,
    old: &[u8; 32],
    new: &[u8; 32],
    now: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE credential SET secret_hash = $1, created_at = $2 WHERE secret_hash = $3",
        &[new.into(), now.into(), old.into()],
    )?;
    Ok(())
}

/// Whether there is any credential, and therefore any program.
pub(crate) fn any(unit: &mut Unit<'_>) -> Result<bool, StoreError> {
    let found = unit.query_one("SELECT program FROM credential LIMIT 1", &[], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

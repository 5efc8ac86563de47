//! Rows of `credential`: hashes of secrets and whose they are. No secret is ever stored.

use headwater_store::{Row, StoreError, Unit};

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The vendor's key pair.
    Pair,
    /// The conversion API.
    Tracking,
    /// One partner's own view.
    Partner,
    /// The program's settings.
    Admin,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Pair, Self::Tracking, Self::Partner, Self::Admin];

    fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Tracking => "tracking",
            Self::Partner => "partner",
            Self::Admin => "admin",
        }
    }
}

/// A credential.
pub(crate) struct CredentialRow {
    pub(crate) secret_hash: [u8; 32],
    pub(crate) program: i64,
    pub(crate) kind: Kind,
    pub(crate) test: bool,
    /// The other half of a pair.
    pub(crate) public_key: Option<String>,
    /// Whose view, for a partner's token.
    pub(crate) partnership: Option<i64>,
}

const COLUMNS: &str = "secret_hash, program, kind, test, public_key, partnership";

fn from_row(row: &Row<'_>) -> Result<CredentialRow, StoreError> {
    let kind: String = row.get(2)?;
    Ok(CredentialRow {
        secret_hash: row.get(0)?,
        program: row.get(1)?,
        kind: Kind::ALL
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or(StoreError::Column { column: 2, expected: "a credential's kind" })?,
        test: row.get(3)?,
        public_key: row.get(4)?,
        partnership: row.get(5)?,
    })
}

/// Adds a credential; a partner's older token stops working.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &CredentialRow, now: i64) -> Result<(), StoreError> {
    if let Some(partnership) = row.partnership {
        unit.execute("DELETE FROM credential WHERE partnership = $1", &[partnership.into()])?;
    }
    unit.execute(
        "INSERT INTO credential (secret_hash, program, kind, test, public_key, partnership, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            (&row.secret_hash).into(),
            row.program.into(),
            row.kind.name().into(),
            row.test.into(),
            row.public_key.as_ref().into(),
            row.partnership.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Takes a partner's token away.
pub(crate) fn delete_of_partnership(unit: &mut Unit<'_>, partnership: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM credential WHERE partnership = $1", &[partnership.into()])?;
    Ok(())
}

/// The pair of a public key.
pub(crate) fn find_pair(unit: &mut Unit<'_>, public_key: &str) -> Result<Option<CredentialRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM credential WHERE public_key = $1"),
        &[public_key.into()],
        from_row,
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
        from_row,
    )
}

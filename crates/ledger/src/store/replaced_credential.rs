//! Rows of `retired_credential`: hashes of secrets that were replaced and still work for a while.

use headwater_store::{StoreError, Unit};

use super::credential::CredentialRow;

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE retired_credential (
    secret_hash blob PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    kind text NOT NULL,
    test bigint NOT NULL,
    public_key text,
    expires_at bigint NOT NULL
);
CREATE INDEX retired_credential_by_pair ON retired_credential (public_key);
CREATE INDEX retired_credential_by_program ON retired_credential (program);
";

/// Lets a replaced secret work until `expires_at`. Secrets of its kind that were replaced earlier end then at the
/// latest, and expired ones are deleted.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    row: &CredentialRow,
    expires_at: i64,
    now: i64,
) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE retired_credential SET expires_at = $1 \
         WHERE program = $2 AND kind = $3 AND test = $4 AND expires_at > $1",
        &[expires_at.into(), row.program.into(), row.kind.name().into(), row.test.into()],
    )?;
    unit.insert(
        "retired_credential",
        [
            ("secret_hash", (&row.secret_hash).into()),
            ("program", row.program.into()),
            ("kind", row.kind.name().into()),
            ("test", row.test.into()),
            ("public_key", row.public_key.as_ref().into()),
            ("expires_at", expires_at.into()),
        ],
    )?;
    unit.execute("DELETE FROM retired_credential WHERE expires_at <= $1", &[now.into()])?;
    Ok(())
}

/// Hashes of a public key's replaced secrets that still work.
pub(crate) fn of_pair(unit: &mut Unit<'_>, public_key: &str, now: i64) -> Result<Vec<[u8; 32]>, StoreError> {
    unit.query(
        "SELECT secret_hash FROM retired_credential WHERE public_key = $1 AND expires_at > $2",
        &[public_key.into(), now.into()],
        |row| row.get(0),
    )
}

/// A replaced credential by its secret's hash, while it still works.
pub(crate) fn find_by_hash(
    unit: &mut Unit<'_>,
    hash: &[u8; 32],
    now: i64,
) -> Result<Option<CredentialRow>, StoreError> {
    unit.query_one(
        "SELECT secret_hash, program, kind, test, public_key FROM retired_credential \
         WHERE secret_hash = $1 AND expires_at > $2",
        &[hash.into(), now.into()],
        |row| {
            Ok(CredentialRow {
                secret_hash: row.get(0)?,
                program: row.get(1)?,
                kind: row.get(2)?,
                test: row.get(3)?,
                public_key: row.get(4)?,
                partnership: None,
            })
        },
    )
}

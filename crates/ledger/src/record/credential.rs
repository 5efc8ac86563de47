//! Credentials: who a caller is, and rotation of secrets.

use headwater_protocol::Millis;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::KEY_OVERLAP_HOURS_MAX;
use headwater_protocol::v2::{RotateKey, RotatedKey, WhichKey};
use headwater_store::{StoreError, Unit};

use super::{Ctx, Refusal, RefusalKind, secret};
use crate::store::credential::{self, CredentialKind, CredentialRow};
use crate::store::replaced_credential;

/// Milliseconds of an hour.
const HOUR: i64 = 60 * 60 * 1000;

/// A caller whose credentials are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The vendor, with one of its two key pairs.
    Vendor {
        /// The program.
        program: i64,
        /// Whether it is the test pair.
        test: bool,
        /// Whether the secret is the one that only reads.
        read_only: bool,
    },
    /// A partner.
    Partner {
        /// The program.
        program: i64,
        /// The partnership's number.
        partnership: i64,
    },
    /// A server that reports conversions.
    Tracking {
        /// The program.
        program: i64,
        /// Whether it makes test customers.
        test: bool,
    },
    /// The program's administrator.
    Admin {
        /// The program.
        program: i64,
    },
}

/// The caller of a key pair, and whether its secret lasts: a replaced one works for its overlap only, so the result
/// may not be cached. `password_known` says that the caller has already verified the password (the in-process
/// secret).
pub(crate) fn pair(
    unit: &mut Unit<'_>,
    public_key: &str,
    password: &str,
    password_known: bool,
    now: Millis,
) -> Result<Option<(Caller, bool)>, StoreError> {
    let Some(row) = credential::find_pair(unit, public_key)? else { return Ok(None) };
    let older = replaced_credential::of_pair(unit, public_key, now.0)?;
    let lasts = password_known | secret::matches(password, &row.secret_hash);
    // Without short circuits: every hash is compared, so the time tells nothing about which one matched.
    let known = older.iter().fold(lasts, |known, hash| known | secret::matches(password, hash));
    let caller = |read_only| Caller::Vendor { program: row.program, test: row.test, read_only };
    if known {
        return Ok(Some((caller(false), lasts)));
    }
    let reader = by_secret(unit, password, now)?.filter(|(found, _)| {
        (found.kind, found.program, found.test) == (CredentialKind::Read, row.program, row.test)
    });
    Ok(reader.map(|(_, lasts)| (caller(true), lasts)))
}

/// The credential of a secret, and whether it lasts. The lookup is by hash, so its duration tells nothing about the
/// secret.
fn by_secret(
    unit: &mut Unit<'_>,
    secret: &str,
    now: Millis,
) -> Result<Option<(CredentialRow, bool)>, StoreError> {
    let hash = secret::hash(secret);
    let found = match credential::find_by_hash(unit, &hash)? {
        Some(live) => Some((live, true)),
        None => replaced_credential::find_by_hash(unit, &hash, now.0)?.map(|row| (row, false)),
    };
    Ok(found.filter(|(row, _)| secret::matches(secret, &row.secret_hash)))
}

/// The program that a public key names, and whether it is that of the test pair.
pub(crate) fn of_public_key(
    unit: &mut Unit<'_>,
    public_key: &str,
) -> Result<Option<(i64, bool)>, StoreError> {
    Ok(credential::find_pair(unit, public_key)?.map(|row| (row.program, row.test)))
}

/// The caller of a Bearer token.
pub(crate) fn bearer(unit: &mut Unit<'_>, token: &str, now: Millis) -> Result<Option<Caller>, StoreError> {
    Ok(by_secret(unit, token, now)?.and_then(|(row, _)| {
        let program = row.program;
        match row.kind {
            CredentialKind::Pair | CredentialKind::Read => None,
            CredentialKind::Tracking => Some(Caller::Tracking { program, test: row.test }),
            CredentialKind::Partner => {
                row.partnership.map(|partnership| Caller::Partner { program, partnership })
            }
            CredentialKind::Admin => Some(Caller::Admin { program }),
        }
    }))
}

/// Whether the ledger has any credential: without a program it has none.
pub(crate) fn any(unit: &mut Unit<'_>) -> Result<bool, StoreError> {
    credential::any(unit)
}

/// Replaces one of the program's secrets; the old one works until the overlap ends. The new one is only in the
/// answer.
pub(crate) fn rotate(unit: &mut Unit<'_>, ctx: &Ctx, request: &RotateKey) -> Result<RotatedKey, Refusal> {
    let hours = request.overlap_hours;
    if !(0..=KEY_OVERLAP_HOURS_MAX).contains(&hours) {
        let message = format!("overlap_hours must lie between 0 and {KEY_OVERLAP_HOURS_MAX}, got {hours}");
        return Err(Refusal::invalid("out_of_range", "overlap_hours", message));
    }
    let (kind, test, prefix) = match request.which {
        WhichKey::Production => (CredentialKind::Pair, false, Prefix::SecretKey),
        WhichKey::Test => (CredentialKind::Pair, true, Prefix::SecretKey),
        WhichKey::Tracking => (CredentialKind::Tracking, false, Prefix::TrackingToken),
        WhichKey::TestTracking => (CredentialKind::Tracking, true, Prefix::TrackingToken),
        WhichKey::Admin => (CredentialKind::Admin, false, Prefix::AdminToken),
        WhichKey::Read => (CredentialKind::Read, false, Prefix::ReadKey),
        WhichKey::TestRead => (CredentialKind::Read, true, Prefix::ReadKey),
    };
    let made =
        if test { prefix.mint_test_credential(&ctx.random()) } else { prefix.mint_credential(&ctx.random()) };
    let until = ctx.now.0 + hours * HOUR;
    let old = credential::find_own(unit, ctx.program, kind, test)?;
    match &old {
        Some(row) => {
            replaced_credential::insert(unit, row, until, ctx.now.0)?;
            credential::replace(unit, &row.secret_hash, &secret::hash(&made), ctx.now.0)?;
        }
        None if kind == CredentialKind::Read => insert_reader(unit, ctx, test, &made)?,
        None => {
            let message = "the program has no such secret to replace";
            return Err(Refusal::new(RefusalKind::NotFound, "key_not_found", message).field("which"));
        }
    }
    let pair = match kind {
        CredentialKind::Read => credential::find_own(unit, ctx.program, CredentialKind::Pair, test)?,
        _ => old,
    };
    let public_key = pair.and_then(|row| row.public_key);
    Ok(RotatedKey { which: request.which, public_key, secret: made, old_works_until: Millis(until) })
}

/// Adds the program's secret that only reads.
fn insert_reader(unit: &mut Unit<'_>, ctx: &Ctx, test: bool, made: &str) -> Result<(), StoreError> {
    let row = CredentialRow {
        secret_hash: secret::hash(made),
        program: ctx.program,
        kind: CredentialKind::Read,
        test,
        public_key: None,
        partnership: None,
    };
    credential::insert(unit, &row, ctx.now.0)
}

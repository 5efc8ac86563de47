//! Credentials: who a caller is, and rotation of secrets.

use headwater_protocol::Millis;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::KEY_OVERLAP_HOURS_MAX;
use headwater_protocol::v2::{RotateKey, RotatedKey, WhichKey};
use headwater_store::{StoreError, Unit};

use super::{Ctx, Refusal, RefusalKind, secret};
use crate::store::credential::{self, CredentialKind};
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
    let caller = Caller::Vendor { program: row.program, test: row.test };
    Ok(Some((caller, lasts)).filter(|_| known))
}

/// The caller of a Bearer token.
pub(crate) fn bearer(unit: &mut Unit<'_>, token: &str, now: Millis) -> Result<Option<Caller>, StoreError> {
    // The lookup is by hash, so its duration tells nothing about the token.
    let hash = secret::hash(token);
    let row = match credential::find_by_hash(unit, &hash)? {
        None => replaced_credential::find_by_hash(unit, &hash, now.0)?,
        live => live,
    };
    Ok(row.filter(|row| secret::matches(token, &row.secret_hash)).and_then(|row| {
        let program = row.program;
        match row.kind {
            CredentialKind::Pair => None,
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
    };
    let row = credential::find_own(unit, ctx.program, kind, test)?.ok_or_else(|| {
        Refusal::new(RefusalKind::NotFound, "key_not_found", "the program has no such secret to replace")
            .field("which")
    })?;
    let made =
        if test { prefix.mint_test_credential(&ctx.random()) } else { prefix.mint_credential(&ctx.random()) };
    let until = ctx.now.0 + hours * HOUR;
    replaced_credential::insert(unit, &row, until, ctx.now.0)?;
    credential::replace(unit, &row.secret_hash, &secret::hash(&made), ctx.now.0)?;
    Ok(RotatedKey {
        which: request.which,
        public_key: row.public_key,
        secret: made,
        old_works_until: Millis(until),
    })
}

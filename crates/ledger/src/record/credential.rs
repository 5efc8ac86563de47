//! Who a caller is.

use headwater_store::{StoreError, Unit};

use super::secret;
use crate::store::credential::{self, Kind};

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

/// The caller of a key pair. `password_known` says that the password is already known to be good.
pub(crate) fn pair(
    unit: &mut Unit<'_>,
    public_key: &str,
    password: &str,
    password_known: bool,
) -> Result<Option<Caller>, StoreError> {
    let row = credential::find_pair(unit, public_key)?;
    Ok(row
        .filter(|row| password_known || secret::matches(password, &row.secret_hash))
        .map(|row| Caller::Vendor { program: row.program, test: row.test }))
}

/// The caller of a Bearer token.
pub(crate) fn bearer(unit: &mut Unit<'_>, token: &str) -> Result<Option<Caller>, StoreError> {
    // The lookup is by hash: how long it takes tells nothing about the token.
    let row = credential::find_by_hash(unit, &secret::hash(token))?;
    Ok(row.filter(|row| secret::matches(token, &row.secret_hash)).and_then(|row| {
        let program = row.program;
        match row.kind {
            Kind::Pair => None,
            Kind::Tracking => Some(Caller::Tracking { program, test: row.test }),
            Kind::Partner => row.partnership.map(|partnership| Caller::Partner { program, partnership }),
            Kind::Admin => Some(Caller::Admin { program }),
        }
    }))
}

//! The programs the gate knows, by public key. Replaced as a whole when settings change.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use headwater_protocol::v2::{ClaimPolicy, Signups};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// One key pair of a program: production or test.
#[derive(Clone, Default)]
pub struct Program {
    /// The program's number.
    pub id: i64,
    /// `pk_…`
    pub public_key: String,
    /// Whether it is the test pair.
    pub test: bool,
    /// Sites the public key works from; empty: any.
    pub origins: Vec<String>,
    /// What a browser's amounts are worth.
    pub checkout_amounts: ClaimPolicy,
    /// Stripe's signing secret for this pair's webhook address.
    pub stripe_webhook_secret: Option<SecretString>,
    /// SHA-256 of the secret key, for servers that sign in with Basic.
    pub secret_hash: Option<[u8; 32]>,
    /// The same of secret keys that were replaced and still work.
    pub older_secret_hashes: Vec<[u8; 32]>,
    /// Which signups of pages are taken.
    pub signups: Signups,
    /// What the site's server signs customer keys with (trust.md section 1.6).
    pub identity_secret: Option<SecretString>,
    /// Whether a signup that no partner can be credited with makes a customer.
    pub organic_signups: bool,
    /// Whether the destination makes no customer without an address, as every ledger but ours.
    pub needs_email: bool,
}

impl fmt::Debug for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Program").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

impl Program {
    /// Whether a page of `origin` may use the public key.
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Whether `secret` is this pair's secret key. Takes the same time whatever it is.
    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        let given = Sha256::digest(secret);
        let known = self.secret_hash.iter().chain(&self.older_secret_hashes);
        known.fold(false, |found, known| found | bool::from(given.ct_eq(known)))
    }
}

/// Every program the gate knows. Cheap to clone; all clones are the same registry.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    by_key: Arc<RwLock<HashMap<String, Arc<Program>>>>,
}

impl Programs {
    /// Forgets what was known and knows these.
    pub fn replace(&self, programs: Vec<Program>) {
        let known =
            programs.into_iter().map(|program| (program.public_key.clone(), Arc::new(program))).collect();
        *self.by_key.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The program of a public key.
    pub fn by_public_key(&self, key: &str) -> Option<Arc<Program>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Whether none is known: nothing was set up here yet, or settings are still being restored.
    pub fn is_empty(&self) -> bool {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A program's production or test pair.
    pub fn of(&self, id: i64, test: bool) -> Option<Arc<Program>> {
        let known = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|program| program.id == id && program.test == test).cloned()
    }
}

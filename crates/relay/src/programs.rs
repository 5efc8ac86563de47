//! The programs that the relay knows, by public key. Replaced as a whole when settings change.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use headwater_protocol::v2::{BillingProvider, ClaimPolicy, Signups};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// One key pair of a program: production or test.
#[derive(Clone, Default)]
pub struct RelayProgram {
    /// The program's number.
    pub id: i64,
    /// `pk_…`
    pub public_key: String,
    /// Whether it is the test pair.
    pub test: bool,
    /// Origins whose pages may use the public key; empty for any.
    pub origins: Vec<String>,
    /// How amounts from pages are used: ignored, left for billing to confirm, or accepted as payments.
    pub checkout_amounts: ClaimPolicy,
    /// The secrets that verify the billing providers' webhooks at the URLs of this key pair.
    pub webhook_secrets: BTreeMap<BillingProvider, SecretString>,
    /// SHA-256 of the secret key, for servers that sign in with Basic.
    pub secret_hash: Option<[u8; 32]>,
    /// SHA-256 of secret keys that were replaced and still work.
    pub older_secret_hashes: Vec<[u8; 32]>,
    /// Which signups of pages are accepted.
    pub signups: Signups,
    /// The secret that the site's server signs customer keys with (trust.md section 1.6).
    pub identity_secret: Option<SecretString>,
    /// Whether a signup without a partner to credit creates a customer.
    pub organic_signups: bool,
    /// Whether the destination creates no customer without an email address. Ours does.
    pub needs_email: bool,
}

impl fmt::Debug for RelayProgram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RelayProgram").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

impl RelayProgram {
    /// Whether a page of `origin` may use the public key.
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Whether `secret` is this pair's secret key. Compares in constant time.
    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        let given = Sha256::digest(secret);
        let known = self.secret_hash.iter().chain(&self.older_secret_hashes);
        known.fold(false, |found, known| found | bool::from(given.ct_eq(known)))
    }
}

/// All programs that the relay knows. Cheap to clone; all clones share one registry.
#[derive(Debug, Clone, Default)]
pub struct RelayPrograms {
    by_key: Arc<RwLock<HashMap<String, Arc<RelayProgram>>>>,
}

impl RelayPrograms {
    /// Replaces all known programs by these.
    pub fn replace(&self, programs: Vec<RelayProgram>) {
        let known =
            programs.into_iter().map(|program| (program.public_key.clone(), Arc::new(program))).collect();
        *self.by_key.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The program of a public key.
    pub fn by_public_key(&self, key: &str) -> Option<Arc<RelayProgram>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Whether no program is known: none was set up yet, or the settings are still being restored.
    pub fn is_empty(&self) -> bool {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A program's production or test pair.
    pub fn of(&self, id: i64, test: bool) -> Option<Arc<RelayProgram>> {
        let known = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|program| program.id == id && program.test == test).cloned()
    }
}

//! The state of the company's own app: its customers, their subscriptions, and its webhook secret. If a path is given,
//! it is kept in one small JSON file, which each change writes anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_protocol::Millis;
use serde::{Deserialize, Serialize};

use crate::Environment;
use crate::example::Offer;

/// Customers of a demo; the next one is refused.
pub const CUSTOMERS_MAX: usize = 10_000;

/// A customer of the site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiteCustomer {
    /// Full name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Id at the billing provider.
    pub provider_key: String,
    /// When the form was sent.
    pub signed_up_at: Millis,
    /// The running subscription.
    pub subscription: Option<SiteSubscription>,
}

/// A subscription at the billing provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSubscription {
    /// Its id at the provider.
    pub id: String,
    /// Keys of the offers it sells.
    pub products: Vec<String>,
    /// When the checkout began.
    pub chosen_at: Millis,
    /// When the latest payment was made.
    pub paid_at: Option<Millis>,
    /// The latest invoice's id.
    pub invoice: Option<String>,
    /// Whether it was paid more than once.
    #[serde(default)]
    pub renewed: bool,
    /// US cents of the latest invoice that were refunded.
    #[serde(default)]
    pub refunded: i64,
    /// Whether the customer's bank disputes the latest invoice.
    #[serde(default)]
    pub disputed: bool,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

impl SiteSubscription {
    /// The key that joins a product to its payments: the subscription's id, and the price's too where one
    /// subscription sells several products (billing.md).
    pub fn key_of(&self, offer: &Offer) -> String {
        if self.products.len() == 1 { self.id.clone() } else { format!("{}/{}", self.id, offer.price()) }
    }
}

/// The file's content. Its secret is the demo provider's own, made here, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
struct SiteState {
    webhook_secret: String,
    next: u64,
    members: BTreeMap<String, SiteCustomer>,
}

/// The app's state, behind a lock and saved at each change.
pub struct Site {
    state: Mutex<SiteState>,
    file: Option<PathBuf>,
    environment: Environment,
}

impl Site {
    /// Reads `file`; if there is none, starts empty with a new webhook secret.
    pub fn open(file: Option<PathBuf>, environment: Environment) -> anyhow::Result<Self> {
        let read = match file.as_deref().map(std::fs::read) {
            Some(Ok(bytes)) => Some(serde_json::from_slice(&bytes)?),
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => None,
        };
        let memory = read.unwrap_or_else(|| SiteState {
            webhook_secret: environment.secret("whsec_"),
            next: 1,
            members: BTreeMap::new(),
        });
        let site = Self { state: Mutex::new(memory), file, environment };
        site.save(&site.lock())?;
        Ok(site)
    }

    /// The secret that webhooks are signed with.
    pub fn webhook_secret(&self) -> String {
        self.lock().webhook_secret.clone()
    }

    /// Skips the customer numbers up to `number`, which the ledger knows from an earlier run.
    pub fn begin_after(&self, number: u64) {
        let mut memory = self.lock();
        memory.next = memory.next.max(number + 1);
    }

    /// Makes a customer; `None` when the demo is full.
    pub fn sign_up(&self, name: &str, email: &str) -> anyhow::Result<Option<String>> {
        let mut memory = self.lock();
        if memory.members.len() >= CUSTOMERS_MAX {
            return Ok(None);
        }
        let key = format!("gk_{}", memory.next);
        memory.next += 1;
        let member = SiteCustomer {
            name: name.to_owned(),
            email: email.to_owned(),
            provider_key: self.environment.id("cus_"),
            signed_up_at: (self.environment.now)(),
            subscription: None,
        };
        memory.members.insert(key.clone(), member);
        self.save(&memory)?;
        Ok(Some(key))
    }

    /// The customer of that key.
    pub fn member(&self, key: &str) -> Option<SiteCustomer> {
        self.lock().members.get(key).cloned()
    }

    /// Changes a customer, saves the state and returns what `change` returns; `None` if there is no such customer.
    pub fn change<T>(
        &self,
        key: &str,
        change: impl FnOnce(&mut SiteCustomer) -> T,
    ) -> anyhow::Result<Option<T>> {
        let mut memory = self.lock();
        let Some(member) = memory.members.get_mut(key) else { return Ok(None) };
        let said = change(member);
        self.save(&memory)?;
        Ok(Some(said))
    }

    fn lock(&self) -> MutexGuard<'_, SiteState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, memory: &SiteState) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        // A rename replaces the file at once, so that a crash of this process never leaves half of it.
        let temporary = file.with_extension("new");
        std::fs::write(&temporary, serde_json::to_vec_pretty(memory)?)?;
        Ok(std::fs::rename(temporary, file)?)
    }
}

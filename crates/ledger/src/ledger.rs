//! The ledger as one value: its store, its settings, and the state that all requests of a process share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_protocol::limits::PRUNE_STEP;
use headwater_protocol::{Millis, Source};
use headwater_store::{Store, StoreError, Unit};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Notify, watch};

use crate::caller_cache::CallerCache;
use crate::click_rate::ClickRates;
use crate::record::program::{self, Credentials, IngestionProgram, NewProgram};
use crate::record::{Ctx, Ids, Refusal, click, delivery, idempotency, secret};
use crate::store::due;
use crate::store::erasure::{self, Erasure};

/// Inputs that the ledger does not read from its environment, so that tests can set them.
#[derive(Clone)]
pub struct Settings {
    /// Public base URL of partners' links, as `https://go.example.com`, without a slash at its end.
    pub link_base: String,
    /// The time now.
    pub clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    /// 32 unpredictable bytes, new ones on every call.
    pub random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
}

/// The ledger of one data directory or database. Cheap to clone: all clones share one state.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    link_base: String,
    clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    ids: Arc<Ids>,
    changes: Arc<watch::Sender<u64>>,
    erasures: watch::Sender<u64>,
    deliveries: Notify,
    private_targets: AtomicBool,
    clicks: ClickRates,
    caller_cache: CallerCache,
    in_process: SecretString,
    in_process_hash: [u8; 32],
    /// How many milliseconds each program's test clock is ahead; missing when it is not in use.
    test_clocks: Mutex<HashMap<i64, i64>>,
}

impl Ledger {
    /// Opens the ledger in a store that was opened with [`crate::MIGRATIONS`].
    ///
    /// # Errors
    /// When the store does not have the ledger's tables.
    pub fn open(store: Store, settings: Settings) -> Result<Self, Refusal> {
        let test_clocks = store.read_now(due::test_clocks).map_err(Refusal::from)?;
        let in_process = secret::mint_in_process(&(settings.random)());
        let in_process_hash = secret::hash(in_process.expose_secret());
        let changes = Arc::new(watch::channel(0).0);
        let counter = Arc::clone(&changes);
        store.subscribe(move || counter.send_modify(|count| *count += 1));
        let inner = Inner {
            store,
            link_base: settings.link_base.trim_end_matches('/').to_owned(),
            caller_cache: CallerCache::default(),
            clicks: ClickRates::new(Arc::clone(&settings.clock)),
            clock: settings.clock,
            ids: Arc::new(Ids::new(settings.random)),
            changes,
            erasures: watch::channel(0).0,
            deliveries: Notify::new(),
            private_targets: AtomicBool::new(false),
            in_process,
            in_process_hash,
            test_clocks: Mutex::new(test_clocks.into_iter().collect()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The ledger's HTTP interface: API v2, the conversion API, and partners' links as the fallback.
    pub fn router(&self) -> axum::Router {
        crate::http::router(self.clone())
    }

    /// Makes a program with its default group and its test partner `gstest`. The secrets in the answer are not
    /// stored; the ledger keeps only their hashes.
    ///
    /// # Errors
    /// When the name, an origin or a destination is not usable, or the store fails.
    pub async fn create_program(&self, new: NewProgram) -> Result<Credentials, Refusal> {
        let (now, ids) = (self.now(), Arc::clone(&self.inner.ids));
        let work = move |unit: &mut Unit<'_>| program::create(unit, now, Arc::clone(&ids), &new);
        let made = self.write(work).await?;
        self.settings_changed().await;
        Ok(made)
    }

    /// What the relay's ingestion endpoint needs to know of each program: two entries, production and test.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ingestion_programs(&self) -> Result<Vec<IngestionProgram>, Refusal> {
        let now = self.now();
        let read = move |unit: &mut Unit<'_>| -> Result<_, Refusal> {
            Ok((program::ingestion_programs(unit, now)?, due::test_clocks(unit)?))
        };
        let (programs, clocks) = self.inner.store.read(read).await?;
        // Another process may have changed a test clock: this is called after every change of a setting.
        *self.test_clocks() = clocks.into_iter().collect();
        Ok(programs)
    }

    /// Deletes some of what has expired, idempotency answers, old clicks and deliveries to webhooks, in a step of a few
    /// milliseconds. `true` when there may be more. Call it repeatedly in the background, never from a request, which
    /// would have to wait.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune(&self) -> Result<bool, StoreError> {
        let now = self.now();
        let step = move |unit: &mut Unit<'_>| {
            let answers = idempotency::prune(unit, now, PRUNE_STEP)?;
            let clicks = click::prune(unit, now, PRUNE_STEP)?;
            let deliveries = delivery::prune(unit, now, PRUNE_STEP)?;
            Ok(answers.max(clicks).max(deliveries))
        };
        let deleted = self.inner.store.write_locking(vec!["prune".to_owned()], step).await?;
        Ok(i64::try_from(deleted).is_ok_and(|deleted| deleted >= PRUNE_STEP))
    }

    /// Counts changes of programs and their settings. A change is counted only after reads can see it.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Counts deleted customers. A deletion is counted only after [`Ledger::pending_erasures`] can return it.
    pub fn erasures(&self) -> watch::Receiver<u64> {
        self.inner.erasures.subscribe()
    }

    /// Deleted customers whose personal data the relay's journal still has to erase, oldest first, some at a time.
    /// They stay listed, also after a crash, until [`Ledger::erased`] is called.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pending_erasures(&self) -> Result<Vec<Erasure>, Refusal> {
        Ok(self.inner.store.read(erasure::list).await?)
    }

    /// Removes an erasure that is complete everywhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erased(&self, id: i64) -> Result<(), Refusal> {
        self.write(move |unit| erasure::delete(unit, id)).await?;
        // The write-ahead log may still hold the erased texts. A part that a reader is using stays; SQLite overwrites
        // it later.
        self.inner.store.truncate_log().await?;
        Ok(())
    }

    pub(crate) fn customer_erased(&self) {
        self.inner.erasures.send_modify(|count| *count += 1);
    }

    /// Lets webhooks lead to private addresses from now on, and to loopback over http.
    pub fn allow_private_targets(&self) {
        self.inner.private_targets.store(true, Ordering::Relaxed);
    }

    /// Resolves once an event was queued for a webhook since the last time.
    pub(crate) async fn webhook_news(&self) {
        self.inner.deliveries.notified().await;
    }

    /// Starts the delivery of what a unit of work with this context has queued for webhooks. To be called after its
    /// commit.
    pub(crate) fn notify_queued(&self, ctx: &Ctx) {
        if ctx.queued.load(Ordering::Relaxed) {
            self.inner.deliveries.notify_one();
        }
    }

    pub(crate) fn private_targets(&self) -> bool {
        self.inner.private_targets.load(Ordering::Relaxed)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Whether `address` may follow one more link now.
    pub(crate) fn may_click(&self, address: IpAddr) -> bool {
        self.inner.clicks.check(address)
    }

    /// A password that Basic authentication accepts with any public key, for callers in the same process. Made anew
    /// for each process and stored nowhere.
    pub fn in_process_secret(&self) -> SecretString {
        self.inner.in_process.clone()
    }

    pub(crate) fn is_in_process_secret(&self, password: &str) -> bool {
        secret::matches(password, &self.inner.in_process_hash)
    }

    pub(crate) fn caller_cache(&self) -> &CallerCache {
        &self.inner.caller_cache
    }

    /// To be called after a change of settings or secrets is committed: drops cached credentials here and notifies
    /// this process and others.
    pub(crate) async fn settings_changed(&self) {
        self.inner.caller_cache.clear();
        self.inner.changes.send_modify(|count| *count += 1);
        if let Err(error) = self.inner.store.notify().await {
            tracing::warn!(%error, "cannot notify other processes; they read the changed settings within a minute");
        }
    }

    /// The test clocks in use, as this process knows them.
    pub(crate) fn test_clocks(&self) -> MutexGuard<'_, HashMap<i64, i64>> {
        self.inner.test_clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Millis {
        (self.inner.clock)()
    }

    /// The context of one request.
    pub(crate) fn ctx(&self, program: i64, test: bool) -> Ctx {
        let real_now = self.now();
        let ahead = test.then(|| self.test_clocks().get(&program).copied()).flatten();
        Ctx {
            program,
            company_id: program,
            test,
            now: real_now.plus(ahead.unwrap_or_default()),
            real_now,
            test_clock: ahead.is_some(),
            link_base: self.inner.link_base.as_str().into(),
            request: self.inner.ids.next_request(),
            ids: Arc::clone(&self.inner.ids),
            source: Source::Vendor,
            versions: None,
            queued: Arc::default(),
            private_targets: self.inner.private_targets.load(Ordering::Relaxed),
        }
    }

    /// Runs `work` on a snapshot.
    pub(crate) async fn read<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.inner.store.read(work).await
    }

    /// Runs `work` as one unit of work and returns after its commit is on disk. `work` may run more than once: when
    /// another unit of the same commit fails, all are undone and run again. Only the last run counts.
    pub(crate) async fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.inner.store.write(work).await
    }

    /// The same for work that reads before it writes. It holds the program's lock, so that no other such work on this
    /// program runs meanwhile, in any process that shares the database. What it has read is therefore still true when
    /// it commits (docs/decisions/0013).
    pub(crate) async fn change<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        program: i64,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.inner.store.write_locking(vec![format!("program {program}")], work).await
    }
}

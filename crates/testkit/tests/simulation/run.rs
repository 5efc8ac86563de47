//! One run: a seed decides what visitors and the provider do and what goes wrong; after the faults end, everything is
//! delivered, and the invariants are checked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_client::{Client, Credential};
use headwater_journal::{Backlog, Journal};
use headwater_ledger::{Ledger, Settings};
use headwater_relay::deliver::{self, Destinations};
use headwater_relay::{Rates, Relay, RelayProgram, RelayPrograms, Scripts};
use headwater_testkit::{CATALOGUE, HOUR, PARTNERS};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::disk::Disk;
use crate::invariants;
use crate::months::account::{self, Account};
use crate::months::history::{History, history};
use crate::months::model::{Arriving, arriving};
use crate::network::{self, PATIENCE};
use crate::panics;
use crate::process::{Parts, Process, Start};
use crate::provider::Provider;
use crate::receiver::Receiver;
use crate::template::{Template, in_memory};
use crate::visitor::{Report, Visitor};
use crate::watch::Watch;
use crate::world::{Trace, World};

/// Wall time after the faults in which everything has to be delivered. The longest pauses between two attempts are an
/// hour; the journal corrects due times of a wrong clock within another.
const DELIVERED_WITHIN: i64 = 12 * HOUR;
/// The most a clock is wrong.
const CLOCK_WRONG_MAX: i64 = 2 * HOUR;

/// The parts of a running system.
pub(crate) struct System {
    pub(crate) world: Arc<World>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) ledger: Arc<Process>,
    pub(crate) relay: Arc<Process>,
    pub(crate) visitors: Vec<Arc<Visitor>>,
    pub(crate) provider: Arc<Provider>,
    /// The receiver of the ledger's webhooks.
    pub(crate) receiver: Receiver,
    /// The ledger of the process that runs now.
    pub(crate) current: CurrentLedger,
}

/// The ledger of the process that was started last.
type CurrentLedger = Arc<Mutex<Option<Ledger>>>;

/// What a run's visitors and provider do.
pub(crate) struct Script {
    pub(crate) account: Account,
    /// What each visitor reports.
    pub(crate) reports: Vec<Vec<Report>>,
    /// The webhooks of the provider.
    pub(crate) webhooks: Vec<Value>,
}

/// Runs a seed. A panic anywhere breaks an invariant.
pub(crate) fn run(template: &Template, seed: u64) -> Trace {
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| simulate(template, seed)));
    let mut trace = ran.unwrap_or_default();
    trace
        .violations
        .extend(panics::take().iter().map(|panic| format!("panic: {}", panic.replace('\n', " "))));
    trace
}

fn simulate(template: &Template, seed: u64) -> Trace {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        Visitor::forget_failures();
        let world = Arc::new(World::new(seed));
        let directory = in_memory();
        let script = write_script(&world, seed);
        let watch = Arc::new(Watch::default());
        let (receiver, current) = (Receiver::new(&world), CurrentLedger::default());
        let ledger = begin_ledger(
            &world,
            Disk::new(directory.path(), template.directory.path(), "ledger"),
            (receiver.clone(), Arc::clone(&current)),
        );
        let relay = begin_relay(&world, &watch, template, &ledger, directory.path());
        let visitor =
            |reports: &Vec<Report>| Visitor::begin(&world, &relay, &template.public_key, reports.clone());
        let visitors = script.reports.iter().map(visitor).collect();
        let (key, secret) = (&template.public_key, template.stripe_secret.clone());
        let provider = Provider::begin(&world, &relay, key, secret, script.webhooks.clone());
        let system =
            System { world: Arc::clone(&world), watch, ledger, relay, visitors, provider, receiver, current };
        system.disturb().await;
        system.settle().await;
        for process in [&system.relay, &system.ledger] {
            process.restart().await;
        }
        invariants::check(&system, &script, template).await;
        system.relay.end().await;
        system.ledger.end().await;
        *system.current.lock().unwrap() = None;
        std::mem::take(&mut *world.trace())
    })
}

fn write_script(world: &World, seed: u64) -> Script {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &Sha256::digest(seed.to_le_bytes()));
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut history: History = history().new_tree(&mut runner).unwrap().current();
    // Smaller than the property test's, so that there is time for many seeds.
    history.subscriptions.truncate(usize::try_from(1 + world.number(0..4) / 3).unwrap());
    history.subscriptions.iter_mut().for_each(|subscription| subscription.invoices.truncate(2));
    let mut account = account::live(&history);
    let (mut webhooks, mut reports) = (Vec::new(), Vec::new());
    for one in arriving(&history, std::mem::take(&mut account.webhooks)) {
        match one {
            Arriving::Webhook(webhook) => webhooks.push(webhook),
            Arriving::Signup(data) => reports.push(vec![("signup", data)]),
        }
    }
    // Customers who buy without the provider: what they choose has no name but the event's.
    for shopper in 0..world.number(1..3) {
        let key = shopper_key(usize::try_from(shopper).unwrap());
        let partner = PARTNERS[usize::try_from(shopper % 2).unwrap()];
        let signup =
            json!({"customer_key": key, "email": format!("{key}@shop.example"), "partner_key": partner});
        let mut all: Vec<Report> = vec![("signup", signup)];
        for _ in 0..world.number(0..3) {
            let offer = CATALOGUE[world.random().usize(..CATALOGUE.len())];
            let product = json!({"product_book_key": offer.key, "amount": offer.amount, "currency": "USD"});
            all.push(("checkout", json!({"customer_key": key, "products": [product]})));
        }
        reports.push(all);
    }
    Script { account, reports, webhooks }
}

/// The site's key of a customer who buys without the provider.
pub(crate) fn shopper_key(number: usize) -> String {
    format!("shopper_{number}")
}

fn begin_ledger(
    world: &Arc<World>,
    disk: Disk,
    (receiver, current): (Receiver, CurrentLedger),
) -> Arc<Process> {
    let drawn = Arc::new(Mutex::new(fastrand::Rng::with_seed(world.number(0..u64::MAX))));
    let start: Start = Box::new(move |process, store, tasks| {
        let drawn = Arc::clone(&drawn);
        let random = move || {
            let mut bytes = [0; 32];
            drawn.lock().unwrap().fill(&mut bytes);
            bytes
        };
        let link_base = "https://go.example.com".to_owned();
        let settings = Settings { link_base, clock: process.clock(), random: Arc::new(random) };
        let ledger = Ledger::open(store, settings).unwrap();
        *current.lock().unwrap() = Some(ledger.clone());
        let (stop, stopped) = watch::channel(false);
        let delivery = ledger.clone().run_webhooks(Arc::new(receiver.clone()), stopped);
        tasks.spawn(async move {
            delivery.await;
            drop(stop);
        });
        ledger.router()
    });
    let parts = Parts { name: "ledger", disk, migrations: headwater_ledger::MIGRATIONS, start };
    Process::begin(world, parts)
}

fn begin_relay(
    world: &Arc<World>,
    watch: &Arc<Watch>,
    template: &Template,
    ledger: &Arc<Process>,
    directory: &std::path::Path,
) -> Arc<Process> {
    let program = RelayProgram {
        id: template.program,
        public_key: template.public_key.clone(),
        webhook_secrets: [(
            headwater_protocol::v2::BillingProvider::Stripe,
            template.stripe_secret.clone().into(),
        )]
        .into(),
        ..RelayProgram::default()
    };
    let credential = Credential::basic(template.public_key.clone(), template.secret_key.clone().into(), None);
    let receiver = network::router(world, "relay", ledger, watch);
    let client = Client::in_process(receiver, credential).with_timeout(PATIENCE);
    let world_of = Arc::clone(world);
    let start: Start = Box::new(move |process, store, tasks| {
        let programs = RelayPrograms::default();
        programs.replace(vec![program.clone()]);
        let world = Arc::clone(&world_of);
        let monotonic = Arc::new(move || Duration::from_millis(world.passed().unsigned_abs()));
        let rates = Rates::new(1_000_000.try_into().unwrap(), monotonic);
        let relay = Relay::new(programs, Journal::open(store), process.clock(), Scripts::default(), rates);
        let client = client.clone();
        let destinations: Destinations = Arc::new(move |_, _| Some(client.clone()));
        let (stop, stopped) = watch::channel(false);
        let delivery = deliver::run(relay.clone(), destinations, stopped, PATIENCE);
        tasks.spawn(async move {
            delivery.await;
            drop(stop);
        });
        headwater_relay::http::router(relay)
    });
    let disk = Disk::new(directory, template.directory.path(), "journal");
    let parts = Parts { name: "relay", disk, migrations: headwater_journal::MIGRATIONS, start };
    Process::begin(world, parts)
}

impl System {
    /// The time in which faults happen.
    async fn disturb(&self) {
        let world = &self.world;
        for _ in 0..world.number(8..18) {
            world.pause(200..1_000).await;
            let process = if world.number(0..2) == 0 { &self.relay } else { &self.ledger };
            if world.chance(world.rates.crash) {
                process.kill("at any time");
            }
            if world.chance(world.rates.clock) {
                let wrong = CLOCK_WRONG_MAX.unsigned_abs();
                let ahead = i64::try_from(world.number(0..2 * wrong)).unwrap() - CLOCK_WRONG_MAX;
                world.fault("a clock was set wrong", &format!("{} by {ahead} ms", process.name()));
                process.set_clock(ahead);
            }
        }
        if world.rates.outage {
            self.stay_down().await;
        }
        world.calm();
        for process in [&self.relay, &self.ledger] {
            process.set_clock(0);
        }
        self.visitors.iter().for_each(|visitor| visitor.online());
    }

    /// The ledger is down for up to a day, in which the relay tries again and again.
    async fn stay_down(&self) {
        self.ledger.crash("an outage").await;
        let hours = i64::try_from(self.world.number(1..24)).unwrap();
        self.world.fault("the ledger was down for hours", &format!("{hours} hours"));
        for _ in 0..hours {
            self.world.skip(HOUR);
            self.world.pause(1_500..2_500).await;
        }
        self.ledger.kill("the outage is over");
    }

    /// Waits until every event is acknowledged and delivered, or records that it takes too long.
    async fn settle(&self) {
        let begun = self.world.passed();
        while self.world.passed() - begun < DELIVERED_WITHIN {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let Some(store) = self.relay.store() else { continue };
            if !self.provider.is_done() || !self.visitors.iter().all(|visitor| visitor.is_done()) {
                continue;
            }
            let journal = Journal::open(store);
            let Backlog { due, waiting, parked, .. } = journal.backlog().await.unwrap();
            let ledger = self.current.lock().unwrap().clone().unwrap();
            let webhook = ledger.next_webhook_due().await.unwrap().map(|due| due.0);
            if due + waiting + parked == 0 && webhook.is_none() {
                // What was settled last is synced by then; the crash that follows would undo it.
                return tokio::time::sleep(Duration::from_millis(100)).await;
            }
            // Nothing happens until the next entry or webhook falls due.
            let due = journal.next_due().await.unwrap().into_iter().chain(webhook).min().unwrap_or_default();
            if due > self.world.now() + 1_000 {
                self.world.skip(due - self.world.now());
            }
        }
        self.world.violation("not everything was delivered in time after the faults ended".to_owned());
    }
}

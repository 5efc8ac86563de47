//! The fail-over suite: three relays, two ledgers, and a PostgreSQL with a synchronous standby are killed, frozen, cut
//! off and failed over under load, and their disk is full. Afterwards every acknowledged write must be there exactly
//! once, no other, and each customer's in their order.

mod company;
mod disk;
mod forwarder;
mod http;
mod load;
mod pair;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use self::company::{ClusterDeployment, StoredCounts};
use self::load::Load;
use self::pair::DatabasePair;
use super::{SuiteResult, thousands};
use crate::binaries::{self, Speed};

/// Milliseconds between two faults: the least, and how much longer at most.
const CALM: (u64, u64) = (1500, 2500);
/// Milliseconds that a server stays frozen or dead: the least, and how much longer at most.
const DOWN: (u64, u64) = (300, 3000);
/// Time for acknowledged events to be recorded once everything runs again: a delivery's lease of five minutes may have
/// to run out.
const SETTLE: Duration = Duration::from_mins(6);

/// A random generator with a seed, so that a run can be repeated.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's linear congruential generator: its upper bits are random enough to choose a fault.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn wait(&mut self, (least, more): (u64, u64)) -> Duration {
        Duration::from_millis(least + self.below(more))
    }
}

/// The number of faults of each kind.
#[derive(Default)]
struct Faults {
    killed: u64,
    frozen: u64,
    database_frozen: u64,
    failed_over: u64,
    /// A server was cut off from the database.
    cut: u64,
    disk_full: u64,
}

/// Causes faults until the time is over, then lets everything run and compares what was acknowledged with what is
/// stored.
pub(super) fn run(root: &Path, time: Duration) -> anyhow::Result<SuiteResult> {
    let built = binaries::build(root, Speed::Debug)?.join("headwater");
    // A copy, because servers are restarted throughout and a build may replace the program meanwhile.
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("headwater");
    std::fs::copy(&built, &program).context("cannot copy headwater")?;
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    eprintln!("failover: seed {seed}");
    let mut rng = Rng(seed);
    let mut pair = DatabasePair::start()?;
    let mut company = ClusterDeployment::open(&program, pair.ports())?;
    let load = Load::start(&company);
    let begun = Instant::now();
    let mut faults = Faults::default();
    while begun.elapsed() < time {
        std::thread::sleep(rng.wait(CALM));
        one_fault(&mut rng, &mut pair, &mut company, &mut faults)?;
    }
    let acknowledged = load.stop();
    let healed = Instant::now();
    let seen = company.settled(&acknowledged, SETTLE)?;
    let settled = healed.elapsed().as_secs();
    let mut findings = load::differences(&acknowledged, &seen);
    if !findings.is_empty() {
        findings.extend(company.undelivered());
    }
    company.stop()?;
    let check = Command::new(&program)
        .arg("check")
        .env("HEADWATER_DATABASE", pair::address(pair.ports()))
        .env("HEADWATER_LOG", "error")
        .output()
        .context("cannot start headwater check")?;
    if !check.status.success() {
        findings.push(format!("headwater check: {}", String::from_utf8_lossy(&check.stdout).trim()));
    }
    let StoredCounts { customers, payments, rewards, first } = &seen;
    let ran = format!(
        "{} servers killed, {} frozen, {} cut off, the database frozen {} times, failed over {} times, {}; {} signups and \
         {} payments acknowledged, {} customers, {} payments and {} commissions stored, {} of them for the first payment \
         of a customer, all of them {settled} s after the last fault",
        faults.killed,
        faults.frozen,
        faults.cut,
        faults.database_frozen,
        faults.failed_over,
        if pair.can_fill() {
            format!("its disk full {} times", faults.disk_full)
        } else {
            "its disk never full, since only root can limit it".to_owned()
        },
        thousands(acknowledged.signups.len() as u64),
        thousands(acknowledged.payments.len() as u64),
        thousands(customers.len() as u64),
        thousands(payments.len() as u64),
        thousands(rewards.len() as u64),
        thousands(first.len() as u64)
    );
    ensure!(
        !acknowledged.signups.is_empty() && !acknowledged.payments.is_empty(),
        "nothing was acknowledged: {ran}"
    );
    let finding = (!findings.is_empty()).then(|| format!("failover, seed {seed}: {}", findings.join("\n  ")));
    Ok(SuiteResult { name: "failover".to_owned(), ran, finding })
}

fn one_fault(
    rng: &mut Rng,
    pair: &mut DatabasePair,
    company: &mut ClusterDeployment,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    let which = usize::try_from(rng.below(company.servers() as u64))?;
    match rng.below(if pair.can_fill() { 13 } else { 12 }) {
        0..4 => {
            company.kill(which)?;
            std::thread::sleep(rng.wait(DOWN));
            company.start(which)?;
            faults.killed += 1;
        }
        4..7 => {
            company.signal(which, "STOP")?;
            std::thread::sleep(rng.wait(DOWN));
            company.signal(which, "CONT")?;
            faults.frozen += 1;
        }
        7..9 => {
            pair.freeze(rng.wait(DOWN))?;
            faults.database_frozen += 1;
        }
        9 => {
            pair.fail_over()?;
            faults.failed_over += 1;
        }
        10..12 => {
            company.cut(which, true);
            std::thread::sleep(rng.wait(DOWN));
            company.cut(which, false);
            faults.cut += 1;
        }
        _ => {
            pair.fill(rng.wait(DOWN))?;
            faults.disk_full += 1;
        }
    }
    Ok(())
}

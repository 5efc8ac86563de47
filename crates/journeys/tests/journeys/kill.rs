//! Kills the real server under load: every acknowledged event is delivered, and delivered once.
//!
//! A run is one company with one data directory, whose server ends again and again while sixteen connections send
//! events to it. `cargo xtask soak` makes many runs: `HEADWATER_JOURNEYS_RUNS` of them, with seeds from
//! `HEADWATER_JOURNEYS_SEED` on.

mod ledger;
mod load;

use crate::process::number;
use crate::random::Random;
use crate::stage::{Headwater, Killed};
use ledger::assert_everything_once;
use load::{Load, Progress};

/// How the server ends.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// SIGKILL after this many acknowledged requests.
    Killed(usize),
    /// By the system (SIGXFSZ), in a write that would make a file longer than this many blocks of 512 bytes.
    CutShort(u64),
    /// Writes beyond this many blocks of 512 bytes fail as on a full disk; SIGKILL after [`REFUSALS`] refused requests.
    DiskFull(u64),
}

/// Acknowledged requests after which a server is killed, even if no file has reached its limit.
const ANSWERS_MAX: usize = 1500;
/// Refused requests that a full disk may cause before the server is killed.
const REFUSALS: usize = 40;

impl Ending {
    fn choose(kind: usize, random: &mut Random, killed: &Killed) -> Self {
        let length = killed.longest_file() / 512 + random.below(4000);
        match kind {
            0 => Self::Killed(usize::try_from(random.below(150)).expect("small")),
            1 => Self::CutShort(length),
            _ => Self::DiskFull(length),
        }
    }

    /// Starts the server. `false` if it ended before it listened, because its disk was too full for that.
    async fn start(self, killed: Killed) -> (Headwater, bool) {
        match self {
            Self::Killed(_) => (killed.start().await, true),
            Self::CutShort(blocks) => killed.start_under(&format!("ulimit -c 0; ulimit -f {blocks}")).await,
            Self::DiskFull(blocks) => killed.start_under(&format!("trap '' XFSZ; ulimit -f {blocks}")).await,
        }
    }

    /// Whether the server has to be killed now.
    fn is_due(self, progress: &Progress) -> bool {
        let Progress { acknowledged, refused } = *progress;
        acknowledged >= ANSWERS_MAX
            || match self {
                Self::Killed(after) => acknowledged >= after,
                Self::CutShort(_) => false,
                Self::DiskFull(_) => refused >= REFUSALS,
            }
    }
}

/// Runs one company whose server ends in these ways, then checks what journal and ledger hold.
async fn run(seed: u64, endings: &[usize]) {
    let mut random = Random::new(seed);
    let mut headwater = Headwater::open().await;
    ledger::set_up_catalogue(&headwater).await;
    let mut sent = Vec::new();
    for kind in endings {
        let killed = headwater.kill().await;
        let ending = Ending::choose(*kind, &mut random, &killed);
        let (mut headwater_under_load, alive) = ending.start(killed).await;
        let mut load = Load::start(&headwater_under_load, &mut random);
        // Waits until the load has gone far enough, or until the server has ended by itself.
        let by_itself = tokio::select! {
            answered = load.reaches(|progress| ending.is_due(progress)) => {
                (!answered).then(|| "it answers nobody".to_owned())
            }
            status = headwater_under_load.ended() => Some(status.to_string()),
        };
        assert!(
            by_itself.is_none() || !alive || matches!(ending, Ending::CutShort(_)),
            "seed {seed}: {ending:?}: {}",
            by_itself.unwrap_or_default()
        );
        let killed = headwater_under_load.kill().await;
        let ended = load.end().await;
        let Progress { acknowledged, refused } = ended.progress;
        headwater = killed.start().await;
        // As real clients do: a request without an answer may have been stored, and must not be lost or stored twice.
        let kept = load::send_again(&headwater, &ended.unanswered).await;
        println!(
            "seed {seed}: {ending:?}: {acknowledged} requests acknowledged, {refused} refused; of {} without an \
             answer {kept} had been kept",
            ended.unanswered.len()
        );
        assert!(
            refused == 0 || matches!(ending, Ending::DiskFull(_)),
            "{refused} refused by a healthy server"
        );
        sent.extend(ended.acknowledged.into_iter().chain(ended.unanswered));
    }
    assert_everything_once(&headwater, &sent).await;
}

async fn run_often(endings: &[usize]) {
    let first = number("HEADWATER_JOURNEYS_SEED", 1);
    for seed in first..first + number("HEADWATER_JOURNEYS_RUNS", 1) {
        run(seed, endings).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_kills_under_load_and_is_delivered_once() {
    run_often(&[0, 0, 0]).await;
}

#[tokio::test]
async fn what_was_acknowledged_outlives_writes_cut_short_and_full_disks_and_is_delivered_once() {
    run_often(&[1, 2, 1]).await;
}

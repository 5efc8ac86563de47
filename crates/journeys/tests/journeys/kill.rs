//! Kills the real server under load: every acknowledged event is delivered, and delivered once.
//!
//! A run is one company with one data directory, whose server ends again and again while sixteen connections send
//! events to it. `cargo xtask soak` makes many runs: `HEADWATER_JOURNEYS_LIVES` of them, with seeds from
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
    fn choose(kind: usize, dice: &mut Random, killed: &Killed) -> Self {
        let length = killed.longest_file() / 512 + dice.below(4000);
        match kind {
            0 => Self::Killed(usize::try_from(dice.below(150)).expect("small")),
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
async fn live(seed: u64, deaths: &[usize]) {
    let mut dice = Random::new(seed);
    let mut headwater = Headwater::open().await;
    ledger::set_up_catalogue(&headwater).await;
    let mut sent = Vec::new();
    for kind in deaths {
        let killed = headwater.kill().await;
        let death = Ending::choose(*kind, &mut dice, &killed);
        let (mut dying, alive) = death.start(killed).await;
        let mut load = Load::start(&dying, &mut dice);
        // Waits until the load has gone far enough, or until the server has ended by itself.
        let by_itself = tokio::select! {
            answered = load.reaches(|progress| death.is_due(progress)) => {
                (!answered).then(|| "it answers nobody".to_owned())
            }
            status = dying.ended() => Some(status.to_string()),
        };
        assert!(
            by_itself.is_none() || !alive || matches!(death, Ending::CutShort(_)),
            "seed {seed}: {death:?}: {}",
            by_itself.unwrap_or_default()
        );
        let killed = dying.kill().await;
        let ended = load.end().await;
        let Progress { acknowledged, refused } = ended.progress;
        headwater = killed.start().await;
        // As real clients do: a request without an answer may have been stored, and must not be lost or stored twice.
        let kept = load::send_again(&headwater, &ended.unanswered).await;
        println!(
            "seed {seed}: {death:?}: {acknowledged} requests acknowledged, {refused} refused; of {} without an \
             answer {kept} had been kept",
            ended.unanswered.len()
        );
        assert!(
            refused == 0 || matches!(death, Ending::DiskFull(_)),
            "{refused} refused by a healthy server"
        );
        sent.extend(ended.acknowledged.into_iter().chain(ended.unanswered));
    }
    assert_everything_once(&headwater, &sent).await;
}

async fn live_often(deaths: &[usize]) {
    let first = number("HEADWATER_JOURNEYS_SEED", 1);
    for seed in first..first + number("HEADWATER_JOURNEYS_LIVES", 1) {
        live(seed, deaths).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_kills_under_load_and_is_delivered_once() {
    live_often(&[0, 0, 0]).await;
}

#[tokio::test]
async fn what_was_acknowledged_outlives_writes_cut_short_and_full_disks_and_is_delivered_once() {
    live_often(&[1, 2, 1]).await;
}

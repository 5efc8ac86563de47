//! Death under load, of the real process: whatever was acknowledged is delivered, once.
//!
//! A life is a company with one data directory whose server dies again and again while sixteen connections send
//! to it. `cargo xtask soak` lives many: `HEADWATER_JOURNEYS_LIVES` of them, with seeds from
//! `HEADWATER_JOURNEYS_SEED` on.

mod books;
mod load;

use crate::dice::Dice;
use crate::process::number;
use crate::stage::{Headwater, Killed};
use books::assert_everything_once;
use load::{Load, Progress};

/// How a server dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// SIGKILL after this many acknowledged requests.
    Killed(usize),
    /// By the system, in the middle of a write that would make a file longer than this many half kilobytes.
    CutShort(u64),
    /// No write gets further than this many half kilobytes; killed some time after the first that did not.
    DiskFull(u64),
}

/// More than this many answers in one round are enough, whether or not a file grew as long as it may.
const ANSWERS_MAX: usize = 1500;
/// Refusals that a full disk causes before the server is killed.
const REFUSALS: usize = 40;

impl Death {
    fn throw(kind: usize, dice: &mut Dice, killed: &Killed) -> Self {
        let length = killed.longest_file() / 512 + dice.below(4000);
        match kind {
            0 => Self::Killed(usize::try_from(dice.below(150)).expect("small")),
            1 => Self::CutShort(length),
            _ => Self::DiskFull(length),
        }
    }

    /// The server, and whether it came to life: a disk may be too full even for that.
    async fn start(self, killed: Killed) -> (Headwater, bool) {
        match self {
            Self::Killed(_) => (killed.start().await, true),
            Self::CutShort(blocks) => killed.start_under(&format!("ulimit -c 0; ulimit -f {blocks}")).await,
            Self::DiskFull(blocks) => killed.start_under(&format!("trap '' XFSZ; ulimit -f {blocks}")).await,
        }
    }

    /// Whether it is time to die.
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

/// One company, as many deaths as asked for, and what must be in its books at the end.
async fn live(seed: u64, deaths: &[usize]) {
    let mut dice = Dice::new(seed);
    let mut headwater = Headwater::open().await;
    books::furnish(&headwater).await;
    let mut sent = Vec::new();
    for kind in deaths {
        let killed = headwater.kill().await;
        let death = Death::throw(*kind, &mut dice, &killed);
        let (mut dying, alive) = death.start(killed).await;
        let mut load = Load::start(&dying, &mut dice);
        let by_itself = tokio::select! {
            answered = load.reaches(|progress| death.is_due(progress)) => {
                (!answered).then(|| "it answers nobody".to_owned())
            }
            status = dying.ended() => Some(status.to_string()),
        };
        assert!(
            by_itself.is_none() || !alive || matches!(death, Death::CutShort(_)),
            "seed {seed}: {death:?}: {}",
            by_itself.unwrap_or_default()
        );
        let killed = dying.kill().await;
        let ended = load.end().await;
        let Progress { acknowledged, refused } = ended.progress;
        headwater = killed.start().await;
        let kept = load::send_again(&headwater, &ended.unanswered).await;
        println!(
            "seed {seed}: {death:?}: {acknowledged} requests acknowledged, {refused} refused; of {} without an \
             answer {kept} had been kept",
            ended.unanswered.len()
        );
        assert!(refused == 0 || matches!(death, Death::DiskFull(_)), "{refused} refused by a healthy server");
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

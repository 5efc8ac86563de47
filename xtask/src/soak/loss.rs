//! The loss suite: visitors who sign up while the relay fails, and close their tabs.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::journey::{hear, last_lines, number_before};
use super::{SuiteResult, thousands};
use crate::binaries::{self, Speed};
use crate::process::cargo;
use crate::tools;

/// Visitors in one run; the journeys in `cargo xtask test` have 40.
const VISITORS: u64 = 500;

/// Runs the suite once, with a new seed.
pub(super) fn run(root: &Path) -> anyhow::Result<SuiteResult> {
    let browser = tools::browser()?;
    let binaries = binaries::build(root, Speed::Debug)?;
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    eprintln!("{VISITORS} visitors sign up before a bad relay, seed {seed}");
    let mut test = cargo();
    test.current_dir(root).args(["test", "-p", "headwater-journeys", "--test", "journeys", "--"]);
    test.args(["loss::", "--nocapture"]);
    test.env("HEADWATER_JOURNEYS_BINARIES", &binaries).env("HEADWATER_LOG", "error");
    test.env("HEADWATER_JOURNEYS_BROWSER", &browser.binary).env("HEADWATER_JOURNEYS_DRIVER", &browser.driver);
    test.env("HEADWATER_JOURNEYS_SEED", seed.to_string());
    test.env("HEADWATER_JOURNEYS_VISITORS", VISITORS.to_string());
    let (passed, said) = hear(&mut test)?;
    let counts = said.lines().find(|line| line.contains(" visitors: ")).unwrap_or_default();
    let number = |mark| thousands(number_before(counts, mark));
    let ran = format!(
        "{} signups stored, {} delivered, {} duplicated, in {} requests",
        number(" stored"),
        number(" delivered"),
        number(" duplicated"),
        number(" requests"),
    );
    let finding = (!passed).then(|| {
        format!(
            "loss: HEADWATER_JOURNEYS_SEED={seed} HEADWATER_JOURNEYS_VISITORS={VISITORS} failed\n{}",
            last_lines(&said)
        )
    });
    Ok(SuiteResult { name: "loss".to_owned(), ran, finding })
}

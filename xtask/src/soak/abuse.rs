//! The abuse suite: the real server under crowds of readers and clients that hold connections open, send without end
//! or never read. Each must be answered or refused in bounded time, memory and open files stay bounded, and an honest
//! client is served meanwhile.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::binaries::{self, Speed};
use crate::page;

use attack::{ATTACKS, Attack, End};
use company::AttackedServer;
use watch::ResourceUse;

use super::SuiteResult;

mod attack;
mod company;
mod watch;
mod wire;

/// Customers in the lists.
const CUSTOMERS: usize = 30_000;
/// MiB by which memory may grow under any attack.
const GROWTH_MAX: u64 = 200;
/// Additional files that may be open after an attack: connections that are still being closed.
const LEFT_OPEN_MAX: usize = 50;
/// The longest time that the honest client may wait for an answer.
const HONEST_MAX: Duration = Duration::from_secs(10);

/// The result of an attack.
struct AttackOutcome {
    attack: &'static Attack,
    ends: Vec<(End, Duration)>,
    seen: ResourceUse,
    /// The honest client's slowest answer, and how many it got; `None` when it was refused or waited too long.
    honest: Option<(Duration, usize)>,
}

impl AttackOutcome {
    fn count(&self, wanted: impl Fn(End) -> bool) -> usize {
        self.ends.iter().filter(|(end, _)| wanted(*end)).count()
    }

    fn slowest(&self) -> Duration {
        self.ends.iter().map(|(_, took)| *took).max().unwrap_or_default()
    }

    /// The bounds that were broken.
    fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let mut when = |wrong: bool, what: String| {
            if wrong {
                findings.push(format!("abuse: {}: {what}", self.attack.name));
            }
        };
        let seen = &self.seen;
        let left = self.count(|end| end == End::Left);
        let (grown, limit) = (seen.peak_mib.saturating_sub(seen.before_mib), seen.files_max);
        when(left > 0, format!("{left} were neither answered nor refused within {:?}", self.attack.within));
        let wrong: Vec<_> = self.ends.iter().filter(|(end, _)| !self.attack.takes(*end)).collect();
        when(!wrong.is_empty(), format!("{} ended otherwise: {:?}", wrong.len(), wrong.first()));
        when(grown > GROWTH_MAX, format!("memory grew by {grown} MiB, {GROWTH_MAX} are allowed"));
        when(seen.files_peak >= limit, format!("{} files open of {limit}", seen.files_peak));
        let kept = seen.files_after.saturating_sub(seen.files_before);
        when(kept > LEFT_OPEN_MAX, format!("{kept} files stayed open"));
        when(self.honest.is_none(), format!("an honest client was not served within {HONEST_MAX:?}"));
        findings
    }
}

/// Builds the release, makes a company, and runs every attack.
pub(super) fn run(root: &Path) -> anyhow::Result<SuiteResult> {
    let program = binaries::build(root, Speed::Release)?.join("headwater");
    let outcomes = tokio::runtime::Runtime::new()?.block_on(attack_all(&program))?;
    let section = section(&outcomes);
    print!("\n{section}");
    page::replace(&root.join("docs/benchmarks.md"), "Under attack", &section)?;
    let findings: Vec<_> = outcomes.iter().flat_map(AttackOutcome::findings).collect();
    let tried: usize = outcomes.iter().map(|outcome| outcome.ends.len()).sum();
    Ok(SuiteResult {
        name: "abuse".to_owned(),
        ran: format!("{tried} hostile clients in {} attacks", outcomes.len()),
        finding: (!findings.is_empty()).then(|| findings.join("\n")),
    })
}

async fn attack_all(program: &Path) -> anyhow::Result<Vec<AttackOutcome>> {
    watch::raise_own_files()?;
    let company = AttackedServer::open(program, CUSTOMERS).await?;
    let mut outcomes = Vec::new();
    for attack in ATTACKS {
        eprintln!("{} times: {}", attack.count, attack.name);
        let watcher = watch::begin(company.server.id(), watch::SETTLE)?;
        let honest = tokio::spawn(company.honest().ask_on(watcher.over(), HONEST_MAX));
        let ends = attack.run(&company.wire).await;
        let seen = watcher.end().await?;
        outcomes.push(AttackOutcome { attack, ends, seen, honest: honest.await? });
    }
    company.server.stop().await?;
    Ok(outcomes)
}

fn section(outcomes: &[AttackOutcome]) -> String {
    let files = outcomes.first().map_or(0, |outcome| outcome.seen.files_max);
    let mut text = format!(
        "`cargo xtask soak --only abuse` writes this section: `headwater serve`, the release, with {} customers made \
         through the API and at\nmost {} open files; attackers and server share the cores. «Refused» is an error of \
         ours or a connection we closed. «Honest» is the slowest\nanswer that another client got meanwhile, one request \
         after the other on connections of their own. Memory may grow by {GROWTH_MAX} MiB.\n\n\
         | attack | count | answered | refused | left | slowest ms | honest ms | RSS before MiB | peak MiB | open files |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        super::thousands(CUSTOMERS as u64),
        super::thousands(files as u64),
    );
    for outcome in outcomes {
        let seen = &outcome.seen;
        let honest =
            outcome.honest.map_or("not served".to_owned(), |(slowest, _)| slowest.as_millis().to_string());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {honest} | {} | {} | {} |",
            outcome.attack.name,
            outcome.ends.len(),
            outcome.count(|end| matches!(end, End::Answered(..400))),
            outcome.count(|end| matches!(end, End::Answered(400..) | End::Cut)),
            outcome.count(|end| end == End::Left),
            outcome.slowest().as_millis(),
            seen.before_mib,
            seen.peak_mib,
            seen.files_peak,
        );
    }
    for finding in outcomes.iter().flat_map(AttackOutcome::findings) {
        let _ = writeln!(text, "\n**A finding**: {finding}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(end: End, seen: ResourceUse) -> AttackOutcome {
        let honest = Some((Duration::from_millis(3), 9));
        AttackOutcome { attack: &ATTACKS[0], ends: vec![(end, Duration::from_millis(7))], seen, honest }
    }

    const CALM: ResourceUse = ResourceUse {
        before_mib: 40,
        peak_mib: 90,
        files_before: 20,
        files_peak: 700,
        files_after: 21,
        files_max: 4096,
    };

    #[test]
    fn a_bounded_attack_is_a_row_and_no_finding() {
        let calm = outcome(End::Answered(503), CALM);
        assert_eq!(calm.findings(), Vec::<String>::new());
        let section = section(&[calm]);
        assert!(section.ends_with("| 1 | 0 | 1 | 0 | 7 | 3 | 40 | 90 | 700 |\n"), "{section}");
    }

    #[test]
    fn whatever_is_not_bounded_is_a_finding() {
        let unlike: [(&str, AttackOutcome); 6] = [
            ("neither answered nor refused", outcome(End::Left, CALM)),
            ("ended otherwise", outcome(End::Answered(500), CALM)),
            ("memory grew by 201 MiB", outcome(End::Answered(200), ResourceUse { peak_mib: 241, ..CALM })),
            ("4096 files open", outcome(End::Answered(200), ResourceUse { files_peak: 4096, ..CALM })),
            ("51 files stayed open", outcome(End::Answered(200), ResourceUse { files_after: 71, ..CALM })),
            ("an honest client", AttackOutcome { honest: None, ..outcome(End::Answered(200), CALM) }),
        ];
        for (expected, outcome) in unlike {
            let findings = outcome.findings().join("\n");
            assert!(findings.contains(expected), "{expected}: {findings}");
        }
    }
}

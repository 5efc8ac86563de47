//! The table: medians of every contender, what a script adds to the page, and the ratio to ours.

use std::fmt::Write as _;

use super::visit::VisitSample;
use crate::bench::median;

/// The medians of one contender's loads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Medians {
    bytes: f64,
    script: f64,
    off_thread: f64,
    main: f64,
    known: Option<f64>,
}

impl Medians {
    /// The medians of at least one load.
    pub(super) fn of(samples: &[VisitSample]) -> Self {
        let over = |number: fn(&VisitSample) -> f64| median(samples.iter().map(number).collect());
        let known: Vec<_> = samples.iter().filter_map(|sample| sample.known).collect();
        Self {
            bytes: over(|sample| sample.bytes),
            script: over(|sample| sample.work.script),
            off_thread: over(|sample| sample.work.off_thread),
            main: over(|sample| sample.work.main),
            known: (!known.is_empty()).then(|| median(known)),
        }
    }

    /// What exceeds the page alone. The time until the visitor is known has no baseline and stays.
    fn beyond(self, alone: Self) -> Self {
        Self {
            bytes: self.bytes - alone.bytes,
            script: self.script - alone.script,
            off_thread: self.off_thread - alone.off_thread,
            main: self.main - alone.main,
            known: self.known,
        }
    }
}

/// The range, in milliseconds of the main thread, of the middle half of the loads.
pub(super) fn middle_half(samples: &[VisitSample]) -> (f64, f64) {
    let mut main: Vec<_> = samples.iter().map(|sample| sample.work.main).collect();
    main.sort_by(f64::total_cmp);
    let quarter = main.len() / 4;
    (main[quarter], main[main.len() - 1 - quarter])
}

/// The table of contenders in their order: the page alone, ours, the peers.
pub(super) fn table(rows: &[(&str, Medians)]) -> String {
    let mut table = String::from(
        "| | bytes | × ours | script ms | × ours | off-thread ms | main thread ms | × ours | known after ms | × ours |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let (title, alone) = rows[0];
    let Medians { bytes, script, off_thread, main, .. } = alone;
    let row = format!("| {title} | {bytes:.0} | | {script:.1} | | {off_thread:.1} | {main:.1} | | | |");
    writeln!(table, "{row}").expect("text takes text");
    let ours = rows[1].1.beyond(alone);
    for (title, medians) in &rows[1..] {
        let added = medians.beyond(alone);
        writeln!(
            table,
            "| {title} | {:.0} | {} | {:+.1} | {} | {:+.1} | {:+.1} | {} | {:.0} | {} |",
            added.bytes,
            ratio(added.bytes, ours.bytes),
            added.script,
            ratio(added.script, ours.script),
            added.off_thread,
            added.main,
            ratio(added.main, ours.main),
            added.known.unwrap_or_default(),
            ratio(added.known.unwrap_or_default(), ours.known.unwrap_or_default()),
        )
        .expect("text takes text");
    }
    table
}

/// The ratio to ours; empty where one of the two does not exceed the page alone.
fn ratio(theirs: f64, ours: f64) -> String {
    if theirs > 0.0 && ours > 0.0 { format!("{:.2}", theirs / ours) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::browser::trace::MainThreadWork;

    fn sample(bytes: f64, script: f64, main: f64, known: Option<f64>) -> VisitSample {
        VisitSample { bytes, work: MainThreadWork { script, main, off_thread: script / 2.0 }, known }
    }

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        assert!((median(vec![9.0, 1.0, 5.0]) - 5.0).abs() < f64::EPSILON);
        assert!((median(vec![9.0, 1.0, 5.0, 6.0]) - 5.5).abs() < f64::EPSILON);
        assert!((median(vec![7.0]) - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn each_column_has_its_own_median() {
        let medians = Medians::of(&[
            sample(10.0, 3.0, 20.0, Some(5.0)),
            sample(10.0, 1.0, 40.0, Some(4.0)),
            sample(10.0, 2.0, 30.0, Some(6.0)),
        ]);
        let expected = Medians { bytes: 10.0, script: 2.0, off_thread: 1.0, main: 30.0, known: Some(5.0) };
        assert_eq!(medians, expected);
        assert_eq!(Medians::of(&[sample(0.0, 1.0, 2.0, None)]).known, None);
    }

    #[test]
    fn the_middle_half_leaves_a_quarter_out_on_each_side() {
        let loads = |main: &[f64]| main.iter().map(|main| sample(0.0, 0.0, *main, None)).collect::<Vec<_>>();
        assert_eq!(middle_half(&loads(&[9.0, 1.0, 4.0, 3.0, 2.0, 5.0, 6.0, 80.0])), (3.0, 6.0));
        assert_eq!(middle_half(&loads(&[7.0])), (7.0, 7.0));
    }

    #[test]
    fn ratios_are_of_what_the_script_adds_to_the_page() {
        let alone = Medians::of(&[sample(0.0, 2.0, 50.0, None)]);
        let ours = Medians::of(&[sample(1000.0, 12.0, 70.0, Some(100.0))]);
        let peer = Medians::of(&[sample(500.0, 32.0, 80.0, Some(150.0))]);
        let table = table(&[("alone", alone), ("ours", ours), ("peer", peer)]);
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows[0], "| alone | 0 | | 2.0 | | 1.0 | 50.0 | | | |");
        assert_eq!(rows[1], "| ours | 1000 | 1.00 | +10.0 | 1.00 | +5.0 | +20.0 | 1.00 | 100 | 1.00 |");
        assert_eq!(rows[2], "| peer | 500 | 0.50 | +30.0 | 3.00 | +15.0 | +30.0 | 1.50 | 150 | 1.50 |");
    }

    #[test]
    fn what_does_not_exceed_the_page_alone_has_no_ratio() {
        assert_eq!([ratio(1.0, 0.0), ratio(-1.0, 2.0), ratio(0.0, 2.0)], ["", "", ""]);
    }
}

//! Imports: the rows of a file are read one by one and taken in small units of work. A row that is refused undoes
//! nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_import::{FileProblem, ReadFailure, ReadOptions, RecordReader, RowReader};
use headwater_protocol::limits::{IMPORT_ROWS_MAX, IMPORT_STEP};
use headwater_protocol::v2::{ImportColumn, ImportKind, ImportProblem, ImportReport};
use headwater_store::{StoreError, Unit};
use serde_json::{Map, Value};

use crate::Ledger;
use crate::record::import::{RowOutcome, TakenRow, take};
use crate::record::{Ctx, Refusal, RefusalKind};

/// What to do with a file.
pub(crate) struct ImportOrder {
    pub(crate) kind: ImportKind,
    /// Undo everything, and only tell what would have happened.
    pub(crate) dry_run: bool,
    pub(crate) options: ReadOptions,
}

/// A row that could be read.
struct ReadyRow {
    number: u64,
    line: u64,
    body: Map<String, Value>,
}

/// What became of each row of a step, in their order.
type StepOutcome = Vec<Result<TakenRow, Refusal>>;

/// Why the unit of work of a step was undone.
enum Undone {
    /// A row was refused after it had changed something.
    Row { at: usize, refusal: Refusal },
    /// Nothing was to be changed.
    DryRun(StepOutcome),
    /// The step as a whole could not run.
    Step(Refusal),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

impl Ledger {
    /// Imports a file of at most [`IMPORT_ROWS_MAX`] rows. If it fails on the way, the rows before stay taken, and the
    /// same file takes the rest.
    pub(crate) async fn import(
        &self,
        ctx: &Ctx,
        order: &ImportOrder,
        file: &[u8],
    ) -> Result<ImportReport, Refusal> {
        check_size(file, &order.options)?;
        let mut rows = RowReader::open(file, order.kind, &order.options).map_err(unreadable)?;
        let mut report = blank(order, &rows);
        let mut ready: Vec<ReadyRow> = Vec::with_capacity(IMPORT_STEP);
        loop {
            let next = rows.next_row().map_err(|error| unreadable(error.into()))?;
            let ended = next.is_none();
            if let Some(row) = next {
                report.rows += 1;
                match row.body {
                    Ok(body) => ready.push(ReadyRow { number: row.number, line: row.line, body }),
                    Err(problem) => {
                        report.rejected += 1;
                        report.problems.push(problem.rejecting(row.line, row.number));
                    }
                }
            }
            if ready.len() == IMPORT_STEP || (ended && !ready.is_empty()) {
                let step: Arc<[ReadyRow]> = std::mem::take(&mut ready).into();
                let outcome = self.take_step(ctx, order, &step).await?;
                for (row, outcome) in step.iter().zip(outcome) {
                    tally(&mut report, &rows, row, outcome);
                }
            }
            if ended {
                report.problems.sort_by_key(|problem| problem.row);
                return Ok(report);
            }
        }
    }

    /// Takes some rows in one unit of work. Each row that is refused after a change has the unit run again without it.
    async fn take_step(
        &self,
        ctx: &Ctx,
        order: &ImportOrder,
        rows: &Arc<[ReadyRow]>,
    ) -> Result<StepOutcome, Refusal> {
        let (kind, dry_run) = (order.kind, order.dry_run);
        let mut refused: Vec<(usize, Refusal)> = Vec::new();
        loop {
            let without: BTreeSet<usize> = refused.iter().map(|(at, _)| *at).collect();
            let (ctx, queueing, rows) = (ctx.clone(), ctx.clone(), Arc::clone(rows));
            let work = move |unit: &mut Unit<'_>| {
                let ctx = ctx.with_versions(unit)?;
                let outcome = run(unit, &ctx, (kind, &rows), &without)?;
                if dry_run { Err(Undone::DryRun(outcome)) } else { Ok(outcome) }
            };
            let mut outcome = match self.change(queueing.program, work).await {
                Ok(outcome) => {
                    self.notify_queued(&queueing);
                    outcome
                }
                Err(Undone::DryRun(outcome)) => outcome,
                Err(Undone::Row { at, refusal }) => {
                    refused.push((at, refusal));
                    continue;
                }
                Err(Undone::Step(refusal)) => return Err(refusal),
            };
            refused.sort_by_key(|(at, _)| *at);
            for (at, refusal) in refused {
                outcome.insert(at, Err(refusal));
            }
            return Ok(outcome);
        }
    }
}

/// Takes the rows but those that were refused before.
fn run(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (kind, rows): (ImportKind, &[ReadyRow]),
    without: &BTreeSet<usize>,
) -> Result<StepOutcome, Undone> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate().filter(|(at, _)| !without.contains(at)) {
        let (taken, changed) = unit.part(|unit| take(unit, ctx, kind, &row.body));
        match taken {
            Err(refusal) if is_ours(&refusal) => return Err(Undone::Step(refusal)),
            Err(refusal) if changed => return Err(Undone::Row { at, refusal }),
            taken => outcomes.push(taken),
        }
    }
    Ok(outcomes)
}

/// Whether a refusal says nothing about its row.
fn is_ours(refusal: &Refusal) -> bool {
    refusal.inside.is_some() || matches!(refusal.kind, RefusalKind::Busy | RefusalKind::Internal)
}

/// Refuses a file of too many rows before any of them is taken.
fn check_size(file: &[u8], options: &ReadOptions) -> Result<(), Refusal> {
    let mut records = RecordReader::open(file, options.delimiter).map_err(unreadable)?;
    let mut count = 0;
    while records.next_record().map_err(|error| unreadable(error.into()))?.is_some() {
        count += 1;
        // One of them is the header.
        if count > IMPORT_ROWS_MAX + 1 {
            let message = format!("a request takes at most {IMPORT_ROWS_MAX} rows");
            return Err(Refusal::new(RefusalKind::TooLarge, "too_many_rows", message)
                .hint("`headwater import` sends a longer file in pieces; so does splitting it"));
        }
    }
    Ok(())
}

fn unreadable(failure: ReadFailure) -> Refusal {
    match failure {
        ReadFailure::File(FileProblem { code, column, message, hint }) => {
            let refusal = Refusal::new(RefusalKind::Invalid, code, message).hint(hint);
            match column {
                Some(column) => refusal.field(&column),
                None => refusal,
            }
        }
        ReadFailure::Io(_) => Refusal::new(RefusalKind::Internal, "internal", "the file could not be read"),
    }
}

fn blank(order: &ImportOrder, rows: &RowReader<&[u8]>) -> ImportReport {
    let unread = rows
        .unread_columns()
        .iter()
        .map(|(name, nearest)| ImportColumn { name: name.clone(), nearest: nearest.map(str::to_owned) });
    ImportReport {
        kind: order.kind,
        dry_run: order.dry_run,
        rows: 0,
        created: 0,
        updated: 0,
        unchanged: 0,
        rejected: 0,
        problems: Vec::new(),
        ignored_columns: unread.collect(),
    }
}

/// Counts what became of a row, and notes what is wrong with it.
fn tally(
    report: &mut ImportReport,
    rows: &RowReader<&[u8]>,
    row: &ReadyRow,
    outcome: Result<TakenRow, Refusal>,
) {
    let about = |field: &str| {
        let column = rows.column_of(field).map(str::to_owned);
        let value = cell(&row.body, field)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        (column, value.map(|value| value.chars().take(80).collect()))
    };
    let mut note = |rejected, field: &str, code: String, message: String, hint| {
        let (column, value) = about(field);
        let (line, row) = (row.line, row.number);
        report.problems.push(ImportProblem { line, row, rejected, column, value, code, message, hint });
    };
    match outcome {
        Ok(TakenRow { outcome, warnings }) => {
            for warning in warnings {
                note(false, &warning.field, warning.code, warning.hint, None);
            }
            match outcome {
                RowOutcome::Created => report.created += 1,
                RowOutcome::Updated => report.updated += 1,
                RowOutcome::Unchanged => report.unchanged += 1,
            }
        }
        Err(Refusal { code, message, field, hint, .. }) => {
            let hint = hint.or_else(|| (code == "required").then(|| "fill this cell".to_owned()));
            note(true, field.as_deref().unwrap_or_default(), code, message, hint);
            report.rejected += 1;
        }
    }
}

/// What a row says of a member such as `target.key` or `tags[0]`.
fn cell<'b>(body: &'b Map<String, Value>, member: &str) -> Option<&'b Value> {
    let mut parts = member.split(['.', '[']).map(|part| part.trim_end_matches(']'));
    let first = body.get(parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

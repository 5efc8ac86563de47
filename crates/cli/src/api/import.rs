//! `headwater import`: sends a CSV file of any length in pieces, and tells what became of each row
//! (billing.md section 8).

mod pieces;
mod progress;
mod rejected;
mod report;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use headwater_client::{Client, ClientError};
use headwater_import::{AmountForm, Delimiter, ReadFailure, RecordReader};
use headwater_protocol::v2::{ImportKind, ImportReport};

use super::{command, credentials, explain};
use pieces::{FilePiece, FilePieces};
use progress::ImportProgress;
use rejected::RejectedRows;
use report::Totals;

/// The command's name.
pub(super) const NAME: &str = "import";
/// Time for the answer to one piece: a thousand rows take a second, on a busy database a few.
const TIMEOUT: Duration = Duration::from_mins(2);
/// Attempts at one piece: with doubled pauses, about four minutes.
const ATTEMPTS: u32 = 8;

/// Some rows were refused; the others were taken.
#[derive(Debug, thiserror::Error)]
#[error("{refused} of {rows} rows were refused")]
pub(crate) struct RowsRefused {
    refused: u64,
    rows: u64,
}

/// The command as clap has it.
pub(super) fn command() -> Command {
    let option = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let words = |known: Vec<&'static str>| PossibleValuesParser::new(known);
    let kinds = words(ImportKind::ALL.map(ImportKind::name).to_vec());
    let about = "Import a CSV file, as spreadsheets and billing providers export them";
    let command = Command::new(NAME)
        .about(about)
        .after_help(
            "A row that exists is updated, or left alone when it says nothing new: the same file can be imported again at \
             any time. Import partnerships first, then customers, products, transactions.",
        )
        .arg(Arg::new("kind").value_name("KIND").required(true).value_parser(kinds).help("What the rows are"))
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_hint(ValueHint::FilePath)
                .help("The file, or - for standard input; its first row names the columns"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Only tell what would happen, and change nothing"),
        )
        .arg(
            option("amounts", "WORD")
                .value_parser(words(AmountForm::ALL.map(AmountForm::name).to_vec()))
                .default_value(AmountForm::Minor.name())
                .help("How amounts are written: 1990, 19.90 or 19,90"),
        )
        .arg(
            option("delimiter", "WORD")
                .value_parser(words(Delimiter::ALL.map(Delimiter::name).to_vec()))
                .help("What separates cells; read from the first line without it"),
        )
        .arg(
            option("column", "THEIRS=OURS")
                .action(ArgAction::Append)
                .help("A column of the file and what it stands for, as 'Kunde=customer_key'; repeatable"),
        )
        .arg(
            option("from-line", "LINE")
                .value_parser(value_parser!(u64).range(2..))
                .help("Pass over the rows before this line, where an import was interrupted"),
        )
        .arg(
            option("rejected", "FILE")
                .value_hint(ValueHint::FilePath)
                .value_parser(value_parser!(PathBuf))
                .help("Where refused rows go, to be corrected and imported; FILE.rejected.csv without it"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print problems and totals as JSON, an object on each line"),
        );
    command::with_connection(command)
}

/// What the command line asks for.
struct ImportJob {
    kind: ImportKind,
    client: Client,
    query: Vec<(&'static str, String)>,
    dry_run: bool,
    from_line: u64,
    json: bool,
}

pub(super) async fn run(options: &ArgMatches, settings: Option<&Path>) -> anyhow::Result<()> {
    let text = |name: &str| options.get_one::<String>(name).map(String::as_str);
    let kind = text("kind").and_then(ImportKind::from_name).context("clap has checked it")?;
    let client = credentials::client(&[], options, settings)?.with_timeout(TIMEOUT);
    let mut query = vec![("amounts", text("amounts").unwrap_or_default().to_owned())];
    let columns = options.get_many::<String>("column").into_iter().flatten();
    query.extend(columns.map(|column| ("column", column.clone())));
    let dry_run = options.get_flag("dry-run");
    if dry_run {
        query.push(("dry_run", "true".to_owned()));
    }
    let from_line = options.get_one::<u64>("from-line").copied().unwrap_or_default();
    let mut job = ImportJob { kind, client, query, dry_run, from_line, json: options.get_flag("json") };

    let name = text("file").unwrap_or_default();
    let (source, length): (Box<dyn Read>, _) = if name == "-" {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(name).with_context(|| format!("cannot read {name}"))?;
        let length = file.metadata().map(|about| about.len()).ok();
        (Box::new(file), length)
    };
    let records = RecordReader::open(source, text("delimiter").and_then(Delimiter::from_name));
    let records = records.map_err(|failure| unreadable(failure, name))?;
    job.query.push(("delimiter", records.delimiter().name().to_owned()));
    let pieces = FilePieces::of(records).with_context(|| format!("cannot read {name}"))?;
    let rejected = RejectedRows::at(options.get_one::<PathBuf>("rejected"), name, &pieces);
    job.import(pieces, length, rejected).await
}

fn unreadable(failure: ReadFailure, name: &str) -> anyhow::Error {
    match failure {
        ReadFailure::File(problem) => anyhow::anyhow!("{name}: {}\n  {}", problem.message, problem.hint),
        ReadFailure::Io(error) => anyhow::Error::from(error).context(format!("cannot read {name}")),
    }
}

impl ImportJob {
    async fn import(
        &self,
        mut pieces: FilePieces<Box<dyn Read>>,
        length: Option<u64>,
        mut rejected: RejectedRows,
    ) -> anyhow::Result<()> {
        let mut progress = ImportProgress::start(length);
        let mut totals = Totals::new(self.kind, self.dry_run, self.json);
        while let Some(piece) = pieces.next(self.from_line)? {
            let report = match self.send(&piece).await {
                Ok(report) => report,
                Err(error) => {
                    progress.end();
                    return Err(error.context(piece.interrupted()));
                }
            };
            progress.clear();
            let problems = piece.place(report, &mut totals);
            for problem in &problems {
                totals.tell(problem)?;
                if problem.rejected {
                    rejected.keep(piece.row(problem.row), problem)?;
                }
            }
            progress.show(pieces.passed(), totals.rows());
        }
        let seconds = progress.end();
        let kept = rejected.finish()?;
        totals.sum_up(seconds, kept.as_deref())?;
        let (refused, rows) = (totals.refused(), totals.rows());
        anyhow::ensure!(refused == 0, RowsRefused { refused, rows });
        Ok(())
    }

    /// Sends one piece, again where that can help: what was taken before is found as it is.
    async fn send(&self, piece: &FilePiece) -> anyhow::Result<ImportReport> {
        let query: Vec<_> = self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut pause = Duration::from_secs(1);
        for attempt in 1.. {
            let sent = self.client.import(self.kind, &query, piece.file().to_vec());
            let sent = tokio::select! {
                sent = sent => sent,
                _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            };
            match sent {
                Ok(answer) => {
                    for warning in answer.warnings {
                        eprintln!("headwater: warning: {}: {}", warning.field, warning.hint);
                    }
                    return Ok(answer.data);
                }
                Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                    let asked = match &error {
                        ClientError::Refused { retry_after, .. } => retry_after.map(Duration::from_secs),
                        _ => None,
                    };
                    tracing::debug!(%error, "a piece is sent again");
                    tokio::time::sleep(asked.unwrap_or(pause).max(pause)).await;
                    pause *= 2;
                }
                Err(error) => return Err(explain(error)),
            }
        }
        unreachable!("the attempts have a bound")
    }
}

//! The commands over the API: `headwater customers list`, `headwater transactions refund`, … They are made from the
//! OpenAPI document of this version, so every operation of the API has one. `headwater verify` uses several of them.

mod command;
mod credentials;
mod import;
mod operation;
mod request;
mod show;
mod verify;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::ArgMatches;
use headwater_client::{Client, ClientError};
use serde_json::Value;

pub(crate) use import::RowsRefused;
use operation::ApiOperation;

/// Items of a page when all are asked for.
const PAGE: &str = "250";

/// The commands of the API, and those that use several of its operations.
pub(crate) fn commands() -> Vec<clap::Command> {
    let mut commands = command::commands();
    commands.extend([import::command(), verify::command()]);
    commands
}

/// Runs the command that `matches` are of; `None` when no command is called so.
pub(crate) async fn run(
    resource: &str,
    matches: &ArgMatches,
    settings: Option<&Path>,
) -> Option<anyhow::Result<()>> {
    match resource {
        import::NAME => return Some(import::run(matches, settings).await),
        verify::NAME => return Some(verify::run(matches, settings).await),
        _ => {}
    }
    let (verb, options) = matches.subcommand()?;
    let operations = operation::all();
    let operation = operations.iter().find(|found| found.resource == resource && found.verb == verb)?;
    Some(ApiCommand { operation, options, settings }.run().await)
}

/// One operation with its options.
struct ApiCommand<'a> {
    operation: &'a ApiOperation,
    options: &'a ArgMatches,
    /// The directory of the user's settings.
    settings: Option<&'a Path>,
}

impl ApiCommand<'_> {
    async fn run(&self) -> anyhow::Result<()> {
        let client = credentials::client(&self.operation.callers, self.options, self.settings)?;
        let Some(seconds) = self.options.get_one::<u64>("watch") else { return self.once(&client).await };
        loop {
            if std::io::stdout().is_terminal() {
                // The codes of terminals that clear the screen and move the cursor to its first line.
                print!("\x1b[2J\x1b[H");
            }
            self.once(&client).await?;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(*seconds)) => {}
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    }

    async fn once(&self, client: &Client) -> anyhow::Result<()> {
        let all = self.operation.is_list() && self.options.get_flag("all");
        let mut request = request::Request::new(self.operation, self.options)?;
        if all && request.query("limit").is_none() {
            request.set_query("limit", PAGE);
        }
        loop {
            let answer = self.send(client, &request).await?;
            let more = all && answer["has_more"] == true;
            self.print(&answer)?;
            match answer["ending_cursor"].as_str().filter(|_| more) {
                Some(cursor) => request.set_query("starting_after", cursor),
                None => return Ok(()),
            }
        }
    }

    /// Sends the request, and prints the answer's warnings to standard error.
    async fn send(&self, client: &Client, request: &request::Request) -> anyhow::Result<Value> {
        let method = self.operation.method.parse().context("a method of the document")?;
        let path = request.path();
        let sent = client.request(method, &path, request.body(), request.idempotency_key());
        let answer = sent.await.map_err(explain)?;
        for warning in answer.warnings {
            eprintln!("headwater: warning: {}: {} ({})", warning.field, warning.hint, warning.code);
        }
        Ok(answer.data)
    }

    fn print(&self, data: &Value) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let result = if self.options.get_flag("json") {
            writeln!(out, "{}", serde_json::to_string_pretty(data)?)
        } else {
            let columns = self.options.get_one::<String>("columns").map(String::as_str);
            write!(out, "{}", show::text(data, columns, show::width()))
        };
        match result {
            // The reader has closed its end of the pipe, as `head` does after ten lines: no error.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}

/// An error as people read it: what is wrong, in which member, and the remedy.
fn explain(error: ClientError) -> anyhow::Error {
    let ClientError::Refused { status, body, retry_after } = error else { return error.into() };
    let field = body.field.filter(|field| !body.message.contains(field.as_str()));
    let field = field.map_or_else(String::new, |field| format!(" (field {field})"));
    let mut lines = vec![format!("{status}: {}{field}", body.message)];
    lines.extend(body.hint);
    lines.extend(retry_after.map(|seconds| format!("try again in {seconds} s")));
    lines.extend(body.warnings.into_iter().map(|warning| format!("{}: {}", warning.field, warning.hint)));
    anyhow::anyhow!(lines.join("\n  "))
}

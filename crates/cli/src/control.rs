//! The Unix socket in the data directory, by which other commands ask the server that has locked the directory to make a
//! program or to change entries of the queue. The directory's permissions protect it. A request is one line of JSON, and so is the answer.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use headwater_journal::Journal;
use headwater_ledger::{Ledger, NewProgram};
use headwater_protocol::limits::API_BODY_MAX;
use headwater_relay::RelayPrograms;
use headwater_store::DataDir;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::entry_change::EntryChange;
use crate::program;

/// The socket's name in the data directory.
const SOCKET: &str = "headwater.sock";
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers requests on the socket as long as the process runs. If the socket cannot be made, as when its path is too
/// long, the server runs without it.
pub(crate) fn listen(directory: &DataDir, commanded: Commanded) {
    match bind(directory) {
        Ok(listener) => drop(tokio::spawn(answer_all(listener, commanded))),
        Err(error) => {
            tracing::warn!(
                %error,
                "`headwater init`, `dead` and `events replay` cannot change anything while this server runs: stop it for that"
            );
        }
    }
}

/// What a server lets other commands change.
pub(crate) struct Commanded {
    /// The ledger, and the relay's programs that follow from it; `None` for a relay alone.
    pub(crate) ledger: Option<(Ledger, RelayPrograms)>,
    pub(crate) queue: Journal,
}

fn bind(directory: &DataDir) -> std::io::Result<UnixListener> {
    let path = directory.path().join(SOCKET);
    // This process has locked the directory, so an existing socket is left over from a process that has ended.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn answer_all(listener: UnixListener, commanded: Commanded) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let done = tokio::time::timeout(PATIENCE, answer(stream, &commanded)).await;
                if let Ok(Err(error)) = done {
                    tracing::warn!(%error, "a request of another command could not be answered");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the socket of the data directory");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, commanded: &Commanded) -> anyhow::Result<()> {
    let asked = request(&mut stream).await?;
    let done = match asked["do"].as_str() {
        None => make(&asked, commanded).await,
        Some(what) => change(what, &asked, commanded).await,
    };
    let answer = match done {
        Ok(made) => Value::Object(made),
        Err(error) => json!({"error": format!("{error:#}")}),
    };
    stream.write_all(format!("{answer}\n").as_bytes()).await?;
    Ok(())
}

async fn change(what: &str, request: &Value, commanded: &Commanded) -> anyhow::Result<Map<String, Value>> {
    let change = match what {
        "replay" => EntryChange::Replay { delivered: request["delivered"].as_bool().unwrap_or(false) },
        "drop" => EntryChange::Drop,
        _ => bail!("this server does not know «{what}»; it is of another version than the command"),
    };
    let entries = request["entries"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let changed = change.apply(&commanded.queue, entries).await?;
    Ok(Map::from_iter([("changed".to_owned(), changed.into())]))
}

async fn make(request: &Value, commanded: &Commanded) -> anyhow::Result<Map<String, Value>> {
    let (ledger, programs) = commanded
        .ledger
        .as_ref()
        .context("this process is a relay, whose one program its command line sets up")?;
    let texts = |name: &str| {
        let list = request[name].as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let new = NewProgram {
        name: request["name"].as_str().unwrap_or_default().to_owned(),
        origins: texts("origins"),
        link_destinations: texts("link_destinations"),
    };
    let made = ledger.create_program(new).await?;
    // The relay learns of the program before its keys are printed, so that they work at once.
    programs.replace(program::for_ingestion(ledger.ingestion_programs().await?));
    Ok(program::shown(made))
}

/// Asks the server that holds `data` to make a program.
pub(crate) async fn ask(data: &Path, new: &NewProgram) -> anyhow::Result<Map<String, Value>> {
    let message = json!({
        "name": new.name, "origins": new.origins, "link_destinations": new.link_destinations,
    });
    send(data, &message).await
}

/// Asks the server that holds `data` to change entries; returns how many changed.
pub(crate) async fn ask_change(data: &Path, entries: &[i64], change: EntryChange) -> anyhow::Result<usize> {
    let message = match change {
        EntryChange::Replay { delivered } => {
            json!({"do": "replay", "entries": entries, "delivered": delivered})
        }
        EntryChange::Drop => json!({"do": "drop", "entries": entries}),
    };
    let answer = send(data, &message).await?;
    let changed = answer.get("changed").and_then(Value::as_u64);
    let changed = changed.context("the server's answer is not understood; it is of another version")?;
    Ok(usize::try_from(changed).unwrap_or(usize::MAX))
}

async fn send(data: &Path, message: &Value) -> anyhow::Result<Map<String, Value>> {
    let held = || {
        format!(
            "data directory {} is in use by a process that does not answer commands; stop it, run this command, start it again",
            data.display()
        )
    };
    let mut stream = UnixStream::connect(data.join(SOCKET)).await.with_context(held)?;
    stream.write_all(format!("{message}\n").as_bytes()).await.with_context(held)?;
    let answered = tokio::time::timeout(PATIENCE, request(&mut stream)).await.map_err(|_| anyhow!(held()))?;
    let Value::Object(answer) = answered.with_context(held)? else { bail!(held()) };
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => bail!("{error}"),
        None => Ok(answer),
    }
}

async fn request(stream: &mut UnixStream) -> anyhow::Result<Value> {
    let mut text = String::new();
    BufReader::new(stream.take(API_BODY_MAX as u64)).read_line(&mut text).await?;
    Ok(serde_json::from_str(&text)?)
}

//! `headwater dead`: the entries that were given up. They are listed, shown with their history, delivered again or dropped.

use anyhow::{bail, ensure};
use headwater_journal::{Entry, EntryAttempt, EntryRange, State};
use headwater_protocol::{EventId, Millis};
use serde_json::{Value, json};

use crate::entry_change::EntryChange;
use crate::queue::{self, OpenQueue, QueueWriter};
use crate::{args, table};

/// Runs one of the subcommands.
pub(crate) async fn run(command: args::Dead) -> anyhow::Result<()> {
    match command {
        args::Dead::List(options) => list(&options),
        args::Dead::Show(options) => show(&options),
        args::Dead::Retry(options) => change(&options, EntryChange::Replay { delivered: false }).await,
        args::Dead::Drop(options) => {
            ensure!(
                !options.all || options.yes,
                "this drops every dead entry that matches, for good; say --yes as well when that is meant"
            );
            change(&options, EntryChange::Drop).await
        }
    }
}

fn list(options: &args::DeadList) -> anyhow::Result<()> {
    let mut queue = OpenQueue::open(&options.queue)?;
    let range = EntryRange {
        states: vec![State::Dead],
        reason: options.reason.clone(),
        newest_first: true,
        ..queue::all(options.limit)
    };
    let found = queue.read(|unit| headwater_journal::entries(unit, &range))?;
    if options.json {
        for entry in &found {
            println!("{}", as_json(entry));
        }
        return Ok(());
    }
    if found.is_empty() {
        println!("no dead entries{}", if options.reason.is_some() { " with such a reason" } else { "" });
    }
    print_entries(&found);
    Ok(())
}

/// Prints entries as a table.
pub(crate) fn print_entries(entries: &[Entry]) {
    let row = |entry: &Entry| {
        vec![
            entry.seq.to_string(),
            EventId::from_bytes(entry.id).to_string(),
            entry.kind.clone(),
            format!("{}{}", entry.program, if entry.test { " test" } else { "" }),
            entry.state.name().to_owned(),
            table::time(Millis(entry.received_at)),
            entry.last_error.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table::print(&["KEY", "EVENT", "TYPE", "PROGRAM", "STATE", "RECEIVED", "REASON"], &rows);
}

/// An entry for programs. Its text may name a person, so it is not in it.
pub(crate) fn as_json(entry: &Entry) -> Value {
    json!({
        "key": entry.seq,
        "id": EventId::from_bytes(entry.id),
        "type": entry.kind,
        "program": entry.program,
        "test": entry.test,
        "source": entry.source,
        "state": entry.state.name(),
        "attempts": entry.attempts,
        "reason": entry.last_error,
        "received_at": entry.received_at,
        "settled_at": entry.settled_at,
    })
}

fn show(options: &args::DeadShow) -> anyhow::Result<()> {
    let mut queue = OpenQueue::open(&options.queue)?;
    for entry in queue.named(std::slice::from_ref(&options.entry))? {
        let attempts = queue.read(|unit| headwater_journal::attempts(unit, entry.seq))?;
        if options.json {
            let mut shown = as_json(&entry);
            let attempt = |one: &EntryAttempt| json!({"number": one.number, "at": one.at, "outcome": one.outcome, "reason": one.reason});
            shown["history"] = attempts.iter().map(attempt).collect();
            if options.body {
                shown["body"] = entry.body.clone().into();
            }
            println!("{shown}");
            continue;
        }
        print_entries(std::slice::from_ref(&entry));
        println!();
        let row = |one: &EntryAttempt| {
            vec![one.number.to_string(), table::time(Millis(one.at)), one.outcome.clone(), one.reason.clone()]
        };
        table::print(&["ATTEMPT", "AT", "ENDED", "REASON"], &attempts.iter().map(row).collect::<Vec<_>>());
        if options.body {
            println!("\n{}", entry.body);
        }
    }
    Ok(())
}

async fn change(options: &args::DeadChange, change: EntryChange) -> anyhow::Result<()> {
    let mut queue = OpenQueue::open(&options.queue)?;
    let writer = QueueWriter::find(&options.queue, &queue)?;
    let mut changed = 0;
    if options.all {
        let range = EntryRange { states: vec![State::Dead], reason: options.reason.clone(), ..queue::all(0) };
        let take = async |entries| {
            changed += writer.change(entries, change).await?;
            Ok(())
        };
        queue.each(range, take).await?;
    } else {
        let found = queue.named(&options.entries)?;
        if let Some(other) = found.iter().find(|entry| entry.state != State::Dead) {
            bail!("entry {} is {}, not dead; nothing was changed", other.seq, other.state.name());
        }
        changed = writer.change(found.iter().map(|entry| entry.seq).collect(), change).await?;
    }
    let what = if change == EntryChange::Drop { "dropped" } else { "delivered again" };
    if options.json {
        println!("{}", json!({"changed": changed}));
    } else {
        println!("{changed} entries are {}{what}", if change == EntryChange::Drop { "" } else { "to be " });
    }
    Ok(())
}

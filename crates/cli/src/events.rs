//! `headwater events`: the newest entries of the queue, and entries of a time delivered again.

use std::time::Duration;

use headwater_journal::{EntryRange, REPLAYABLE, State};
use serde_json::json;

use crate::entry_change::EntryChange;
use crate::queue::{self, OpenQueue, QueueWriter};
use crate::{args, dead};

/// The pause between two looks for new entries.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Entries read at once.
const PAGE: u32 = 500;

/// Runs one of the subcommands.
pub(crate) async fn run(command: args::Events) -> anyhow::Result<()> {
    match command {
        args::Events::Tail(options) => tail(&options).await,
        args::Events::Replay(options) => replay(&options).await,
    }
}

async fn tail(options: &args::EventsTail) -> anyhow::Result<()> {
    let mut queue = OpenQueue::open(&options.queue)?;
    let newest = EntryRange { newest_first: true, ..queue::all(options.lines) };
    let mut found = queue.read(move |unit| headwater_journal::entries(unit, &newest))?;
    found.reverse();
    let mut next = found.last().map_or(0, |entry| entry.seq + 1);
    loop {
        if options.json {
            for entry in &found {
                println!("{}", dead::as_json(entry));
            }
        } else {
            dead::print_entries(&found);
        }
        if !options.follow {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        let range = EntryRange { from: next, ..queue::all(PAGE) };
        found = queue.read(move |unit| headwater_journal::entries(unit, &range))?;
        next = found.last().map_or(next, |entry| entry.seq + 1);
    }
}

async fn replay(options: &args::EventsReplay) -> anyhow::Result<()> {
    anyhow::ensure!(options.from < options.to, "--from must be a time before --to");
    let mut queue = OpenQueue::open(&options.queue)?;
    let writer = QueueWriter::find(&options.queue, &queue)?;
    let (from, to) = (options.from, options.to);
    let (from, before) = queue.read(move |unit| {
        Ok((headwater_journal::first_received(unit, from)?, headwater_journal::first_received(unit, to)?))
    })?;
    let mut states = REPLAYABLE.to_vec();
    if options.delivered {
        states.push(State::Delivered);
    }
    let range = EntryRange { from, before, states, ..queue::all(0) };
    let mut changed = 0;
    let change = EntryChange::Replay { delivered: options.delivered };
    let take = async |entries| {
        changed += writer.change(entries, change).await?;
        Ok(())
    };
    queue.each(range, take).await?;
    if options.json {
        println!("{}", json!({"changed": changed}));
    } else {
        println!("{changed} entries are to be delivered again");
    }
    Ok(())
}

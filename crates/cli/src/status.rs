//! `headwater status`: how much waits, since when and why; read beside a running server.

use std::io::Write as _;
use std::time::Duration;

use headwater_journal::{Activity, Backlog, ReasonCount};
use serde_json::{Value, json};

use crate::queue::OpenQueue;
use crate::{args, system, table};

/// The exit code when somebody has to look: with `--check`, dead entries or one that waits too long; of `verify`,
/// payments without their product.
pub(crate) const ATTENTION: u8 = 4;

/// Why somebody has to look.
#[derive(Debug)]
pub(crate) struct Attention(String);

impl Attention {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

impl std::fmt::Display for Attention {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Attention {}

/// Prints the state of the queue; with `--watch` again and again until ctrl-c.
pub(crate) async fn run(options: args::Status) -> anyhow::Result<()> {
    let mut queue = OpenQueue::open(&options.queue)?;
    loop {
        let now = system::now().0;
        let (backlog, activity) = queue.read(move |unit| {
            Ok((headwater_journal::backlog(unit)?, headwater_journal::activity(unit, now)?))
        })?;
        if options.watch && !options.json {
            // The codes of terminals that clear the screen and move the cursor to its first line.
            print!("\u{1b}[2J\u{1b}[H");
        }
        if options.json {
            println!("{}", as_json(now, &backlog, &activity));
        } else {
            show(now, &backlog, &activity);
        }
        std::io::stdout().flush()?;
        if !options.watch {
            let problem = options.check.then(|| attention(now, options.max_age_seconds, &backlog)).flatten();
            return problem.map_or(Ok(()), |problem| Err(Attention(problem).into()));
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(options.interval_seconds.max(1))) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn attention(now: i64, max_age: i64, backlog: &Backlog) -> Option<String> {
    let age = backlog.oldest.map_or(0, |received| now - received) / 1000;
    if age > max_age {
        let shown = table::duration(age * 1000);
        return Some(format!("the oldest entry waits for {shown}; see «why entries are not delivered»"));
    }
    (backlog.dead > 0).then(|| format!("{} entries are dead; `headwater dead list` shows them", backlog.dead))
}

fn show(now: i64, backlog: &Backlog, activity: &Activity) {
    let oldest = backlog.oldest.map_or_else(|| "nothing waits".to_owned(), |at| table::duration(now - at));
    println!("oldest waiting  {oldest}");
    println!(
        "last minute     {} received, {} delivered, {} given up\n",
        activity.received, activity.delivered, activity.given_up
    );
    let states = [
        ("due", backlog.due, "first of their customers, sent when their time comes"),
        ("waiting", backlog.waiting, "behind another event of their customer"),
        ("parked", backlog.parked, "wait for something they name, such as their customer"),
        ("dead", backlog.dead, "refused for good: `headwater dead list`"),
        ("unattributed", backlog.unattributed, "no partner can be credited"),
    ];
    let rows: Vec<_> =
        states.iter().map(|(state, count, what)| row([state, &count.to_string(), what])).collect();
    table::print(&["STATE", "ENTRIES", "WHAT IT MEANS"], &rows);
    let reasons = [
        ("why entries are not delivered", &activity.retried),
        ("why entries are parked", &activity.parked),
        ("why entries are dead", &activity.dead),
    ];
    for (title, reasons) in reasons.iter().filter(|(_, reasons)| !reasons.is_empty()) {
        println!("\n{title}");
        let rows: Vec<_> = reasons.iter().map(|one| row([&one.count.to_string(), &one.reason, ""])).collect();
        table::print(&["ENTRIES", "REASON", ""], &rows);
    }
}

fn row(cells: [&str; 3]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn as_json(now: i64, backlog: &Backlog, activity: &Activity) -> Value {
    let reasons = |list: &[ReasonCount]| {
        list.iter().map(|one| json!({"reason": one.reason, "count": one.count})).collect::<Vec<_>>()
    };
    json!({
        "at": now,
        "queue": {
            "due": backlog.due,
            "waiting": backlog.waiting,
            "parked": backlog.parked,
            "dead": backlog.dead,
            "unattributed": backlog.unattributed,
            "oldest_received_at": backlog.oldest,
            "oldest_seconds": backlog.oldest.map(|received| (now - received).max(0) / 1000),
        },
        "last_minute": {
            "received": activity.received,
            "delivered": activity.delivered,
            "given_up": activity.given_up,
        },
        "retried": reasons(&activity.retried),
        "parked": reasons(&activity.parked),
        "dead": reasons(&activity.dead),
    })
}

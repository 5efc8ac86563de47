//! `cargo xtask bench --browser`: what our script and its peers cost the page that loads them.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tokio::net::TcpListener;

use self::chromium::Chromium;
use self::contender::BrowserContender;
use self::table::Medians;
use self::visit::VisitSample;
use crate::build::{self, NodeRuntime};
use crate::{page, tools};

mod chromium;
mod contender;
mod site;
mod table;
mod trace;
mod visit;

/// The query of every page: that of a redirect from a partner's link.
const LANDING: &str =
    "?ps_partner_key=cGF0cmljaWE&ps_xid=Ab3dEf6hIj9kLm&gsxid=Ab3dEf6hIj9kLm&gspk=cGF0cmljaWE";

/// Measures, prints the table, and writes it into docs/benchmarks.md unless this is a dry run.
pub(super) fn run(root: &Path, loads: u16, dry: bool) -> anyhow::Result<()> {
    let modules = NodeRuntime::packages(root, contender::PEERS, "peers")?;
    let modules = modules.context("the peers come from npm: install node and npm, then run this again")?;
    build::run(root)?;
    let browser = tools::browser()?;
    let contenders = contender::all(root, &modules)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (product, samples) = runtime.block_on(measure(&browser, &contenders, loads))?;
    let medians = samples.iter().map(|samples| Medians::of(samples));
    let rows: Vec<_> = contenders.iter().map(|contender| contender.title.as_str()).zip(medians).collect();
    let table = table::table(&rows);
    print!("{table}");
    if dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "In a browser", &section(&table, &samples[0], &product))
}

/// The browser's name, and each contender's samples. The first round only warms caches and is not counted.
async fn measure(
    browser: &tools::Browser,
    contenders: &[BrowserContender],
    loads: u16,
) -> anyhow::Result<(String, Vec<Vec<VisitSample>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://www.shop.localhost:{}", listener.local_addr()?.port());
    tokio::spawn(site::serve(listener, site::router(contenders, &origin)?));
    let mut chromium = Chromium::start(browser)?;
    let version = chromium.ask("Browser.getVersion", json!({})).await?;
    let said = |member: &str| version[member].as_str().unwrap_or_default();
    let product = said("product").replace("HeadlessChrome", "Chromium").replace("Chrome/", "Chromium ");
    // Some of the scripts take a headless browser for a bot and do nothing.
    let agent = said("userAgent").replace("Headless", "");
    let mut samples = vec![Vec::new(); contenders.len()];
    for round in 0..=loads {
        // Each round begins with another contender, so that none always runs after the heaviest.
        for turn in 0..contenders.len() {
            let at = (usize::from(round) + turn) % contenders.len();
            let contender = &contenders[at];
            let page = format!("{origin}{}{LANDING}", contender.page);
            let sample = visit::visit(&mut chromium, &agent, &page, contender.identifier)
                .await
                .with_context(|| format!("round {round}, {}", contender.title))?;
            if round > 0 {
                samples[at].push(sample);
            }
        }
        eprintln!("round {round} of {loads}");
    }
    Ok((product, samples))
}

fn section(table: &str, alone: &[VisitSample], product: &str) -> String {
    let (loads, (low, high)) = (alone.len(), table::middle_half(alone));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (throttle, watched) = (visit::THROTTLE, visit::WATCHED.as_secs());
    let busy =
        super::load_average().map_or(String::new(), |load| format!(" (load average {load} at the end)"));
    format!(
        "`cargo xtask bench --browser` writes this section. The same small marketing page with each script in its head
as `async`, medians of {loads} loads, contenders in turn; {product}, headless, on {cores} cores that are not pinned{busy}. Each load is
a new visitor's: a browser context of its own, nothing cached, nothing stored, and a landing address that names a
partner. Page, scripts and whatever they send are of one local origin (a real site's scripts come from another: latency, and
for some peers a preflight); files are sent with brotli -11. Every host but this machine is cut off, and a load
fails when a script asks for one. Versions are those of `xtask/peers/package-lock.json`.

- **bytes**: on the wire, of every script the page loads, response headers included (DevTools `encodedDataLength`).
- **script ms**: CPU time of compiling and running scripts on the page's main thread at {throttle}× CPU throttling, from
  navigation until {watched} s after the load event; from a trace, outermost `EvaluateScript`, `v8.compile`, `FunctionCall`,
  `RunMicrotasks` and their like. Timers and listeners of those seconds are in it.
- **off-thread ms**: CPU time of parsing on other threads while a script arrives, which the throttling does not slow.
- **main thread ms**: CPU time of every task of that thread in the same time, layout and the script's side effects included.
- **known after ms**: from navigation, on the page's own clock, until the first write of the identifier: ours the cookie
  `ps_partner_key`; Jitsu's `__eventn_id`; Snowplow's `_sp_id…`; PostHog's `ph_…_posthog`, which it writes to `localStorage`
  first. Plausible stores nothing: its first request. No latency is added, so that bytes count for little here.

The first row is the page without a script; **+** is what a script adds to it (difference of medians). Milliseconds are
this machine's, whatever else it did included: half of all loads of the page alone took between {low:.0} and {high:.0} ms of its
main thread, and what differs by much less than that does not differ. The peers do other work than ours (page
views, sessions, flags), each started as its documentation says. Plausible is a module: esbuild joins and minifies it
with its `init` call. Snowplow is the package's own browser file, without plugins: its tag build could not be had from
npm. PostHog is `array.js` with no feature switched on from its server. Dub is left out: its npm package only
inserts a script from Dub's own host.

{table}"
    )
}

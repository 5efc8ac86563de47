//! The styles in which sites integrate the script, one row each: its pages, what the visitor and the relay do, and the
//! expected result. Rows run in a real browser against `dist/headwater.js` and a relay whose answers they choose.
//!
//! Every row also checks, without saying so: nothing is thrown, the console is silent, each event is sent as often as
//! the row says and never changed, and nothing else is sent, reported or called back.

mod browser;
mod case;
mod deadline;
mod engine;
mod perform;
// Only starting and killing programs is needed here.
#[allow(dead_code, reason = "shared with the journeys, which use all of it")]
#[path = "../journeys/process.rs"]
mod process;
mod relay;
mod rows;
mod server;
mod style;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

use browser::Browser;
use engine::Engine;
use server::Stage;
use style::Style;

/// Rows that run at once; each has a browser, which takes a core and a half.
const WORKERS: usize = 3;

/// What rows share: one server, and idle browsers.
struct SharedResources {
    runtime: Runtime,
    engine: Engine,
    stage: Mutex<Option<Arc<Stage>>>,
    idle: Mutex<Vec<Browser>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(WORKERS);
    let engine = Engine::chosen();
    let runtime = Runtime::new().expect("a runtime starts");
    let shared =
        Arc::new(SharedResources { runtime, engine, stage: Mutex::default(), idle: Mutex::default() });
    let mut trials = Vec::new();
    for (number, style) in rows::all().into_iter().enumerate() {
        let shared = Arc::clone(&shared);
        trials.push(
            Trial::test(style.name.clone(), move || shared.run(number, &style)).with_kind(engine.name()),
        );
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let idle = std::mem::take(&mut *shared.idle.lock().expect("no row panics while it holds the lock"));
    shared.runtime.block_on(async {
        for browser in idle {
            browser.close().await;
        }
    });
    conclusion.exit_code()
}

impl SharedResources {
    fn run(&self, number: usize, style: &Style) -> Result<(), Failed> {
        self.runtime.block_on(async {
            let stage = self.stage();
            let idle = self.idle.lock().expect("no row panics while it holds the lock").pop();
            let mut browser = match idle {
                Some(browser) => browser,
                None => Browser::open(self.engine).await,
            };
            let outcome = perform::perform(style, number, &stage, &mut browser).await;
            if outcome.is_ok() {
                self.idle.lock().expect("no row panics while it holds the lock").push(browser);
            } else {
                // The browser may be in any state, so the next row gets a new one.
                browser.close().await;
            }
            outcome.map_err(Failed::from)
        })
    }

    /// The server, started by the first row.
    fn stage(&self) -> Arc<Stage> {
        let mut stage = self.stage.lock().expect("no row panics while it holds the lock");
        Arc::clone(stage.get_or_insert_with(Stage::open))
    }
}

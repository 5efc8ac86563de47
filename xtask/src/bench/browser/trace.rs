//! Reads a Chromium trace of one page: CPU time of its main thread, of the scripts on it, and of the parsing that
//! other threads did for it.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

/// The categories that have to be traced.
pub(super) const CATEGORIES: [&str; 3] = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8"];

/// Compiling and running scripts, also as timers, listeners and microtasks.
const SCRIPT: &[&str] = &[
    "EvaluateScript",
    "FunctionCall",
    "RunMicrotasks",
    "v8.callAsConstructor",
    "v8.callFunction",
    "v8.compile",
    "v8.compileModule",
    "v8.evaluateModule",
    "v8.newInstance",
    "v8.run",
];
/// Parsing and compiling a script while it arrives.
const OFF_THREAD: &[&str] = &["v8.parseOnBackground"];
/// One task of a thread's event loop.
const TASK: &[&str] = &["RunTask"];

/// One event of a trace, times in microseconds.
#[derive(Debug, Deserialize)]
pub(super) struct Traced {
    name: String,
    #[serde(default)]
    ph: String,
    pid: i64,
    tid: i64,
    #[serde(default)]
    ts: f64,
    #[serde(default)]
    dur: f64,
    /// CPU time of the thread; not available on every system.
    tdur: Option<f64>,
    #[serde(default)]
    args: Value,
}

/// CPU time in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct MainThreadWork {
    /// Compiling and running scripts on the page's main thread.
    pub(super) script: f64,
    /// Everything on that thread, scripts included.
    pub(super) main: f64,
    /// Parsing and compiling scripts on other threads.
    pub(super) off_thread: f64,
}

/// The work for the page at this address, which is found by its first inline script.
pub(super) fn work(mut trace: Vec<Traced>, page: &str) -> anyhow::Result<MainThreadWork> {
    trace.retain(|event| event.ph == "X");
    trace.sort_by(|one, other| one.ts.total_cmp(&other.ts));
    let ran = |event: &&Traced| event.name == "EvaluateScript" && event.args["data"]["url"] == page;
    let first = trace.iter().find(ran).context("the trace does not show the page's own script")?;
    let (process, thread) = (first.pid, first.tid);
    let main = |event: &&Traced| event.pid == process && event.tid == thread;
    let others = |event: &&Traced| event.pid == process && event.tid != thread;
    let parsed = trace.iter().filter(others).filter(|event| OFF_THREAD.contains(&event.name.as_str()));
    Ok(MainThreadWork {
        script: outermost(trace.iter().filter(main), SCRIPT),
        main: outermost(trace.iter().filter(main), TASK),
        off_thread: parsed.fold(0.0, |sum, event| sum + event.cpu()),
    })
}

impl Traced {
    /// CPU time in milliseconds; wall-clock time where the system does not count CPU time.
    fn cpu(&self) -> f64 {
        self.tdur.unwrap_or(self.dur) / 1e3
    }
}

/// Milliseconds of one thread's events of these names, which must be in order of time. An event inside another one is
/// not counted again.
fn outermost<'a>(events: impl Iterator<Item = &'a Traced>, names: &[&str]) -> f64 {
    let mut end = f64::NEG_INFINITY;
    let mut sum = 0.0;
    for event in events.filter(|event| names.contains(&event.name.as_str())) {
        if event.ts >= end {
            end = event.ts + event.dur;
            sum += event.cpu();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "http://shop.localhost/";

    fn trace(events: &str) -> Vec<Traced> {
        serde_json::from_str(events).unwrap()
    }

    /// A trace in the order in which a browser reports it: by thread, not by time.
    const LOAD: &str = r#"[
        {"name":"thread_name","ph":"M","pid":1,"tid":1,"ts":0,"args":{"name":"CrRendererMain"}},
        {"name":"RunTask","ph":"X","pid":1,"tid":1,"ts":9000,"dur":4000,"tdur":2000,"args":{}},
        {"name":"FunctionCall","ph":"X","pid":1,"tid":1,"ts":9100,"dur":1000,"tdur":500,"args":{}},
        {"name":"v8.callFunction","ph":"X","pid":1,"tid":1,"ts":9150,"dur":900,"tdur":400,"args":{}},
        {"name":"RunMicrotasks","ph":"X","pid":1,"tid":1,"ts":10100,"dur":1000,"tdur":250,"args":{}},
        {"name":"RunTask","ph":"X","pid":1,"tid":1,"ts":1000,"dur":5000,"tdur":3000,"args":{}},
        {"name":"EvaluateScript","ph":"X","pid":1,"tid":1,"ts":1100,"dur":3000,"tdur":1000,
         "args":{"data":{"url":"http://shop.localhost/"}}},
        {"name":"v8.compile","ph":"X","pid":1,"tid":1,"ts":1200,"dur":500,"tdur":400,"args":{}},
        {"name":"Layout","ph":"X","pid":1,"tid":1,"ts":4200,"dur":500,"tdur":400,"args":{}},
        {"name":"v8.parseOnBackground","ph":"X","pid":1,"tid":2,"ts":1000,"dur":9000,"tdur":6000,"args":{}},
        {"name":"RunTask","ph":"X","pid":1,"tid":2,"ts":900,"dur":9500,"tdur":7000,"args":{}},
        {"name":"RunTask","ph":"X","pid":2,"tid":1,"ts":1000,"dur":5000,"tdur":3000,"args":{}},
        {"name":"v8.parseOnBackground","ph":"X","pid":2,"tid":2,"ts":1000,"dur":9000,"tdur":6000,"args":{}},
        {"name":"ResourceFinish","ph":"I","pid":1,"tid":1,"ts":5000,"args":{}}
    ]"#;

    #[test]
    fn work_is_that_of_the_pages_own_process_and_nested_work_counts_once() {
        let work = work(trace(LOAD), PAGE).unwrap();
        assert_eq!(work, MainThreadWork { script: 1.75, main: 5.0, off_thread: 6.0 });
    }

    #[test]
    fn without_cpu_time_the_wall_clock_is_used() {
        let events = trace(&LOAD.replace("tdur", "unknown"));
        assert_eq!(work(events, PAGE).unwrap(), MainThreadWork { script: 5.0, main: 9.0, off_thread: 9.0 });
    }

    #[test]
    fn a_trace_of_another_page_is_an_error() {
        let error = work(trace(LOAD), "http://other.localhost/").unwrap_err().to_string();
        assert!(error.contains("own script"), "{error}");
    }
}

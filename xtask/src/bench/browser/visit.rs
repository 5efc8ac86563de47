//! One load of a page by a new visitor, and what it cost.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::chromium::{Chromium, ProtocolEvent, Tab};
use super::contender::Identifier;
use super::trace::{self, MainThreadWork, Traced};

/// The factor of CPU throttling of the page's main thread.
pub(super) const THROTTLE: u32 = 4;
/// How long a page is observed after its load event: longer than any of the scripts waits before it sends.
pub(super) const WATCHED: Duration = Duration::from_secs(4);

/// What one load cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct VisitSample {
    /// Bytes on the wire of every script, response headers included.
    pub(super) bytes: f64,
    /// CPU time.
    pub(super) work: MainThreadWork,
    /// Milliseconds from navigation until the visitor is known; nothing for a page without a script.
    pub(super) known: Option<f64>,
}

/// Loads the page once, as a visitor who was never there.
pub(super) async fn visit(
    chromium: &mut Chromium,
    agent: &str,
    page: &str,
    identifier: Option<Identifier>,
) -> anyhow::Result<VisitSample> {
    let tab = chromium.open().await?;
    for (method, params) in [
        ("Page.enable", json!({})),
        ("Network.enable", json!({})),
        ("Emulation.setUserAgentOverride", json!({ "userAgent": agent })),
        ("Emulation.setCPUThrottlingRate", json!({ "rate": THROTTLE })),
    ] {
        chromium.ask_page(&tab, method, params).await?;
    }
    let categories = json!({ "includedCategories": trace::CATEGORIES, "excludedCategories": ["*"] });
    let traced = json!({ "traceConfig": categories, "transferMode": "ReportEvents" });
    chromium.ask("Tracing.start", traced).await?;
    chromium.ask_page(&tab, "Page.navigate", json!({ "url": page })).await?;
    // The empty tab has a load event of its own, which may come late and must not be taken for the page's.
    let mut events = chromium.until("Page.frameNavigated").await?;
    events.extend(chromium.until("Page.loadEventFired").await?);
    events.extend(chromium.watch(WATCHED).await?);
    chromium.ask("Tracing.end", json!({})).await?;
    events.extend(chromium.until("Tracing.tracingComplete").await?);
    let marks = marks(chromium, &tab).await?;
    chromium.close(tab).await?;

    let bytes = script_bytes(&events, page)?;
    let mut all = Vec::new();
    for event in events.iter_mut().filter(|event| event.method == "Tracing.dataCollected") {
        let part: Vec<Traced> = serde_json::from_value(event.params["value"].take())?;
        all.extend(part);
    }
    let work = trace::work(all, page)?;
    let known = identifier.map(|identifier| known(&marks, identifier)).transpose()?;
    Ok(VisitSample { bytes, work, known })
}

/// What the page's hooks recorded: kind, name, milliseconds since navigation.
type Mark = (String, String, f64);

async fn marks(chromium: &mut Chromium, tab: &Tab) -> anyhow::Result<Vec<Mark>> {
    let read = json!({ "expression": "JSON.stringify(window.__marks)" });
    let answer = chromium.ask_page(tab, "Runtime.evaluate", read).await?;
    let text = answer["result"]["value"].as_str().context("the page's hooks did not run")?;
    serde_json::from_str(text).context("the page's hooks noted something else")
}

/// When the visitor was known.
fn known(marks: &[Mark], identifier: Identifier) -> anyhow::Result<f64> {
    let is = |(kind, name, _): &&Mark| match identifier {
        // The part after a dot differs from site to site.
        Identifier::Stored(start) => kind != "request" && name.split('.').next() == Some(start),
        Identifier::Sent(to) => kind == "request" && path(name) == to,
    };
    let mark = marks.iter().find(is);
    let mark = mark.with_context(|| format!("the script did not do {identifier:?}, only {marks:?}"))?;
    Ok(mark.2)
}

/// An address without scheme and host; anything else as it is.
fn path(name: &str) -> &str {
    let host = name.split_once("://").map(|(_, rest)| rest);
    host.map_or(name, |rest| rest.find('/').map_or("", |at| &rest[at..]))
}

/// Bytes of the loaded scripts. An error when one could not be loaded, or when the page made a request to another
/// origin.
fn script_bytes(events: &[ProtocolEvent], page: &str) -> anyhow::Result<f64> {
    let origin = &page[..page.len() - path(page).len()];
    let mut scripts = BTreeMap::new();
    let mut bytes = 0.0;
    for ProtocolEvent { method, params } in events {
        let id = params["requestId"].as_str().unwrap_or_default();
        match method.as_str() {
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                ensure!(
                    url.starts_with(origin) || url.starts_with("data:") || url.starts_with("blob:"),
                    "the page asked for {url}, which is not there"
                );
                if params["type"] == "Script" {
                    scripts.insert(id, url);
                }
            }
            "Network.responseReceived" if scripts.contains_key(id) => {
                let status = params["response"]["status"].as_i64();
                ensure!(status == Some(200), "{} was answered {status:?}", scripts[id]);
            }
            "Network.loadingFinished" if scripts.contains_key(id) => {
                bytes += params["encodedDataLength"].as_f64().unwrap_or_default();
            }
            "Network.loadingFailed" if scripts.contains_key(id) => {
                bail!("{} did not load: {}", scripts[id], params["errorText"]);
            }
            _ => {}
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const PAGE: &str = "http://shop.localhost:80/a?b=c";

    fn event(method: &str, params: Value) -> ProtocolEvent {
        ProtocolEvent { method: method.to_owned(), params }
    }

    fn requested(id: &str, kind: &str, url: &str) -> ProtocolEvent {
        let params = json!({ "requestId": id, "type": kind, "request": { "url": url } });
        event("Network.requestWillBeSent", params)
    }

    fn answered(id: &str, status: u16) -> ProtocolEvent {
        event("Network.responseReceived", json!({ "requestId": id, "response": { "status": status } }))
    }

    fn finished(id: &str, bytes: u32) -> ProtocolEvent {
        event("Network.loadingFinished", json!({ "requestId": id, "encodedDataLength": bytes }))
    }

    #[test]
    fn the_bytes_are_those_of_scripts() {
        let events = [
            requested("1", "Document", PAGE),
            requested("2", "Script", "http://shop.localhost:80/a.js"),
            requested("3", "Script", "http://shop.localhost:80/b.js"),
            answered("2", 200),
            finished("1", 5000),
            finished("2", 700),
            finished("3", 11),
        ];
        assert!((script_bytes(&events, PAGE).unwrap() - 711.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_script_that_is_not_there_is_an_error() {
        let missing = [requested("2", "Script", "http://shop.localhost:80/a.js"), answered("2", 404)];
        assert!(
            script_bytes(&missing, PAGE).unwrap_err().to_string().contains("a.js was answered Some(404)")
        );
        let failed = [
            requested("2", "Script", "http://shop.localhost:80/a.js"),
            event("Network.loadingFailed", json!({ "requestId": "2", "errorText": "net::ERR" })),
        ];
        assert!(script_bytes(&failed, PAGE).unwrap_err().to_string().contains("did not load"));
    }

    #[test]
    fn a_request_to_another_host_is_an_error() {
        let events = [requested("1", "Fetch", "http://elsewhere.example/e")];
        assert!(script_bytes(&events, PAGE).unwrap_err().to_string().contains("elsewhere.example"));
    }

    #[test]
    fn the_visitor_is_known_at_the_first_mark_of_that_kind_and_name() {
        let mark = |kind: &str, name: &str, at| (kind.to_owned(), name.to_owned(), at);
        let marks = [
            mark("cookie", "probe", 1.0),
            mark("request", "_id", 2.0),
            mark("cookie", "_id_probe", 3.0),
            mark("storage", "_id.ab12", 4.0),
            mark("cookie", "_id.ab12", 5.0),
            mark("storage", "/api/event", 6.0),
            mark("request", "http://shop.localhost:80/api/event", 7.0),
        ];
        let at = |identifier| known(&marks, identifier).unwrap();
        assert!((at(Identifier::Stored("_id")) - 4.0).abs() < f64::EPSILON);
        assert!((at(Identifier::Sent("/api/event")) - 7.0).abs() < f64::EPSILON);
        let error = known(&marks, Identifier::Stored("other")).unwrap_err().to_string();
        assert!(error.starts_with("the script did not do Stored(\"other\"), only"), "{error}");
    }
}

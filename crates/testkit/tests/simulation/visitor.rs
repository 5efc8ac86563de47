//! A visitor of the site: pages that report signups and checkouts through the tracker's core, retry, and close.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::browser::{self, Asked, Page};
use crate::network::{self, PATIENCE, WholeRequest};
use crate::process::Process;
use crate::world::World;
use crate::{signup, transport};

/// What a page reports: the kind of event and its data.
pub(crate) type Report = (&'static str, Value);

/// Something that happens to a page.
pub(crate) enum PageEvent {
    Report(Report),
    /// The timer with this number has rung.
    Timer(u64),
    /// The request of the page with this number was answered, or failed with status 0.
    Answer {
        page: u64,
        ids: Vec<String>,
        status: u16,
        wait: u32,
    },
    /// The visitor goes to another page of the site.
    Next,
    /// The browser is online again.
    Online,
}

/// A visitor, and what became of their events.
pub(crate) struct Visitor {
    world: Arc<World>,
    relay: Arc<Process>,
    events: UnboundedSender<PageEvent>,
    state: Mutex<VisitorState>,
}

#[derive(Default)]
struct VisitorState {
    page: Page,
    /// Counts pages.
    number: u64,
    /// Counts timers; only the newest one is set.
    timers: u64,
    left: usize,
    acknowledged: BTreeSet<String>,
}

impl Visitor {
    /// Begins the visit; the reports are made at random times within so many milliseconds.
    pub(crate) fn begin(
        world: &Arc<World>,
        relay: &Arc<Process>,
        public_key: &str,
        reports: Vec<Report>,
    ) -> Arc<Self> {
        let (events, happening) = unbounded_channel();
        let random = fastrand::Rng::with_seed(world.number(0..u64::MAX));
        let page = Page::new(public_key, random);
        let state = VisitorState { page, left: reports.len(), ..VisitorState::default() };
        let visitor = Arc::new(Self {
            world: Arc::clone(world),
            relay: Arc::clone(relay),
            events,
            state: Mutex::new(state),
        });
        tokio::spawn(live(Arc::clone(&visitor), happening));
        let (events, world) = (visitor.events.clone(), Arc::clone(world));
        tokio::spawn(async move {
            for report in reports {
                world.pause(0..6_000).await;
                let _ = events.send(PageEvent::Report(report));
                if world.number(0..3) == 0 {
                    world.pause(0..300).await;
                    let _ = events.send(PageEvent::Next);
                }
            }
        });
        visitor
    }

    /// Has the tracker's core forget the failures of an earlier run: it counts them for the one page that its module
    /// has, and here all pages share it.
    pub(crate) fn forget_failures() {
        browser::run(&mut Page::default(), || transport::answered(200, 0));
    }

    /// Tells the page that the browser is online.
    pub(crate) fn online(&self) {
        let _ = self.events.send(PageEvent::Online);
    }

    /// Whether all that it reports is acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.left == 0 && state.page.stored.is_empty()
    }

    /// The ids of acknowledged events.
    pub(crate) fn acknowledged(&self) -> BTreeSet<String> {
        self.state.lock().unwrap().acknowledged.clone()
    }

    fn happen(self: &Arc<Self>, event: PageEvent) {
        let mut state = self.state.lock().unwrap();
        let state = &mut *state;
        state.page.now = self.world.now();
        match event {
            PageEvent::Report((kind, data)) => {
                state.left -= 1;
                let size = state.page.propose(kind, &data.to_string());
                let report = || if kind == "signup" { signup::create() } else { signup::record(size) };
                let outcome = browser::run(&mut state.page, report);
                assert!(outcome == signup::SignupOutcome::Posted, "the page could not report");
            }
            PageEvent::Timer(number) if number == state.timers => {
                browser::run(&mut state.page, transport::flush);
            }
            PageEvent::Answer { page, ids, status, wait } if page == state.number => {
                state.page.flying.retain(|id| !ids.contains(id));
                if browser::run(&mut state.page, || transport::answered(status, wait)) {
                    state.page.stored.retain(|id, _| !ids.contains(id));
                }
                if status == 202 {
                    state.acknowledged.extend(ids);
                }
            }
            // Of a page that is gone: its timers and answers are, too.
            PageEvent::Timer(_) | PageEvent::Answer { .. } => {}
            PageEvent::Next => {
                browser::run(&mut state.page, transport::part);
                state.number += 1;
                state.page.flying.clear();
                state.page.asked.push(Asked::Wake(0));
            }
            PageEvent::Online => state.page.asked.push(Asked::Wake(0)),
        }
        for asked in std::mem::take(&mut state.page.asked) {
            self.act(state, asked);
        }
    }

    fn act(self: &Arc<Self>, state: &mut VisitorState, asked: Asked) {
        match asked {
            Asked::Wake(millis) => {
                state.timers += 1;
                let (events, number) = (self.events.clone(), state.timers);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(millis.into())).await;
                    let _ = events.send(PageEvent::Timer(number));
                });
            }
            Asked::Send(ids) => {
                let (visitor, page, body) = (Arc::clone(self), state.number, state.page.body(&ids));
                tokio::spawn(async move {
                    let (status, wait) = visitor.post(body).await;
                    let _ = visitor.events.send(PageEvent::Answer { page, ids, status, wait });
                });
            }
            Asked::Beacon(ids) => {
                let (visitor, body) = (Arc::clone(self), state.page.body(&ids));
                tokio::spawn(async move { visitor.post(body).await });
            }
        }
    }

    /// Status and seconds to wait; status 0 without an answer.
    async fn post(&self, body: String) -> (u16, u32) {
        let request = WholeRequest::post("/v1/events", &[("content-type", "text/plain".to_owned())], body);
        let asked = network::ask(&self.world, "page", &self.relay, request);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => {
                let wait =
                    answer.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
                (answer.status, wait.unwrap_or_default())
            }
            _ => (0, 0),
        }
    }
}

async fn live(visitor: Arc<Visitor>, mut events: UnboundedReceiver<PageEvent>) {
    while let Some(event) = events.recv().await {
        visitor.happen(event);
    }
}

//! A process that crashes and starts again: a store on a disk of its own, what runs over it, and its clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use headwater_protocol::Millis;
use headwater_store::{Store, StoreSteps};
use headwater_teststore::BOUNDS;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::disk::Disk;
use crate::network::{Cut, WholeAnswer, WholeRequest};
use crate::world::World;

/// Starts what runs over a store that was just opened; returns its routes.
pub(crate) type Start = Box<dyn Fn(&Arc<Process>, Store, &mut JoinSet<()>) -> Router + Send + Sync>;

/// One process of the system.
pub(crate) struct Process {
    name: &'static str,
    world: Arc<World>,
    disk: Disk,
    migrations: &'static [&'static str],
    start: Start,
    running: Mutex<Option<Running>>,
    /// Milliseconds by which its clock is ahead.
    ahead: Arc<AtomicI64>,
    kills: UnboundedSender<&'static str>,
}

struct Running {
    router: Router,
    store: Store,
    tasks: JoinSet<()>,
}

/// What a process is made of.
pub(crate) struct Parts {
    pub(crate) name: &'static str,
    pub(crate) disk: Disk,
    pub(crate) migrations: &'static [&'static str],
    pub(crate) start: Start,
}

impl Process {
    /// Starts a process, and a task that kills and restarts it when it shall crash.
    pub(crate) fn begin(world: &Arc<World>, parts: Parts) -> Arc<Self> {
        let (kills, killed) = unbounded_channel();
        let Parts { name, disk, migrations, start } = parts;
        let process = Arc::new(Self {
            name,
            world: Arc::clone(world),
            disk,
            migrations,
            start,
            running: Mutex::default(),
            ahead: Arc::default(),
            kills,
        });
        process.boot();
        tokio::spawn(supervise(Arc::clone(&process), killed));
        process
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> Arc<dyn Fn() -> Millis + Send + Sync> {
        let (world, ahead) = (Arc::clone(&self.world), Arc::clone(&self.ahead));
        Arc::new(move || Millis(world.now() + ahead.load(Ordering::Relaxed)))
    }

    /// Sets its clock so far ahead of the true time.
    pub(crate) fn set_clock(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// The store, while the process runs.
    pub(crate) fn store(&self) -> Option<Store> {
        self.running.lock().unwrap().as_ref().map(|running| running.store.clone())
    }

    /// The routes, while the process runs.
    pub(crate) fn router(&self) -> Option<Router> {
        self.running.lock().unwrap().as_ref().map(|running| running.router.clone())
    }

    /// Has it killed as soon as the present task waits.
    pub(crate) fn kill(&self, why: &'static str) {
        let _ = self.kills.send(why);
    }

    fn boot(self: &Arc<Self>) {
        let (store, steps) = Store::open_stepped(&self.disk.database(), self.migrations, BOUNDS).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(write(Arc::clone(self), steps));
        let router = (self.start)(self, store.clone(), &mut tasks);
        *self.running.lock().unwrap() = Some(Running { router, store, tasks });
    }

    /// Ends all its tasks where they are.
    pub(crate) async fn crash(&self, why: &str) {
        let Some(mut running) = self.running.lock().unwrap().take() else { return };
        self.world.fault("a process was killed", &format!("{}: {why}", self.name));
        // Before the tasks end: closing the last connection would move the log into the file.
        self.disk.crash(&self.world);
        running.tasks.shutdown().await;
    }

    /// Ends it for good.
    pub(crate) async fn end(&self) {
        let running = self.running.lock().unwrap().take();
        if let Some(mut running) = running {
            running.tasks.shutdown().await;
        }
    }

    /// Crashes and starts again at once.
    pub(crate) async fn restart(self: &Arc<Self>) {
        self.crash("in the end, to see what is on disk").await;
        if self.running.lock().unwrap().is_none() {
            self.boot();
        }
    }

    /// Handles a request, for so many polls at most; `None` when the process is not there, dies meanwhile, or the polls
    /// are over.
    pub(crate) async fn handle(&self, request: WholeRequest, polls: Option<u32>) -> Option<WholeAnswer> {
        let (answer, answered) = oneshot::channel();
        if let Some(running) = self.running.lock().unwrap().as_mut() {
            let router = running.router.clone();
            let work = Cut::after(polls.unwrap_or(u32::MAX), serve(router, request));
            running.tasks.spawn(async move {
                if let Some(made) = work.await {
                    let _ = answer.send(made);
                }
            });
        }
        answered.await.ok()
    }
}

async fn serve(router: Router, request: WholeRequest) -> WholeAnswer {
    let response = router.oneshot(request.into_request()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    WholeAnswer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// The writer of the process's store. Between a commit, its sync and its answers other tasks run, or the process dies.
async fn write(process: Arc<Process>, mut steps: StoreSteps) {
    let world = &process.world;
    while let Some(waiting) = steps.commit().await {
        if waiting == 0 {
            continue;
        }
        let dies = |when: &'static str| {
            let dies = world.chance(world.rates.crash / 2);
            if dies {
                process.kill(when);
            }
            dies
        };
        world.pause(0..6).await;
        if dies("after a commit, before its sync") {
            return std::future::pending().await;
        }
        let synced = process.disk.sync(world);
        let failed = synced.is_err();
        if dies("after a sync, before its answers") {
            return std::future::pending().await;
        }
        steps.answer(&synced);
        if failed {
            // Nothing more is written until somebody restarts it.
            world.pause(0..2_000).await;
            process.kill("its disk failed");
            return;
        }
    }
}

async fn supervise(process: Arc<Process>, mut kills: UnboundedReceiver<&'static str>) {
    while let Some(why) = kills.recv().await {
        process.crash(why).await;
        let down = if process.world.is_calm() { 0 } else { process.world.number(0..1_500) };
        tokio::time::sleep(Duration::from_millis(down)).await;
        while kills.try_recv().is_ok() {}
        if process.running.lock().unwrap().is_none() {
            process.boot();
            process.world.note(&format!("{} has started", process.name));
        }
    }
}

//! Each store of a process has one connection that only listens. It holds an advisory lock, by which other processes
//! know that this one runs: the lock ends with the connection. And it receives their notifications (`NOTIFY`).
//!
//! Notify only of what changes rarely: PostgreSQL commits transactions with a `NOTIFY` one after the other.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_postgres::{AsyncMessage, Client};

use super::SchemaAddress;
use super::session::{check_and_configure, reason, tls_config};
use crate::StoreError;

/// The pause between two attempts to connect.
const CONNECT_EVERY: Duration = Duration::from_millis(500);

/// The callbacks for notifications.
type Callbacks = Arc<Mutex<Vec<Box<dyn Fn() + Send>>>>;

/// Handle of the connection's thread; dropping it ends the thread and the connection.
pub(crate) struct Listener {
    number: i64,
    callbacks: Callbacks,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Connects; returns once the lock is held, so that other processes see this one.
    pub(crate) fn start(place: SchemaAddress) -> Result<Self, StoreError> {
        let callbacks = Callbacks::default();
        let (stop, stopped) = oneshot::channel();
        let (started, starts) = mpsc::channel();
        let (called, database) = (Arc::clone(&callbacks), place.address.to_string());
        let thread = std::thread::Builder::new()
            .name("store-listener".to_owned())
            .spawn(move || run(&place, &called, stopped, &started))
            .expect("the system can start a thread");
        let number = starts.recv().unwrap_or_else(|_| Err("its thread ended".to_owned()));
        let number = number.map_err(|why| StoreError::Unreachable { database, why })?;
        Ok(Self { number, callbacks, stop: Some(stop), thread: Some(thread) })
    }

    /// The number of this process among those that use the schema, from a sequence that begins again after
    /// 2,147,483,647.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    /// Has `callback` called at each notification, and after each reconnect, because notifications sent while the
    /// connection was lost do not arrive later.
    pub(crate) fn subscribe(&self, callback: Box<dyn Fn() + Send>) {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    place: &SchemaAddress,
    callbacks: &Callbacks,
    mut stopped: oneshot::Receiver<()>,
    started: &mpsc::Sender<Result<i64, String>>,
) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error.to_string()))),
    };
    runtime.block_on(async {
        let mut number = None;
        loop {
            let was_known = number.is_some();
            let lost = tokio::select! {
                lost = listen_until_lost(place, callbacks, &mut number, started) => lost,
                _ = &mut stopped => return,
            };
            if !was_known && number.is_none() {
                return drop(started.send(Err(lost)));
            }
            tracing::warn!(why = lost, "notifications by other processes do not arrive; connecting again");
            tokio::select! {
                () = tokio::time::sleep(CONNECT_EVERY) => {}
                _ = &mut stopped => return,
            }
        }
    });
}

/// Connects and listens until the connection ends; returns why it ended.
async fn listen_until_lost(
    place: &SchemaAddress,
    callbacks: &Callbacks,
    number: &mut Option<i64>,
    started: &mpsc::Sender<Result<i64, String>>,
) -> String {
    let connecting = match tls_config() {
        Ok(tls) => place.address.config.connect(tls),
        Err(error) => return error,
    };
    let (client, mut connection) = match connecting.await {
        Ok(connected) => connected,
        Err(error) => return reason(&error),
    };
    let mut next = async || match poll_fn(|context| connection.poll_message(context)).await {
        Some(message) => message.map_err(|error| reason(&error)),
        None => Err("the connection ended".to_owned()),
    };
    let known = *number;
    // The driver moves a connection only while it is polled, so it is polled beside the queries on it.
    let registered = {
        let mut registering = std::pin::pin!(register(&client, place, known));
        loop {
            tokio::select! {
                attended = &mut registering => break attended,
                message = next() => if let Err(error) = message { break Err(error) },
            }
        }
    };
    match registered {
        Ok(given) => *number = Some(given),
        Err(error) => return error,
    }
    // The first connection reports the number to `start`. Any later one may have missed notifications.
    match (known, *number) {
        (None, Some(given)) => drop(started.send(Ok(given))),
        _ => call(callbacks),
    }
    loop {
        match next().await {
            Ok(AsyncMessage::Notification(_)) => call(callbacks),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// Takes a number, unless one is `known` from an earlier connection; takes its lock and listens.
async fn register(client: &Client, place: &SchemaAddress, known: Option<i64>) -> Result<i64, String> {
    let describe = |error: tokio_postgres::Error| reason(&error);
    check_and_configure(client, place).await?;
    let number = match known {
        Some(number) => number,
        None => client.query_one("SELECT nextval('headwater_process')", &[]).await.map_err(describe)?.get(0),
    };
    // A shared lock, because the server may not have ended the connection before this one, which holds it too.
    let lock = "SELECT pg_advisory_lock_shared(hashtext($1), $2::bigint::integer)";
    client.query_one(lock, &[&place.schema, &number]).await.map_err(describe)?;
    client.batch_execute(&place.statement("LISTEN")).await.map_err(describe)?;
    Ok(number)
}

fn call(callbacks: &Callbacks) {
    callbacks.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|callback| callback());
}

/// Lists the numbers of the running processes, by the locks they hold. `objsubid` is 2 for locks of two 32-bit keys.
pub(crate) const LIVE_PROCESSES: &str = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
     AND classid = (hashtext($1)::bigint & 4294967295)::oid \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted";

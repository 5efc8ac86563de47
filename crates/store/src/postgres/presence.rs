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

use super::Place;
use super::session::{look, reason, tls};
use crate::StoreError;

/// The pause between two attempts to connect.
const CONNECT_EVERY: Duration = Duration::from_millis(500);

/// The callbacks for notifications.
type Heard = Arc<Mutex<Vec<Box<dyn Fn() + Send>>>>;

/// Handle of the connection's thread; dropping it ends the thread and the connection.
pub(crate) struct Presence {
    number: i64,
    heard: Heard,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Presence {
    /// Connects; returns once the lock is held, so that other processes see this one.
    pub(crate) fn start(place: Place) -> Result<Self, StoreError> {
        let heard = Heard::default();
        let (stop, stopped) = oneshot::channel();
        let (started, starts) = mpsc::channel();
        let (told, database) = (Arc::clone(&heard), place.address.to_string());
        let thread = std::thread::Builder::new()
            .name("store-presence".to_owned())
            .spawn(move || be_present(&place, &told, stopped, &started))
            .expect("the system can start a thread");
        let number = starts.recv().unwrap_or_else(|_| Err("its thread ended".to_owned()));
        let number = number.map_err(|why| StoreError::Unreachable { database, why })?;
        Ok(Self { number, heard, stop: Some(stop), thread: Some(thread) })
    }

    /// The number of this process among those that use the schema, from a sequence that begins again after
    /// 2,147,483,647.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    /// Has `heard` called at each notification, and after each reconnect, because notifications sent while the
    /// connection was lost do not arrive later.
    pub(crate) fn listen(&self, heard: Box<dyn Fn() + Send>) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn be_present(
    place: &Place,
    heard: &Heard,
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
                lost = follow(place, heard, &mut number, started) => lost,
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
async fn follow(
    place: &Place,
    heard: &Heard,
    number: &mut Option<i64>,
    started: &mpsc::Sender<Result<i64, String>>,
) -> String {
    let connecting = match tls() {
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
    let attended = {
        let mut attending = std::pin::pin!(attend(&client, place, known));
        loop {
            tokio::select! {
                attended = &mut attending => break attended,
                message = next() => if let Err(error) = message { break Err(error) },
            }
        }
    };
    match attended {
        Ok(given) => *number = Some(given),
        Err(error) => return error,
    }
    // The first connection reports the number to `start`. Any later one may have missed notifications.
    match (known, *number) {
        (None, Some(given)) => drop(started.send(Ok(given))),
        _ => call(heard),
    }
    loop {
        match next().await {
            Ok(AsyncMessage::Notification(_)) => call(heard),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// Takes a number, unless one is `known` from an earlier connection; takes its lock and listens.
async fn attend(client: &Client, place: &Place, known: Option<i64>) -> Result<i64, String> {
    let told = |error: tokio_postgres::Error| reason(&error);
    look(client, place).await?;
    let number = match known {
        Some(number) => number,
        None => client.query_one("SELECT nextval('headwater_process')", &[]).await.map_err(told)?.get(0),
    };
    // A shared lock, because the server may not have ended the connection before this one, which holds it too.
    let lock = "SELECT pg_advisory_lock_shared(hashtext($1), $2::bigint::integer)";
    client.query_one(lock, &[&place.schema, &number]).await.map_err(told)?;
    client.batch_execute(&place.statement("LISTEN")).await.map_err(told)?;
    Ok(number)
}

fn call(heard: &Heard) {
    heard.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|heard| heard());
}

/// Lists the numbers of the running processes, by the locks they hold. `objsubid` is 2 for locks of two 32-bit keys.
pub(crate) const PRESENT: &str = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
     AND classid = (hashtext($1)::bigint & 4294967295)::oid \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted";

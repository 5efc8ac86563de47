//! One connection for each store of a process that only listens. Others know by it that the process lives (it holds a
//! lock, which ends with the connection), and it hears what they tell (`NOTIFY`).
//!
//! Telling is for what changes rarely: PostgreSQL commits transactions that notify one after the other.

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

/// Between two tries to connect.
const CONNECT_EVERY: Duration = Duration::from_millis(500);

/// What is called when a process has told something.
type Heard = Arc<Mutex<Vec<Box<dyn Fn() + Send>>>>;

/// Handle of the connection's thread; dropping it ends both.
pub(crate) struct Presence {
    number: i64,
    heard: Heard,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Presence {
    /// Connects; returns once the process is known to live.
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

    /// The number of this process among those that use the schema, never given twice.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    /// Has `heard` called whenever a process tells, and after the connection was lost: what was told meanwhile is not
    /// told again.
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
            tracing::warn!(why = lost, "changes by other processes are not heard of; connecting again");
            tokio::select! {
                () = tokio::time::sleep(CONNECT_EVERY) => {}
                _ = &mut stopped => return,
            }
        }
    });
}

/// Connects and listens; says why it ended.
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

/// Takes a number, or the lock of the one there is again, and listens.
async fn attend(client: &Client, place: &Place, known: Option<i64>) -> Result<i64, String> {
    let told = |error: tokio_postgres::Error| reason(&error);
    look(client, place).await?;
    let number = match known {
        Some(number) => number,
        None => client.query_one("SELECT nextval('headwater_process')", &[]).await.map_err(told)?.get(0),
    };
    // Shared: the connection before this one may not have ended yet.
    let lock = "SELECT pg_advisory_lock_shared(hashtext($1), $2::bigint::integer)";
    client.query_one(lock, &[&place.schema, &number]).await.map_err(told)?;
    client.batch_execute(&place.statement("LISTEN")).await.map_err(told)?;
    Ok(number)
}

fn call(heard: &Heard) {
    heard.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|heard| heard());
}

/// The numbers of the processes that live.
pub(crate) const PRESENT: &str = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
     AND classid = (hashtext($1)::bigint & 4294967295)::oid \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted";

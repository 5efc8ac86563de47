//! A session: one connection with its prepared statements, and how its current transaction failed.
//!
//! A statement whose answer nobody needs is sent together with the next one, and its answer is read with that one's:
//! each wait for the server is a round trip, and those are most of what a unit costs. PostgreSQL runs and answers
//! statements in the order they are sent, and after a failure it refuses the rest of the transaction.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::SchemaAddress;
use crate::row::Owned;
use crate::{FromColumn as _, StoreError, Value};

/// Statements that a session keeps prepared: more than the crates above have. At this number all are forgotten.
const PREPARED: usize = 512;
/// How long the server lets a transaction wait for its process. One that is frozen or cut off in the middle of a unit
/// holds the locks of its program until then, and every other process waits for it.
const TRANSACTION_IDLE_MAX: &str = "10s";
/// Classes of error codes: insufficient resources, and a failure of the system below the database.
const NO_ROOM: [&str; 2] = ["53", "58"];
/// The oldest PostgreSQL this is tested for.
const VERSION_MIN: i64 = 13;

/// How a statement or a commit failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementFailure {
    /// It conflicted with another transaction; the same may succeed when it is run again.
    Conflict,
    /// The connection is lost, or the server takes no writes any more. A new connection may succeed.
    Lost,
    /// The database refused the statement, and would refuse it again.
    Refused,
}

/// One connection, with an async runtime of its own, because units of work are blocking calls.
pub(crate) struct PostgresSession {
    runtime: EventLoop,
    client: Arc<Client>,
    prepared: HashMap<String, Statement>,
    /// Statements whose answers were not read yet, in their order.
    sent: Vec<SentStatement>,
    /// The first failure since [`PostgresSession::begin`].
    failure: Option<StatementFailure>,
}

/// A statement on its way. It yields what the server answers.
type SentStatement = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// A runtime that may be dropped on any thread. Dropping a tokio runtime blocks until its tasks end, which panics on an
/// async thread.
struct EventLoop(Option<Runtime>);

impl EventLoop {
    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("it is taken only when it is dropped").block_on(work)
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl PostgresSession {
    /// Connects, and checks that the database can be used. It blocks, so it must not be called on an async thread.
    pub(crate) fn connect(place: &SchemaAddress) -> Result<Self, StoreError> {
        let unreachable = |why: String| StoreError::Unreachable { database: place.address.to_string(), why };
        let no_loop = |error: std::io::Error| unreachable(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_loop)?;
        let connected = runtime.block_on(async {
            let connecting = place.address.config.connect(tls_config()?);
            let (client, connection) = connecting.await.map_err(|error| reason(&error))?;
            // Runs whenever the session blocks on the runtime. When the connection ends, the next statement fails.
            tokio::spawn(connection);
            check_and_configure(&client, place).await?;
            Ok(client)
        });
        let client = connected.map_err(unreachable)?;
        Ok(Self {
            runtime: EventLoop(Some(runtime)),
            client: Arc::new(client),
            prepared: HashMap::new(),
            sent: Vec::new(),
            failure: None,
        })
    }

    /// Whether the connection is known to be gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// How the transaction failed; `None` when none of its statements did.
    pub(crate) fn failure(&self) -> Option<StatementFailure> {
        self.failure
    }

    /// Begins a transaction, at the isolation level read committed: each statement sees what was committed before it.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        self.failure = None;
        self.send_batch("BEGIN")
    }

    /// Begins a read-only transaction, all of whose statements see one snapshot. Waits for the answer, because a read runs
    /// once: a lost connection has to show before it.
    pub(crate) fn begin_reading(&mut self) -> Result<(), StoreError> {
        self.failure = None;
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    }

    /// Commits. When a statement failed whose answer is read only now, the server has rolled back in place of it, and
    /// this is that statement's error.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        self.batch("COMMIT")
    }

    /// Rolls back. What failed before does not matter any more.
    pub(crate) fn roll_back(&mut self) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute("ROLLBACK"));
        self.sent.clear();
        done.map_err(|error| self.failed(&error))
    }

    /// Runs statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        self.answer(done)
    }

    /// Sends a statement without parameters, see [`PostgresSession::send`].
    fn send_batch(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let client = Arc::clone(&self.client);
        self.start(Box::pin(async move { client.batch_execute(sql).await }))
    }

    /// Sends a statement, whose answer is read with the next one's, or with that of the commit.
    pub(crate) fn send(&mut self, sql: &str, params: &[Value<'_>]) -> Result<(), StoreError> {
        let statement = self.prepare(sql)?;
        let params: Vec<Owned> = params.iter().filter_map(|value| Owned::from_column(*value)).collect();
        let client = Arc::clone(&self.client);
        self.start(Box::pin(async move {
            let params: Vec<Value<'_>> = params.iter().map(Owned::value).collect();
            client.execute(&statement, &by_reference(&params)).await.map(|_| ())
        }))
    }

    /// Polls a statement once, which puts it into the connection's send buffer. It is sent together with the next one.
    fn start(&mut self, mut statement: SentStatement) -> Result<(), StoreError> {
        let started = self.runtime.block_on(std::future::poll_fn(|context| {
            Poll::Ready(match statement.as_mut().poll(context) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            })
        }));
        if let Some(done) = started {
            return self.answer(done);
        }
        self.sent.push(statement);
        Ok(())
    }

    /// Reads the answers of the statements sent before, which have arrived with this one's; returns the first error.
    fn answer<T>(&mut self, done: Result<T, tokio_postgres::Error>) -> Result<T, StoreError> {
        let mut first = None;
        for statement in std::mem::take(&mut self.sent) {
            if let Err(error) = self.runtime.block_on(statement) {
                let error = self.failed(&error);
                first.get_or_insert(error);
            }
        }
        tracing::trace!(target: "headwater_store::round_trip", "the server has answered");
        let done = done.map_err(|error| self.failed(&error));
        first.map_or(done, Err)
    }

    /// Takes an advisory lock for each name, until the transaction ends. One statement takes them all, in the order of
    /// their hashes, so that two transactions cannot deadlock.
    pub(crate) fn lock(&mut self, names: &[String]) -> Result<(), StoreError> {
        let sql = "SELECT count(pg_advisory_xact_lock(number)) FROM (SELECT DISTINCT hashtextextended(name, 0) AS number \
                   FROM unnest($1::text[]) AS name ORDER BY number) AS numbers";
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.query(&statement, &[&names]));
        self.answer(done).map(|_| ())
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.execute(&statement, &by_reference(params)));
        self.answer(done).map(|rows| usize::try_from(rows).unwrap_or(usize::MAX))
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.query(&statement, &by_reference(params)));
        self.answer(done)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        tracing::trace!(target: "headwater_store::statement", sql, prepared = 0);
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let text = to_postgres_sql(sql);
        let prepared = self.runtime.block_on(self.client.prepare(&text));
        let statement = self.answer(prepared)?;
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn failed(&mut self, error: &tokio_postgres::Error) -> StoreError {
        let failure = self.classify(error);
        // Only the first failure counts: PostgreSQL then refuses every later statement of the transaction.
        self.failure.get_or_insert(failure);
        match error.code() {
            Some(code) if NO_ROOM.iter().any(|class| code.code().starts_with(class)) => {
                StoreError::NoRoom(reason(error))
            }
            _ => StoreError::Database(reason(error)),
        }
    }

    fn classify(&mut self, error: &tokio_postgres::Error) -> StatementFailure {
        let Some(code) = error.code() else {
            return if error.is_closed() || self.client.is_closed() {
                StatementFailure::Lost
            } else {
                StatementFailure::Refused
            };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            // Another transaction has inserted a row with the same key. Run again, the unit finds that row.
            | SqlState::UNIQUE_VIOLATION => StatementFailure::Conflict,
            // Another process has changed the schema since the statement was prepared.
            SqlState::FEATURE_NOT_SUPPORTED | SqlState::INVALID_SQL_STATEMENT_NAME => {
                self.prepared.clear();
                StatementFailure::Conflict
            }
            // The server is shutting down, or has become a standby.
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::READ_ONLY_SQL_TRANSACTION => StatementFailure::Lost,
            _ => StatementFailure::Refused,
        }
    }
}

/// TLS that trusts the certificates of the operating system. They are read once, because that takes longer than
/// connecting.
pub(super) fn tls_config() -> Result<MakeRustlsConnect, String> {
    static TLS: OnceLock<Result<MakeRustlsConnect, String>> = OnceLock::new();
    let read = || {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| format!("no TLS: {error}"))?;
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    };
    TLS.get_or_init(read).clone()
}

fn by_reference<'p>(params: &'p [Value<'p>]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// The SQL for PostgreSQL, with the content of `/*! … */` comments as SQL (see [`crate::Unit`]).
fn to_postgres_sql(sql: &str) -> String {
    sql.replace("/*!", "").replace("*/", "")
}

/// The error's message in one line: the server's, or else the connection's with its cause.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let inner = std::error::Error::source(error).map(ToString::to_string);
    inner.map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}"))
}

/// Checks that the database can be used, and overrides the defaults that the server or the database may have set.
pub(super) async fn check_and_configure(client: &Client, place: &SchemaAddress) -> Result<(), String> {
    let describe = |error: tokio_postgres::Error| reason(&error);
    let sql = "SELECT pg_is_in_recovery(), current_setting('server_encoding'), \
               current_setting('server_version_num')::bigint / 10000, current_setting('transaction_read_only')";
    let row = client.query_one(sql, &[]).await.map_err(describe)?;
    if row.get::<_, bool>(0) {
        return Err("it is a standby, which takes no writes; give the primary's address".to_owned());
    }
    let encoding: &str = row.get(1);
    if encoding != "UTF8" {
        return Err(format!("its encoding is {encoding}; make a database with ENCODING 'UTF8'"));
    }
    let version: i64 = row.get(2);
    if version < VERSION_MIN {
        return Err(format!("it is PostgreSQL {version}; {VERSION_MIN} or newer is needed"));
    }
    if row.get::<_, &str>(3) == "on" {
        return Err("it is read-only (default_transaction_read_only)".to_owned());
    }
    // synchronous_commit: a commit returns once it is durable, which every 202 of the relay depends on. search_path
    // names our schema only, so that a table of the same name in another schema is never used.
    let set = format!(
        "SET search_path TO \"{}\"; SET synchronous_commit TO on; SET TIME ZONE 'UTC'; \
         SET default_transaction_isolation TO 'read committed'; SET standard_conforming_strings TO on; \
         SET idle_in_transaction_session_timeout TO '{TRANSACTION_IDLE_MAX}'",
        place.schema
    );
    client.batch_execute(&set).await.map_err(describe)
}

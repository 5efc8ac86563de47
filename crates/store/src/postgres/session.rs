//! A session: one connection, what it has prepared, and how its last statement failed.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Place;
use crate::{StoreError, Value};

/// Statements that a session keeps prepared: more than our crates have texts.
const PREPARED: usize = 512;
/// The oldest PostgreSQL this is tested for.
const VERSION_MIN: i64 = 13;

/// How a statement or a commit failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another transaction was in the way; the same may succeed now.
    Conflict,
    /// The connection is gone.
    Lost,
    /// The database refused.
    Refused,
}

/// One connection, with an event loop of its own: units of work are ordinary calls, and block.
pub(crate) struct Session {
    runtime: EventLoop,
    client: Client,
    prepared: HashMap<String, Statement>,
    /// The first failure since [`Session::begin`].
    failure: Option<Failure>,
}

/// May be dropped anywhere, as a runtime itself may not: it waits for what still runs in it.
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

impl Session {
    /// Connects, and makes sure that the database is one that can be used. Not for async threads.
    pub(crate) fn connect(place: &Place) -> Result<Self, StoreError> {
        let unreachable = |why: String| StoreError::Unreachable { database: place.address.to_string(), why };
        let no_loop = |error: std::io::Error| unreachable(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_loop)?;
        let connected = runtime.block_on(async {
            let connecting = place.address.config.connect(tls()?);
            let (client, connection) = connecting.await.map_err(|error| reason(&error))?;
            // Runs whenever the session waits for an answer. Its end is told by the statement that hears nothing.
            tokio::spawn(connection);
            look(&client, place).await?;
            Ok(client)
        });
        let client = connected.map_err(unreachable)?;
        Ok(Self { runtime: EventLoop(Some(runtime)), client, prepared: HashMap::new(), failure: None })
    }

    /// Whether the connection is known to be gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// How the transaction failed; `None` when no statement of it did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Begins a transaction. Each statement of it sees what was committed before that statement.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        self.failure = None;
        self.batch("BEGIN")
    }

    /// Begins a transaction that reads one state of the database.
    pub(crate) fn begin_reading(&mut self) -> Result<(), StoreError> {
        self.failure = None;
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    }

    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        self.batch("COMMIT")
    }

    pub(crate) fn roll_back(&mut self) -> Result<(), StoreError> {
        self.batch("ROLLBACK")
    }

    /// Statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.map_err(|error| self.failed(&error))
    }

    /// Holds what these names stand for until the transaction ends. All of them at once and in one order, so that no
    /// two transactions wait for each other.
    pub(crate) fn lock(&mut self, names: &[String]) -> Result<(), StoreError> {
        let sql = "SELECT count(pg_advisory_xact_lock(number)) FROM (SELECT DISTINCT hashtextextended(name, 0) AS number \
                   FROM unnest($1::text[]) AS name ORDER BY number) AS numbers";
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.query(&statement, &[&names]));
        done.map(|_| ()).map_err(|error| self.failed(&error))
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.execute(&statement, &by_reference(params)));
        done.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)).map_err(|error| self.failed(&error))
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let done = self.runtime.block_on(self.client.query(&statement, &by_reference(params)));
        done.map_err(|error| self.failed(&error))
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        tracing::trace!(target: "headwater_store::statement", sql, prepared = 0);
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let text = ours(sql);
        let prepared = self.runtime.block_on(self.client.prepare(&text));
        let statement = prepared.map_err(|error| self.failed(&error))?;
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn failed(&mut self, error: &tokio_postgres::Error) -> StoreError {
        let failure = self.judge(error);
        // What follows a failure in a transaction fails because of it.
        self.failure.get_or_insert(failure);
        StoreError::Database(reason(error))
    }

    fn judge(&mut self, error: &tokio_postgres::Error) -> Failure {
        let Some(code) = error.code() else {
            return if error.is_closed() || self.client.is_closed() {
                Failure::Lost
            } else {
                Failure::Refused
            };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            // Two inserted what only one may: the second finds the first when it runs again.
            | SqlState::UNIQUE_VIOLATION => Failure::Conflict,
            // Another process has changed the schema since the statement was prepared.
            SqlState::FEATURE_NOT_SUPPORTED | SqlState::INVALID_SQL_STATEMENT_NAME => {
                self.prepared.clear();
                Failure::Conflict
            }
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::READ_ONLY_SQL_TRANSACTION => Failure::Lost,
            _ => Failure::Refused,
        }
    }
}

/// TLS as the system trusts; read once, for that costs more than connecting.
pub(super) fn tls() -> Result<MakeRustlsConnect, String> {
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

/// The text as PostgreSQL gets it (see [`crate::Unit`]).
fn ours(sql: &str) -> String {
    sql.replace("/*!", "").replace("*/", "")
}

/// What the server or the connection said, in one line.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let inner = std::error::Error::source(error).map(ToString::to_string);
    inner.map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}"))
}

/// Whether the database can be used, and for us: what it was set up with does not matter after this.
pub(super) async fn look(client: &Client, place: &Place) -> Result<(), String> {
    let told = |error: tokio_postgres::Error| reason(&error);
    let sql = "SELECT pg_is_in_recovery(), current_setting('server_encoding'), \
               current_setting('server_version_num')::bigint / 10000, current_setting('transaction_read_only')";
    let row = client.query_one(sql, &[]).await.map_err(told)?;
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
    // synchronous_commit: a commit returns once it is durable, whatever the server's default. This is the promise
    // behind every 202. The search path is ours alone: another schema's table of the same name is not ours.
    let set = format!(
        "SET search_path TO \"{}\"; SET synchronous_commit TO on; SET TIME ZONE 'UTC'; \
         SET default_transaction_isolation TO 'read committed'; SET standard_conforming_strings TO on",
        place.schema
    );
    client.batch_execute(&set).await.map_err(told)
}

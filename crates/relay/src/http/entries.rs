//! Lists and replays entries, with the secret key, for the people who run the relay.

use axum::Json;
use axum::extract::{Path, Query, State};
use headwater_journal::{Entry, Filter};
use headwater_protocol::event::CustomerRef;
use headwater_protocol::v2::Envelope;
use headwater_protocol::{EventId, FieldError, Millis, limits};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::error::IngestionFailure;
use super::sender;
use crate::{Relay, RelayProgram, admit};

#[derive(Deserialize)]
pub(crate) struct EntryQuery {
    state: Option<String>,
    customer_key: Option<String>,
    /// The billing provider's id of a customer, which names the lane of the provider's events.
    provider_key: Option<String>,
    limit: Option<u32>,
    starting_after: Option<i64>,
}

/// An entry in the answer.
#[derive(Serialize)]
pub(crate) struct EntryItem {
    key: i64,
    id: EventId,
    r#type: String,
    customer: String,
    source: String,
    state: &'static str,
    attempts: i64,
    looks: i64,
    last_error: Option<String>,
    received_at: Millis,
    settled_at: Option<Millis>,
}

/// A page of entries, and how many of all the program's entries are parked, dead or unattributed.
#[derive(Serialize)]
pub(crate) struct EntryPage {
    items: Vec<EntryItem>,
    has_more: bool,
    ending_cursor: Option<String>,
    counts: Counted,
}

/// See [`headwater_journal::Counts`].
#[derive(Serialize)]
pub(crate) struct Counted {
    parked: i64,
    dead: i64,
    unattributed: i64,
}

/// `GET /v1/entries?state=&customer_key=&provider_key=&limit=&starting_after=`, newest first.
pub(crate) async fn list_entries(
    State(relay): State<Relay>,
    headers: HeaderMap,
    Query(query): Query<EntryQuery>,
) -> Result<Json<Envelope<EntryPage>>, IngestionFailure> {
    let program = signed_in(&headers, &relay)?;
    let limit = query.limit.unwrap_or(limits::LIST_DEFAULT);
    if limit == 0 || limit > limits::LIST_MAX {
        let message = format!("limit must lie between 1 and {}, got {limit}", limits::LIST_MAX);
        return Err(FieldError::new("out_of_range", "limit", message).into());
    }
    let state = query.state.as_deref().map(state_of).transpose()?;
    let named =
        CustomerRef { customer_key: query.customer_key, provider_key: query.provider_key, email: None };
    let lane = (named != CustomerRef::default()).then(|| admit::lane(&program, &named.lane()));
    let filter = Filter {
        program: program.id,
        test: program.test,
        state,
        lane,
        before: query.starting_after,
        // One more than asked for shows whether there is a next page.
        limit: limit + 1,
    };
    let mut found = relay.journal.list(filter).await?;
    let has_more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ending_cursor = found.last().map(|entry| entry.seq.to_string());
    let items = found.into_iter().map(|entry| item(entry, &program)).collect();
    let counts = relay.journal.counts(program.id, program.test).await?;
    let counts = Counted { parked: counts.parked, dead: counts.dead, unattributed: counts.unattributed };
    let data = EntryPage { items, has_more, ending_cursor, counts };
    Ok(Json(Envelope { data, message: "Entries".to_owned(), status: 200, warnings: Vec::new() }))
}

/// `POST /v1/entries/{id}/replay`: an entry of this program that is dead, unattributed or parked is delivered again.
pub(crate) async fn post_replay(
    State(relay): State<Relay>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Envelope<EventId>>, IngestionFailure> {
    let program = signed_in(&headers, &relay)?;
    let id: EventId = id.parse()?;
    if !relay.journal.replay(program.id, program.test, id.bytes(), relay.now().0).await? {
        let message =
            format!("no dead, unattributed or parked entry has the id {id}, or its text was erased");
        return Err(IngestionFailure::new(StatusCode::NOT_FOUND, "not_replayable", message));
    }
    Ok(Json(Envelope { data: id, message: "Replayed".to_owned(), status: 200, warnings: Vec::new() }))
}

fn signed_in(headers: &HeaderMap, relay: &Relay) -> Result<std::sync::Arc<RelayProgram>, IngestionFailure> {
    sender::server(headers, &relay.programs)?
        .ok_or_else(|| IngestionFailure::unauthorized("this needs the secret key"))
}

fn state_of(name: &str) -> Result<headwater_journal::State, FieldError> {
    headwater_journal::State::from_name(name).ok_or_else(|| {
        let known = headwater_journal::State::ALL.map(headwater_journal::State::name).join(", ");
        FieldError::new("invalid_value", "state", format!("state must be one of {known}, got '{name}'"))
    })
}

fn item(entry: Entry, program: &RelayProgram) -> EntryItem {
    let prefix = admit::lane(program, "");
    EntryItem {
        key: entry.seq,
        id: EventId::from_bytes(entry.id),
        r#type: entry.kind,
        customer: entry.lane.strip_prefix(&prefix).unwrap_or(&entry.lane).to_owned(),
        source: entry.source,
        state: entry.state.name(),
        attempts: entry.attempts,
        looks: entry.times_parked,
        last_error: entry.last_error,
        received_at: Millis(entry.received_at),
        settled_at: entry.settled_at.map(Millis),
    }
}

//! `POST /v1/events`: one event or a batch. It answers 202 only after the events are durable.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use headwater_journal::Appended;
use headwater_protocol::FieldError;
use headwater_protocol::event::Submission;
use headwater_protocol::limits::EVENT_BODY_MAX;
use http::StatusCode;
use serde::Serialize;

use super::error::IngestionFailure;
use super::{address, body, sender};
use crate::Relay;
use crate::admit::{Admission, RefusedEvent, Warned, admit};
use crate::metrics::BatchSources;
use crate::rate::Size;

/// The answer to a batch.
#[derive(Serialize)]
struct EventsAnswer {
    accepted: usize,
    duplicates: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedEvent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warned>,
}

/// Accepts any content type: a page sends text/plain, so that its request needs no CORS preflight.
pub(crate) async fn post_events(
    State(relay): State<Relay>,
    request: Request,
) -> Result<Response, IngestionFailure> {
    // Until the body is read, nobody knows how many events it holds.
    let mut events = 1;
    let answered = accept(&relay, request, &mut events).await;
    answered.inspect_err(|failure| relay.metrics.refused(&failure.body().code, events))
}

/// Accepts the events of a request. `events` is set to their number once the body is read.
async fn accept(relay: &Relay, request: Request, events: &mut usize) -> Result<Response, IngestionFailure> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(body, EVENT_BODY_MAX, "send fewer events at once").await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        IngestionFailure::from(FieldError::new("malformed_json", "", "the body is not UTF-8 text"))
    })?;
    let submission = Submission::read(text)?;
    *events = submission.events.len();
    let (program, sender) =
        sender::of_events(&parts.headers, submission.public_key.as_deref(), &relay.programs)?;
    let pair = (program.id, program.test);
    let size = Size {
        events: submission.events.len(),
        bytes: submission.events.iter().map(|text| text.len()).sum(),
    };
    // Before admission, so that a batch over the rate costs no parsing of its events.
    relay.rates.check(pair, sender, address::of(&parts), size)?;
    let Admission { entries, refused, warnings } = admit(&submission.events, &program, sender, relay.now());
    for one in &refused {
        relay.metrics.refused(&one.code, 1);
    }
    if entries.is_empty() {
        return Ok(all_refused(refused));
    }
    let (sources, admitted) = (BatchSources::of(&entries), entries.len());
    let appended = relay.journal.append(entries).await.inspect_err(|_| *events = admitted)?;
    relay.metrics.appended(&sources, &appended);
    let accepted = appended.iter().filter(|one| **one == Appended::New).count();
    let answer = EventsAnswer { accepted, duplicates: appended.len() - accepted, refused, warnings };
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// 400 with the first error as the body's own code and message, which is where people look, and all errors in
/// `refused`.
fn all_refused(refused: Vec<RefusedEvent>) -> Response {
    #[derive(Serialize)]
    struct Body {
        #[serde(flatten)]
        error: headwater_protocol::v2::ErrorBody,
        accepted: usize,
        duplicates: usize,
        refused: Vec<RefusedEvent>,
    }
    let first = refused.first().map_or_else(
        || FieldError::new("out_of_range", "events", "events is empty"),
        |first| FieldError::new(&first.code, &first.field, first.message.clone()),
    );
    let error = IngestionFailure::from(first).body().clone();
    (StatusCode::BAD_REQUEST, Json(Body { error, accepted: 0, duplicates: 0, refused })).into_response()
}

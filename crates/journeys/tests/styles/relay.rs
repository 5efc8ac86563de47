//! The relay of a row: reads events as the real one does, and answers as the row asks.

use headwater_protocol::FieldError;
use headwater_protocol::event::{Event, Submission};
use hyper::header::{CONTENT_TYPE, COOKIE, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::case::{Case, Heard, KEY};
use crate::server::{Answer, answer, json_answer};

/// How a relay answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RelayBehaviour {
    /// As the real one does.
    Works,
    /// To every request with this status, and `Retry-After` in seconds where given.
    Fails(u16, Option<u32>),
    /// Refuses every event with this code, for this field.
    Refuses(&'static str, &'static str),
    /// With a status of success, and JSON that is not the relay's.
    Babbles,
    /// Not at all: the connection is closed.
    Down,
    /// Not until the behaviour changes; then in the new way.
    Slow,
}

/// The connection is closed without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("the relay is down")
    }
}

impl std::error::Error for Closed {}

/// A request to `/v1/events`.
pub(crate) async fn events(case: &Case, head: &Parts, body: &str) -> Result<Answer, Closed> {
    check(case, head);
    let events = record(case, body);
    let mut changes = case.behaviour.subscribe();
    let behaviour =
        changes.wait_for(|behaviour| *behaviour != RelayBehaviour::Slow).await.map_err(|_| Closed)?.clone();
    match behaviour {
        RelayBehaviour::Down => Err(Closed),
        RelayBehaviour::Fails(status, pause) => Ok(failure(status, pause)),
        RelayBehaviour::Refuses(code, field) => {
            let error = FieldError::new(code, field, format!("{field} is refused"));
            let refused: Vec<_> = (0..events.len()).map(|index| refusal(&events, index, &error)).collect();
            Ok(all_refused(&refused))
        }
        RelayBehaviour::Babbles => {
            Ok(json_answer(StatusCode::OK, &json!({ "refused": 5, "message": ["no"] })))
        }
        RelayBehaviour::Works | RelayBehaviour::Slow => Ok(admit(case, &events)),
    }
}

/// Records what the real relay would refuse, or what would make the browser send a CORS preflight.
fn check(case: &Case, head: &Parts) {
    if head.method != Method::POST {
        case.note(format!("{} {} at the relay", head.method, head.uri));
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/plain") {
        case.note(format!("an event's body is text/plain, not '{kind}'"));
    }
    let fetched = head.headers.get("sec-fetch-mode").is_none_or(|mode| mode == "cors");
    if fetched && head.headers.contains_key(COOKIE) {
        case.note("an event came with cookies");
    }
}

/// Records a request; returns the id and the text of each event.
fn record(case: &Case, body: &str) -> Vec<(String, String)> {
    let mut events = Vec::new();
    match Submission::read(body) {
        Err(error) => case.note(format!("the relay cannot read {body}: {error:?}")),
        Ok(submission) => {
            if submission.public_key.as_deref() != Some(KEY) {
                case.note(format!("the public key is {:?}", submission.public_key));
            }
            for text in submission.events {
                let event: Value = serde_json::from_str(text).unwrap_or_default();
                events.push((event["id"].as_str().unwrap_or_default().to_owned(), text.to_owned()));
            }
        }
    }
    let mut seen = case.seen();
    seen.requests += 1;
    let mut changed = Vec::new();
    for (id, text) in &events {
        let new = || Heard { text: text.clone(), times: 0, taken: 0, expected: false };
        let heard = seen.events.entry(id.clone()).or_insert_with(new);
        heard.times += 1;
        if heard.text != *text {
            changed.push(format!("an event was changed: {} and {text}", heard.text));
        }
    }
    seen.noise.extend(changed);
    events
}

/// Accepts events and answers as `relay::http::events` does.
fn admit(case: &Case, events: &[(String, String)]) -> Answer {
    let (mut accepted, mut duplicates, mut refused) = (0, 0, vec![]);
    for (index, (id, text)) in events.iter().enumerate() {
        if let Err(error) = Event::read(text) {
            refused.push(refusal(events, index, &error));
            continue;
        }
        let mut seen = case.seen();
        let heard = seen.events.get_mut(id).expect("it was recorded");
        heard.taken += 1;
        *if heard.taken == 1 { &mut accepted } else { &mut duplicates } += 1;
    }
    if refused.len() == events.len() {
        return all_refused(&refused);
    }
    let mut body = json!({ "accepted": accepted, "duplicates": duplicates });
    if !refused.is_empty() {
        body["refused"] = refused.into();
    }
    json_answer(StatusCode::ACCEPTED, &body)
}

fn refusal(events: &[(String, String)], index: usize, error: &FieldError) -> Value {
    let FieldError { code, field, message } = error;
    json!({ "index": index, "id": events[index].0, "code": code, "field": field, "message": message })
}

fn all_refused(refused: &[Value]) -> Answer {
    let first = refused.first().cloned().unwrap_or_default();
    let body = json!({
        "status": 400, "code": first["code"], "field": first["field"], "message": first["message"],
        "accepted": 0, "duplicates": 0, "refused": refused,
    });
    json_answer(StatusCode::BAD_REQUEST, &body)
}

fn failure(status: u16, pause: Option<u32>) -> Answer {
    let mut response = Response::builder().status(status);
    if let Some(pause) = pause {
        response = response.header(RETRY_AFTER, pause);
    }
    answer(response, "text/plain", "a failure of this row")
}

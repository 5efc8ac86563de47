//! Admission: bytes in, entries or refusals out. Pure: what a body is worth depends on nothing but the body
//! and who sent it.

use headwater_journal::NewEntry;
use headwater_protocol::event::{Event, Kind};
use headwater_protocol::{EventId, FieldError, Millis, Source};
use serde::Serialize;

use crate::Program;

/// Who sent a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A page, with a public key alone.
    Browser,
    /// A server, with the secret key.
    Server,
}

impl Sender {
    /// Who says what it sends.
    pub fn source(self) -> Source {
        match self {
            Self::Browser => Source::Page,
            Self::Server => Source::Vendor,
        }
    }
}

/// An event that was not admitted, and why. Its neighbours were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Place in the batch, from 0.
    pub index: usize,
    /// The event's id, where it could be read.
    pub id: Option<EventId>,
    /// Stable name of the mistake.
    pub code: String,
    /// Path of the field.
    pub field: String,
    /// A sentence that names field and bound.
    pub message: String,
}

/// Reads every event of a batch on its own: one bad event spoils no other.
pub fn admit(
    events: &[&str],
    program: &Program,
    sender: Sender,
    now: Millis,
) -> (Vec<NewEntry>, Vec<Refused>) {
    let mut entries = Vec::with_capacity(events.len());
    let mut refused = Vec::new();
    for (index, text) in events.iter().enumerate() {
        match Event::read(text).and_then(|event| allowed(event, sender)) {
            Ok(event) => entries.push(entry(&event, (*text).to_owned(), program, sender.source(), now)),
            Err(error) => refused.push(Refused {
                index,
                id: id_of(text),
                code: error.code,
                field: error.field,
                message: error.message,
            }),
        }
    }
    (entries, refused)
}

/// The entry of an event that is admitted.
pub fn entry(event: &Event, text: String, program: &Program, source: Source, now: Millis) -> NewEntry {
    NewEntry {
        id: event.id.bytes(),
        program: program.id,
        test: program.test,
        lane: lane(program, &event.data.customer().lane()),
        kind: event.kind().name(),
        source: source.name(),
        body: text,
        received_at: now.0,
    }
}

/// The lane of a customer of one key pair.
pub(crate) fn lane(program: &Program, customer: &str) -> String {
    format!("{}{}:{customer}", program.id, if program.test { "t" } else { "" })
}

fn allowed(event: Event, sender: Sender) -> Result<Event, FieldError> {
    if sender == Sender::Server || event.kind().from_browser() {
        return Ok(event);
    }
    let kinds: Vec<&str> = Kind::ALL.into_iter().filter(|kind| kind.from_browser()).map(Kind::name).collect();
    let message = format!(
        "type '{}' needs the secret key (HTTP Basic); with a public key alone it may be {}",
        event.kind().name(),
        kinds.join(" or ")
    );
    Err(FieldError::new("secret_required", "type", message))
}

/// The id of an event that could not be read as a whole, so that its sender can tell which it was.
fn id_of(text: &str) -> Option<EventId> {
    #[derive(serde::Deserialize)]
    struct Only {
        id: EventId,
    }
    serde_json::from_str::<Only>(text).ok().map(|only| only.id)
}

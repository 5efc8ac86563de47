//! Admission: reads the events of a body and makes entries or refusals of them. It does no I/O: the result depends only
//! on the body, the sender, the program's settings and the time.
//!
//! What the destination would certainly refuse is refused here, with the field's name, because a sender that got 202
//! does not send again (trust.md section 3).

mod signup;

use headwater_journal::NewEntry;
use headwater_protocol::event::{Data, Event, EventKind};
use headwater_protocol::v2::Warning;
use headwater_protocol::{EventId, FieldError, Millis, Source};
use serde::Serialize;

use crate::RelayProgram;

/// Who sent a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSender {
    /// A page, with a public key alone.
    Browser,
    /// A server, with the secret key.
    Server,
}

/// An event that was not admitted, and why. Other events of the batch are not affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedEvent {
    /// Place in the batch, from 0.
    pub index: usize,
    /// The event's id, where it could be read.
    pub id: Option<EventId>,
    /// Stable code of the error.
    pub code: String,
    /// Path of the field.
    pub field: String,
    /// A sentence that names field and bound.
    pub message: String,
}

/// A warning: something of an admitted event will not be delivered as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warned {
    /// Place in the batch, from 0.
    pub index: usize,
    /// The field, and how it was changed.
    #[serde(flatten)]
    pub warning: Warning,
}

/// The result of admitting a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admission {
    /// Admitted events as entries, in their order, to be appended to the journal.
    pub entries: Vec<NewEntry>,
    /// Events that were not admitted.
    pub refused: Vec<RefusedEvent>,
    /// Warnings about admitted events.
    pub warnings: Vec<Warned>,
}

/// Admits each event of a batch on its own, so that a bad one does not affect the others.
pub fn admit(events: &[&str], program: &RelayProgram, sender: EventSender, now: Millis) -> Admission {
    let mut admission = Admission::default();
    for (index, text) in events.iter().enumerate() {
        match one(text, program, sender, now) {
            Ok((entry, warnings)) => {
                admission.entries.push(entry);
                admission.warnings.extend(warnings.into_iter().map(|warning| Warned { index, warning }));
            }
            Err(error) => admission.refused.push(RefusedEvent {
                index,
                id: id_of(text),
                code: error.code,
                field: error.field,
                message: error.message,
            }),
        }
    }
    admission
}

fn one(
    text: &str,
    program: &RelayProgram,
    sender: EventSender,
    now: Millis,
) -> Result<(NewEntry, Vec<Warning>), FieldError> {
    let event = Event::read(text)?;
    allowed(&event, sender)?;
    if event.occurred_at.0 < 0 {
        let message = "occurred_at must be a time in epoch milliseconds, not before 1970";
        return Err(FieldError::new("out_of_range", "occurred_at", message));
    }
    let said_by = match sender {
        EventSender::Browser => Source::Page,
        EventSender::Server => Source::Vendor,
    };
    let Data::Signup(signup) = &event.data else {
        return Ok((entry(&event, text.to_owned(), program, said_by, now), Vec::new()));
    };
    let checked = signup::check(signup, program, said_by).map_err(|error| error.below("data"))?;
    let body = if signup.signature.is_some() { signup::without_signature(text) } else { text.to_owned() };
    Ok((entry(&event, body, program, checked.source, now), checked.warnings))
}

/// The entry of an event that is admitted.
pub fn entry(event: &Event, text: String, program: &RelayProgram, source: Source, now: Millis) -> NewEntry {
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
pub(crate) fn lane(program: &RelayProgram, customer: &str) -> String {
    lane_of(program.id, program.test, customer)
}

/// The same as [`lane`], by the program's number and mode.
pub(crate) fn lane_of(program: i64, test: bool, customer: &str) -> String {
    format!("{program}{}:{customer}", if test { "t" } else { "" })
}

fn allowed(event: &Event, sender: EventSender) -> Result<(), FieldError> {
    if sender == EventSender::Server || event.kind().from_browser() {
        return Ok(());
    }
    let kinds: Vec<&str> =
        EventKind::ALL.into_iter().filter(|kind| kind.from_browser()).map(EventKind::name).collect();
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

#[cfg(test)]
mod tests;

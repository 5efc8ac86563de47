//! The relay's answer, for one of its events.

use super::failure::Failure;
use super::value::InputValue;
use crate::browser;

/// The relay's field paths begin with the event's `data`, which callers of this package do not know.
const DATA: &str = "data.";

/// The state of the report with this event id, or why the relay refused it.
pub(super) fn state(id: &str, status: u16, text: &str) -> Result<&'static str, Failure> {
    let body = InputValue::read(browser::parse(text));
    if let InputValue::List(refused) = body.member("refused")
        && let Some(refusal) = refused.iter().find(|refusal| refusal.member("id").text() == Some(id))
    {
        return Err(failure(refusal));
    }
    match status {
        200..=299 => Ok("accepted"),
        408 | 429 => Ok("queued"),
        400..=499 => Err(failure(&body)),
        _ => Ok("queued"),
    }
}

fn failure(said: &InputValue) -> Failure {
    let text = |name| said.member(name).text();
    Failure::new(
        text("code").unwrap_or("refused"),
        text("field").map(|field| field.strip_prefix(DATA).unwrap_or(field)).unwrap_or_default(),
        text("message").unwrap_or("the relay refused the event"),
    )
}

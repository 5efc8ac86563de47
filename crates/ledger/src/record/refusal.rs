//! Why a request was refused: the part its sender may see, and separately the part that only the operator may see.

use headwater_protocol::FieldError;
use headwater_store::StoreError;

/// The kind of a refusal; `http` maps it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request is wrong: 400.
    Invalid,
    /// The credentials are missing, wrong or of the wrong kind: 401.
    Unauthorized,
    /// The caller may not use this object or make this change: 403.
    Forbidden,
    /// The object or path does not exist: 404.
    NotFound,
    /// The path does not support the method: 405.
    Method,
    /// The body did not arrive in time: 408.
    Timeout,
    /// It conflicts with what exists, such as a unique key: 409.
    Conflict,
    /// The body is over the bound: 413.
    TooLarge,
    /// The body's media type is not supported: 415.
    MediaType,
    /// One address asks too often: 429 with `Retry-After`.
    TooMany,
    /// The ledger or its database cannot take the request now: 503 with `Retry-After`.
    Busy,
    /// There is no program yet, so no key can be judged: 503 with `Retry-After`.
    NotReady,
    /// A fault of the ledger: 500. The cause is in the error's source, not in its message.
    Internal,
}

/// A request that was refused; it changed nothing.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind.
    pub kind: RefusalKind,
    /// Stable name, `snake_case`.
    pub code: String,
    /// A sentence for the sender.
    pub message: String,
    /// The member at fault.
    pub field: Option<String>,
    /// What the sender can do about it.
    pub hint: Option<String>,
    /// The internal cause; for the log, never for the sender.
    #[source]
    pub inside: Option<Box<StoreError>>,
}

impl Refusal {
    /// A refusal of `kind`. `message` is a whole sentence.
    pub fn new(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { kind, code, message, field: None, hint: None, inside: None }
    }

    /// The request is wrong in `field`.
    pub fn invalid(code: &str, field: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, message).field(field)
    }

    /// No `what` (as `customer`) is called `key`.
    pub fn not_found(what: &str, key: &str) -> Self {
        Self::new(
            RefusalKind::NotFound,
            &format!("{what}_not_found"),
            format!("no {what} is called '{}'", short(key)),
        )
    }

    /// The same refusal, naming the member at fault.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same refusal, saying what the sender can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Text of the sender's for use in a message: at most 80 characters of it.
pub(crate) fn short(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(79).chain(['…']).collect()
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        let message = error.to_string();
        let refusal = Self::new(RefusalKind::Invalid, &error.code, message);
        if error.field.is_empty() { refusal } else { refusal.field(&error.field) }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let mut refusal = match error {
            StoreError::Busy => Self::new(RefusalKind::Busy, "busy", "the ledger is too busy now; try again"),
            StoreError::Closed => {
                Self::new(RefusalKind::Busy, "stopping", "the ledger is stopping; try again")
            }
            StoreError::NotCommitted | StoreError::NoRoom(_) => Self::new(
                RefusalKind::Busy,
                "not_kept",
                "the ledger could not write this to disk; nothing was changed",
            ),
            StoreError::Disconnected(_) | StoreError::Unreachable { .. } => Self::new(
                RefusalKind::Busy,
                "database_away",
                "the ledger cannot reach its database; nothing was changed",
            ),
            StoreError::Uncertain => Self::new(
                RefusalKind::Busy,
                "uncertain",
                "the ledger lost its database during the commit; all of it was stored, or nothing",
            )
            .hint("send it again with the same key or Idempotency-Key: it takes effect once"),
            _ => Self::new(
                RefusalKind::Internal,
                "internal",
                "the ledger could not do this; nothing was changed",
            ),
        };
        refusal.inside = Some(Box::new(error));
        refusal
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, RefusalKind, short};
    use headwater_store::StoreError;

    #[test]
    fn a_text_of_the_senders_is_repeated_up_to_80_characters() {
        let fits = "ä".repeat(80);
        assert_eq!(short(&fits), fits);
        let cut = short(&format!("{fits}x"));
        assert_eq!((cut.chars().count(), cut.ends_with("ä…")), (80, true));
    }

    #[test]
    fn a_store_that_is_away_is_busy_and_a_broken_one_is_an_internal_error() {
        let cases = [
            (StoreError::Busy, "busy"),
            (StoreError::Closed, "stopping"),
            (StoreError::NotCommitted, "not_kept"),
            (StoreError::NoRoom("disk of the secret host".to_owned()), "not_kept"),
            (StoreError::Disconnected("of the secret host".to_owned()), "database_away"),
            (
                StoreError::Unreachable {
                    database: "secret".to_owned(),
                    why: "no route to secret".to_owned(),
                },
                "database_away",
            ),
            (StoreError::Uncertain, "uncertain"),
            (StoreError::Panicked, "internal"),
            (StoreError::Database("secret statement".to_owned()), "internal"),
        ];
        for (error, code) in cases {
            let refusal = Refusal::from(error);
            assert_eq!(refusal.code, code);
            let busy = refusal.kind == RefusalKind::Busy;
            assert_eq!((busy, refusal.kind == RefusalKind::Internal), (code != "internal", !busy), "{code}");
            assert!(!refusal.to_string().contains("secret") && refusal.inside.is_some(), "{code}");
            assert_eq!(refusal.hint.is_some(), code == "uncertain");
        }
    }
}

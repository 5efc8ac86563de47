//! Routes of `trigger`.

use axum::Router;

use crate::Books;

pub(crate) fn routes() -> Router<Books> {
    Router::new()
}

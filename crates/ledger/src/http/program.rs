//! `/program`: a program's settings, with the administrator's token.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::UpdateProgram;
use headwater_store::Unit;

use super::auth::Admin;
use super::body::Posted;
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::program;

pub(crate) fn routes() -> Router<Books> {
    Router::new().route("/api/v2/program", get(get_program).patch(update_program))
}

async fn get_program(State(books): State<Books>, admin: Admin) -> Result<Response, Failure> {
    Ok(found(books.read(move |unit| program::get(unit, admin.program)).await?))
}

async fn update_program(
    State(books): State<Books>,
    admin: Admin,
    posted: Posted,
) -> Result<Response, Failure> {
    let change: UpdateProgram = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Program updated", program::update(unit, ctx, change.clone())?))
    };
    let response = write::change(&books, books.ctx(admin.program, false), work).await?;
    books.settings_changed().await;
    Ok(response)
}

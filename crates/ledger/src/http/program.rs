//! `/program`: a program's settings, with the administrator's token.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::UpdateProgram;
use headwater_store::Unit;

use super::auth::Admin;
use super::body::JsonBody;
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::program;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new().route("/api/v2/program", get(get_program).patch(update_program))
}

async fn get_program(State(ledger): State<Ledger>, admin: Admin) -> Result<Response, ApiFailure> {
    Ok(found(ledger.read(move |unit| program::get(unit, admin.program)).await?))
}

async fn update_program(
    State(ledger): State<Ledger>,
    admin: Admin,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateProgram = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Program updated", program::update(unit, ctx, change.clone())?))
    };
    let response = write::change(&ledger, ledger.ctx(admin.program, false), work).await?;
    ledger.settings_changed().await;
    Ok(response)
}

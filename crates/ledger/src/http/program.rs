//! `/program`: a program's settings and secrets, with the administrator's token.

use axum::extract::State;
use headwater_protocol::v2::{Program, RotateKey, RotatedKey, UpdateProgram};
use headwater_store::Unit;

use super::auth::Admin;
use super::body::Posted;
use super::envelope::{Answer, ApiResult};
use super::routes::Routes;
use super::write;
use crate::Ledger;
use crate::record::{credential, program};

pub(crate) fn routes() -> Routes {
    Routes::of("program")
        .get("/api/v2/program", "Get the program's settings", get_program)
        .patch("/api/v2/program", "Change the program's settings", update_program)
        .post("/api/v2/program/keys/rotate", "Make a new secret in place of an old one", post_rotate)
}

async fn get_program(State(ledger): State<Ledger>, admin: Admin) -> ApiResult<Program> {
    Ok(Answer::found(ledger.read(move |unit| program::get(unit, admin.program)).await?))
}

async fn update_program(
    State(ledger): State<Ledger>,
    admin: Admin,
    posted: Posted<UpdateProgram>,
) -> ApiResult<Program> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(Answer::new(200, "Program updated", program::update(unit, ctx, posted.value.clone())?))
    };
    let answer = write::change(&ledger, ledger.ctx(admin.program, false), work).await?;
    ledger.settings_changed().await;
    Ok(answer)
}

/// Each call makes a new secret. `Idempotency-Key` is ignored here, because a stored answer would keep the secret.
async fn post_rotate(
    State(ledger): State<Ledger>,
    admin: Admin,
    posted: Posted<RotateKey>,
) -> ApiResult<RotatedKey> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(Answer::new(
            200,
            "Secret replaced; the new one is shown this once",
            credential::rotate(unit, ctx, &posted.value)?,
        ))
    };
    let answer = write::change(&ledger, ledger.ctx(admin.program, false), work).await?;
    ledger.settings_changed().await;
    Ok(answer)
}

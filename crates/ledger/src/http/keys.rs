//! `/program/keys`: new secrets in place of old ones, with the administrator's token.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use headwater_protocol::v2::RotateKey;
use headwater_store::Unit;

use super::auth::Admin;
use super::body::JsonBody;
use super::envelope::answer;
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::credential;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new().route("/api/v2/program/keys/rotate", post(post_rotate))
}

/// Each call makes a new secret. `Idempotency-Key` is ignored here, because a stored answer would keep the secret.
async fn post_rotate(
    State(ledger): State<Ledger>,
    admin: Admin,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let request: RotateKey = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(
            200,
            "Secret replaced; the new one is shown this once",
            credential::rotate(unit, ctx, &request)?,
        ))
    };
    let response = write::change(&ledger, ledger.ctx(admin.program, false), work).await?;
    ledger.settings_changed().await;
    Ok(response)
}

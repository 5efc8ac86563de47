//! `/conversion/xid`, the conversion API (api.md section 4).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use headwater_protocol::v2::Conversion;
use headwater_store::Unit;

use super::auth::ConversionSender;
use super::body::JsonBody;
use super::envelope::answer;
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::conversion;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new().route("/conversion/xid", post(post_conversion))
}

async fn post_conversion(
    State(ledger): State<Ledger>,
    ConversionSender(vendor): ConversionSender,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let given: Conversion = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let result = conversion::record(unit, ctx, given.clone())?;
        let message = match result.outcome.as_str() {
            "created" => "Conversion recorded",
            "repeated" => "This customer has converted before; nothing was created",
            _ => "No click has this xid; nothing was created",
        };
        Ok(answer(200, message, result))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

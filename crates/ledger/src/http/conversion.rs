//! `/conversion/xid`, the conversion API (api.md section 4).

use axum::extract::State;
use headwater_protocol::v2::{Conversion, ConversionResult};
use headwater_store::Unit;

use super::auth::ConversionSender;
use super::body::Posted;
use super::envelope::{Answer, ApiResult};
use super::routes::Routes;
use super::write;
use crate::Ledger;
use crate::record::conversion;

pub(crate) fn routes() -> Routes {
    Routes::of("conversions").post("/conversion/xid", "Record a conversion by its click id", post_conversion)
}

async fn post_conversion(
    State(ledger): State<Ledger>,
    ConversionSender(vendor): ConversionSender,
    posted: Posted<Conversion>,
) -> ApiResult<ConversionResult> {
    let Posted { value: given, idempotent } = posted;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let result = conversion::record(unit, ctx, given.clone())?;
        let message = match result.outcome.as_str() {
            "created" => "Conversion recorded",
            "repeated" => "This customer has converted before; nothing was created",
            _ => "No click has this xid; nothing was created",
        };
        Ok(Answer::new(200, message, result))
    };
    write::post(&ledger, vendor.ctx(&ledger), idempotent, work).await
}

//! `/conversion/xid`, the conversion API (api.md section 4).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use headwater_protocol::v2::Conversion;
use headwater_store::Unit;

use super::auth::Tracker;
use super::body::Posted;
use super::envelope::answer;
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::conversion;

pub(crate) fn routes() -> Router<Books> {
    Router::new().route("/conversion/xid", post(post_conversion))
}

async fn post_conversion(
    State(books): State<Books>,
    Tracker(vendor): Tracker,
    posted: Posted,
) -> Result<Response, Failure> {
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
    write::post(&books, vendor.ctx(&books), posted, work).await
}

//! `/rewards`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::UpdateReward;
use headwater_store::Unit;

use super::auth::{Reader, Vendor};
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::reward::{self, Filters};

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/rewards", get(list_rewards))
        .route("/api/v2/rewards/{key}", get(get_reward).patch(update_reward).put(update_reward))
}

async fn list_rewards(
    State(books): State<Books>,
    reader: Reader,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (reader.ctx(&books), params.page(&["amount", "ready_at"])?);
    let own = |name: &str| params.get(name).map(str::to_owned);
    let filters = Filters {
        status: own("status").or_else(|| own("reward_status")),
        partnership_key: own("partnership_key").or_else(|| own("partner_key")),
        customer_key: own("customer_key"),
        transaction: own("transaction").or_else(|| own("transaction_key")),
    };
    let list = move |unit: &mut Unit<'_>| reward::list(unit, &ctx, reader.partnership(), filters, &page);
    Ok(found(books.read(list).await?))
}

async fn get_reward(State(books): State<Books>, reader: Reader, Key(key): Key) -> Result<Response, Failure> {
    let ctx = reader.ctx(&books);
    Ok(found(books.read(move |unit| reward::get(unit, &ctx, reader.partnership(), &key)).await?))
}

async fn update_reward(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let change: UpdateReward = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Reward updated", reward::update(unit, ctx, &key, &change)?))
    };
    write::change(&books, vendor.ctx(&books), work).await
}

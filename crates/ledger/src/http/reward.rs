//! `/rewards`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::UpdateReward;
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner};
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::reward::{self, RewardFilters};

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/rewards", get(list_rewards))
        .route("/api/v2/rewards/{key}", get(get_reward).patch(update_reward).put(update_reward))
}

async fn list_rewards(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (reader.ctx(&ledger), params.page(&["amount", "ready_at"])?);
    let own = |name: &'static str| params.get(name).map(str::to_owned);
    let filters = RewardFilters {
        status: own("status").or_else(|| own("reward_status")),
        partnership_key: own("partnership_key").or_else(|| own("partner_key")),
        customer_key: own("customer_key"),
        transaction: own("transaction").or_else(|| own("transaction_key")),
    };
    let list = move |unit: &mut Unit<'_>| reward::list(unit, &ctx, reader.partnership(), filters, &page);
    Ok(found(ledger.read(list).await?))
}

async fn get_reward(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = reader.ctx(&ledger);
    Ok(found(ledger.read(move |unit| reward::get(unit, &ctx, reader.partnership(), &key)).await?))
}

async fn update_reward(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateReward = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Reward updated", reward::update(unit, ctx, &key, &change)?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

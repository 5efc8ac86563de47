//! `/links` and `/clicks`.

use axum::extract::State;
use headwater_protocol::v2::{Link, List};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner};
use super::body::Key;
use super::envelope::{Answer, ApiResult};
use super::list::{self, ListQuery};
use super::routes::Routes;
use super::write::{Writes, create_for, update, without_body};
use crate::Ledger;
use crate::record::click::Clicks;
use crate::record::link::{self, Links};

pub(crate) fn routes() -> Routes {
    Routes::of("links")
        .reads::<Links>("/api/v2/links")
        .post("/api/v2/links", "Create a link", create_for(Writes::Shared, "Link created", link::record))
        .patch(
            "/api/v2/links/{key}",
            "Change a link",
            update(Writes::Shared, "Link updated", |unit, ctx, key, change| {
                link::update(unit, ctx, key, &change)
            }),
        )
        .delete(
            "/api/v2/links/{key}",
            "Archive a link",
            without_body(Writes::Shared, "Link archived", link::archive),
        )
        .get("/api/v2/links/partnership/{key}", "List a partner's links", list_partnership_links)
        .merge(Routes::of("clicks").get(
            "/api/v2/clicks",
            "List clicks",
            list::list::<Clicks, VendorOrPartner>,
        ))
}

async fn list_partnership_links(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    query: ListQuery<Links>,
) -> ApiResult<List<Link>> {
    let (ctx, request) = (vendor.ctx(&ledger), query.read(None)?);
    Ok(Answer::found(
        ledger.read(move |unit: &mut Unit<'_>| link::list_of(unit, &ctx, &key, &request)).await?,
    ))
}

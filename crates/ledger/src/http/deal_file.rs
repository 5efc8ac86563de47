//! Files of deals. Two paths have no version, as clients send them (api.md section 8).

use axum::extract::State;
use headwater_protocol::v2::{CreateDealFile, DealFile, DealFileContent, DealFilePage};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::body::{Key, Keys, Posted};
use super::envelope::{Answer, ApiResult};
use super::list::ListQuery;
use super::routes::Routes;
use super::write;
use crate::Ledger;
use crate::record::deal_file::{self, DealFiles};

pub(crate) fn routes() -> Routes {
    let (all, one) = ("/api/v2/deals/{key}/files", "/api/deals/{key}/file/{file_key}");
    Routes::of("files")
        .get(all, "List the files of a deal", list)
        .post(all, "Add a file to a deal", add)
        .get(one, "Get a file of a deal with its content", read)
        .delete(one, "Delete a file of a deal", delete)
}

async fn list(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    Key(deal): Key,
    query: ListQuery<DealFiles>,
) -> ApiResult<DealFilePage> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let request = query.read(viewer)?;
    let read = move |unit: &mut Unit<'_>| deal_file::list(unit, &ctx, viewer, &deal, &request);
    Ok(Answer::found(ledger.read(read).await?))
}

async fn add(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    Key(deal): Key,
    posted: Posted<CreateDealFile>,
) -> ApiResult<DealFile> {
    let viewer = caller.partnership();
    let Posted { value, idempotent } = posted.kept_for(viewer);
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = deal_file::record(unit, ctx, viewer, &deal, value.clone())?;
        Ok(Answer::new(200, "File created", made))
    };
    write::post(&ledger, caller.ctx(&ledger), idempotent, work).await
}

async fn read(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    Keys([deal, file]): Keys<2>,
) -> ApiResult<DealFileContent> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let read = move |unit: &mut Unit<'_>| deal_file::read(unit, &ctx, viewer, [&deal, &file]);
    Ok(Answer::found(ledger.read(read).await?))
}

async fn delete(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Keys([deal, file]): Keys<2>,
) -> ApiResult<DealFile> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(Answer::new(200, "File deleted", deal_file::delete(unit, ctx, [&deal, &file])?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

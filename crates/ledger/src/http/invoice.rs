//! `/invoices` and `/payouts`.

use axum::extract::State;
use headwater_protocol::v2::InvoiceExport;
use headwater_store::Unit;

use super::auth::Vendor;
use super::envelope::{Answer, ApiResult};
use super::parameter::{Asked, OfMonth};
use super::routes::Routes;
use super::write::{Writes, create, update};
use crate::Ledger;
use crate::record::invoice::{self, Invoices, Payouts};

pub(crate) fn routes() -> Routes {
    Routes::of("invoices")
        .reads::<Invoices>("/api/v2/invoices")
        .post(
            "/api/v2/invoices/close",
            "Make the invoices of a month",
            create(Writes::OwnMode, "Month closed", |unit, ctx, month| invoice::close(unit, ctx, &month)),
        )
        .get("/api/v2/invoices/export", "Export the invoices of a month", get_export)
        .patch(
            "/api/v2/invoices/{key}",
            "Mark an invoice as paid",
            update(Writes::OwnMode, "Invoice paid", |unit, ctx, key, change| {
                invoice::update(unit, ctx, key, &change)
            }),
        )
        .merge(Routes::of("payouts").reads::<Payouts>("/api/v2/payouts"))
}

async fn get_export(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    month: Asked<OfMonth>,
) -> ApiResult<InvoiceExport> {
    let (ctx, month) = (vendor.ctx(&ledger), month.text());
    let export = move |unit: &mut Unit<'_>| invoice::export(unit, &ctx, month.as_deref());
    Ok(Answer::found(ledger.read(export).await?))
}

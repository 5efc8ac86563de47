//! `/form-templates`, and those of deals and leads below their own paths.

use axum::extract::State;
use headwater_protocol::v2::{FormKind, FormTemplate, List};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::envelope::{Answer, ApiResult};
use super::list::{self, ListQuery};
use super::routes::Routes;
use super::write::Writes;
use crate::Ledger;
use crate::record::form_template::{self, FormTemplates};

pub(crate) fn routes() -> Routes {
    let all = "/api/v2/form-templates";
    Routes::of("form templates")
        .get(all, "List form templates", list_all)
        .get("/api/v2/form-templates/{key}", "Get a form template", list::get::<FormTemplates, Vendor>)
        .edits::<FormTemplates>(all, Writes::Shared)
        .get("/api/v2/deals/form-templates", "List the forms of deals", list_of_deals)
        .get("/api/v2/leads/form-templates", "List the forms of leads", list_of_leads)
}

async fn list_all(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
) -> ApiResult<List<FormTemplate>> {
    list_of_kind(ledger, caller, query, None).await
}

async fn list_of_deals(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
) -> ApiResult<List<FormTemplate>> {
    list_of_kind(ledger, caller, query, Some(FormKind::Deal)).await
}

async fn list_of_leads(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
) -> ApiResult<List<FormTemplate>> {
    list_of_kind(ledger, caller, query, Some(FormKind::Lead)).await
}

async fn list_of_kind(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
    kind: Option<FormKind>,
) -> ApiResult<List<FormTemplate>> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let request = query.read(viewer)?;
    let read = move |unit: &mut Unit<'_>| form_template::list_of_kind(unit, &ctx, viewer, kind, &request);
    Ok(Answer::found(ledger.read(read).await?))
}

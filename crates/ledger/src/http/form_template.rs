//! `/form-templates`, and those of deals and leads below their own paths.

use axum::extract::State;
use headwater_protocol::limits::LIST_MAX;
use headwater_protocol::v2::{FormKind, FormTemplate, FormTemplateItems, List};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::envelope::{Answer, ApiResult};
use super::error::ApiFailure;
use super::list::{self, ListQuery};
use super::routes::Routes;
use super::write::Writes;
use crate::Ledger;
use crate::record::form_template::{self, FormTemplates};
use crate::record::list::ListRequest;

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
    let request = query.read(caller.partnership())?;
    Ok(Answer::found(read(ledger, caller, request, None).await?))
}

async fn list_of_deals(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
) -> ApiResult<FormTemplateItems> {
    plain(ledger, caller, query, FormKind::Deal).await
}

async fn list_of_leads(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
) -> ApiResult<FormTemplateItems> {
    plain(ledger, caller, query, FormKind::Lead).await
}

/// The forms of one kind, in a list that cannot say whether more follow: without a limit as many as a page may have.
async fn plain(
    ledger: State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<FormTemplates>,
    kind: FormKind,
) -> ApiResult<FormTemplateItems> {
    let unlimited = query.params.get("limit").is_none();
    let mut request = query.read(caller.partnership())?;
    if unlimited {
        request.page.limit = LIST_MAX;
    }
    let list = read(ledger, caller, request, Some(kind)).await?;
    Ok(Answer::found(FormTemplateItems(list.items)))
}

async fn read(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    request: ListRequest,
    kind: Option<FormKind>,
) -> Result<List<FormTemplate>, ApiFailure> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let read = move |unit: &mut Unit<'_>| form_template::list_of_kind(unit, &ctx, viewer, kind, &request);
    Ok(ledger.read(read).await?)
}

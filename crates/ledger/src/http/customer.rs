//! `/customers`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use headwater_protocol::v2::{Attribution, CreateCustomer, UpdateCustomer};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner};
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, answer_with, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::customer::{self, CustomerFilters};

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/customers", get(list_customers).post(post_customer))
        .route(
            "/api/v2/customers/{key}",
            get(get_customer).patch(update_customer).put(update_customer).delete(delete_customer),
        )
        .route("/api/v2/customers/{key}/attribution", post(post_attribution))
        .route("/api/v2/customers/{key}/history", get(get_history))
}

async fn post_attribution(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let given: Attribution = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let changed = customer::reattribute(unit, ctx, &key, (&given.partner_key, &given.reason))?;
        Ok(answer(200, "Customer credited", changed))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

async fn get_history(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| customer::history(unit, &ctx, &key)).await?))
}

async fn list_customers(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (reader.ctx(&ledger), params.page(&[])?);
    if let Some(partnership) = reader.partnership() {
        let list = move |unit: &mut Unit<'_>| customer::list_for_partner(unit, &ctx, partnership, &page);
        return Ok(found(ledger.read(list).await?));
    }
    let own = |name: &'static str| params.get(name).map(str::to_owned);
    let filters = CustomerFilters {
        email: own("email"),
        customer_key: own("customer_key"),
        partner_key: own("partner_key"),
        provider_key: own("provider_key"),
        has_sub_id: params.flag("has_sub_id")?,
    };
    Ok(found(ledger.read(move |unit| customer::list(unit, &ctx, filters, &page)).await?))
}

async fn get_customer(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = reader.ctx(&ledger);
    let read = move |unit: &mut Unit<'_>| match reader.partnership() {
        None => customer::get(unit, &ctx, &key),
        Some(partnership) => customer::get_for_partner(unit, &ctx, partnership, &key),
    };
    Ok(found(ledger.read(read).await?))
}

async fn post_customer(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateCustomer = posted.parse()?;
    // It means that the client lost its cookie, and it should be told (api.md section 6).
    if new.partner_key.is_none() && posted.is_null("partner_key")? {
        return Err(customer::empty_partner_key().into());
    }
    let upsert = params.flag("upsert")?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = customer::record(unit, ctx, &new, upsert)?;
        let message = if made.created { "Customer created" } else { "Customer updated" };
        Ok(answer_with(200, message, made.customer, made.warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

async fn update_customer(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateCustomer = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Customer updated", customer::update(unit, ctx, &key, change.clone())?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

async fn delete_customer(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Customer deleted", customer::erase(unit, ctx, &key)?))
    };
    let response = write::change(&ledger, vendor.ctx(&ledger), work).await?;
    ledger.customer_erased();
    Ok(response)
}

//! `/customers`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use headwater_protocol::v2::{Attribution, CreateCustomer, UpdateCustomer};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::auth::{Reader, Vendor};
use super::body::{Key, Params, Posted};
use super::envelope::{answer, answer_with, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::Refusal;
use crate::record::customer::{self, Filters};

pub(crate) fn routes() -> Router<Books> {
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
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let given: Attribution = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let changed = customer::reattribute(unit, ctx, &key, (&given.partner_key, &given.reason))?;
        Ok(answer(200, "Customer credited", changed))
    };
    write::post(&books, vendor.ctx(&books), posted, work).await
}

async fn get_history(State(books): State<Books>, vendor: Vendor, Key(key): Key) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| customer::history(unit, &ctx, &key)).await?))
}

async fn list_customers(
    State(books): State<Books>,
    reader: Reader,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (reader.ctx(&books), params.page(&[])?);
    if let Some(partnership) = reader.partnership() {
        let list = move |unit: &mut Unit<'_>| customer::list_for_partner(unit, &ctx, partnership, &page);
        return Ok(found(books.read(list).await?));
    }
    let own = |name: &str| params.get(name).map(str::to_owned);
    let filters = Filters {
        email: own("email"),
        customer_key: own("customer_key"),
        partner_key: own("partner_key"),
        provider_key: own("provider_key"),
        has_sub_id: params.flag("has_sub_id")?,
    };
    Ok(found(books.read(move |unit| customer::list(unit, &ctx, filters, &page)).await?))
}

async fn get_customer(
    State(books): State<Books>,
    reader: Reader,
    Key(key): Key,
) -> Result<Response, Failure> {
    let ctx = reader.ctx(&books);
    let read = move |unit: &mut Unit<'_>| match reader.partnership() {
        None => customer::get(unit, &ctx, &key),
        Some(partnership) => customer::get_for_partner(unit, &ctx, partnership, &key),
    };
    Ok(found(books.read(read).await?))
}

async fn post_customer(
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
    posted: Posted,
) -> Result<Response, Failure> {
    let new: CreateCustomer = posted.parse()?;
    if new.partner_key.is_none() {
        refuse_null_partner(&posted)?;
    }
    let upsert = params.flag("upsert")?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = customer::record(unit, ctx, &new, upsert)?;
        let (status, message) =
            if made.created { (201, "Customer created") } else { (200, "Customer updated") };
        Ok(answer_with(status, message, made.customer, made.warnings))
    };
    write::post(&books, vendor.ctx(&books), posted, work).await
}

/// Refuses `"partner_key": null`, which the wire type reads like an absent one: it means that the client lost its
/// cookie, and it should be told (api.md section 6).
fn refuse_null_partner(posted: &Posted) -> Result<(), Refusal> {
    let members: Map<String, Value> = posted.parse()?;
    if members.get("partner_key").is_some_and(Value::is_null) {
        return Err(customer::empty_partner_key().into());
    }
    Ok(())
}

async fn update_customer(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let change: UpdateCustomer = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Customer updated", customer::update(unit, ctx, &key, change.clone())?))
    };
    write::change(&books, vendor.ctx(&books), work).await
}

async fn delete_customer(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Customer deleted", customer::erase(unit, ctx, &key)?))
    };
    let response = write::change(&books, vendor.ctx(&books), work).await?;
    books.customer_erased();
    Ok(response)
}

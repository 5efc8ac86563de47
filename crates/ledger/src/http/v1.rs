//! The calls of version 1 that old snippets and servers make, below `/v1` (api.md section 3). Each is the call of API v2
//! with the older names; [`envelope`] writes the answer's older form.

mod envelope;

use axum::extract::State;
use axum::{Router, middleware};
use headwater_protocol::v2::{
    CreateAction, CreateV1Application, CreateV1Customer, CreateV1Transaction, Transaction, UpdateV1Customer,
    V1Application, V1Customer,
};
use headwater_store::Unit;

use super::auth::{ProgramPage, Vendor, VendorOrPartner};
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::list;
use super::routes::Routes;
use super::write::{self, Writes, create, update};
use super::{error, unread};
use crate::Ledger;
use crate::record::partnership::Partnerships;
use crate::record::{action, v1};

/// The routes of version 1. They are not in the OpenAPI document, which is that of API v2.
pub(super) fn router() -> Router<Ledger> {
    let one = "/v1/customers/{key}";
    Routes::of("v1")
        .post(
            "/v1/customers",
            "Create a customer",
            create(Writes::OwnMode, "Customer created", |unit, ctx, new: CreateV1Customer| {
                v1::record_customer(unit, ctx, &new)
            }),
        )
        .get(one, "Get a customer", get_customer)
        .patch(
            one,
            "Change a customer",
            update(Writes::OwnMode, "Customer updated", |unit, ctx, key, change: UpdateV1Customer| {
                v1::update_customer(unit, ctx, key, change)
            }),
        )
        .post("/v1/customers/{key}/transactions", "Create a transaction", post_transaction)
        .get("/v1/partnerships", "List partnerships", list::list::<Partnerships, VendorOrPartner>)
        .post("/v1/partnerships/{public_key}", "Apply to become a partner", post_application)
        .post(
            "/v1/actions",
            "Record an action",
            create(Writes::OwnMode, "Action tracked successfully", |unit, ctx, new: CreateAction| {
                action::record(unit, ctx, &new)
            }),
        )
        .into_router()
        .method_not_allowed_fallback(error::unknown_method)
        .route_layer(middleware::from_fn(unread::warn))
        .route_layer(middleware::from_fn(envelope::rewrite))
}

async fn post_application(
    State(ledger): State<Ledger>,
    page: ProgramPage,
    posted: Posted<CreateV1Application>,
) -> ApiResult<V1Application> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        v1::apply(unit, ctx, posted.value.clone())?;
        Ok(Answer::new(200, "Application received", V1Application { received: true }))
    };
    // An idempotency key is the vendor's: a page's might be one that the vendor has used.
    write::post(&ledger, page.ctx(&ledger), None, work).await
}

async fn get_customer(State(ledger): State<Ledger>, vendor: Vendor, Key(key): Key) -> ApiResult<V1Customer> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.read(move |unit| v1::get_customer(unit, &ctx, &key)).await?))
}

async fn post_transaction(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted<CreateV1Transaction>,
) -> ApiResult<Transaction> {
    let Posted { value: new, idempotent } = posted;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let (made, warnings) = v1::record_transaction(unit, ctx, &key, &new)?;
        Ok(Answer::with_warnings(200, "Transaction created", made, warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), idempotent, work).await
}

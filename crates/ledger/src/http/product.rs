//! `/products`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::{CreateProduct, UpdateProduct};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner};
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, answer_with, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::product::{self, Path, ProductFilters};

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/products", get(list_products).post(post_product))
        .route(
            "/api/v2/products/{key}",
            get(get_product).patch(update_product).put(update_product).delete(archive_product),
        )
        .route("/api/v2/products/{key}/history", get(get_history))
}

/// A product named by the path and, optionally, its customer named by the query.
struct CreatedProduct {
    name: String,
    customer: Option<String>,
}

impl CreatedProduct {
    fn new(name: String, params: &Params) -> Self {
        Self { name, customer: params.get("customer_key").map(str::to_owned) }
    }

    fn path(&self) -> Path<'_> {
        Path { name: &self.name, customer: self.customer.as_deref() }
    }
}

async fn get_history(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, chosen) = (vendor.ctx(&ledger), CreatedProduct::new(key, &params));
    Ok(found(ledger.read(move |unit| product::history(unit, &ctx, chosen.path())).await?))
}

async fn list_products(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (reader.ctx(&ledger), params.page(&[])?);
    let own = |name: &'static str| params.get(name).map(str::to_owned);
    if let Some(viewer) = reader.partnership() {
        let wanted = (own("customer_key"), own("status"));
        let list = move |unit: &mut Unit<'_>| product::list_for_partner(unit, &ctx, viewer, wanted, &page);
        return Ok(found(ledger.read(list).await?));
    }
    let filters = ProductFilters {
        customer_key: own("customer_key"),
        stack_key: own("stack_key"),
        click_xid: own("click_xid"),
        status: own("status"),
        external_subscription_key: own("external_subscription_key"),
    };
    Ok(found(ledger.read(move |unit| product::list(unit, &ctx, filters, &page)).await?))
}

async fn get_product(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    Key(key): Key,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, chosen) = (reader.ctx(&ledger), CreatedProduct::new(key, &params));
    let read = move |unit: &mut Unit<'_>| match reader.partnership() {
        None => product::get(unit, &ctx, chosen.path()),
        Some(viewer) => product::get_for_partner(unit, &ctx, viewer, &chosen.name),
    };
    Ok(found(ledger.read(read).await?))
}

async fn post_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateProduct = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = product::record(unit, ctx, &new)?;
        let (status, message) = if made.created {
            (201, "Product created successfully")
        } else {
            (200, "Product existed already")
        };
        Ok(answer_with(status, message, made.product, made.warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

async fn update_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    params: Params,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateProduct = posted.parse()?;
    let chosen = CreatedProduct::new(key, &params);
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(
            200,
            "Product updated successfully",
            product::update(unit, ctx, chosen.path(), change.clone())?,
        ))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

async fn archive_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    params: Params,
) -> Result<Response, ApiFailure> {
    let chosen = CreatedProduct::new(key, &params);
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Product deleted successfully", product::archive(unit, ctx, chosen.path())?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

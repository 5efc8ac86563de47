//! `/products`.

use axum::extract::State;
use headwater_protocol::v2::{Change, CreateProduct, List, Product, UpdateProduct};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::list::ListQuery;
use super::parameter::{Asked, OfCustomer};
use super::routes::Routes;
use super::write;
use crate::Ledger;
use crate::record::product::{self, Path, Products};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/products/{key}";
    Routes::of("products")
        .get("/api/v2/products", "List products", list_products)
        .get(one, "Get a product", get_product)
        .post("/api/v2/products", "Create a product", post_product)
        .succeeds_with(&[200, 201])
        .patch(one, "Change a product", update_product)
        .delete(one, "Delete a product", archive_product)
        .get("/api/v2/products/{key}/history", "List what changed about a product", get_history)
}

/// The product that the path names and, optionally, its customer named by the query.
struct ProductName {
    name: String,
    customer: Option<String>,
}

impl ProductName {
    fn new(Key(name): Key, customer: &Asked<OfCustomer>) -> Self {
        Self { name, customer: customer.text() }
    }

    fn path(&self) -> Path<'_> {
        Path { name: &self.name, customer: self.customer.as_deref() }
    }
}

async fn list_products(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    query: ListQuery<Products>,
) -> ApiResult<List<Product>> {
    let (ctx, viewer) = (reader.ctx(&ledger), reader.partnership());
    let request = query.read(viewer)?;
    let list = move |unit: &mut Unit<'_>| product::list(unit, &ctx, viewer, &request);
    Ok(Answer::found(ledger.read(list).await?))
}

async fn get_product(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    key: Key,
    customer: Asked<OfCustomer>,
) -> ApiResult<Product> {
    let (ctx, chosen) = (reader.ctx(&ledger), ProductName::new(key, &customer));
    let read = move |unit: &mut Unit<'_>| match reader.partnership() {
        None => product::get(unit, &ctx, chosen.path()),
        Some(viewer) => product::get_for_partner(unit, &ctx, viewer, &chosen.name),
    };
    Ok(Answer::found(ledger.read(read).await?))
}

async fn post_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<CreateProduct>,
) -> ApiResult<Product> {
    let Posted { value: new, idempotent } = posted;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = product::record(unit, ctx, &new)?;
        let (status, message) = if made.created {
            (201, "Product created successfully")
        } else {
            (200, "Product existed already")
        };
        Ok(Answer::with_warnings(status, message, made.product, made.warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), idempotent, work).await
}

async fn update_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    key: Key,
    customer: Asked<OfCustomer>,
    posted: Posted<UpdateProduct>,
) -> ApiResult<Product> {
    let chosen = ProductName::new(key, &customer);
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let changed = product::update(unit, ctx, chosen.path(), posted.value.clone())?;
        Ok(Answer::new(200, "Product updated successfully", changed))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

async fn archive_product(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    key: Key,
    customer: Asked<OfCustomer>,
) -> ApiResult<Product> {
    let chosen = ProductName::new(key, &customer);
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(Answer::new(200, "Product deleted successfully", product::archive(unit, ctx, chosen.path())?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}

async fn get_history(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    key: Key,
    customer: Asked<OfCustomer>,
) -> ApiResult<List<Change>> {
    let (ctx, chosen) = (vendor.ctx(&ledger), ProductName::new(key, &customer));
    Ok(Answer::found(ledger.read(move |unit| product::history(unit, &ctx, chosen.path())).await?))
}

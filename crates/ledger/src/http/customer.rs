//! `/customers`.

use axum::extract::State;
use headwater_protocol::v2::{Change, CreateCustomer, Customer, List};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::parameter::{Asked, Upsert};
use super::routes::Routes;
use super::write::{self, Writes, act, update};
use crate::Ledger;
use crate::record::customer::{self, Customers};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/customers/{key}";
    Routes::of("customers")
        .reads::<Customers>("/api/v2/customers")
        .post("/api/v2/customers", "Create a customer", post_customer)
        .patch(one, "Change a customer", update(Writes::OwnMode, "Customer updated", customer::update))
        .delete(one, "Delete a customer", delete_customer)
        .post(
            "/api/v2/customers/{key}/attribution",
            "Credit a customer to another partner",
            act(Writes::OwnMode, "Customer credited", customer::reattribute),
        )
        .get("/api/v2/customers/{key}/history", "List what changed about a customer", get_history)
}

async fn post_customer(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    upsert: Asked<Upsert>,
    posted: Posted<CreateCustomer>,
) -> ApiResult<Customer> {
    let upsert = upsert.flag()?;
    let Posted { value: new, idempotent } = posted;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = customer::record(unit, ctx, &new, upsert)?;
        let message = if made.created { "Customer created" } else { "Customer updated" };
        Ok(Answer::with_warnings(200, message, made.customer, made.warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), idempotent, work).await
}

async fn get_history(State(ledger): State<Ledger>, vendor: Vendor, Key(key): Key) -> ApiResult<List<Change>> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.read(move |unit| customer::history(unit, &ctx, &key)).await?))
}

async fn delete_customer(State(ledger): State<Ledger>, vendor: Vendor, Key(key): Key) -> ApiResult<Customer> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(Answer::new(200, "Customer deleted", customer::erase(unit, ctx, &key)?))
    };
    let answer = write::change(&ledger, vendor.ctx(&ledger), work).await?;
    ledger.customer_erased();
    Ok(answer)
}

//! `/transactions`.

use axum::extract::State;
use headwater_protocol::v2::{CreateTransaction, List, Transaction, TransactionExplanation};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::list::{self, ListQuery};
use super::routes::Routes;
use super::write::{self, Writes, act, without_body};
use crate::Ledger;
use crate::record::transaction::{self, Transactions};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/transactions/{key}";
    Routes::of("transactions")
        .get("/api/v2/transactions", "List transactions", list_transactions)
        .get(one, "Get a transaction", list::get::<Transactions, VendorOrPartner>)
        .post("/api/v2/transactions", "Create a transaction", post_transaction)
        .delete(
            one,
            "Refund a transaction in full",
            without_body(Writes::OwnMode, "Transaction refunded", transaction::refund_whole),
        )
        .post(
            "/api/v2/transactions/{key}/refund",
            "Refund a part of a transaction",
            act(Writes::OwnMode, "Transaction refunded", |unit, ctx, key, refund| {
                transaction::refund(unit, ctx, key, &refund)
            }),
        )
        .get(
            "/api/v2/transactions/{key}/explain",
            "Explain what each trigger made of a transaction",
            get_explanation,
        )
}

async fn list_transactions(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    query: ListQuery<Transactions>,
) -> ApiResult<List<Transaction>> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let request = query.read(viewer)?;
    let list = move |unit: &mut Unit<'_>| transaction::list(unit, &ctx, viewer, &request);
    let (page, warnings) = ledger.read(list).await?;
    Ok(Answer::with_warnings(200, "OK", page, warnings))
}

async fn get_explanation(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> ApiResult<TransactionExplanation> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.read(move |unit| transaction::explain(unit, &ctx, &key)).await?))
}

async fn post_transaction(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<CreateTransaction>,
) -> ApiResult<Transaction> {
    let Posted { value: new, idempotent } = posted;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let (made, warnings) = transaction::record(unit, ctx, &new)?;
        Ok(Answer::with_warnings(200, "Transaction created", made, warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), idempotent, work).await
}

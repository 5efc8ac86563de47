//! Rows of products, of payments and of rewards.

use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{CreateProduct, CreateReward, CreateTransaction, UpdateProduct};
use headwater_protocol::{FieldError, Source};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::known::shows;
use super::{RowOutcome, TakenRow, identity, members, read};
use crate::record::product::Path;
use crate::record::resource::Resource as _;
use crate::record::reward::{Rewards, record_as};
use crate::record::{
    Ctx, Refusal, RefusalKind, product as products, product_book, transaction as transactions,
};
use crate::store::product as rows;

/// What a customer has, found by its subscription: nothing else tells two purchases of one product apart.
pub(super) fn product(unit: &mut Unit<'_>, ctx: &Ctx, row: &Map<String, Value>) -> Result<TakenRow, Refusal> {
    let new: CreateProduct = read(row)?;
    let Some(subscription) = new.external_subscription_key.as_deref() else {
        return Err(Refusal::from(FieldError::required("external_subscription_key")).hint(
            "any name of this purchase, such as an order's number: by it a second import finds the product",
        ));
    };
    let owner = products::require_customer(unit, ctx, &new)?;
    let Some(found) = rows::find_of_customer(unit, owner.row.id, subscription)? else {
        let made = products::record(unit, ctx, &new)?;
        return Ok(TakenRow { outcome: RowOutcome::Created, warnings: made.warnings });
    };
    // What only a page or a provider has said is confirmed by a row that says the same.
    if found.source != Source::Vendor {
        let made = products::record(unit, ctx, &new)?;
        return Ok(TakenRow { outcome: RowOutcome::Updated, warnings: made.warnings });
    }
    let entry = product_book::require_named(unit, ctx, &new.product_book_key)?;
    let said = UpdateProduct {
        status: Some(new.status).filter(|status| status.name() != found.status),
        amount: new.amount.filter(|amount| found.amount != Some(*amount)),
        currency: new.currency.filter(|currency| found.currency.as_deref() != Some(currency.code())),
        product_book_key: Some(new.product_book_key).filter(|_| entry.id != found.product_book),
        external_subscription_key: None,
    };
    if said == UpdateProduct::default() {
        return Ok(RowOutcome::Unchanged.into());
    }
    products::update(unit, ctx, Path { name: &found.key, customer: None }, said)?;
    Ok(RowOutcome::Updated.into())
}

/// A payment. What is recorded is never changed: a row that says something else of it is refused.
pub(super) fn transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &Map<String, Value>,
) -> Result<TakenRow, Refusal> {
    let mut new: CreateTransaction = read(row)?;
    new.key.get_or_insert_with(|| identity::of(row, &[]));
    match transactions::record(unit, ctx, &new) {
        Ok((_, warnings)) => Ok(TakenRow { outcome: RowOutcome::Created, warnings }),
        Err(refusal) if refusal.code == "transaction_exists" => Ok(RowOutcome::Unchanged.into()),
        Err(refusal) if refusal.code == "transaction_conflict" => {
            Err(refusal.hint("amounts are never edited: refund the payment, and import a new one"))
        }
        Err(refusal) => Err(refusal),
    }
}

/// A reward that the company gives.
pub(super) fn reward(unit: &mut Unit<'_>, ctx: &Ctx, row: &Map<String, Value>) -> Result<TakenRow, Refusal> {
    let new: CreateReward = read(row)?;
    let key = identity::key(Prefix::Reward, row, &["key"]);
    let Some(found) = Rewards::find(unit, ctx, None, &key)? else {
        record_as(unit, ctx, &new, key)?;
        return Ok(RowOutcome::Created.into());
    };
    let mut said = members(&new);
    said.retain(|name, _| matches!(name.as_str(), "amount" | "currency" | "description"));
    if shows(&Value::Object(members(&Rewards::render(ctx, None, found)?)), &said, &[]) {
        return Ok(RowOutcome::Unchanged.into());
    }
    let message = format!("the reward {key} exists with another amount, currency or description");
    Err(Refusal::new(RefusalKind::Conflict, "reward_conflict", message)
        .field("key")
        .hint("decline the reward, and import a new one"))
}

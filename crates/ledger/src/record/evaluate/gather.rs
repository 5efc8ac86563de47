//! Rows as the facts that rules ask for.

use headwater_attribution::claim::Claims;
use headwater_attribution::{
    CompiledTrigger, CustomerFacts, Facts, PartnershipFacts, ProductFacts, RecordFacts, TransactionFacts,
};
use headwater_protocol::Millis;
use headwater_protocol::v2::{ProductClaims, ProductStatus, SignupClaims, TriggerEvent};
use headwater_store::Unit;

use crate::record::{Ctx, Refusal, program};
use crate::store::customer::CustomerRow;
use crate::store::partnership::PartnershipRow;
use crate::store::product::ProductRow;
use crate::store::totals;
use crate::store::transaction::TransactionRow;

/// Payments and revenue of a customer (minor units).
pub(crate) type History = (i64, i64);

/// What the rules may ask about, as rows. What is missing is absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known<'a> {
    pub(crate) customer: Option<&'a CustomerRow>,
    pub(crate) txn: Option<&'a TransactionRow>,
    pub(crate) product: Option<&'a ProductRow>,
    pub(crate) record: Option<RecordFacts>,
    pub(crate) history: History,
}

/// The facts of an event with which this partner would earn.
pub(crate) fn facts(
    ctx: &Ctx,
    event: TriggerEvent,
    partner: &PartnershipRow,
    known: Known<'_>,
) -> Result<Facts, Refusal> {
    Ok(Facts {
        event,
        test_clock: ctx.test_clock,
        transaction: known.txn.map(transaction_facts).transpose()?,
        customer: known.customer.map(|row| customer_facts(row, known.history)),
        partnership: partnership_facts(partner),
        products: known.product.into_iter().map(product_facts).collect(),
        record: known.record,
    })
}

fn transaction_facts(txn: &TransactionRow) -> Result<TransactionFacts, Refusal> {
    Ok(TransactionFacts {
        amount: txn.amount,
        currency: txn.currency.parse()?,
        category_key: txn.category_key.clone(),
        product_key: txn.product_text.clone(),
        metadata: txn.metadata.clone().unwrap_or_default(),
        test: txn.test,
        created_at: Millis(txn.created_at),
    })
}

fn product_facts(row: &ProductRow) -> ProductFacts {
    ProductFacts {
        key: row.key.clone(),
        name: row.names.book_name.clone(),
        product_book_key: row.names.book_key.clone(),
        status: ProductStatus::from_name(&row.status).unwrap_or_default(),
        created_at: Millis(row.created_at),
    }
}

fn customer_facts(row: &CustomerRow, (transaction_count, total_revenue): History) -> CustomerFacts {
    CustomerFacts {
        fields: row.meta.clone().unwrap_or_default(),
        test: row.test,
        created_at: Millis(row.created_at),
        total_revenue,
        transaction_count,
    }
}

fn partnership_facts(row: &PartnershipRow) -> PartnershipFacts {
    PartnershipFacts {
        group: row.group_facts.as_ref().map(|group| (group.key.clone(), group.slug.clone())),
        tags: row.tags.clone(),
        tier: row.tier_facts.as_ref().map(|tier| (tier.key.clone(), tier.name.clone())),
        created_at: Millis(row.created_at),
    }
}

/// Number of payments and revenue of a customer; zeros without a query when no rule asks.
pub(super) fn history<'a>(
    unit: &mut Unit<'_>,
    triggers: impl IntoIterator<Item = &'a CompiledTrigger>,
    customer: i64,
    currency: &str,
) -> Result<History, Refusal> {
    if triggers.into_iter().any(CompiledTrigger::needs_history) {
        return Ok(totals::history(unit, customer, currency)?);
    }
    Ok((0, 0))
}

/// The same as it was with a payment of the past: of the payments that came before it, and itself.
pub(super) fn history_at<'a>(
    unit: &mut Unit<'_>,
    triggers: impl IntoIterator<Item = &'a CompiledTrigger>,
    txn: &TransactionRow,
) -> Result<History, Refusal> {
    if triggers.into_iter().any(CompiledTrigger::needs_history) {
        return Ok(totals::history_at(unit, txn.customer, &txn.currency, (txn.created_at, txn.id))?);
    }
    Ok((0, 0))
}

/// The program's settings for claims. They are read only where a fact is a claim.
pub(super) type Policy = (SignupClaims, ProductClaims);

pub(super) fn policy(unit: &mut Unit<'_>, ctx: &Ctx, claims: Claims) -> Result<Policy, Refusal> {
    if claims == Claims::default() {
        return Ok(Policy::default());
    }
    let row = program::find(unit, ctx.program)?;
    Ok((row.claims.signups, row.claims.products))
}

/// Which facts behind a reward for this customer are still claims.
pub(super) fn claims_of(row: &CustomerRow) -> Claims {
    Claims { customer: row.confirmed_at.is_none(), contested: row.contested, product: false }
}

//! Payments as they are shown: to the vendor, and to the partner who is credited (api.md section 7).

use headwater_protocol::v2::{Transaction, TransactionCustomer, Warning};
use headwater_protocol::{Currency, Millis};
use headwater_store::Unit;

use crate::record::refusal::short;
use crate::record::resource::Resource;
use crate::record::{Ctx, Refusal};
use crate::store::list::Listing;
use crate::store::product;
use crate::store::transaction::{self, TransactionRow};

/// Customers' payments.
pub(crate) struct Transactions;

impl Resource for Transactions {
    const NAME: &'static str = "transaction";
    const LISTING: &'static Listing = &transaction::LISTING;
    type Row = TransactionRow;
    type Wire = Transaction;

    fn render(_: &Ctx, viewer: Option<i64>, row: TransactionRow) -> Result<Transaction, Refusal> {
        Ok(if viewer.is_some() { render_for_partner(row) } else { render(row) })
    }
}

/// A warning for a payment whose subscription matches no product. Seed 000 accepts such payments, but most are
/// mistakes.
pub(super) fn unmatched_warning(
    unit: &mut Unit<'_>,
    row: &TransactionRow,
    field: &str,
) -> Result<Option<Warning>, Refusal> {
    let (None, Some(wanted)) = (row.product, &row.subscription_key) else { return Ok(None) };
    let known = product::list_subscriptions(unit, row.customer)?;
    let hint = match known.iter().find(|known| known.to_lowercase() == wanted.to_lowercase()) {
        Some(near) => format!("differs only in case from '{}'", short(near)),
        None => format!("no product of this customer has external_subscription_key '{}'", short(wanted)),
    };
    let code = "subscription_key_unmatched".to_owned();
    Ok(Some(Warning { code, field: field.to_owned(), hint }))
}

fn status(archived: bool) -> String {
    if archived { "refunded" } else { "approved" }.to_owned()
}

pub(super) fn render(row: TransactionRow) -> Transaction {
    let names = row.names;
    let currency = row.currency.parse().unwrap_or(Currency::USD);
    let site_key = names.customer_site_key.clone().filter(|_| row.by_site_key);
    Transaction {
        amount: row.amount,
        amount_usd: (currency == Currency::USD).then_some(row.amount),
        currency,
        approved: !row.archived,
        archived: row.archived,
        category_key: row.category_key,
        product_key: names.product_key.or(row.product_text),
        subscription_key: row.subscription_key,
        customer_key: site_key.unwrap_or_else(|| names.customer_key.clone()),
        customer: TransactionCustomer {
            key: names.customer_key,
            email: names.customer_email,
            external_key: names.customer_site_key,
            sub_ids: names.sub_ids,
        },
        partnership_key: names.partnership_key,
        member_key: names.member_key,
        company: None,
        extension: None,
        metadata: row.metadata,
        test: row.test,
        status: status(row.archived),
        source: row.source.name().to_owned(),
        key: row.key,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

/// A partner sees what was paid and for which product. Who paid, by which name, and what the company noted about the
/// payment are the company's. Every member is listed, so that a new one does not compile until somebody has decided
/// whether partners see it.
fn render_for_partner(row: TransactionRow) -> Transaction {
    let names = row.names;
    let currency = row.currency.parse().unwrap_or(Currency::USD);
    Transaction {
        amount: row.amount,
        amount_usd: (currency == Currency::USD).then_some(row.amount),
        currency,
        approved: !row.archived,
        archived: row.archived,
        category_key: None,
        product_key: names.product_key,
        subscription_key: None,
        customer_key: names.customer_key.clone(),
        customer: TransactionCustomer {
            key: names.customer_key,
            email: String::new(),
            external_key: None,
            sub_ids: names.sub_ids,
        },
        partnership_key: names.partnership_key,
        member_key: names.member_key,
        company: None,
        extension: None,
        metadata: None,
        test: row.test,
        status: status(row.archived),
        source: row.source.name().to_owned(),
        key: row.key,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

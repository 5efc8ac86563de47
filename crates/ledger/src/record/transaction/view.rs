//! Payments as they are shown.

use headwater_protocol::v2::{Transaction, TransactionCustomer};
use headwater_protocol::{Currency, Millis};

use super::super::resource::Resource;
use super::super::{Ctx, Refusal};
use crate::store::list::Listing;
use crate::store::transaction::{self, TransactionRow};

/// Customers' payments.
pub(crate) struct Transactions;

impl Resource for Transactions {
    const NAME: &'static str = "transaction";
    const LISTING: &'static Listing = &transaction::LISTING;
    type Row = TransactionRow;
    type Wire = Transaction;

    fn render(_: &Ctx, _: Option<i64>, row: TransactionRow) -> Result<Transaction, Refusal> {
        Ok(render(row))
    }
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
        company: None,
        extension: None,
        metadata: row.metadata,
        test: row.test,
        status: if row.archived { "refunded" } else { "approved" }.to_owned(),
        source: row.source.name().to_owned(),
        key: row.key,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

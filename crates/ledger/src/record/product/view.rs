//! Products as they are shown: to the vendor, and to the partner who referred the customer (api.md section 7).

use headwater_protocol::v2::{Product, ProductStatus};
use headwater_protocol::{Currency, Millis, Source};
use headwater_store::Unit;

use super::super::customer::view::find_referred;
use super::super::resource::Resource;
use super::super::{Ctx, Refusal};
use crate::store::list::Listing;
use crate::store::product::{self, ProductRow};

/// Products, to the vendor and to the partner who referred their customer.
pub(crate) struct Products;

impl Resource for Products {
    const NAME: &'static str = "product";
    const LISTING: &'static Listing = &product::LISTING;
    type Row = ProductRow;
    type Wire = Product;

    fn render(ctx: &Ctx, viewer: Option<i64>, row: ProductRow) -> Result<Product, Refusal> {
        Ok(match viewer {
            None => render(ctx, row),
            Some(viewer) => render_for_partner(ctx, row, viewer),
        })
    }
}

/// A product in the view of the partner who referred its customer. Any other is answered with 404.
pub(crate) fn get_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: i64,
    key: &str,
) -> Result<Product, Refusal> {
    let found = product::find(unit, ctx.scope(), key)?;
    let found = match found {
        Some(row) if find_referred(unit, ctx, viewer, &row.names.customer_key).is_ok() => Some(row),
        _ => None,
    };
    found.map(|row| render_for_partner(ctx, row, viewer)).ok_or_else(|| Refusal::not_found("product", key))
}

pub(super) fn render(ctx: &Ctx, row: ProductRow) -> Product {
    let names = row.names;
    let site_key = names.customer_site_key.filter(|_| row.by_site_key);
    let partner_key = names.partner_key.filter(|_| row.by_partner_key);
    let said_by_others = row.source != Source::Vendor;
    Product {
        amount: row.amount,
        click_xid: row.click_xid,
        company_id: ctx.company_id,
        created_at: Millis(row.created_at),
        currency: row.currency.as_deref().and_then(|code| code.parse::<Currency>().ok()),
        customer_key: site_key.unwrap_or(names.customer_key),
        external_subscription_key: row.external_subscription_key,
        field_data: None,
        key: row.key,
        member_email: None,
        member_logo: None,
        member_name: None,
        metadata: row.metadata,
        name: None,
        partner_logo: None,
        partner_name: None,
        partnership_key: partner_key.or(names.partnership_key),
        product_book_key: Some(names.book_key),
        stack_key: names.member_key,
        status: ProductStatus::from_name(&row.status).unwrap_or_default(),
        source: said_by_others.then(|| row.source.name().to_owned()),
        confirmed_at: row.confirmed_at.filter(|_| said_by_others).map(Millis),
        team_color: None,
        updated_at: Millis(row.updated_at),
    }
}

/// A partner sees every product of the customer, and credit only where it is their own. Every field is listed, so
/// that a new field of the row stays hidden until somebody decides to show it (api.md section 7).
fn render_for_partner(ctx: &Ctx, row: ProductRow, viewer: i64) -> Product {
    let own = row.partnership == Some(viewer);
    let names = row.names;
    let partner_name = [names.partner_first_name, names.partner_last_name]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    Product {
        amount: row.amount,
        click_xid: row.click_xid.filter(|_| own),
        company_id: ctx.company_id,
        created_at: Millis(row.created_at),
        currency: row.currency.as_deref().and_then(|code| code.parse::<Currency>().ok()),
        customer_key: names.customer_key,
        external_subscription_key: None,
        field_data: None,
        key: row.key,
        member_email: names.member_email.filter(|_| own),
        member_logo: None,
        member_name: names.member_name.filter(|_| own),
        metadata: None,
        name: Some(names.book_name),
        partner_logo: None,
        partner_name: Some(partner_name).filter(|name| own && !name.is_empty()),
        partnership_key: names.partnership_key.filter(|_| own),
        product_book_key: Some(names.book_key),
        stack_key: names.member_key.filter(|_| own),
        status: ProductStatus::from_name(&row.status).unwrap_or_default(),
        source: None,
        confirmed_at: None,
        team_color: None,
        updated_at: Millis(row.updated_at),
    }
}

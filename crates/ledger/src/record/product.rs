//! Products: what a customer has of the catalogue, and who sold it (seed 000).

use headwater_protocol::field::check_optional;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::CUSTOMER_KEY_MAX;
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{CreateProduct, List, Product, ProductStatus, UpdateProduct, Warning};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;

use super::refusal::short;
use super::{Ctx, Kind, Refusal, customer, list as page_of, member, partnership, product_book, transaction};
use crate::store::customer::CustomerRow;
use crate::store::list::{Condition, Page};
use crate::store::product::{self, Names, ProductRow};

fn scope(ctx: &Ctx) -> (i64, bool) {
    (ctx.program, ctx.test)
}

/// Records that a customer has a product. Payments that came before it are linked and evaluated now.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: CreateProduct,
) -> Result<(Product, Vec<Warning>), Refusal> {
    check_optional(
        "external_subscription_key",
        new.external_subscription_key.as_deref(),
        1,
        CUSTOMER_KEY_MAX,
    )?;
    check_optional("click_xid", new.click_xid.as_deref(), 0, CUSTOMER_KEY_MAX)?;
    new.amount.map_or(Ok(()), |amount| check_amount("amount", amount))?;
    let owner = require_customer(unit, ctx, new.customer_key.as_deref().unwrap_or_default())?;
    let credited = match &new.partnership_key {
        Some(name) => {
            let row = partnership::require_named(unit, ctx, name)?;
            Some((row.id, row.partner_key == *name))
        }
        None => owner.partnership.map(|id| (id, false)),
    };
    let book = product_book::require_named(unit, ctx, &new.product_book_key)?;
    if let Some(subscription) = &new.external_subscription_key {
        refuse_taken(unit, owner.id, subscription, None)?;
    }
    let mut warnings = Vec::new();
    let member = match &new.stack_key {
        Some(key) => credit_member(unit, ctx, key, credited.map(|(id, _)| id), &mut warnings)?,
        None => None,
    };
    let row = ProductRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Product),
        product_book: book.id,
        customer: owner.id,
        by_site_key: new.customer_key.as_ref() != Some(&owner.key),
        partnership: credited.map(|(id, _)| id),
        by_partner_key: credited.is_some_and(|(_, by_partner_key)| by_partner_key),
        member,
        external_subscription_key: new.external_subscription_key,
        status: new.status.name().to_owned(),
        amount: new.amount,
        currency: new.currency.map(|currency| currency.code().to_owned()),
        click_xid: new.click_xid,
        metadata: new.metadata,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        names: Names::default(),
    };
    product::insert(unit, scope(ctx), &row)?;
    transaction::link_waiting(unit, ctx, &row)?;
    Ok((reread(unit, ctx, row.id)?, warnings))
}

fn reread(unit: &mut Unit<'_>, ctx: &Ctx, id: i64) -> Result<Product, Refusal> {
    let row = product::find_by_id(unit, id)?;
    row.map(|row| render(ctx, row))
        .ok_or_else(|| Refusal::new(Kind::Internal, "internal", "the product just written is gone"))
}

fn require_customer(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<CustomerRow, Refusal> {
    customer::find(unit, ctx, name)?.ok_or_else(|| {
        let message = format!("customer_key names no customer of this program: '{}'", short(name));
        Refusal::new(Kind::Forbidden, "unknown_customer", message)
            .field("customer_key")
            .hint("create the customer first: POST /api/v2/customers")
    })
}

/// A subscription names one product of a customer.
fn refuse_taken(
    unit: &mut Unit<'_>,
    customer: i64,
    subscription: &str,
    except: Option<i64>,
) -> Result<(), Refusal> {
    let other = product::find_of_customer(unit, customer, subscription)?;
    let Some(other) = other.filter(|other| Some(other.id) != except) else { return Ok(()) };
    let message = format!(
        "the customer has a product with external_subscription_key '{}': {}",
        short(subscription),
        other.key
    );
    Err(Refusal::new(Kind::Conflict, "product_exists", message)
        .field("external_subscription_key")
        .hint(format!("PATCH /api/v2/products/{}", other.key)))
}

/// The member's number when the member's partner is active. Seed 000 ignores any other in silence; we say so.
fn credit_member(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    credited: Option<i64>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<i64>, Refusal> {
    let found = member::find_active(unit, ctx, key)?.filter(|row| credited == Some(row.partnership));
    if found.is_none() {
        warnings.push(Warning {
            code: "stack_key_ignored".to_owned(),
            field: "stack_key".to_owned(),
            hint: "the member is not of the credited partner's team, or that partner is not active"
                .to_owned(),
        });
    }
    Ok(found.map(|row| row.id))
}

/// A product as a path names it: our key, or a subscription that names one product.
fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<ProductRow, Refusal> {
    if let Some(row) = product::find(unit, scope(ctx), name)? {
        return Ok(row);
    }
    let mut found = product::find_subscription(unit, scope(ctx), name)?;
    if found.len() > 1 {
        let message = format!("several customers have a product with subscription '{}'", short(name));
        return Err(
            Refusal::new(Kind::Conflict, "product_ambiguous", message).hint("name it by its prod_ key")
        );
    }
    found.pop().ok_or_else(|| Refusal::not_found("product", name))
}

/// A product by our key or its subscription.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Product, Refusal> {
    require(unit, ctx, name).map(|row| render(ctx, row))
}

/// Changes a product. A new subscription links the payments that waited for it.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdateProduct,
) -> Result<Product, Refusal> {
    let mut row = require(unit, ctx, name)?;
    let subscription = change.external_subscription_key;
    check_optional("external_subscription_key", subscription.as_deref(), 1, CUSTOMER_KEY_MAX)?;
    change.amount.map_or(Ok(()), |amount| check_amount("amount", amount))?;
    if row.archived {
        let message = format!("product {} was deleted", row.key);
        return Err(Refusal::new(Kind::Conflict, "product_archived", message)
            .hint("POST /api/v2/products makes a new one"));
    }
    let renamed = subscription.is_some() && subscription != row.external_subscription_key;
    if let Some(text) = &subscription {
        refuse_taken(unit, row.customer, text, Some(row.id))?;
    }
    row.external_subscription_key = subscription.or(row.external_subscription_key);
    row.status = change.status.map_or(row.status, |status| status.name().to_owned());
    row.amount = change.amount.or(row.amount);
    row.currency = change.currency.map(|currency| currency.code().to_owned()).or(row.currency);
    row.updated_at = ctx.now.0;
    product::update(unit, &row)?;
    if renamed {
        transaction::link_waiting(unit, ctx, &row)?;
    }
    reread(unit, ctx, row.id)
}

/// Archives a product. Its subscription becomes free for another; payments stay linked.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Product, Refusal> {
    let mut row = require(unit, ctx, name)?;
    row.archived = true;
    row.external_subscription_key = None;
    row.updated_at = ctx.now.0;
    product::update(unit, &row)?;
    reread(unit, ctx, row.id)
}

/// What narrows a list of products.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    pub(crate) customer_key: Option<String>,
    pub(crate) stack_key: Option<String>,
    pub(crate) click_xid: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) external_subscription_key: Option<String>,
}

fn status_filter(status: &str) -> Result<Condition, Refusal> {
    let known = ProductStatus::from_name(status).ok_or_else(|| {
        FieldError::new("invalid_value", "status", "status must be trial, active or churned")
    })?;
    Ok(Condition::text("product.status =", known.name()))
}

/// A page of products.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    filters: Filters,
    page: &Page,
) -> Result<List<Product>, Refusal> {
    let mut conditions = Vec::new();
    if let Some(name) = filters.customer_key {
        // A name of nobody's narrows the list to nothing.
        let id = customer::find(unit, ctx, &name)?.map_or(0, |row| row.id);
        conditions.push(Condition::int("product.customer =", id));
    }
    if let Some(status) = filters.status {
        conditions.push(status_filter(&status)?);
    }
    let texts = [
        ("member.key =", filters.stack_key),
        ("product.click_xid =", filters.click_xid),
        ("product.external_subscription_key =", filters.external_subscription_key),
    ];
    conditions.extend(texts.into_iter().filter_map(|(left, right)| Some(Condition::text(left, right?))));
    let slice = product::list(unit, scope(ctx), None, conditions, page)?;
    page_of::render(page, slice, |row| render(ctx, row))
}

/// A page of everything a customer has, in the view of the partner who referred it.
pub(crate) fn list_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: i64,
    (customer_key, status): (Option<String>, Option<String>),
    page: &Page,
) -> Result<List<Product>, Refusal> {
    let name = customer_key.ok_or_else(|| {
        Refusal::from(FieldError::required("customer_key")).hint("GET /api/v2/products?customer_key=cus_…")
    })?;
    let owner = customer::find_referred(unit, ctx, viewer, &name)?;
    let filters = status.map(|status| status_filter(&status)).transpose()?.into_iter().collect();
    let slice = product::list(unit, scope(ctx), Some(owner.id), filters, page)?;
    page_of::render(page, slice, |row| render_for_partner(ctx, row, viewer))
}

/// A product in the view of the partner who referred its customer; any other does not exist there.
pub(crate) fn get_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: i64,
    key: &str,
) -> Result<Product, Refusal> {
    let found = product::find(unit, scope(ctx), key)?;
    let found = match found {
        Some(row) if customer::find_referred(unit, ctx, viewer, &row.names.customer_key).is_ok() => Some(row),
        _ => None,
    };
    found.map(|row| render_for_partner(ctx, row, viewer)).ok_or_else(|| Refusal::not_found("product", key))
}

fn render(ctx: &Ctx, row: ProductRow) -> Product {
    let names = row.names;
    let site_key = names.customer_site_key.filter(|_| row.by_site_key);
    let partner_key = names.partner_key.filter(|_| row.by_partner_key);
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
        source: "vendor".to_owned(),
        confirmed_at: Some(Millis(row.created_at)),
        team_color: None,
        updated_at: Millis(row.updated_at),
    }
}

/// A partner sees every product of the customer, and credit only where it is their own. Built from what may
/// be shown, so that a new member of the row stays hidden until somebody decides otherwise (api.md section 7).
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
        source: "vendor".to_owned(),
        confirmed_at: Some(Millis(row.created_at)),
        team_color: None,
        updated_at: Millis(row.updated_at),
    }
}

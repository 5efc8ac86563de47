//! Products: the catalogue entries that a customer has, and who sold them (seed 000).

mod listing;
mod report;
pub(super) mod view;

use headwater_protocol::field::check_optional;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::CUSTOMER_KEY_MAX;
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{Change, CreateProduct, List, Product, ProductStatus, UpdateProduct, Warning};
use headwater_protocol::{FieldError, Source};
use headwater_store::Unit;

use super::lookup::{self, Named};
use super::refusal::short;
use super::{Ctx, Refusal, RefusalKind, claim, evaluate, member, partnership, product_book, save, unmatched};
use crate::store::customer::CustomerRow;
use crate::store::member::MemberRow;
use crate::store::product::{self, ProductNames, ProductRow};
use crate::store::product_book::ProductBookRow;

pub(crate) use listing::list;
use report::{is_late, remember_status};
use view::render;
pub(crate) use view::{Products, get_for_partner};

/// A product that was made, or that existed.
pub(crate) struct RecordedProduct {
    pub(crate) product: Product,
    /// Whether it is new.
    pub(crate) created: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// Records that a customer has a product. Payments that came before it are linked and evaluated now. A product that
/// exists is confirmed and corrected by a more trusted source, and left alone by a page.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateProduct,
) -> Result<RecordedProduct, Refusal> {
    check(new)?;
    let mut found = require_customer(unit, ctx, new)?;
    let owner = &found.row;
    let mut warnings = Vec::new();
    if let Some(subscription) = &new.external_subscription_key
        && let Some(existing) = product::find_of_customer(unit, owner.id, subscription)?
    {
        return again(unit, ctx, existing, new);
    }
    // A page cannot name the seller; its product is credited to whoever referred the customer.
    let named = new.partnership_key.as_ref().filter(|_| !ctx.source.is_claim());
    let seller = named.map(|name| partnership::require_named(unit, ctx, name)).transpose()?;
    let partnership = seller.as_ref().map(|row| row.id).or(owner.partnership);
    let entry = entry(unit, ctx, new)?
        .map_or_else(|| product_book::require_named(unit, ctx, &new.product_book_key), Ok)?;
    let member = match &new.stack_key {
        Some(key) => credit_member(unit, ctx, key, partnership, &mut warnings)?,
        None => None,
    };
    let mut row = ProductRow {
        by_site_key: new.customer_key.as_ref().is_some_and(|name| *name != owner.key),
        partnership,
        by_partner_key: seller.as_ref().is_some_and(|row| named == Some(&row.partner_key)),
        credit_given: named.is_some(),
        member: member.as_ref().map(|row| row.id),
        external_subscription_key: new.external_subscription_key.clone(),
        status: new.status.name().to_owned(),
        amount: new.amount,
        currency: new.currency.map(|currency| currency.code().to_owned()),
        click_xid: new.click_xid.clone(),
        metadata: new.metadata.clone(),
        occurred_at: new.occurred_at.map(|at| at.0),
        claimed_name: found.claimed.clone(),
        ..blank(ctx, &entry, owner)
    };
    row.names.member_key = member.map(|row| row.key);
    if let Some(seller) = seller {
        row.names.partnership_key = Some(seller.key);
        row.names.partner_key = Some(seller.partner_key);
    }
    save::new_product(unit, ctx, &row)?;
    // A customer found by a claimed name is not confirmed by this: the claim may be wrong.
    if found.claimed.is_none() {
        claim::confirm(unit, ctx, &mut found.row)?;
    }
    unmatched::link(unit, ctx, &row)?;
    Ok(RecordedProduct { product: render(ctx, row), created: true, warnings })
}

/// An empty product row of a customer and a catalogue entry, with the names that answers show. Names that only a
/// partner's view shows are left out, because a row just written is never rendered for a partner.
fn blank(ctx: &Ctx, entry: &ProductBookRow, owner: &CustomerRow) -> ProductRow {
    ProductRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Product),
        product_book: entry.id,
        customer: owner.id,
        by_site_key: false,
        partnership: None,
        by_partner_key: false,
        member: None,
        external_subscription_key: None,
        status: ProductStatus::Active.name().to_owned(),
        amount: None,
        currency: None,
        click_xid: None,
        metadata: None,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        source: ctx.source,
        confirmed_at: (!ctx.source.is_claim()).then_some(ctx.now.0),
        occurred_at: None,
        credit_given: false,
        claimed_name: None,
        names: ProductNames {
            book_key: entry.key.clone(),
            book_name: entry.name.clone(),
            customer_key: owner.key.clone(),
            customer_site_key: owner.customer_key.clone(),
            partnership_key: owner.partnership_key.clone(),
            ..ProductNames::default()
        },
    }
}

fn check(new: &CreateProduct) -> Result<(), FieldError> {
    let texts =
        [("external_subscription_key", &new.external_subscription_key, 1), ("click_xid", &new.click_xid, 0)];
    for (field, text, min) in texts {
        check_optional(field, text.as_deref(), min, CUSTOMER_KEY_MAX)?;
    }
    new.amount.map_or(Ok(()), |amount| check_amount("amount", amount))
}

/// The catalogue entry of the first name that is known.
fn entry(unit: &mut Unit<'_>, ctx: &Ctx, new: &CreateProduct) -> Result<Option<ProductBookRow>, Refusal> {
    let names = std::iter::once(&new.product_book_key).chain(&new.catalogue_keys);
    product_book::first_named(unit, ctx, names)
}

/// Applies a report of a product that exists, by the trust in its source.
fn again(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    mut row: ProductRow,
    new: &CreateProduct,
) -> Result<RecordedProduct, Refusal> {
    match ctx.source {
        Source::Page | Source::Signed => {
            let hint = "the product exists, and a claim does not change it".to_owned();
            let warning = Warning {
                code: "claim_ignored".to_owned(),
                field: "external_subscription_key".to_owned(),
                hint,
            };
            return Ok(RecordedProduct {
                product: render(ctx, row),
                created: false,
                warnings: vec![warning],
            });
        }
        Source::Vendor if row.source == Source::Vendor => {
            refuse_taken(&row)?;
        }
        Source::Billing | Source::Vendor => {}
    }
    let late = is_late(&row, new);
    let earlier = remember_status(unit, &row, (late, new.status.name(), new.occurred_at.map(|at| at.0)))?;
    let (turned, old_entry) = (!late && row.status != new.status.name(), row.product_book);
    let entry = entry(unit, ctx, new)?;
    if entry.is_none() && ctx.source == Source::Vendor {
        product_book::require_named(unit, ctx, &new.product_book_key)?;
    }
    // Status and price are written first, so that the evaluation below uses them and not what a page claimed.
    if !late {
        new.status.name().clone_into(&mut row.status);
        row.amount = new.amount.or(row.amount);
        row.currency = new.currency.map(|currency| currency.code().to_owned()).or(row.currency);
        row.occurred_at = new.occurred_at.map_or(row.occurred_at, |at| Some(at.0));
        row.updated_at = ctx.now.0;
        save::product(unit, ctx, &row)?;
    }
    // A late report still confirms an entry that is only a claim, but does not undo a later change of plan.
    if let Some(entry) = entry.filter(|_| !late || row.confirmed_at.is_none()) {
        claim::confirm_product(unit, ctx, &mut row, &entry)?;
    }
    if ctx.source == Source::Billing
        && let Some(since) = earlier.or(row.occurred_at.filter(|_| turned))
    {
        evaluate::reevaluate_since(unit, ctx, (&row, since))?;
    }
    if turned || row.product_book != old_entry {
        evaluate::product_updated(unit, ctx, &row)?;
    }
    Ok(RecordedProduct { product: render(ctx, row), created: false, warnings: Vec::new() })
}

/// The product that a payment's subscription names and, for a billing provider's payment, the catalogue entry that
/// the provider names. A provider's payment makes the product where there is none yet.
pub(crate) fn of_payment(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    found: &lookup::Found,
    subscription: &str,
    catalogue_keys: &[String],
) -> Result<(Option<ProductRow>, Option<i64>), Refusal> {
    let existing = product::find_of_customer(unit, found.row.id, subscription)?;
    if ctx.source != Source::Billing {
        return Ok((existing, None));
    }
    let Some(entry) = product_book::first_named(unit, ctx, catalogue_keys)? else {
        return Ok((existing, None));
    };
    if let Some(mut row) = existing {
        // A confirmed product is left alone: the payment may be a line of an old invoice.
        if row.confirmed_at.is_none() {
            ProductStatus::Active.name().clone_into(&mut row.status); // it is being paid for
            claim::confirm_product(unit, ctx, &mut row, &entry)?;
        }
        return Ok((Some(row), Some(entry.id)));
    }
    let row = ProductRow {
        partnership: found.row.partnership,
        external_subscription_key: Some(subscription.to_owned()),
        claimed_name: found.claimed.clone(),
        ..blank(ctx, &entry, &found.row)
    };
    save::new_product(unit, ctx, &row)?;
    unmatched::link(unit, ctx, &row)?;
    Ok((Some(row), Some(entry.id)))
}

/// The customer that a body names.
pub(super) fn require_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateProduct,
) -> Result<lookup::Found, Refusal> {
    let name = match (&new.customer_key, &new.provider_key) {
        (Some(name), _) => Named::Key(name),
        (None, Some(name)) => Named::External(name),
        (None, None) => return Err(FieldError::required("customer_key").into()),
    };
    lookup::named(unit, ctx, name)?.ok_or_else(|| {
        let message = format!("customer_key names no customer of this program: '{}'", short(name.text()));
        Refusal::new(RefusalKind::Forbidden, "unknown_customer", message)
            .field("customer_key")
            .hint("create the customer first: POST /api/v2/customers")
    })
}

/// Refuses a second product of a customer under the same subscription.
fn refuse_taken(other: &ProductRow) -> Result<(), Refusal> {
    let subscription = other.external_subscription_key.as_deref().unwrap_or_default();
    let message = format!(
        "the customer has a product with external_subscription_key '{}': {}",
        short(subscription),
        other.key
    );
    Err(Refusal::new(RefusalKind::Conflict, "product_exists", message)
        .field("external_subscription_key")
        .hint(format!("PATCH /api/v2/products/{}", other.key)))
}

/// The member, when its partner is active and credited. Seed 000 ignores any other silently; we add a warning.
fn credit_member(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    credited: Option<i64>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<MemberRow>, Refusal> {
    let found = member::find_active(unit, ctx, key)?.filter(|row| credited == Some(row.partnership));
    if found.is_none() {
        warnings.push(Warning {
            code: "stack_key_ignored".to_owned(),
            field: "stack_key".to_owned(),
            hint: "the member is not of the credited partner's team, or that partner is not active"
                .to_owned(),
        });
    }
    Ok(found)
}

/// A product as a path names it: by our key, or by a subscription that only one customer uses, or by a subscription
/// of the customer given in the query.
fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: Path<'_>) -> Result<ProductRow, Refusal> {
    let Path { name, customer } = name;
    if let Some(row) = product::find(unit, ctx.scope(), name)? {
        return Ok(row);
    }
    if let Some(customer) = customer {
        let owner = lookup::named(unit, ctx, Named::Key(customer))?;
        let owner = owner.ok_or_else(|| Refusal::not_found("customer", customer).field("customer_key"))?;
        let found = product::find_of_customer(unit, owner.row.id, name)?;
        return found.ok_or_else(|| Refusal::not_found("product", name));
    }
    let mut found = product::find_subscription(unit, ctx.scope(), name)?;
    if found.len() > 1 {
        let message = format!("several customers have a product with subscription '{}'", short(name));
        return Err(Refusal::new(RefusalKind::Conflict, "product_ambiguous", message)
            .hint("name it by its prod_ key, or say whose it is with ?customer_key="));
    }
    found.pop().ok_or_else(|| Refusal::not_found("product", name))
}

/// A product by our key or its subscription.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: Path<'_>) -> Result<Product, Refusal> {
    require(unit, ctx, name).map(|row| render(ctx, row))
}

/// Changes a product. A new subscription links the payments that waited for it.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: Path<'_>,
    change: UpdateProduct,
) -> Result<Product, Refusal> {
    let mut row = require(unit, ctx, name)?;
    let subscription = change.external_subscription_key;
    check_optional("external_subscription_key", subscription.as_deref(), 1, CUSTOMER_KEY_MAX)?;
    change.amount.map_or(Ok(()), |amount| check_amount("amount", amount))?;
    if row.archived {
        let message = format!("product {} was deleted", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "product_archived", message)
            .hint("POST /api/v2/products makes a new one"));
    }
    if ctx.source.is_claim() {
        return Err(Refusal::new(RefusalKind::Forbidden, "claim_refused", "a page cannot change a product"));
    }
    let named = subscription.is_some();
    let old = (row.product_book, row.status.clone());
    if let Some(text) = &subscription
        && let Some(other) = product::find_of_customer(unit, row.customer, text)?
        && other.id != row.id
    {
        refuse_taken(&other)?;
    }
    if let Some(name) = &change.product_book_key {
        let entry = product_book::require_named(unit, ctx, name)?;
        claim::confirm_product(unit, ctx, &mut row, &entry)?;
    }
    let before = row.clone();
    row.external_subscription_key = subscription.or(row.external_subscription_key);
    row.status = change.status.map_or(row.status, |status| status.name().to_owned());
    row.amount = change.amount.or(row.amount);
    row.currency = change.currency.map(|currency| currency.code().to_owned()).or(row.currency);
    // The vendor's change counts from now, so that an older report of the provider does not undo it.
    if let Some(status) = change.status {
        remember_status(unit, &before, (false, status.name(), None))?;
    }
    if change.status.is_some() || change.amount.is_some() {
        row.occurred_at = Some(ctx.now.0);
    }
    row.updated_at = ctx.now.0;
    save::product(unit, ctx, &row)?;
    if named {
        unmatched::link(unit, ctx, &row)?;
    }
    if (row.product_book, &row.status) != (old.0, &old.1) {
        evaluate::product_updated(unit, ctx, &row)?;
    }
    Ok(render(ctx, row))
}

/// A product's history: its changes since it was made with their sources, oldest first.
pub(crate) fn history(unit: &mut Unit<'_>, ctx: &Ctx, name: Path<'_>) -> Result<List<Change>, Refusal> {
    let row = require(unit, ctx, name)?;
    claim::history(unit, ctx, &row.key)
}

/// Archives a product. Its subscription becomes free for another; payments stay linked.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: Path<'_>) -> Result<Product, Refusal> {
    let mut row = require(unit, ctx, name)?;
    row.archived = true;
    row.external_subscription_key = None;
    row.updated_at = ctx.now.0;
    save::product(unit, ctx, &row)?;
    Ok(render(ctx, row))
}

/// How a path names a product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    /// Our key, or a subscription.
    pub(crate) name: &'a str,
    /// The customer's name, for a subscription that several customers use.
    pub(crate) customer: Option<&'a str>,
}

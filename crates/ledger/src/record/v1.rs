//! The calls of version 1, each as the one of API v2 that it means.

use headwater_protocol::Currency;
use headwater_protocol::v2::{
    CreateApplication, CreateCustomer, CreateTransaction, CreateV1Application, CreateV1Customer,
    CreateV1Transaction, Customer, Transaction, UpdateCustomer, UpdateV1Customer, V1Customer, Warning,
};
use headwater_store::Unit;

use super::customer::{self, Customers};
use super::{Ctx, Refusal, application, lookup, resource, transaction};

/// Makes a customer.
pub(crate) fn record_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateV1Customer,
) -> Result<V1Customer, Refusal> {
    let new = CreateCustomer {
        customer_key: new.key.clone(),
        partner_key: new.partner_key.clone(),
        email: new.email.clone(),
        name: new.name.clone(),
        provider_key: new.provider_key.clone(),
        meta: new.meta.clone(),
        ..CreateCustomer::default()
    };
    Ok(older(customer::record(unit, ctx, &new, false)?.customer))
}

/// A customer by any of its names.
pub(crate) fn get_customer(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<V1Customer, Refusal> {
    resource::get::<Customers>(unit, ctx, None, name).map(older)
}

/// Changes a customer; `key` renames the site's own id.
pub(crate) fn update_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdateV1Customer,
) -> Result<V1Customer, Refusal> {
    let change = UpdateCustomer {
        customer_key: change.key,
        email: change.email,
        name: change.name,
        provider_key: change.provider_key,
        meta: change.meta,
        ..UpdateCustomer::default()
    };
    customer::update(unit, ctx, name, change).map(older)
}

/// Records a payment of the customer whom the path names: by the site's id, an external one or an address.
pub(crate) fn record_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    new: &CreateV1Transaction,
) -> Result<(Transaction, Vec<Warning>), Refusal> {
    let owner = match lookup::require(unit, ctx, name) {
        Ok(owner) => owner,
        Err(refusal) => {
            let renamed = customer::renamed(unit, ctx, lookup::Named::Key(name))?;
            return Err(renamed.unwrap_or(refusal));
        }
    };
    let new = CreateTransaction {
        amount: new.amount,
        currency: new.currency.unwrap_or(Currency::USD),
        customer_key: owner.customer_key.or(Some(owner.key)),
        customer_external_key: None,
        customer_email: None,
        key: new.key.clone(),
        subscription_key: None,
        product_key: new.product_key.clone(),
        category_key: new.category_key.clone(),
        metadata: new.metadata.clone(),
        catalogue_keys: Vec::new(),
        member_key: None,
        created_at: None,
    };
    transaction::record(unit, ctx, &new)
}

/// Takes an application that a page sends with the public key alone. Whether the address is a partner's, or has applied
/// before, is not told (trust.md section 1.7).
pub(crate) fn apply(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateV1Application) -> Result<(), Refusal> {
    let new = CreateApplication {
        email: Some(new.email),
        first_name: new.first_name,
        last_name: new.last_name,
        company: new.company,
        meta: new.meta,
        ..CreateApplication::default()
    };
    match application::record(unit, ctx, new) {
        Err(refusal) if !["partnership_exists", "application_exists"].contains(&refusal.code.as_str()) => {
            Err(Refusal { hint: None, ..refusal })
        }
        _ => Ok(()),
    }
}

fn older(row: Customer) -> V1Customer {
    V1Customer {
        key: row.customer_key.unwrap_or_else(|| row.key.clone()),
        customer_key: row.key,
        partner_key: row.partner_key,
        email: row.email,
        name: row.name,
        provider_key: row.provider_key,
        meta: row.meta,
        test: row.test,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

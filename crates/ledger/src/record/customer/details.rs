//! The columns of a customer in one place: empty, as a request says them, and without personal data. Whoever adds a
//! column decides here what each of these means for it.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, DESCRIPTION_MAX, EMAIL_MAX, EMAIL_MIN, FIELDS_MAX, NAME_MAX,
};
use headwater_protocol::v2::{CreateCustomer, UpdateCustomer};
use headwater_protocol::{FieldError, Source};
use serde_json::{Map, Value};

use crate::record::Ctx;
use crate::store::customer::CustomerRow;

/// A customer of whom nothing is said yet, from this request's source.
pub(crate) fn blank(ctx: &Ctx) -> CustomerRow {
    CustomerRow {
        id: ctx.next_id(),
        key: String::new(),
        customer_key: None,
        email: String::new(),
        name: None,
        provider_key: None,
        external_key: None,
        partnership: None,
        member: None,
        source_key: None,
        source_type: "api".to_owned(),
        sub_ids: Vec::new(),
        meta: None,
        fields: None,
        test: ctx.test,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        source: ctx.source,
        confirmed_at: (!ctx.source.is_claim()).then_some(ctx.now.0),
        credit_source: None,
        contested: false,
        email_claimed: ctx.source.is_claim(),
        partner_key: None,
        partnership_key: None,
        company_key: String::new(),
        company_name: String::new(),
        has_paid: false,
    }
}

/// What a request for a new customer says about it, as a change. Whom it credits is not part of that.
pub(super) fn of_new(new: &CreateCustomer) -> UpdateCustomer {
    UpdateCustomer {
        email: Some(new.email.clone()).filter(|email| !email.is_empty()),
        name: new.name.clone(),
        provider_key: new.provider_key.clone(),
        external_key: new.external_key.clone(),
        customer_key: new.customer_key.clone(),
        member_key: None,
        fields: None,
        meta: new.meta.clone(),
        partner_key: None,
    }
}

/// Checks what is said about a customer.
pub(super) fn check(said: &UpdateCustomer) -> Result<(), FieldError> {
    check_optional("email", said.email.as_deref(), EMAIL_MIN, EMAIL_MAX)?;
    let keys = [
        ("customer_key", &said.customer_key),
        ("provider_key", &said.provider_key),
        ("external_key", &said.external_key),
    ];
    for (field, text) in keys {
        check_optional(field, text.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    }
    check_optional("name", said.name.as_deref(), 0, NAME_MAX)?;
    check_fields(said.fields.as_ref())
}

/// Writes what is said about a customer into its row; what is not said stays. Its own names and whom it is credited to
/// are bound elsewhere, because other records depend on them. No page says by which name another system knows it.
pub(super) fn overwrite(
    row: &mut CustomerRow,
    said: UpdateCustomer,
    source: Source,
) -> Result<(), FieldError> {
    let UpdateCustomer {
        email,
        name,
        external_key,
        fields,
        meta,
        provider_key: _,
        customer_key: _,
        member_key: _,
        partner_key: _,
    } = said;
    if let Some(email) = email {
        row.email = email;
        row.email_claimed = source.is_claim();
    }
    row.name = name.or(row.name.take());
    row.external_key = external_key.filter(|_| !source.is_claim()).or(row.external_key.take());
    row.meta = meta.or(row.meta.take());
    set_fields(row, fields)
}

/// What is kept of a customer. Every column is listed, so that a new one does not compile until somebody has decided
/// whether it is personal.
pub(super) fn without_personal_data(row: CustomerRow, now: i64) -> CustomerRow {
    CustomerRow {
        id: row.id,
        key: row.key,
        customer_key: None,
        email: String::new(),
        name: None,
        provider_key: None,
        external_key: None,
        partnership: row.partnership,
        member: row.member,
        // A click's id leads to what is known of the visitor.
        source_key: None,
        source_type: row.source_type,
        sub_ids: Vec::new(),
        meta: None,
        fields: None,
        test: row.test,
        archived: true,
        created_at: row.created_at,
        updated_at: now,
        source: row.source,
        confirmed_at: row.confirmed_at,
        credit_source: row.credit_source,
        contested: row.contested,
        email_claimed: row.email_claimed,
        partner_key: row.partner_key,
        partnership_key: row.partnership_key,
        company_key: row.company_key,
        company_name: row.company_name,
        has_paid: row.has_paid,
    }
}

fn check_fields(fields: Option<&Map<String, Value>>) -> Result<(), FieldError> {
    for (name, value) in fields.into_iter().flatten() {
        check_length("fields", name, 1, NAME_MAX)?;
        let field = format!("fields.{name}");
        match value {
            Value::String(text) => check_length(&field, text, 0, DESCRIPTION_MAX)?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(_) | Value::Object(_) => {
                let message = format!("{field} must be text, a number, true, false or null");
                return Err(FieldError::new("wrong_type", &field, message));
            }
        }
    }
    Ok(())
}

/// Sets the fields that are named; null removes one.
fn set_fields(row: &mut CustomerRow, given: Option<Map<String, Value>>) -> Result<(), FieldError> {
    let Some(given) = given else { return Ok(()) };
    let mut fields = row.fields.take().unwrap_or_default();
    for (name, value) in given {
        if value.is_null() {
            fields.remove(&name)
        } else {
            fields.insert(name, value)
        };
    }
    if fields.len() > FIELDS_MAX {
        let message = format!("a customer has at most {FIELDS_MAX} fields");
        return Err(FieldError::new("out_of_range", "fields", message));
    }
    row.fields = Some(fields).filter(|fields| !fields.is_empty());
    Ok(())
}

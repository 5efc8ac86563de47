//! Forms that partners fill in.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{FORM_FIELDS_MAX, NAME_MAX};
use headwater_protocol::v2::{
    CreateFormTemplate, FormField, FormKind, FormTemplate, FormValue, List, UpdateFormTemplate,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use serde_json::Value;

use super::list::ListRequest;
use super::resource::{Editable, Resource, get, require};
use super::{Ctx, Refusal, RefusalKind, answers, filter, partnership};
use crate::store::form_template::{self, FormTemplateRow};
use crate::store::list::{Condition, Listing};

/// Forms.
pub(crate) struct FormTemplates;

impl Resource for FormTemplates {
    const NAME: &'static str = "form template";
    const LISTING: &'static Listing = &form_template::LISTING;
    type Row = FormTemplateRow;
    type Wire = FormTemplate;

    fn render(_: &Ctx, _: Option<i64>, row: FormTemplateRow) -> Result<FormTemplate, Refusal> {
        Ok(FormTemplate {
            key: row.key,
            kind: row.kind,
            name: row.name,
            group_key: row.group_key,
            fields: row.fields,
            archived: row.archived,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

impl Editable for FormTemplates {
    type New = CreateFormTemplate;
    type Change = UpdateFormTemplate;

    fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateFormTemplate) -> Result<FormTemplate, Refusal> {
        check_length("name", &new.name, 1, NAME_MAX)?;
        check_fields(&new.fields)?;
        let key = super::own_key(ctx, Prefix::FormTemplate, new.key)?;
        let group = match &new.group_key {
            Some(name) => Some(partnership::find_group(unit, ctx, name)?.id),
            None => None,
        };
        let row = FormTemplateRow {
            id: ctx.next_id(),
            key,
            kind: new.kind,
            group,
            name: new.name,
            fields: new.fields,
            archived: false,
            created_at: ctx.now.0,
            updated_at: ctx.now.0,
            group_key: None,
        };
        if !form_template::insert(unit, ctx.program, &row)? {
            let message = format!("a form template with key '{}' exists", row.key);
            return Err(Refusal::new(RefusalKind::Conflict, "form_template_exists", message).field("key"));
        }
        get::<Self>(unit, ctx, None, &row.key)
    }

    fn update(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        key: &str,
        change: UpdateFormTemplate,
    ) -> Result<FormTemplate, Refusal> {
        let mut row = require::<Self>(unit, ctx, None, key)?;
        check_optional("name", change.name.as_deref(), 1, NAME_MAX)?;
        if let Some(fields) = change.fields {
            check_fields(&fields)?;
            row.fields = fields;
        }
        row.name = change.name.unwrap_or(row.name);
        row.archived = change.archived.unwrap_or(row.archived);
        row.updated_at = ctx.now.0;
        form_template::update(unit, &row)?;
        Self::render(ctx, None, row)
    }

    fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<FormTemplate, Refusal> {
        let change = UpdateFormTemplate { archived: Some(true), ..UpdateFormTemplate::default() };
        Self::update(unit, ctx, key, change)
    }
}

fn check_fields(fields: &[FormField]) -> Result<(), FieldError> {
    answers::check_count(fields.len())?;
    for (at, field) in fields.iter().enumerate() {
        let place = |member: &str| format!("fields[{at}].{member}");
        check_length(&place("name"), &field.name, 1, NAME_MAX)?;
        check_length(&place("type"), &field.kind, 1, NAME_MAX)?;
        check_length(&place("api_name"), &field.api_name, 1, NAME_MAX)?;
        if !field.api_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            let message = "api_name must be of letters a to z, digits and underscores";
            return Err(FieldError::new("invalid_value", &place("api_name"), message));
        }
        if fields[..at].iter().any(|other| other.api_name == field.api_name) {
            let message = format!("api_name '{}' is there twice", field.api_name);
            return Err(FieldError::new("invalid_value", &place("api_name"), message));
        }
        if field.options.len() > FORM_FIELDS_MAX {
            let message = format!("options must have at most {FORM_FIELDS_MAX} entries");
            return Err(FieldError::new("out_of_range", &place("options"), message));
        }
        for option in &field.options {
            check_length(&place("options"), option, 1, NAME_MAX)?;
        }
    }
    Ok(())
}

/// A page of the forms of one kind. A partner sees those for their group and those for no group.
pub(crate) fn list_of_kind(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    kind: Option<FormKind>,
    request: &ListRequest,
) -> Result<List<FormTemplate>, Refusal> {
    let mut narrowed: Vec<_> =
        kind.map(|kind| Condition::text("form_template.kind =", kind.name())).into_iter().collect();
    if let Some(id) = viewer {
        let group = partnership::find_by_id(unit, id)?.and_then(|row| row.group);
        narrowed.push(Condition::int("coalesce(form_template.grp, 0) IN (0,", group.unwrap_or(0)).closed());
    }
    // Forms are the company's: a partner reads them, too.
    filter::narrowed::<FormTemplates>(unit, ctx, None, narrowed, request)
}

/// Checks that a partner answered what the form of the group requires. The company's own server may leave answers out.
pub(crate) fn check_required(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    kind: FormKind,
    group: Option<i64>,
    given: &[FormValue],
) -> Result<(), Refusal> {
    let own = match group {
        Some(_) => form_template::find_newest(unit, ctx.program, kind, group)?,
        None => None,
    };
    let form = match own {
        Some(form) => Some(form),
        None => form_template::find_newest(unit, ctx.program, kind, None)?,
    };
    let answered = |field: &FormField| {
        given.iter().any(|answer| answer.api_name == field.api_name && !is_empty(&answer.value))
    };
    let fields = form.map_or_else(Vec::new, |form| form.fields);
    match fields.iter().find(|field| field.required && !answered(field)) {
        Some(missing) => Err(FieldError::required(&format!("fields.{}", missing.api_name)).into()),
        None => Ok(()),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

//! Groups of partners.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::NAME_MAX;
use headwater_protocol::v2::{CreateGroup, Group};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use serde_json::Map;

use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind};
use crate::store::group::{self, GroupRow};
use crate::store::list::Listing;

/// Groups of partners.
pub(crate) struct Groups;

impl Resource for Groups {
    const NAME: &'static str = "group";
    const LISTING: &'static Listing = &group::LISTING;
    type Row = GroupRow;
    type Wire = Group;

    fn render(_: &Ctx, _: Option<i64>, row: GroupRow) -> Result<Group, Refusal> {
        Ok(render(row))
    }

    fn find(unit: &mut Unit<'_>, ctx: &Ctx, _: Option<i64>, name: &str) -> Result<Option<GroupRow>, Refusal> {
        Ok(group::find(unit, ctx.program, name)?)
    }
}

/// Makes a group.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateGroup) -> Result<Group, Refusal> {
    check_length("name", &new.name, 1, NAME_MAX)?;
    check_optional("slug", new.slug.as_deref(), 1, NAME_MAX)?;
    let key = super::own_key(ctx, Prefix::Group, new.key)?;
    let slug = new.slug.unwrap_or_else(|| slug_of(&new.name));
    if slug.is_empty() || !slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        let message = "slug must be of letters a to z, digits and dashes; give one when the name has none";
        return Err(FieldError::new("invalid_value", "slug", message).into());
    }
    for (field, text) in [("key", &key), ("slug", &slug)] {
        if let Some(other) = group::find(unit, ctx.program, text)? {
            let message = format!("a group with {field} '{text}' exists: {}", other.key);
            return Err(Refusal::new(RefusalKind::Conflict, "group_exists", message).field(field));
        }
    }
    let row = GroupRow {
        id: ctx.next_id(),
        key,
        name: new.name,
        slug,
        is_default: new.default.unwrap_or(false),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
    };
    group::insert(unit, ctx.program, &row)?;
    Ok(render(row))
}

/// A short name for URLs: ASCII letters and digits in lower case, one dash for anything between them.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn render(row: GroupRow) -> Group {
    Group {
        key: row.key,
        name: row.name,
        slug: row.slug,
        archived: row.archived,
        default: row.is_default,
        features: Map::new(),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

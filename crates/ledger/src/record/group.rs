//! Groups of partners.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::NAME_MAX;
use headwater_protocol::v2::{CreateGroup, Group, UpdateGroup, UpdateGroupFeatures};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::resource::{Editable, Resource, require};
use super::{Ctx, Refusal, RefusalKind};
use crate::store::group::{self, FeatureFlags, GroupRow};
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

impl Editable for Groups {
    type New = CreateGroup;
    type Change = UpdateGroup;

    fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateGroup) -> Result<Group, Refusal> {
        record(unit, ctx, new)
    }

    fn update(unit: &mut Unit<'_>, ctx: &Ctx, name: &str, change: UpdateGroup) -> Result<Group, Refusal> {
        let mut row = require::<Self>(unit, ctx, None, name)?;
        check_optional("name", change.name.as_deref(), 1, NAME_MAX)?;
        row.name = change.name.unwrap_or(row.name);
        row.features = switched(row.features, change.features);
        row.archived = change.archived.unwrap_or(row.archived);
        if change.default == Some(false) && row.is_default {
            return Err(keeps_default("default").hint("make another group the default; this one then is not"));
        }
        row.is_default |= change.default == Some(true);
        if row.is_default && row.archived {
            return Err(keeps_default("archived").hint("make another group the default first"));
        }
        row.updated_at = ctx.now.0;
        group::update(unit, ctx.program, &row)?;
        Ok(render(row))
    }

    /// Its partners stay in it.
    fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Group, Refusal> {
        Self::update(unit, ctx, name, UpdateGroup { archived: Some(true), ..UpdateGroup::default() })
    }
}

fn keeps_default(field: &str) -> Refusal {
    let message = "new partners join the default group, so there is always one, and it is not archived";
    Refusal::new(RefusalKind::Conflict, "default_group", message).field(field)
}

/// What the partners of a new group may do.
const EVERYTHING: FeatureFlags = FeatureFlags {
    application_enabled: true,
    deals_enabled: true,
    disable_link_create: false,
    leads_enabled: true,
};

/// The features of a group after a body has switched some of them.
fn switched(old: FeatureFlags, given: Option<UpdateGroupFeatures>) -> FeatureFlags {
    let given = given.unwrap_or_default();
    FeatureFlags {
        application_enabled: given.application_enabled.unwrap_or(old.application_enabled),
        deals_enabled: given.deals_enabled.unwrap_or(old.deals_enabled),
        disable_link_create: given.disable_link_create.unwrap_or(old.disable_link_create),
        leads_enabled: given.leads_enabled.unwrap_or(old.leads_enabled),
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
        features: switched(EVERYTHING, new.features),
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
        features: row.features.into(),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

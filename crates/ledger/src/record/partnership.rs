//! Partnerships: partners' memberships of a program.

pub(super) mod named;
pub(super) mod view;

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::{Prefix, mint_partner_key};
use headwater_protocol::limits::{EMAIL_MAX, EMAIL_MIN, NAME_MAX, PARTNER_KEY_MAX};
use headwater_protocol::referral::is_partner_key;
use headwater_protocol::v2::{
    CreatePartnership, List, MovePartnerships, PartnerToken, Partnership, TagPartnership, UpdatePartnership,
    WebhookEvent,
};
use headwater_protocol::{FieldError, limits};
use headwater_store::Unit;

use super::{Ctx, Refusal, RefusalKind, answers, evaluate, outgoing, secret, tier};
use crate::store::credential::{self, CredentialKind, CredentialRow};
use crate::store::group::{self, GroupRow};
use crate::store::partnership::{self, APPROVED_STATUSES, PartnershipName, PartnershipRow};

pub(crate) use named::{find, find_by_address, find_by_id, require};
pub(in crate::record) use view::render;
pub(crate) use view::{Partners, Partnerships, display_name, group_summary};

/// The partner key of the test partner that every program has (api.md section 1).
const TEST_PARTNER: &str = "gstest";
/// Tags of one partner, at most: triggers compare each.
pub(crate) const TAGS_MAX: usize = 50;

/// Makes the program's test partner.
pub(crate) fn record_test_partner(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<(), Refusal> {
    let new = CreatePartnership {
        email: "test-partner@headwater.example".to_owned(),
        first_name: Some("Test".to_owned()),
        last_name: Some("Partner".to_owned()),
        partner_key: Some(TEST_PARTNER.to_owned()),
        ..CreatePartnership::default()
    };
    record(unit, ctx, new).map(drop)
}

/// Makes a partnership.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreatePartnership) -> Result<Partnership, Refusal> {
    check_length("email", &new.email, EMAIL_MIN, EMAIL_MAX)?;
    let partner_key = new.partner_key.unwrap_or_else(|| mint_partner_key(&ctx.random()));
    if !is_partner_key(partner_key.as_bytes()) {
        let message = format!("partner_key must have 1 to {PARTNER_KEY_MAX} bytes and no control characters");
        return Err(FieldError::new("out_of_range", "partner_key", message).into());
    }
    let key = super::own_key(ctx, Prefix::Partnership, new.key)?;
    let group = match new.group_key {
        Some(name) => Some(find_group(unit, ctx, &name)?.id),
        None => group::find_default(unit, ctx.program)?.map(|group| group.id),
    };
    let tier = match new.tier_key {
        Some(key) => Some(tier::find_open(unit, ctx, &key)?.id),
        None => None,
    };
    let row = PartnershipRow {
        id: ctx.next_id(),
        key,
        partner_key,
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        group,
        tier,
        manager_email: new.manager_email,
        manager_name: new.manager_name,
        address: new.address,
        fields: answers::read(new.fields)?,
        tags: new.tags,
        approved_status: "approved".to_owned(),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        group_facts: None,
        tier_facts: None,
        customers: 0,
        clicks: 0,
        money: None,
    };
    check_profile(&row)?;
    let names = [
        (PartnershipName::Key, "key", &row.key),
        (PartnershipName::PartnerKey, "partner_key", &row.partner_key),
        (PartnershipName::Email, "email", &row.email),
    ];
    for (name, field, text) in names {
        if let Some(other) = partnership::find_by(unit, ctx.program, name, text)? {
            let message = format!("a partnership with this {field} exists: {}", other.key);
            return Err(Refusal::new(RefusalKind::Conflict, "partnership_exists", message).field(field));
        }
    }
    partnership::insert(unit, ctx.program, &row)?;
    evaluate::joined(unit, ctx, row.id)?;
    announced(unit, ctx, WebhookEvent::PartnershipCreated, &row.key)
}

/// Checks what a body has written into a row.
fn check_profile(row: &PartnershipRow) -> Result<(), FieldError> {
    check_optional("first_name", row.first_name.as_deref(), 0, NAME_MAX)?;
    check_optional("last_name", row.last_name.as_deref(), 0, NAME_MAX)?;
    check_optional("manager_email", row.manager_email.as_deref(), EMAIL_MIN, EMAIL_MAX)?;
    check_optional("manager_name", row.manager_name.as_deref(), 0, NAME_MAX)?;
    answers::check_object("address", row.address.as_ref())?;
    check_tags(&row.tags)?;
    if APPROVED_STATUSES.contains(&row.approved_status.as_str()) {
        return Ok(());
    }
    let message = format!("approved_status must be one of {}", APPROVED_STATUSES.join(", "));
    Err(FieldError::new("invalid_value", "approved_status", message))
}

fn check_tags(tags: &[String]) -> Result<(), FieldError> {
    if tags.len() > TAGS_MAX {
        let message = format!("tags must have at most {TAGS_MAX} entries, got {}", tags.len());
        return Err(FieldError::new("out_of_range", "tags", message));
    }
    tags.iter().enumerate().try_for_each(|(at, tag)| check_length(&format!("tags[{at}]"), tag, 1, NAME_MAX))
}

/// The group that a body or filter names as `group_key`.
pub(crate) fn find_group(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<GroupRow, Refusal> {
    group::find(unit, ctx.program, name)?.ok_or_else(|| {
        let message = format!("group_key names no group: '{}'", super::refusal::short(name));
        Refusal::invalid("unknown_group", "group_key", message).hint("GET /api/v2/groups lists them")
    })
}

/// A partnership that was just written, after its event is queued for webhooks.
fn announced(unit: &mut Unit<'_>, ctx: &Ctx, event: WebhookEvent, key: &str) -> Result<Partnership, Refusal> {
    let wire = get(unit, ctx, key)?;
    outgoing::queue(unit, ctx, event, &wire)?;
    Ok(wire)
}

/// A partnership by any of its names.
fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Partnership, Refusal> {
    Ok(render(require(unit, ctx, name)?))
}

/// Changes a partnership.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdatePartnership,
) -> Result<Partnership, Refusal> {
    let mut row = require(unit, ctx, name)?;
    let old_group = row.group;
    row.first_name = change.first_name.or(row.first_name);
    row.last_name = change.last_name.or(row.last_name);
    row.manager_email = change.manager_email.or(row.manager_email);
    row.manager_name = change.manager_name.or(row.manager_name);
    row.address = change.address.or(row.address);
    row.tags = change.tags.unwrap_or(row.tags);
    row.approved_status = change.approved_status.unwrap_or(row.approved_status);
    if let Some(group) = change.group_key {
        row.group = Some(find_group(unit, ctx, &group)?.id);
    }
    if let Some(key) = change.tier_key {
        row.tier = Some(tier::find_open(unit, ctx, &key)?.id);
    }
    if change.fields.is_some() {
        row.fields = answers::read(change.fields)?;
    }
    check_profile(&row)?;
    row.updated_at = ctx.now.0;
    partnership::update(unit, &row)?;
    if row.group != old_group {
        evaluate::joined(unit, ctx, row.id)?;
    }
    announced(unit, ctx, WebhookEvent::PartnershipUpdated, &row.key)
}

/// Moves many partners to a group: all, or none.
pub(crate) fn move_many(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    order: &MovePartnerships,
) -> Result<List<Partnership>, Refusal> {
    super::check_many("partnership_keys", order.partnership_keys.len(), limits::LIST_MAX)?;
    let mut items = Vec::with_capacity(order.partnership_keys.len());
    for name in &order.partnership_keys {
        let change =
            UpdatePartnership { group_key: Some(order.group_key.clone()), ..UpdatePartnership::default() };
        items.push(update(unit, ctx, name, change)?);
    }
    Ok(super::list::whole(items, |item| &item.key))
}

/// Replaces a partner's tags, or adds and takes away some.
pub(crate) fn tag(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    order: TagPartnership,
) -> Result<Partnership, Refusal> {
    if order.tags.is_none() && order.add.is_none() && order.remove.is_none() {
        return Err(FieldError::required("tags").into());
    }
    let row = require(unit, ctx, name)?;
    let mut tags = order.tags.unwrap_or(row.tags);
    for tag in order.add.unwrap_or_default() {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let gone = order.remove.unwrap_or_default();
    tags.retain(|tag| !gone.contains(tag));
    let change = UpdatePartnership { tags: Some(tags), ..UpdatePartnership::default() };
    update(unit, ctx, name, change)
}

/// Archives a partnership: its links answer 404 and its token stops working; what it earned stays.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Partnership, Refusal> {
    let mut row = require(unit, ctx, name)?;
    row.archived = true;
    row.updated_at = ctx.now.0;
    partnership::update(unit, &row)?;
    credential::delete_of_partnership(unit, row.id)?;
    announced(unit, ctx, WebhookEvent::PartnershipUpdated, &row.key)
}

/// Makes a token for the partner's own view; the one before stops working.
pub(crate) fn record_token(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<PartnerToken, Refusal> {
    let row = require(unit, ctx, name)?;
    if row.archived {
        let message = "an archived partnership gets no token";
        return Err(Refusal::new(RefusalKind::Conflict, "partnership_archived", message));
    }
    let token = Prefix::PartnerToken.mint_credential(&ctx.random());
    let credential_row = CredentialRow {
        secret_hash: secret::hash(&token),
        program: ctx.program,
        kind: CredentialKind::Partner,
        test: false,
        public_key: None,
        partnership: Some(row.id),
    };
    credential::insert(unit, &credential_row, ctx.now.0)?;
    Ok(PartnerToken { token, partnership_key: row.key })
}

/// The partnership that a body or filter names as `partnership_key`. An unknown one, or another program's, is 403
/// (seed 000).
pub(crate) fn require_named(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<PartnershipRow, Refusal> {
    if let Some(row) = find(unit, ctx, name)? {
        return Ok(row);
    }
    let message =
        format!("partnership_key names no partnership of this program: '{}'", super::refusal::short(name));
    Err(Refusal::new(RefusalKind::Forbidden, "unknown_partnership", message)
        .field("partnership_key")
        .hint("GET /api/v2/partnerships lists them"))
}

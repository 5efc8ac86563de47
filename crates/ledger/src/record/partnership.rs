//! Partnerships: partners' memberships of a program.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::{Prefix, mint_partner_key};
use headwater_protocol::limits::{EMAIL_MAX, EMAIL_MIN, NAME_MAX, PARTNER_KEY_MAX};
use headwater_protocol::referral::is_partner_key;
use headwater_protocol::v2::{
    CreatePartnership, GroupSummary, Partner, PartnerToken, Partnership, UpdatePartnership, WebhookEvent,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use serde_json::Map;

use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind, outgoing, secret};
use crate::store::credential::{self, CredentialKind, CredentialRow};
use crate::store::group;
use crate::store::list::Listing;
use crate::store::partnership::{self, PartnershipName, PartnershipRow};

/// The partner key of the test partner that every program has (api.md section 1).
const TEST_PARTNER: &str = "gstest";
/// Tags of one partner, at most: triggers compare each.
const TAGS_MAX: usize = 50;

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
    check_names(new.first_name.as_deref(), new.last_name.as_deref())?;
    check_tags(&new.tags)?;
    let partner_key = new.partner_key.unwrap_or_else(|| mint_partner_key(&ctx.random()));
    if !is_partner_key(partner_key.as_bytes()) {
        let message = format!("partner_key must have 1 to {PARTNER_KEY_MAX} bytes and no control characters");
        return Err(FieldError::new("out_of_range", "partner_key", message).into());
    }
    let key = super::own_key(ctx, Prefix::Partnership, new.key)?;
    let names = [
        (PartnershipName::Key, "key", &key),
        (PartnershipName::PartnerKey, "partner_key", &partner_key),
        (PartnershipName::Email, "email", &new.email),
    ];
    for (name, field, text) in names {
        if let Some(other) = partnership::find_by(unit, ctx.program, name, text)? {
            let message = format!("a partnership with this {field} exists: {}", other.key);
            return Err(Refusal::new(RefusalKind::Conflict, "partnership_exists", message).field(field));
        }
    }
    let group = match new.group_key {
        Some(name) => Some(find_group(unit, ctx, &name)?),
        None => group::find_default(unit, ctx.program)?.map(|group| group.id),
    };
    let row = PartnershipRow {
        id: ctx.next_id(),
        key,
        partner_key,
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        group,
        tags: new.tags,
        approved_status: "approved".to_owned(),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        group_facts: None,
        customers: 0,
    };
    partnership::insert(unit, ctx.program, &row)?;
    announced(unit, ctx, WebhookEvent::PartnershipCreated, &row.key)
}

fn check_names(first: Option<&str>, last: Option<&str>) -> Result<(), FieldError> {
    check_optional("first_name", first, 0, NAME_MAX)?;
    check_optional("last_name", last, 0, NAME_MAX)
}

fn check_tags(tags: &[String]) -> Result<(), FieldError> {
    if tags.len() > TAGS_MAX {
        let message = format!("tags must have at most {TAGS_MAX} entries, got {}", tags.len());
        return Err(FieldError::new("out_of_range", "tags", message));
    }
    tags.iter().enumerate().try_for_each(|(at, tag)| check_length(&format!("tags[{at}]"), tag, 1, NAME_MAX))
}

fn find_group(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<i64, Refusal> {
    group::find(unit, ctx.program, name)?.map(|group| group.id).ok_or_else(|| {
        let message = format!("group_key names no group: '{}'", super::refusal::short(name));
        Refusal::invalid("unknown_group", "group_key", message).hint("GET /api/v2/groups lists them")
    })
}

/// A partnership by `part_…`, by partner key, or by address.
pub(crate) fn find(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Option<PartnershipRow>, Refusal> {
    // Only our own keys begin with this prefix, so other names need no lookup by key.
    let ours = Some(PartnershipName::Key).filter(|_| name.starts_with(Prefix::Partnership.text()));
    for by in ours.into_iter().chain([PartnershipName::PartnerKey, PartnershipName::Email]) {
        if let Some(row) = partnership::find_by(unit, ctx.program, by, name)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// A partnership by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<PartnershipRow>, Refusal> {
    Ok(partnership::find_by_id(unit, id)?)
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<PartnershipRow, Refusal> {
    find(unit, ctx, name)?.ok_or_else(|| Refusal::not_found("partnership", name))
}

/// A partnership that was just written, after its event is queued for webhooks.
fn announced(unit: &mut Unit<'_>, ctx: &Ctx, event: WebhookEvent, key: &str) -> Result<Partnership, Refusal> {
    let wire = get(unit, ctx, key)?;
    outgoing::queue(unit, ctx, event, &wire)?;
    Ok(wire)
}

/// A partnership by any of its names.
fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Partnership, Refusal> {
    require(unit, ctx, name).map(render)
}

/// Partners' memberships of a program.
pub(crate) struct Partnerships;

impl Resource for Partnerships {
    const NAME: &'static str = "partnership";
    const LISTING: &'static Listing = &partnership::LISTING;
    type Row = PartnershipRow;
    type Wire = Partnership;

    fn render(_: &Ctx, _: Option<i64>, row: PartnershipRow) -> Result<Partnership, Refusal> {
        Ok(render(row))
    }

    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        _: Option<i64>,
        name: &str,
    ) -> Result<Option<PartnershipRow>, Refusal> {
        find(unit, ctx, name)
    }
}

/// The same in the shape of seed 003.
pub(crate) struct Partners;

impl Resource for Partners {
    const NAME: &'static str = "partnership";
    const LISTING: &'static Listing = &partnership::LISTING;
    type Row = PartnershipRow;
    type Wire = Partner;

    fn render(_: &Ctx, _: Option<i64>, row: PartnershipRow) -> Result<Partner, Refusal> {
        Ok(render_partner(row))
    }

    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        _: Option<i64>,
        name: &str,
    ) -> Result<Option<PartnershipRow>, Refusal> {
        find(unit, ctx, name)
    }
}

/// Changes a partnership.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdatePartnership,
) -> Result<Partnership, Refusal> {
    let mut row = require(unit, ctx, name)?;
    check_names(change.first_name.as_deref(), change.last_name.as_deref())?;
    row.first_name = change.first_name.or(row.first_name);
    row.last_name = change.last_name.or(row.last_name);
    if let Some(group) = change.group_key {
        row.group = Some(find_group(unit, ctx, &group)?);
    }
    if let Some(tags) = change.tags {
        check_tags(&tags)?;
        row.tags = tags;
    }
    if let Some(status) = change.approved_status {
        if !matches!(status.as_str(), "approved" | "pending" | "declined") {
            let message = "approved_status must be approved, pending or declined";
            return Err(FieldError::new("invalid_value", "approved_status", message).into());
        }
        row.approved_status = status;
    }
    row.updated_at = ctx.now.0;
    partnership::update(unit, &row)?;
    announced(unit, ctx, WebhookEvent::PartnershipUpdated, &row.key)
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

fn status(archived: bool) -> String {
    if archived { "archived" } else { "active" }.to_owned()
}

fn render(row: PartnershipRow) -> Partnership {
    let group = row.group_facts.map(|group| GroupSummary {
        key: group.key,
        name: group.name,
        slug: group.slug,
        archived: group.archived,
        default: group.is_default,
        features: Map::new(),
    });
    let stats = Map::from_iter([("CUSTOMER_COUNT".to_owned(), row.customers.into())]);
    Partnership {
        key: row.key,
        partner_key: row.partner_key,
        email: row.email,
        first_name: row.first_name,
        last_name: row.last_name,
        group_key: group.as_ref().map(|group| group.key.clone()),
        group,
        tags: row.tags,
        fields: Vec::new(),
        tier: None,
        stats,
        claimed: false,
        approved_status: row.approved_status,
        status: status(row.archived),
        archived: row.archived,
        joined_at: Millis(row.created_at),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

fn render_partner(row: PartnershipRow) -> Partner {
    let name = [row.first_name, row.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Partner { key: row.key, email: row.email, name, status: status(row.archived) }
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

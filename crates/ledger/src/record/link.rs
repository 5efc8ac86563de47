//! Partners' links: their allowed destinations and their slugs.

use headwater_protocol::field::check_length;
use headwater_protocol::key::{Prefix, mint_company_key};
use headwater_protocol::v2::{CreateLink, Link, List, UpdateLink};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use url::Url;

use super::list::ListRequest;
use super::resource::{Resource, require};
use super::{Ctx, Refusal, RefusalKind, filter, partnership, program};
use crate::store::link::{self, LinkRow};
use crate::store::list::{Listing, find};
use crate::store::partnership::PartnershipRow;

/// Characters of a destination: the URL length that old proxies accept, less the parameters that a redirect appends.
pub(crate) const DEST_MAX: usize = 1500;
/// Characters of a slug.
pub(crate) const SLUG_MAX: usize = 64;
/// First path segments that the server itself uses, or may use.
const RESERVED: [&str; 10] =
    ["api", "v1", "v2", "conversion", "healthz", "pr", "events", "assets", "demo", "dashboard"];

/// Makes a link.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    new: CreateLink,
) -> Result<Link, Refusal> {
    let whose = match viewer {
        Some(viewer) => own(unit, ctx, viewer, &new.partnership_key)?,
        None if new.partnership_key.is_empty() => return Err(FieldError::required("partnership_key").into()),
        None => partnership::require_named(unit, ctx, &new.partnership_key)?,
    };
    if whose.archived {
        let message = "an archived partnership gets no link";
        return Err(
            Refusal::new(RefusalKind::Conflict, "partnership_archived", message).field("partnership_key")
        );
    }
    let forbidden = whose.group_facts.as_ref().is_some_and(|group| group.features.disable_link_create);
    if viewer.is_some() && forbidden {
        let message = "your group's links are made by the company";
        return Err(Refusal::new(RefusalKind::Forbidden, "links_disabled", message)
            .hint("ask the company for a link"));
    }
    let allowed = program::find(unit, ctx.program)?.link_destinations;
    let dest = check_dest(&new.dest, &allowed).map_err(|refusal| match viewer {
        // A partner cannot change the program.
        Some(_) if refusal.code == "destination_not_allowed" => {
            refusal.hint("ask the company to allow this destination")
        }
        _ => refusal,
    })?;
    let slug = new.slug.unwrap_or_else(|| mint_company_key(&ctx.random()));
    check_slug(&slug)?;
    if let Some(other) = link::find_by_slug(unit, &slug)? {
        // The key of another program's link is not disclosed, nor is another partner's to a partner.
        let own = other.program == ctx.program && viewer.is_none_or(|viewer| viewer == other.partnership);
        let named = if own { format!(": {}", other.key) } else { String::new() };
        let message = format!("a link with slug '{slug}' exists{named}");
        return Err(Refusal::new(RefusalKind::Conflict, "link_exists", message).field("slug"));
    }
    let row = LinkRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Link),
        program: ctx.program,
        partnership: whose.id,
        dest,
        slug,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        partnership_key: whose.key,
        partner_key: whose.partner_key,
        partnership_archived: false,
    };
    link::insert(unit, &row)?;
    Ok(render(&ctx.link_base, row))
}

/// The partner who calls. Whoever else is named, the refusal is the same, so that it tells nobody who exists.
fn own(unit: &mut Unit<'_>, ctx: &Ctx, viewer: i64, name: &str) -> Result<PartnershipRow, Refusal> {
    let named = if name.is_empty() {
        partnership::find_by_id(unit, viewer)?
    } else {
        partnership::find(unit, ctx, name)?.filter(|row| row.id == viewer)
    };
    named.ok_or_else(|| {
        let message = "a partner makes links of their own only";
        Refusal::new(RefusalKind::Forbidden, "unknown_partnership", message)
            .field("partnership_key")
            .hint("leave partnership_key out")
    })
}

/// The destination as browsers normalise it, when its host is allow-listed. Links are no open redirects.
pub(crate) fn check_dest(dest: &str, allowed: &[String]) -> Result<String, Refusal> {
    check_length("dest", dest, 1, DEST_MAX)?;
    let usable = |url: &Url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    };
    let url = Url::parse(dest).ok().filter(usable).ok_or_else(|| {
        Refusal::invalid("invalid_value", "dest", "dest must be a URL like https://www.example.com/page")
    })?;
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if allowed.contains(&host) {
        return Ok(url.into());
    }
    let message = format!("dest leads to {host}, which is not among the program's link_destinations");
    let hint = if allowed.is_empty() {
        format!(
            "the program allows no destination yet: PATCH /api/v2/program {{\"link_destinations\": [\"{host}\"]}}"
        )
    } else {
        format!("allowed are {}; PATCH /api/v2/program changes them", allowed.join(", "))
    };
    Err(Refusal::invalid("destination_not_allowed", "dest", message).hint(hint))
}

fn check_slug(slug: &str) -> Result<(), FieldError> {
    check_length("slug", slug, 1, SLUG_MAX)?;
    if !slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        let message = "slug must be of letters a to z, digits, '-' and '_'";
        return Err(FieldError::new("invalid_value", "slug", message));
    }
    if RESERVED.iter().any(|word| slug.eq_ignore_ascii_case(word)) {
        let message = format!("slug '{slug}' is a path of the server itself; choose another");
        return Err(FieldError::new("invalid_value", "slug", message));
    }
    Ok(())
}

/// Partners' links.
pub(crate) struct Links;

impl Resource for Links {
    const NAME: &'static str = "link";
    const LISTING: &'static Listing = &link::LISTING;
    type Row = LinkRow;
    type Wire = Link;

    fn render(ctx: &Ctx, _: Option<i64>, row: LinkRow) -> Result<Link, Refusal> {
        Ok(render(&ctx.link_base, row))
    }

    /// By our key or by its slug.
    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        viewer: Option<i64>,
        name: &str,
    ) -> Result<Option<LinkRow>, Refusal> {
        let found = find(unit, Self::LISTING, Self::LISTING.scope(ctx.scope(), viewer), name)?;
        if found.is_some() {
            return Ok(found);
        }
        let found = link::find_by_slug(unit, name)?;
        Ok(found.filter(|row| row.program == ctx.program && viewer.is_none_or(|id| row.partnership == id)))
    }
}

/// Changes where a link leads.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: &UpdateLink,
) -> Result<Link, Refusal> {
    let mut row = require::<Links>(unit, ctx, None, name)?;
    if let Some(dest) = &change.dest {
        row.dest = check_dest(dest, &program::find(unit, ctx.program)?.link_destinations)?;
    }
    row.archived = change.archived.unwrap_or(row.archived);
    row.updated_at = ctx.now.0;
    link::update(unit, &row)?;
    Ok(render(&ctx.link_base, row))
}

/// Archives a link: it answers 404; its clicks stay.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Link, Refusal> {
    update(unit, ctx, name, &UpdateLink { archived: Some(true), ..UpdateLink::default() })
}

/// A page of the links of the partner that is named.
pub(crate) fn list_of(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    request: &ListRequest,
) -> Result<List<Link>, Refusal> {
    let whose = partnership::find(unit, ctx, name)?.ok_or_else(|| Refusal::not_found("partnership", name))?;
    filter::list::<Links>(unit, ctx, Some(whose.id), request)
}

fn render(base: &str, row: LinkRow) -> Link {
    Link {
        key: row.key,
        dest: row.dest,
        url: format!("{base}/{}", row.slug),
        slug: row.slug,
        partnership_key: row.partnership_key,
        archived: row.archived,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

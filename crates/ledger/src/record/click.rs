//! Clicks: recorded by the link host, then redirected with the referral in URL and cookies (api.md section 5).

use headwater_attribution::{LinkFacts, RecordFacts};
use headwater_protocol::Millis;
use headwater_protocol::cookie::encode;
use headwater_protocol::key::{Prefix, mint_click_id, mint_company_key};
use headwater_protocol::limits::{CLICK_DAYS, REFERRAL_DAYS};
use headwater_protocol::referral::{encode_partner_key, is_host, percent_encode, sub_ids};
use headwater_protocol::v2::{Click, RedirectOrder, TriggerEvent};
use headwater_store::{StoreError, Unit};
use url::{Host, Url};

use super::evaluate::{self, Occurrence};
use super::resource::Resource;
use super::{Ctx, Ids, Refusal, program, trigger};
use crate::store::click::{self, ClickRow};
use crate::store::link::{self, LinkRow};
use crate::store::list::Listing;
use crate::store::program::lock as lock_program;

/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Characters of a user agent that are stored: enough to tell what it was.
const USER_AGENT_MAX: usize = 255;
/// Cookies of earlier clicks that one response expires. A browser holds two after one of our redirects, and more only
/// when they are from before redirects expired them; the next click expires the rest.
const EARLIER_MAX: usize = 32;
/// Parts of the user agents of programs that follow links, previews of messengers among them.
const BOT_MARKS: [&str; 12] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "whatsapp",
    "curl/",
    "wget/",
    "python-",
    "monitor",
    "scanner",
];

/// A request for a link's path.
pub(crate) struct ClickRequest {
    /// The query behind the path.
    pub(crate) query: String,
    /// The `User-Agent` header.
    pub(crate) user_agent: Option<String>,
    /// The cookies of the request, as one `Cookie` header.
    pub(crate) cookie_header: String,
    /// The `Host` header.
    pub(crate) host: Option<String>,
    /// Whether it was a HEAD request, which programs send and browsers following a link do not.
    pub(crate) head_only: bool,
}

/// The redirect that answers a click, and the cookies that it sets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) location: String,
    /// `Set-Cookie` values.
    pub(crate) cookies: Vec<String>,
}

/// A link that can be followed: neither it nor its partner is archived.
pub(crate) fn find_link(unit: &mut Unit<'_>, slug: &str) -> Result<Option<LinkRow>, StoreError> {
    let found = link::find_by_slug(unit, slug)?;
    Ok(found.filter(|link| !link.archived && !link.partnership_archived))
}

/// Records a click and returns the redirect to the link's destination. `ctx` is of the link's program.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    link: &LinkRow,
    request: &ClickRequest,
) -> Result<Redirect, Refusal> {
    let owner = program::find(unit, link.program)?;
    let company_key = owner.company_key;
    let given = sub_ids(&request.query);
    let row = ClickRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Click),
        program: link.program,
        xid: mint_click_id(ctx.real_now, &ctx.random()),
        link: link.id,
        partnership: link.partnership,
        sub_ids: given.iter().map(|(_, value)| value.clone()).collect(),
        user_agent: request.user_agent.as_deref().map(shorten),
        bot: request.head_only || is_bot(request.user_agent.as_deref()),
        created_at: ctx.now.0,
        link_key: link.key.clone(),
        partnership_key: link.partnership_key.clone(),
    };
    click::insert(unit, &row)?;
    if !row.bot {
        evaluate_click(unit, ctx, (&row, link), owner.triggers_version)?;
    }
    let random = mint_company_key(&ctx.random());
    // Cookies must be set for a domain of the host that the browser asked, which may be a custom link domain.
    let custom = request.host.as_deref().and_then(|host| custom_domain(&ctx.link_base, host));
    let scheme = if ctx.link_base.starts_with("https:") { "https" } else { "http" };
    let base = custom.map_or_else(|| ctx.link_base.to_string(), |host| format!("{scheme}://{host}"));
    let scope = match shared_domain(&base, &link.dest) {
        SharedDomain::Nothing => None,
        SharedDomain::Host => Some(String::new()),
        SharedDomain::Domain(domain) => Some(format!("; Domain={domain}")),
    };
    let cookies = scope.map_or_else(Vec::new, |scope| {
        let secure = if scheme == "https" { "; Secure" } else { "" };
        let scope = format!("{scope}; SameSite=Lax{secure}");
        let mut cookies = expire_earlier(&scope, &company_key, &request.cookie_header);
        cookies.extend(cookies_of(&scope, &company_key, &link.partner_key, &row.xid, &random));
        cookies
    });
    let referral = AppendedReferral { partner_key: &link.partner_key, xid: &row.xid, domain: custom };
    Ok(Redirect { location: location(&link.dest, &given, &referral, owner.redirect_order), cookies })
}

/// Evaluates the triggers that listen for clicks. A program without one pays nothing for that: the version of its
/// triggers came with the program's row, and the triggers are cached.
fn evaluate_click(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (click, link): (&ClickRow, &LinkRow),
    version: i64,
) -> Result<(), Refusal> {
    let triggers = trigger::ready_at(unit, ctx, TriggerEvent::LinkClicked, version)?;
    evaluate::event_with(unit, ctx, (TriggerEvent::LinkClicked, &triggers), |unit| {
        // A click does not hold the program's lock, which caps are counted under; this waits for other clicks only.
        lock_program(unit, ctx.program)?;
        let Some(partner) = evaluate::credited(unit, Some(click.partnership))? else { return Ok(None) };
        let facts = LinkFacts { key: link.key.clone(), slug: link.slug.clone(), dest: link.dest.clone() };
        let (key, record) = (format!("click:{}", click.id), Some(RecordFacts::Link(facts)));
        Ok(Some(Occurrence { key, partner, customer: None, product: None, record }))
    })
}

/// The custom link domain that a click came through: the `Host` header, when it is a domain name and not the link
/// host's own.
fn custom_domain<'a>(link_base: &str, host: &'a str) -> Option<&'a str> {
    let own = Url::parse(link_base).ok()?;
    let requested = Url::parse(&format!("{}://{host}", own.scheme())).ok()?;
    let is_domain = matches!(requested.host(), Some(Host::Domain(name)) if name.contains('.'));
    (is_host(host.as_bytes()) && is_domain && requested.host() != own.host()).then_some(host)
}

fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(USER_AGENT_MAX).collect()
}

/// Whether a program rather than a person clicked. Every browser sends a user agent, so none means a program.
fn is_bot(user_agent: Option<&str>) -> bool {
    let text = user_agent.unwrap_or_default().to_ascii_lowercase();
    text.is_empty() || BOT_MARKS.iter().any(|mark| text.contains(mark))
}

/// What a redirect appends to its destination.
struct AppendedReferral<'a> {
    partner_key: &'a str,
    xid: &'a str,
    /// The custom link domain, where the click came through one.
    domain: Option<&'a str>,
}

/// The destination with the referral appended: first its own parameters, then sub-ids, then ours in the order that
/// the contract sets.
fn location(
    dest: &str,
    sub_ids: &[(String, String)],
    referral: &AppendedReferral<'_>,
    order: RedirectOrder,
) -> String {
    let (page, fragment) = dest.split_once('#').map_or((dest, None), |(page, rest)| (page, Some(rest)));
    let key = percent_encode(&encode_partner_key(referral.partner_key));
    let AppendedReferral { xid, domain, .. } = referral;
    let mut pairs: Vec<String> =
        sub_ids.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    pairs.extend(domain.map(|domain| format!("pscd={}", percent_encode(domain))));
    pairs.push(format!("ps_partner_key={key}&ps_xid={xid}"));
    pairs.push(match order {
        RedirectOrder::Present => format!("gsxid={xid}&gspk={key}"),
        RedirectOrder::Of2021 => format!("gspk={key}&gsxid={xid}"),
    });
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, own)) if own.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut location = format!("{page}{joint}{}", pairs.join("&"));
    if let Some(fragment) = fragment {
        location.push('#');
        location.push_str(fragment);
    }
    location
}

/// The redirect's cookies (browser.md section 4). `scope` is the attributes appended to each, such as its domain.
fn cookies_of(scope: &str, company_key: &str, partner_key: &str, xid: &str, random: &str) -> Vec<String> {
    let age = i64::from(REFERRAL_DAYS) * 24 * 60 * 60;
    let partner_key = encode(partner_key);
    let pairs = [
        (format!("_ps_xid_{company_key}_{random}"), xid),
        (format!("_gsxid{company_key}{random}"), xid),
        (format!("_ps_partner_key_{company_key}"), &partner_key),
        (format!("_grsmpk{company_key}"), &partner_key),
    ];
    pairs.into_iter().map(|(name, value)| format!("{name}={value}; Path=/; Max-Age={age}{scope}")).collect()
}

/// Expires the cookies of earlier clicks. Each click overwrites the partner key, and no other click's id may stand
/// beside it (trust.md section 2).
fn expire_earlier(scope: &str, company_key: &str, cookie_header: &str) -> Vec<String> {
    let marks = [format!("_ps_xid_{company_key}_"), format!("_gsxid{company_key}")];
    cookie_header
        .split(';')
        .filter_map(|pair| pair.split_once('=').map(|(name, _)| name.trim()))
        .filter(|name| marks.iter().any(|mark| name.starts_with(mark.as_str())))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        .take(EARLIER_MAX)
        .map(|name| format!("{name}=; Path=/; Max-Age=0{scope}"))
        .collect()
}

/// Which cookies the link host and a destination both see.
#[derive(Debug, PartialEq, Eq)]
enum SharedDomain {
    /// None.
    Nothing,
    /// Those of the host itself, as with `localhost` and IP addresses.
    Host,
    /// Those of a parent domain of both. A public suffix such as `co.uk` may come out here; the browser itself
    /// refuses cookies for it.
    Domain(String),
}

fn shared_domain(link_base: &str, dest: &str) -> SharedDomain {
    let (Ok(link), Ok(dest)) = (Url::parse(link_base), Url::parse(dest)) else {
        return SharedDomain::Nothing;
    };
    let same = match (link.host(), dest.host()) {
        (Some(Host::Domain(link)), Some(Host::Domain(dest))) => {
            link.rsplit('.').zip(dest.rsplit('.')).take_while(|(a, b)| a == b).count()
        }
        _ => 0,
    };
    match dest.host_str() {
        Some(host) if same >= 2 => {
            let labels: Vec<&str> = host.split('.').collect();
            SharedDomain::Domain(labels[labels.len() - same..].join("."))
        }
        Some(host) if link.host_str() == Some(host) => SharedDomain::Host,
        _ => SharedDomain::Nothing,
    }
}

/// Deletes up to `limit` clicks that are too old to credit anybody; returns how many. Customers made from them name
/// their partner themselves and stay.
pub(crate) fn prune(unit: &mut Unit<'_>, now: Millis, limit: i64) -> Result<usize, StoreError> {
    click::delete_before(unit, Ids::first_id(now.plus(-CLICK_DAYS * DAY)), limit)
}

/// Clicks of partners' links.
pub(crate) struct Clicks;

impl Resource for Clicks {
    const NAME: &'static str = "click";
    const LISTING: &'static Listing = &click::LISTING;
    type Row = ClickRow;
    type Wire = Click;

    fn render(_: &Ctx, _: Option<i64>, row: ClickRow) -> Result<Click, Refusal> {
        Ok(render(row))
    }
}

fn render(row: ClickRow) -> Click {
    Click {
        key: row.key,
        xid: row.xid,
        partnership_key: row.partnership_key,
        link_key: row.link_key,
        sub_ids: row.sub_ids,
        bot: row.bot,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.created_at),
    }
}

#[cfg(test)]
mod tests;

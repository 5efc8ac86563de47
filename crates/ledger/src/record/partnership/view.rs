//! Partnerships as they are shown.

use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{
    GroupSummary, Partner, PartnerManager, PartnerMoney, PartnerStats, Partnership, TeamSummary, TierSummary,
};
use headwater_protocol::{Currency, Millis};
use headwater_store::Unit;

use super::super::resource::Resource;
use super::super::{Ctx, Refusal};
use crate::store::list::Listing;
use crate::store::partnership::{self, GroupFacts, PartnershipRow};

/// Partners' memberships of a program.
pub(crate) struct Partnerships;

impl Resource for Partnerships {
    const NAME: &'static str = "partnership";
    const LISTING: &'static Listing = &partnership::LISTING;
    type Row = PartnershipRow;
    type Wire = Partnership;

    /// Partners see their own without what the company notes about them.
    fn render(_: &Ctx, viewer: Option<i64>, row: PartnershipRow) -> Result<Partnership, Refusal> {
        let shown = render(row);
        if viewer.is_none() {
            return Ok(shown);
        }
        Ok(Partnership { tags: Vec::new(), fields: Vec::new(), mdata: None, ..shown })
    }

    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        viewer: Option<i64>,
        name: &str,
    ) -> Result<Option<PartnershipRow>, Refusal> {
        Ok(super::named::find(unit, ctx, name)?.filter(|row| viewer.is_none_or(|own| own == row.id)))
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
        viewer: Option<i64>,
        name: &str,
    ) -> Result<Option<PartnershipRow>, Refusal> {
        Ok(super::named::find(unit, ctx, name)?.filter(|row| viewer.is_none_or(|own| own == row.id)))
    }
}

fn status(archived: bool) -> String {
    if archived { "archived" } else { "active" }.to_owned()
}

/// The key of a partner's team: it has the letters of the partnership's (`part_…`).
fn team_key(partnership_key: &str) -> String {
    let letters = partnership_key.strip_prefix(Prefix::Partnership.text()).unwrap_or(partnership_key);
    format!("{}{letters}", Prefix::Team.text())
}

/// First and last name, or the address when there is neither.
pub(crate) fn display_name(row: &PartnershipRow) -> String {
    let name = full_name(row.first_name.as_deref(), row.last_name.as_deref());
    if name.is_empty() { row.email.clone() } else { name }
}

/// A partner's full name; empty when unknown.
pub(crate) fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    [first, last].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A group as it is shown inside of other objects.
pub(crate) fn group_summary(group: GroupFacts) -> GroupSummary {
    GroupSummary {
        key: group.key,
        name: group.name,
        slug: group.slug,
        archived: group.archived,
        default: group.is_default,
        features: group.features.into(),
    }
}

pub(in crate::record) fn render(row: PartnershipRow) -> Partnership {
    let stats = stats(&row);
    let team = TeamSummary { key: team_key(&row.key), name: display_name(&row) };
    let group = row.group_facts.map(group_summary);
    let (email, name) = (row.manager_email, row.manager_name);
    Partnership {
        key: row.key,
        partner_key: row.partner_key,
        email: row.email,
        first_name: row.first_name.unwrap_or_default(),
        last_name: row.last_name.unwrap_or_default(),
        address: row.address,
        group_key: group.as_ref().map(|group| group.key.clone()),
        group,
        tier: row.tier_facts.map(|tier| TierSummary { key: tier.key, name: tier.name }),
        team,
        tags: row.tags,
        fields: row.fields,
        manager: (email.is_some() || name.is_some()).then_some(PartnerManager { email, name }),
        stats,
        mdata: None,
        claimed: false,
        approved_status: row.approved_status,
        status: status(row.archived),
        archived: row.archived,
        offers: None,
        joined_at: Millis(row.created_at),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

/// The counters. Amounts of different currencies are never added up.
fn stats(row: &PartnershipRow) -> PartnerStats {
    let mut by_currency: Vec<_> =
        row.money.as_deref().unwrap_or_default().split(',').filter_map(read_money).collect();
    by_currency.sort_by_key(|money| (money.currency != Currency::USD, money.currency.code()));
    let first = by_currency.first();
    PartnerStats {
        customer_count: row.customers,
        link_clicks: row.clicks,
        currency: first.map_or(Currency::USD, |money| money.currency),
        revenue: first.map_or(0, |money| money.revenue),
        commission_earned: first.map_or(0, |money| money.commission_earned),
        by_currency,
    }
}

/// `USD:900:90`; `None` where nothing is left of what there was.
fn read_money(text: &str) -> Option<PartnerMoney> {
    let mut parts = text.split(':');
    let currency = parts.next()?.parse().ok()?;
    let (revenue, commission_earned) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (revenue != 0 || commission_earned != 0).then_some(PartnerMoney { currency, revenue, commission_earned })
}

fn render_partner(row: PartnershipRow) -> Partner {
    let name = full_name(row.first_name.as_deref(), row.last_name.as_deref());
    Partner { key: row.key, email: row.email, name, status: status(row.archived) }
}

//! Partners' teams. Every partnership has one, whose key has the letters of the partnership's.

use headwater_protocol::key::Prefix;
use headwater_protocol::limits::LIST_MAX;
use headwater_protocol::v2::{CreateMember, CreateTeamMember, Member, Team};
use headwater_store::Unit;

use super::{Ctx, Refusal, member, partnership};

/// The team that a path names.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Team, Refusal> {
    let unknown = || Refusal::not_found("team", key);
    if !Prefix::Team.matches(key) {
        return Err(unknown());
    }
    let letters = key.strip_prefix(Prefix::Team.text()).unwrap_or_default();
    let whose = format!("{}{letters}", Prefix::Partnership.text());
    let row = partnership::find(unit, ctx, &whose)?.filter(|row| row.key == whose).ok_or_else(unknown)?;
    Ok(Team {
        key: key.to_owned(),
        name: partnership::display_name(&row),
        members: member::list_of_team(unit, row.id, LIST_MAX)?,
        partner_key: row.partner_key,
        partnership_key: row.key,
    })
}

/// Adds a person to the team of the partner that a path names.
pub(crate) fn add_member(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    new: CreateTeamMember,
) -> Result<Member, Refusal> {
    let whose = partnership::require(unit, ctx, name)?;
    let parts: Vec<_> = [new.first_name, new.last_name].into_iter().flatten().collect();
    let joined = (!parts.is_empty()).then(|| parts.join(" "));
    let made = CreateMember {
        partnership_key: whose.key,
        email: new.email,
        name: new.name.or(joined),
        key: new.key,
    };
    member::record(unit, ctx, made)
}

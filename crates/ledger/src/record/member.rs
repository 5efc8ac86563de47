//! The people of partners' teams.

use headwater_protocol::Millis;
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{EMAIL_MAX, EMAIL_MIN, NAME_MAX};
use headwater_protocol::v2::{CreateMember, Member};
use headwater_store::Unit;

use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind, partnership};
use crate::store::list::Listing;
use crate::store::member::{self, MemberRow};

/// Adds a person to a partner's team.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateMember) -> Result<Member, Refusal> {
    check_length("email", &new.email, EMAIL_MIN, EMAIL_MAX)?;
    check_optional("name", new.name.as_deref(), 0, NAME_MAX)?;
    let team = partnership::require_named(unit, ctx, &new.partnership_key)?;
    let key = super::own_key(ctx, Prefix::Member, new.key)?;
    let taken = [
        ("key", member::find(unit, ctx.program, &key)?),
        ("email", member::find_by_email(unit, team.id, &new.email)?),
    ];
    for (field, other) in taken {
        if let Some(other) = other {
            let message = format!("a member with this {field} exists: {}", other.key);
            return Err(Refusal::new(RefusalKind::Conflict, "member_exists", message).field(field));
        }
    }
    let row = MemberRow {
        id: ctx.next_id(),
        key,
        partnership: team.id,
        partnership_key: team.key,
        partnership_archived: team.archived,
        email: new.email,
        name: new.name,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
    };
    member::insert(unit, ctx.program, &row)?;
    Ok(render(row))
}

/// People of partners' teams.
pub(crate) struct Members;

impl Resource for Members {
    const NAME: &'static str = "member";
    const LISTING: &'static Listing = &member::LISTING;
    type Row = MemberRow;
    type Wire = Member;

    fn render(_: &Ctx, _: Option<i64>, row: MemberRow) -> Result<Member, Refusal> {
        Ok(render(row))
    }
}

/// The people of a partner's team, the first of them.
pub(crate) fn list_of_team(unit: &mut Unit<'_>, partnership: i64, most: u32) -> Result<Vec<Member>, Refusal> {
    Ok(member::list_of_team(unit, partnership, most)?.into_iter().map(render).collect())
}

/// A member whose partner is active: only such a member is credited.
pub(crate) fn find_active(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Option<MemberRow>, Refusal> {
    Ok(member::find(unit, ctx.program, key)?.filter(|row| !row.partnership_archived))
}

fn render(row: MemberRow) -> Member {
    Member {
        key: row.key,
        partnership_key: row.partnership_key,
        email: row.email,
        name: row.name,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

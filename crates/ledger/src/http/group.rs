//! `/groups`.

use super::routes::Routes;
use super::write::Writes;
use crate::record::group::Groups;

pub(crate) fn routes() -> Routes {
    let groups = "/api/v2/groups";
    Routes::of("groups").reads::<Groups>(groups).edits::<Groups>(groups, Writes::Shared)
}

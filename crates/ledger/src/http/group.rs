//! `/groups`.

use super::routes::Routes;
use super::write::{Writes, create};
use crate::record::group::{self, Groups};

pub(crate) fn routes() -> Routes {
    Routes::of("groups").reads::<Groups>("/api/v2/groups").post(
        "/api/v2/groups",
        "Create a group",
        create(Writes::Shared, "Group created", group::record),
    )
}

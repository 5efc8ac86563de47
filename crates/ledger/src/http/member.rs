//! `/members`.

use super::routes::Routes;
use super::write::{Writes, create};
use crate::record::member::{self, Members};

pub(crate) fn routes() -> Routes {
    Routes::of("members").reads::<Members>("/api/v2/members").post(
        "/api/v2/members",
        "Add a person to a partner's team",
        create(Writes::Shared, "Member created", member::record),
    )
}

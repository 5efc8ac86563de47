//! `/triggers`: for the vendor only. Partners see a trigger's offer description on their rewards.

use super::routes::Routes;
use super::write::{Writes, create, update, without_body};
use crate::record::trigger::{self, Triggers};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/triggers/{key}";
    Routes::of("triggers")
        .reads::<Triggers>("/api/v2/triggers")
        .post(
            "/api/v2/triggers",
            "Create a trigger",
            create(Writes::Shared, "Trigger created", trigger::record),
        )
        .patch(one, "Change a trigger", update(Writes::Shared, "Trigger updated", trigger::update))
        .delete(one, "Archive a trigger", without_body(Writes::Shared, "Trigger archived", trigger::archive))
}

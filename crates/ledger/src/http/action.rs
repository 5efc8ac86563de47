//! `/actions`.

use super::routes::Routes;
use super::write::{Writes, create, without_body};
use crate::record::action::{self, Actions};

pub(crate) fn routes() -> Routes {
    Routes::of("actions")
        .reads::<Actions>("/api/v2/actions")
        .post(
            "/api/v2/actions",
            "Record an action",
            create(Writes::OwnMode, "Action tracked successfully", |unit, ctx, new| {
                action::record(unit, ctx, &new)
            }),
        )
        .delete(
            "/api/v2/actions/{key}",
            "Delete an action and take back what it earned",
            without_body(Writes::OwnMode, "Action archived", action::archive),
        )
}

//! `/partnerships`, and `/partners` in the shape of seed 003.

use super::routes::Routes;
use super::write::{Writes, create, update, without_body};
use crate::record::partnership::{self, Partners, Partnerships};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/partnerships/{key}";
    Routes::of("partnerships")
        .reads::<Partnerships>("/api/v2/partnerships")
        .post(
            "/api/v2/partnerships",
            "Create a partnership",
            create(Writes::Shared, "Partnership created", partnership::record),
        )
        .patch(
            one,
            "Change a partnership",
            update(Writes::Shared, "Partnership updated", partnership::update),
        )
        .delete(
            one,
            "Archive a partnership",
            without_body(Writes::Shared, "Partnership archived", partnership::archive),
        )
        .post(
            "/api/v2/partnerships/{key}/token",
            // Each call makes a new one: it takes no `Idempotency-Key`, because a stored answer would keep the token.
            "Create a token of the partner's own view",
            without_body(Writes::Shared, "Token created; it is shown this once", partnership::record_token),
        )
        .merge(Routes::of("partners").reads::<Partners>("/api/v2/partners"))
}

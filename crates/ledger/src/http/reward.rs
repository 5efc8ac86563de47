//! `/rewards`.

use super::routes::Routes;
use super::write::{Writes, create, update};
use crate::record::reward::{self, Rewards};

pub(crate) fn routes() -> Routes {
    Routes::of("rewards")
        .reads::<Rewards>("/api/v2/rewards")
        .post(
            "/api/v2/rewards",
            "Give a reward",
            create(Writes::OwnMode, "Reward created", |unit, ctx, new| reward::record(unit, ctx, &new)),
        )
        .patch(
            "/api/v2/rewards/{key}",
            "Approve, decline, hold or pay a reward",
            update(Writes::OwnMode, "Reward updated", |unit, ctx, key, change| {
                reward::update(unit, ctx, key, &change)
            }),
        )
}

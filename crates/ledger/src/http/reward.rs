//! `/rewards`.

use super::routes::Routes;
use super::write::{Writes, update};
use crate::record::reward::{self, Rewards};

pub(crate) fn routes() -> Routes {
    Routes::of("rewards").reads::<Rewards>("/api/v2/rewards").patch(
        "/api/v2/rewards/{key}",
        "Approve, decline, hold or pay a reward",
        update(Writes::OwnMode, "Reward updated", |unit, ctx, key, change| {
            reward::update(unit, ctx, key, &change)
        }),
    )
}

//! `/tiers` and `/tiers-collection`.

use super::routes::Routes;
use super::write::Writes;
use crate::record::tier::{Tiers, TiersCollections};

pub(crate) fn routes() -> Routes {
    let (tiers, collections) = ("/api/v2/tiers", "/api/v2/tiers-collection");
    Routes::of("tiers").reads::<Tiers>(tiers).edits::<Tiers>(tiers, Writes::Shared).merge(
        Routes::of("tiers collections")
            .reads::<TiersCollections>(collections)
            .edits::<TiersCollections>(collections, Writes::Shared),
    )
}

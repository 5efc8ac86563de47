//! `/product_book`, and its alias `/product-book`, which some clients use.

use super::routes::Routes;
use super::write::{Writes, create, update, without_body};
use crate::record::product_book::{self, Catalogue};

pub(crate) fn routes() -> Routes {
    of("/api/v2/product_book", "/api/v2/product_book/{key}")
        .merge(of("/api/v2/product-book", "/api/v2/product-book/{key}"))
}

/// Statuses and sentences are those of seed 000.
fn of(all: &str, one: &str) -> Routes {
    Routes::of("catalogue entries")
        .reads::<Catalogue>(all)
        .post(
            all,
            "Create a catalogue entry",
            create(Writes::Shared, "Product Book Created", product_book::record),
        )
        .patch(
            one,
            "Change a catalogue entry",
            update(Writes::Shared, "Product Book Updated", product_book::update),
        )
        .delete(
            one,
            "Archive a catalogue entry",
            without_body(Writes::Shared, "Product Book Archived", product_book::archive),
        )
}

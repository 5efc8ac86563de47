//! Use cases of `product_book`.

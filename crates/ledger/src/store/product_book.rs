//! Rows of `product_book`.

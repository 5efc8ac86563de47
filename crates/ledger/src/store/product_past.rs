//! Rows of `product_past`: which status a product had from when on, as far as its own row no longer says so. A renewal, which
//! repeats the status, adds none; a payment that is newer than the product's last change reads none.

use headwater_store::{StoreError, Unit};

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE product_past (
    product bigint NOT NULL REFERENCES product (id),
    occurred_at bigint NOT NULL,
    status text NOT NULL,
    PRIMARY KEY (product, occurred_at, status)
);
";

/// Keeps a status and since when; `false` if it is known.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    product: i64,
    (occurred_at, status): (i64, &str),
) -> Result<bool, StoreError> {
    let values =
        [("product", product.into()), ("occurred_at", occurred_at.into()), ("status", status.into())];
    Ok(unit.insert_on_conflict("product_past", values, "DO NOTHING")? == 1)
}

/// The status at a time; `None` if none is known from before. Of two reports of one moment the end of a subscription counts.
/// [`super::past_payment`] asks the same for many payments.
pub(crate) fn find(unit: &mut Unit<'_>, product: i64, at: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT status FROM product_past WHERE product = $1 AND occurred_at <= $2 ORDER BY occurred_at DESC, \
               CASE WHEN status = 'churned' THEN 0 ELSE 1 END LIMIT 1";
    unit.query_one(sql, &[product.into(), at.into()], |row| row.get(0))
}

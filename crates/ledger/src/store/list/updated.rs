//! Indexes for lists that are bounded by `updated_at`: clients ask for what has changed since they last asked.

/// One for each table that grows with use. Each covers the bound and the order.
pub(in crate::store) const INDEXES: &str = "
CREATE INDEX customer_by_change ON customer (program, test, updated_at, id);
CREATE INDEX txn_by_change ON txn (program, test, updated_at, id);
CREATE INDEX reward_by_change ON reward (program, test, updated_at, id);
CREATE INDEX product_by_change ON product (program, test, updated_at, id);
CREATE INDEX partnership_by_change ON partnership (program, updated_at, id);
";

//! The ledger's tables. One script for each version; a released script never changes.
//!
//! Conventions: `id` is made by us and ascends with time within one process, `key` is what the API shows, flags are 0
//! or 1, times are epoch milliseconds, amounts are minor units, lists and objects are JSON text. `by_site_key` and
//! `by_partner_key` store which of two names a request used, so that answers use it too. Rows that test keys made
//! (`test = 1`) are in the same tables and never visible to production keys.

mod first;

use super::totals::TABLES as TOTALS;
use first::FIRST;

/// Scripts for [`headwater_store::Store::open`], oldest first.
pub const MIGRATIONS: &[&str] = &[
    FIRST,
    SOURCES,
    TOTALS,
    SEARCHED,
    super::trigger::VERSION,
    super::replaced_credential::TABLE,
    super::erasure::TABLE,
    PAID_FOR,
    LEAN,
    super::program::WEBHOOK_SECRETS,
    super::cap::TABLE,
    super::due::TABLE,
    super::firing::TABLE,
    super::stage::TABLE,
    super::form_template::TABLE,
    super::sale::TABLE,
    super::deal_file::TABLE,
    super::tier::TABLES,
    super::group::FEATURES,
    super::partnership::PROFILE,
    super::totals::PARTNERS,
    super::application::TABLE,
    super::action::TABLES,
    super::invoice::TABLES,
    super::transaction::MEMBERS,
    super::list::BY_CHANGE,
    super::former_key::TABLE,
    super::webhook::TABLE,
    super::delivery::TABLE,
    super::transaction::REVISION,
    super::partner_past::TABLE,
    super::reward::REOPENS,
    super::message::TABLE,
    super::reward::BY_STATUS,
    super::product_past::TABLE,
];

/// Sources of records (trust.md section 1). Rows from before have the vendor as source, because the real one was not
/// stored.
const SOURCES: &str = "
ALTER TABLE program ADD COLUMN product_claims text NOT NULL DEFAULT 'hold';
ALTER TABLE program ADD COLUMN claimed_signups text NOT NULL DEFAULT 'hold';
ALTER TABLE program ADD COLUMN signups text NOT NULL DEFAULT 'open';
ALTER TABLE program ADD COLUMN organic_signups bigint NOT NULL DEFAULT 0;
ALTER TABLE program ADD COLUMN email_matching bigint NOT NULL DEFAULT 0;
ALTER TABLE program ADD COLUMN identity_secret text;
ALTER TABLE program ADD COLUMN redirect_order text NOT NULL DEFAULT 'present';
ALTER TABLE customer ADD COLUMN source text NOT NULL DEFAULT 'vendor';
ALTER TABLE customer ADD COLUMN confirmed_at bigint;
ALTER TABLE customer ADD COLUMN credit_source text;
ALTER TABLE customer ADD COLUMN contested bigint NOT NULL DEFAULT 0;
ALTER TABLE customer ADD COLUMN email_claimed bigint NOT NULL DEFAULT 0;
UPDATE customer SET confirmed_at = created_at;
UPDATE customer SET credit_source = 'vendor' WHERE partnership IS NOT NULL;
DROP INDEX customer_by_email;
CREATE INDEX customer_by_email ON customer (program, test, email, email_claimed);
DROP INDEX customer_by_provider_key;
CREATE TABLE provider_id (
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    provider_key text NOT NULL,
    claimed bigint NOT NULL,
    customer bigint NOT NULL REFERENCES customer (id),
    source text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (program, test, provider_key, customer)
);
CREATE INDEX provider_id_by_claim ON provider_id (program, test, provider_key, claimed);
CREATE INDEX provider_id_by_customer ON provider_id (customer);
INSERT INTO provider_id (program, test, provider_key, claimed, customer, source, created_at)
    SELECT program, test, provider_key, 0, id, 'vendor', created_at FROM customer
    WHERE provider_key IS NOT NULL AND archived = 0;
ALTER TABLE product ADD COLUMN source text NOT NULL DEFAULT 'vendor';
ALTER TABLE product ADD COLUMN confirmed_at bigint;
ALTER TABLE product ADD COLUMN occurred_at bigint;
ALTER TABLE product ADD COLUMN credit_given bigint NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN claimed_name text;
UPDATE product SET confirmed_at = created_at, credit_given = 1;
CREATE INDEX product_by_claimed_name ON product (program, test, claimed_name) WHERE claimed_name IS NOT NULL;
ALTER TABLE txn ADD COLUMN source text NOT NULL DEFAULT 'vendor';
ALTER TABLE txn ADD COLUMN claimed_name text;
ALTER TABLE txn ADD COLUMN refunded_at bigint;
CREATE INDEX txn_by_claimed_name ON txn (program, test, claimed_name) WHERE claimed_name IS NOT NULL;
CREATE INDEX txn_by_product ON txn (product);
ALTER TABLE reward ADD COLUMN retired_at bigint;
DROP INDEX reward_once;
CREATE UNIQUE INDEX reward_once ON reward (trigger_id, event_key) WHERE reverses IS NULL AND retired_at IS NULL;
CREATE INDEX reward_by_customer ON reward (customer);
CREATE TABLE record_change (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    subject text NOT NULL,
    source text NOT NULL,
    field text NOT NULL,
    old_value text,
    new_value text,
    created_at bigint NOT NULL
);
CREATE INDEX record_change_by_subject ON record_change (program, test, subject, id);
";

/// Indexes that cover a search and its order, so that the plan does not depend on statistics. With shorter ones, a
/// list of one partner or customer read the whole program by time. Names that most customers lack have partial
/// indexes: in a full index most entries would be NULL, its statistics would make it look useless, and the planner
/// would scan every row for an unknown name.
const SEARCHED: &str = "
CREATE INDEX customer_by_provider_key ON customer (program, test, provider_key, created_at, id)
    WHERE provider_key IS NOT NULL;
DROP INDEX customer_by_external_key;
CREATE INDEX customer_by_external_key ON customer (program, test, external_key) WHERE external_key IS NOT NULL;
DROP INDEX customer_by_partnership;
CREATE INDEX customer_by_partnership ON customer (partnership, program, test, created_at, id);
DROP INDEX txn_by_customer;
CREATE INDEX txn_by_customer ON txn (customer, program, test, created_at, id);
DROP INDEX txn_by_subscription;
CREATE INDEX txn_by_subscription ON txn (customer, subscription_key, id);
CREATE INDEX txn_unmatched ON txn (program, test, created_at, id)
    WHERE product IS NULL AND subscription_key IS NOT NULL;
DROP INDEX reward_by_partnership;
CREATE INDEX reward_by_partnership ON reward (partnership, program, test, created_at, id);
DROP INDEX reward_by_customer;
CREATE INDEX reward_by_customer ON reward (customer, program, test, created_at, id);
DROP INDEX click_by_partnership;
CREATE INDEX click_by_partnership ON click (partnership, program, created_at, id);
";

/// The catalogue entry that a provider's line named. The product of its subscription may refer to another entry
/// since, after a change of plan.
const PAID_FOR: &str = "
ALTER TABLE txn ADD COLUMN product_book bigint REFERENCES product_book (id);
";

/// Indexes without the rows that no search asks them for: each row in an index costs a page of the write-ahead log.
const LEAN: &str = "
DROP INDEX txn_by_subscription;
CREATE INDEX txn_by_subscription ON txn (customer, subscription_key, id) WHERE subscription_key IS NOT NULL;
DROP INDEX txn_by_product;
CREATE INDEX txn_by_product ON txn (product) WHERE product IS NOT NULL;
DROP INDEX reward_by_reversed;
CREATE INDEX reward_by_reversed ON reward (reverses) WHERE reverses IS NOT NULL;
";

#[cfg(test)]
mod tests;

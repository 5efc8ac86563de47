//! The ledger's tables. One script for each version; a released script never changes.
//!
//! Conventions: `id` is made by us and ascends with time within one process, `key` is what the API shows, flags are 0
//! or 1, times are epoch milliseconds, amounts are minor units, lists and objects are JSON text. `by_site_key` and
//! `by_partner_key` store which of two names a request used, so that answers use it too. Rows that test keys made
//! (`test = 1`) are in the same tables and never visible to production keys.

use super::totals::TABLES as TOTALS;

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
    WEBHOOK_SECRETS,
    super::webhook::TABLE,
    super::delivery::TABLE,
];

const FIRST: &str = "
CREATE TABLE program (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    company_key text NOT NULL UNIQUE,
    public_key text NOT NULL UNIQUE,
    test_public_key text NOT NULL UNIQUE,
    origins text NOT NULL,
    link_destinations text NOT NULL,
    checkout_amounts text NOT NULL,
    stripe_webhook_secret text,
    stripe_test_webhook_secret text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE grp (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    is_default bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key),
    UNIQUE (program, slug)
);
CREATE TABLE partnership (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    partner_key text NOT NULL,
    email text NOT NULL,
    first_name text,
    last_name text,
    grp bigint REFERENCES grp (id),
    tags text NOT NULL,
    approved_status text NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key),
    UNIQUE (program, partner_key),
    UNIQUE (program, email)
);
CREATE INDEX partnership_by_time ON partnership (program, created_at, id);
CREATE INDEX partnership_by_key ON partnership (key);
CREATE TABLE credential (
    secret_hash blob PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    kind text NOT NULL,
    test bigint NOT NULL,
    public_key text UNIQUE,
    partnership bigint UNIQUE REFERENCES partnership (id),
    created_at bigint NOT NULL
);
CREATE INDEX credential_by_program ON credential (program);
CREATE TABLE member (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    partnership bigint NOT NULL REFERENCES partnership (id),
    email text NOT NULL,
    name text,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key),
    UNIQUE (partnership, email)
);
CREATE TABLE link (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    partnership bigint NOT NULL REFERENCES partnership (id),
    dest text NOT NULL,
    slug text NOT NULL UNIQUE,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX link_by_partnership ON link (partnership, created_at, id);
CREATE TABLE click (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    xid text NOT NULL,
    link bigint NOT NULL REFERENCES link (id),
    partnership bigint NOT NULL REFERENCES partnership (id),
    sub_ids text NOT NULL,
    user_agent text,
    bot bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key),
    UNIQUE (program, xid)
);
CREATE INDEX click_by_time ON click (program, created_at, id);
CREATE INDEX click_by_partnership ON click (partnership, created_at, id);
CREATE TABLE customer (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    customer_key text,
    email text NOT NULL,
    name text,
    provider_key text,
    external_key text,
    partnership bigint REFERENCES partnership (id),
    member bigint REFERENCES member (id),
    source_key text,
    source_type text NOT NULL,
    sub_ids text NOT NULL,
    meta text,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key),
    UNIQUE (program, test, customer_key)
);
CREATE INDEX customer_by_time ON customer (program, test, created_at, id);
CREATE INDEX customer_by_partnership ON customer (partnership, created_at, id);
CREATE INDEX customer_by_email ON customer (program, test, email);
CREATE INDEX customer_by_provider_key ON customer (program, test, provider_key);
CREATE INDEX customer_by_external_key ON customer (program, test, external_key);
CREATE TABLE product_book (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    name text NOT NULL,
    description text,
    external_key text,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX product_book_by_external_key ON product_book (program, external_key);
CREATE TABLE product (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    product_book bigint NOT NULL REFERENCES product_book (id),
    customer bigint NOT NULL REFERENCES customer (id),
    by_site_key bigint NOT NULL,
    partnership bigint REFERENCES partnership (id),
    by_partner_key bigint NOT NULL,
    member bigint REFERENCES member (id),
    external_subscription_key text,
    status text NOT NULL,
    amount bigint,
    currency text,
    click_xid text,
    metadata text,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key),
    UNIQUE (customer, external_subscription_key)
);
CREATE INDEX product_by_time ON product (program, test, created_at, id);
CREATE INDEX product_by_subscription ON product (program, test, external_subscription_key);
CREATE TABLE txn (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    customer bigint NOT NULL REFERENCES customer (id),
    by_site_key bigint NOT NULL,
    product bigint REFERENCES product (id),
    partnership bigint REFERENCES partnership (id),
    amount bigint NOT NULL,
    currency text NOT NULL,
    category_key text,
    product_text text,
    subscription_key text,
    metadata text,
    refunded_total bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX txn_by_time ON txn (program, test, created_at, id);
CREATE INDEX txn_by_customer ON txn (customer, created_at, id);
CREATE INDEX txn_by_subscription ON txn (customer, subscription_key);
CREATE TABLE trigger_rule (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    name text NOT NULL,
    offer_description text NOT NULL,
    event text NOT NULL,
    rules text NOT NULL,
    action text NOT NULL,
    eligibility text NOT NULL,
    position bigint NOT NULL,
    active bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE INDEX trigger_rule_by_position ON trigger_rule (program, position, id);
CREATE TABLE reward (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    partnership bigint NOT NULL REFERENCES partnership (id),
    customer bigint REFERENCES customer (id),
    txn bigint REFERENCES txn (id),
    trigger_id bigint REFERENCES trigger_rule (id),
    event_key text,
    amount bigint NOT NULL,
    currency text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    reverses bigint REFERENCES reward (id),
    reason text,
    ready_at bigint,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX reward_by_reversed ON reward (reverses);
CREATE UNIQUE INDEX reward_once ON reward (trigger_id, event_key) WHERE reverses IS NULL;
CREATE INDEX reward_by_time ON reward (program, test, created_at, id);
CREATE INDEX reward_by_partnership ON reward (partnership, created_at, id);
CREATE INDEX reward_by_txn ON reward (txn);
CREATE TABLE idempotency (
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    request_hash blob NOT NULL,
    status bigint NOT NULL,
    answer text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (program, test, key)
);
CREATE INDEX idempotency_by_time ON idempotency (created_at);
";

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

/// The secrets of billing providers' webhooks by the provider's name, in place of columns for one provider.
const WEBHOOK_SECRETS: &str = r#"
ALTER TABLE program ADD COLUMN webhook_secrets text NOT NULL DEFAULT '{}';
ALTER TABLE program ADD COLUMN test_webhook_secrets text NOT NULL DEFAULT '{}';
UPDATE program
    SET webhook_secrets = '{"stripe":"' || replace(replace(stripe_webhook_secret, '\', '\\'), '"', '\"') || '"}'
    WHERE stripe_webhook_secret IS NOT NULL;
UPDATE program
    SET test_webhook_secrets =
        '{"stripe":"' || replace(replace(stripe_test_webhook_secret, '\', '\\'), '"', '\"') || '"}'
    WHERE stripe_test_webhook_secret IS NOT NULL;
ALTER TABLE program DROP COLUMN stripe_webhook_secret;
ALTER TABLE program DROP COLUMN stripe_test_webhook_secret;
"#;

#[cfg(test)]
mod tests;

//! The tables of the first version.

/// The script.
pub(super) const FIRST: &str = "
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

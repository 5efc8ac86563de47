//! The columns of each kind of file. Other names are those of exports of billing providers and of other programs.

use headwater_protocol::v2::ProductStatus;

use super::{CellKind, FileColumn, KindColumns};

const fn column(name: &'static str, kind: CellKind, also: &'static [&'static str]) -> FileColumn {
    FileColumn { name, also, kind }
}

const fn text(name: &'static str, also: &'static [&'static str]) -> FileColumn {
    column(name, CellKind::Text, also)
}

const AMOUNT: FileColumn = column("amount", CellKind::Amount, &["amount_paid", "total", "price"]);
const CURRENCY: FileColumn = column("currency", CellKind::Currency, &["currency_code"]);
const KEY: FileColumn = text("key", &[]);
const NAME: FileColumn = text("name", &["full_name"]);
const FIRST_NAME: FileColumn = text("first_name", &["firstname", "given_name"]);
const LAST_NAME: FileColumn = text("last_name", &["lastname", "surname", "family_name"]);
const EMAIL: FileColumn = text("email", &["e_mail", "email_address"]);
const PARTNER_KEY: FileColumn = text("partner_key", &["partner", "partner_id", "referrer"]);
const GROUP_KEY: FileColumn = text("group_key", &["group"]);
const EXTERNAL_KEY: FileColumn = text("external_key", &["external_id"]);
const SOURCE: FileColumn = column("source", CellKind::Word(&["partner", "vendor"]), &[]);
const SUBSCRIPTION: &[&str] = &["subscription", "subscription_id"];

pub(super) static PARTNERSHIPS: KindColumns = KindColumns {
    known: &[
        EMAIL,
        FIRST_NAME,
        LAST_NAME,
        PARTNER_KEY,
        GROUP_KEY,
        text("tier_key", &["tier"]),
        text("manager_email", &[]),
        text("manager_name", &["manager"]),
        column("tags", CellKind::List, &["tag", "labels"]),
        text("address.country", &["country", "country_code"]),
        KEY,
    ],
    objects: &["address", "fields"],
    required: &[&["email"]],
};

pub(super) static CUSTOMERS: KindColumns = KindColumns {
    known: &[
        EMAIL,
        text("customer_key", &["customer_id", "user_id", "account_id"]),
        PARTNER_KEY,
        NAME,
        text("provider_key", &["provider_id", "stripe_id", "stripe_customer_id", "billing_id"]),
        EXTERNAL_KEY,
        text("member_key", &[]),
        KEY,
    ],
    objects: &["meta"],
    required: &[&["email"]],
};

pub(super) static PRODUCTS: KindColumns = KindColumns {
    known: &[
        text("product_book_key", &["product_book", "product", "plan", "product_key"]),
        text("customer_key", &["customer", "customer_id", "user_id"]),
        text("provider_key", &["provider_id", "stripe_customer_id"]),
        column("status", CellKind::Word(ProductStatus::NAMES), &[]),
        text("external_subscription_key", &["subscription_key", "subscription", "subscription_id"]),
        text("partnership_key", &["partnership", "partner_key", "partner"]),
        text("stack_key", &["member_key"]),
        AMOUNT,
        CURRENCY,
        text("click_xid", &["xid"]),
        column("occurred_at", CellKind::Time, &["created_at", "date", "purchased_at", "start_date"]),
    ],
    objects: &["metadata"],
    required: &[
        &["product_book_key"],
        &["customer_key", "provider_key"],
        &["status"],
        &["external_subscription_key"],
    ],
};

pub(super) static TRANSACTIONS: KindColumns = KindColumns {
    known: &[
        AMOUNT,
        CURRENCY,
        text("customer_key", &["customer", "customer_id", "user_id", "account_id"]),
        text("customer_external_key", &["external_key", "provider_key", "stripe_customer_id"]),
        text("customer_email", &["email", "e_mail", "email_address"]),
        text(
            "key",
            &[
                "transaction_key",
                "transaction_id",
                "invoice",
                "invoice_id",
                "invoice_number",
                "payment_id",
                "charge_id",
            ],
        ),
        text("subscription_key", SUBSCRIPTION),
        text("product_key", &["product", "plan"]),
        text("category_key", &["category"]),
        text("member_key", &[]),
        column("created_at", CellKind::Time, &["date", "created", "paid_at", "payment_date", "time"]),
    ],
    objects: &["metadata"],
    required: &[&["amount"], &["currency"], &["customer_key", "customer_external_key", "customer_email"]],
};

pub(super) static REWARDS: KindColumns = KindColumns {
    known: &[
        AMOUNT,
        CURRENCY,
        column("description", CellKind::Prose, &["note", "reason"]),
        PARTNER_KEY,
        text("target.key", &["target_key", "target"]),
        column(
            "target.type",
            CellKind::Word(&["customer", "transaction", "partnership", "manual"]),
            &["target_type"],
        ),
        text("key", &["reward_key", "reference"]),
    ],
    objects: &[],
    required: &[&["amount"], &["description"], &["partner_key", "target.key"]],
};

pub(super) static LEADS: KindColumns = KindColumns {
    known: &[
        EMAIL,
        NAME,
        FIRST_NAME,
        LAST_NAME,
        text("company", &["company_name", "account_name"]),
        AMOUNT,
        CURRENCY,
        column("approved", CellKind::Flag, &[]),
        EXTERNAL_KEY,
        text("status", &[]),
        SOURCE,
        PARTNER_KEY,
        GROUP_KEY,
        KEY,
    ],
    objects: &["meta", "fields"],
    required: &[&["email"], &["partner_key", "group_key"]],
};

pub(super) static DEALS: KindColumns = KindColumns {
    known: &[
        text("account_name", &["account", "company", "company_name", "name", "deal_name"]),
        AMOUNT,
        CURRENCY,
        text("close_date", &["expected_close_date", "closes_at"]),
        text("contact_email", &["email", "e_mail", "email_address"]),
        text("contact_first_name", &["first_name", "firstname"]),
        text("contact_last_name", &["last_name", "lastname"]),
        EXTERNAL_KEY,
        text("stage", &["status"]),
        SOURCE,
        PARTNER_KEY,
        GROUP_KEY,
        KEY,
    ],
    objects: &["meta", "fields"],
    required: &[&["account_name"], &["partner_key", "group_key"]],
};

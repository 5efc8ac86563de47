//! What is left of a customer who is deleted: every column of every table (trust.md section 4).

use std::collections::BTreeSet;

use headwater_store::StoreError;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

/// A part of everything personal that this test stores.
const PERSONAL: &str = "privy";

/// Tables without anything of a customer. A new table with something belongs into [`disclose_everything`].
const WITHOUT_CUSTOMERS: &[&str] = &[
    "message",
    "partner_past",
    "product_past",
    "action_total",
    "application",
    "cap_total",
    "cap_use",
    "click",
    "credential",
    "customer_total",
    "due",
    "erasure",
    "form_template",
    "grp",
    "invoice",
    "link",
    "member",
    "partner_money",
    "partner_total",
    "partnership",
    "partnership_tag",
    "payout",
    "product_book",
    "program",
    "retired_credential",
    "stage",
    "tier",
    "tiers_collection",
    "trigger_firing",
    "trigger_rule",
    "webhook",
];

/// Text columns that stay after an erasure. They hold our own words and keys; the names that the company gives to
/// payments, subscriptions and what is sold, by which later refunds find them; texts about a partner's reward; and a
/// provider's id that a page has claimed, which may be another customer's.
const NOT_PERSONAL: &[&str] = &[
    "reward.reopens_as",
    "action.key",
    "action.kind",
    "customer.credit_source",
    "customer.key",
    "customer.source",
    "customer.source_type",
    "deal_file.content_type",
    "deal_file.key",
    "delivery.event",
    "delivery.key",
    "delivery.lane",
    "delivery.object",
    "delivery.status",
    "product.claimed_name",
    "product.currency",
    "product.external_subscription_key",
    "product.key",
    "product.source",
    "product.status",
    "provider_id.source",
    "record_change.field",
    "record_change.source",
    "record_change.subject",
    "reward.currency",
    "reward.description",
    "reward.event_key",
    "reward.key",
    "reward.reason",
    "reward.status",
    "sale.close_date",
    "sale.currency",
    "sale.cycle",
    "sale.key",
    "sale.source",
    "sale.stage",
    "txn.category_key",
    "txn.claimed_name",
    "txn.currency",
    "txn.key",
    "txn.product_text",
    "txn.source",
    "txn.subscription_key",
];

/// Every text column of the database, as `table.column`.
async fn text_columns(shop: &Shop) -> BTreeSet<String> {
    let sql = if headwater_teststore::postgres().is_some() {
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = current_schema() AND data_type = 'text'"
    } else {
        "SELECT tables.name || '.' || columns.name FROM sqlite_master AS tables \
         JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' AND lower(columns.type) = 'text'"
    };
    let found: Result<Vec<String>, StoreError> =
        shop.ledger.store.read(move |unit| unit.query(sql, &[], |row| row.get(0))).await;
    found.unwrap().into_iter().collect()
}

/// The columns that hold any of these texts.
async fn holding(shop: &Shop, columns: &BTreeSet<String>, texts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for place in columns {
        let (table, column) = place.split_once('.').unwrap();
        for text in texts {
            let sql = format!("SELECT count(*) FROM {table} WHERE {column} LIKE '%{text}%'");
            let count: Result<Option<i64>, StoreError> =
                shop.ledger.store.read(move |unit| unit.query_one(&sql, &[], |row| row.get(0))).await;
            if count.unwrap() != Some(0) {
                found.insert(place.clone());
            }
        }
    }
    found
}

/// A POST under an idempotency key that holds something personal, too, so that its answer is stored.
async fn post(shop: &Shop, path: &str, body: Value) -> Value {
    let key = format!("{PERSONAL} {path} {body}").chars().take(255).collect::<String>();
    shop.ledger.post_once(&format!("/api/v2/{path}"), &body.to_string(), &key).await.data()
}

/// Makes a customer, and everything that may hold something of one. Each text column that takes such a text gets one
/// with [`PERSONAL`] in it. Returns the id of the customer's click.
async fn disclose_everything(shop: &Shop) -> String {
    let kinds = ["customer", "product", "transaction", "action", "reward", "deal", "lead"];
    let events = kinds.map(|kind| format!("{kind}.created"));
    shop.listen(&events.each_ref().map(String::as_str)).await;
    shop.ledger.link("referrer", "sale", "https://www.example.com/").await;
    let xid = shop.ledger.click("/sale?sid=privy-sub-id").await;
    let converted = json!({"xid": xid, "customer_key": "privy-1", "email": "old@privy.example"});
    post_conversion(shop, &converted).await;
    // A page's claim of a provider's id, and what was found by it.
    let claim = json!({"provider_key": "privy-provider"});
    shop.ledger.send_as("page", "PATCH", "/api/v2/customers/privy-1", &claim).await.data();
    let found = json!({"customer_external_key": "privy-provider", "key": "in_1", "amount": 900, "currency": "USD",
        "subscription_key": "sub_1", "product_key": "Inbox", "category_key": "books", "metadata": {"to": "privy"}});
    shop.post_as("billing", "transactions", found).await.data();
    let sold = json!({"provider_key": "privy-provider", "product_book_key": "book/Inbox", "status": "active",
        "external_subscription_key": "sub_1"});
    shop.post_as("billing", "products", sold).await.data();
    let product = json!({"customer_key": "privy-1", "product_book_key": "book/Surveys", "status": "active",
        "amount": 900, "currency": "USD", "external_subscription_key": "sub_2", "click_xid": xid,
        "metadata": {"to": "privy"}});
    post(shop, "products", product).await;
    let action = json!({"customer_key": "privy-1", "key": "call", "value": 1, "external_key": "privy/call"});
    post(shop, "actions", action).await;
    let change = json!({"customer_key": "privy-2", "email": "new@privy.example", "name": "Ada privy",
        "external_key": "privy/crm", "meta": {"phone": "privy"}, "fields": {"nick": "privy"}});
    shop.patch("/api/v2/customers/privy-1", change).await.data();
    for (path, names) in [
        ("deals", ["account_name", "contact_email", "contact_first_name", "contact_last_name"]),
        ("leads", ["company", "email", "first_name", "last_name"]),
    ] {
        let mut sale = json!({"partner_key": "referrer", "external_key": "privy/crm", "amount": 900,
            "fields": {"wish": "privy"}, "meta": {"wish": "privy"}});
        for name in names {
            sale[name] = json!("a@privy.example");
        }
        let key = text(&post(shop, path, sale).await["key"]);
        if path == "deals" {
            let file = json!({"name": "privy.txt", "content": "AAAA"});
            post(shop, &format!("deals/{key}/files"), file).await;
        }
        become_of(shop, &key).await;
    }
    run(shop, "UPDATE delivery SET answer = 'privy', error = 'privy'".to_owned()).await;
    xid
}

async fn post_conversion(shop: &Shop, body: &Value) {
    let whose = format!("Bearer {}", shop.ledger.keys.tracking_token);
    shop.ledger.request(&whose, "POST", "/conversion/xid", &body.to_string()).await.data();
}

/// Says that a deal or lead became the customer. A conversion makes a new customer, and this test is about one.
async fn become_of(shop: &Shop, key: &str) {
    let sql = format!(
        "UPDATE sale SET customer = (SELECT id FROM customer WHERE customer_key = 'privy-2') WHERE key = '{key}'"
    );
    assert_eq!(run(shop, sql).await, 1);
}

async fn run(shop: &Shop, sql: String) -> usize {
    let done: Result<_, StoreError> = shop.ledger.store.write(move |unit| unit.execute(&sql, &[])).await;
    done.unwrap()
}

#[tokio::test]
async fn no_column_of_any_table_holds_anything_of_a_deleted_customer() {
    let shop = Shop::open().await;
    let columns = text_columns(&shop).await;
    let xid = disclose_everything(&shop).await;
    let personal = [PERSONAL, xid.as_str()];
    let disclosed = holding(&shop, &columns, &personal).await;
    // Whoever adds a column decides: it is filled above, or it is listed as one that stays.
    let undecided: Vec<&String> = columns
        .iter()
        .filter(|place| !WITHOUT_CUSTOMERS.contains(&place.split_once('.').unwrap().0))
        .filter(|place| !NOT_PERSONAL.contains(&place.as_str()) && !disclosed.contains(*place))
        .collect();
    assert_eq!(undecided, Vec::<&String>::new(), "may these hold something of a customer?");

    shop.delete("/api/v2/customers/privy-2").await.data();
    // The names that the relay's journal is still to erase, until it has confirmed that.
    for pending in shop.ledger.handle.pending_erasures().await.unwrap() {
        for name in ["c:privy-1", "c:privy-2", "p:privy-provider", "e:new@privy.example"] {
            assert!(pending.names.iter().any(|known| known == name), "{name}: {:?}", pending.names);
        }
        shop.ledger.handle.erased(pending.id).await.unwrap();
    }
    // The click is the visitor's, not the customer's, and is deleted by its age.
    let left = holding(&shop, &columns, &personal).await;
    let kept = ["click.sub_ids", "click.xid", "product.claimed_name", "txn.claimed_name"];
    assert_eq!(left.into_iter().collect::<Vec<_>>(), kept);
}

#[tokio::test]
async fn a_payment_that_a_false_claim_has_attracted_finds_its_customer_after_the_claimant_is_deleted() {
    let shop = Shop::open().await;
    shop.customer("eve", "referrer").await;
    let claim = json!({"provider_key": "cus_of_ada"});
    shop.ledger.send_as("page", "PATCH", "/api/v2/customers/eve", &claim).await.data();
    let paid =
        json!({"customer_external_key": "cus_of_ada", "key": "in_1", "amount": 900, "currency": "USD"});
    let paid = shop.post_as("billing", "transactions", paid).await.data();
    assert_eq!(paid["customer_key"], shop.ledger.get("/api/v2/customers/eve").await.data()["key"]);
    shop.delete("/api/v2/customers/eve").await.data();
    let ada = shop.patch("/api/v2/customers/ada", claim).await.data();
    let paid = shop.ledger.get("/api/v2/transactions/in_1").await.data();
    assert_eq!(paid["customer"]["key"], ada["key"]);
}

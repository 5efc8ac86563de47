//! GigaKick's program (seed 001): four products, their triggers, a partner and a referred customer.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

/// Name, price in cents, percent.
const OFFERS: [(&str, i64, &str); 4] = [
    ("Live Chat", 4900, "10"),
    ("Knowledge Base", 7900, "15"),
    ("Surveys", 3900, "10"),
    ("Inbox", 9900, "20"),
];

/// A test ledger with GigaKick's program.
pub(crate) struct Shop {
    pub(crate) ledger: TestLedger,
    /// The partner who referred the customer `ada` (`part_…`).
    pub(crate) partner: String,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let ledger = TestLedger::open().await;
        for (name, _, percent) in OFFERS {
            let body = json!({"name": name, "external_key": format!("book/{name}")}).to_string();
            ledger.post("/api/v2/product_book", &body).await.data();
            let trigger = json!({
                "name": format!("{percent}% of every active {name}"),
                "offer_description": format!("Earn {percent}% for every {name} sale"),
                "event": "transaction_created",
                "rules": {"where": {"object": "product", "rules": [
                    {"field": "name", "operator": "is_any_of", "value": [name]},
                    {"field": "status", "operator": "is_any_of", "value": ["Active"]},
                ]}},
                "action": {"type": "commission_percent", "percent": percent},
            });
            ledger.post("/api/v2/triggers", &trigger.to_string()).await.data();
        }
        let partner = ledger.partner("referrer").await;
        let shop = Self { ledger, partner };
        shop.customer("ada", "referrer").await;
        shop
    }

    pub(crate) async fn customer(&self, key: &str, partner_key: &str) -> String {
        let body =
            json!({"email": format!("{key}@site.example"), "customer_key": key, "partner_key": partner_key});
        text(&self.ledger.post("/api/v2/customers", &body.to_string()).await.data()["key"])
    }

    /// The same without a key in return: the customer may exist.
    pub(crate) async fn customer_again(&self, key: &str) -> Reply {
        let body =
            json!({"email": format!("{key}@site.example"), "customer_key": key, "partner_key": "referrer"});
        self.ledger.post("/api/v2/customers?upsert=true", &body.to_string()).await
    }

    /// Records a product of Ada's; its seller is her referrer unless `more` names another.
    pub(crate) async fn sell(&self, name: &str, subscription: &str, more: Value) -> Value {
        let mut body = json!({
            "customer_key": "ada", "product_book_key": format!("book/{name}"), "status": "active",
            "external_subscription_key": subscription,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ledger.post("/api/v2/products", &body.to_string()).await.data()
    }

    /// Records a payment of Ada's.
    pub(crate) async fn pay(&self, key: &str, amount: i64, subscription: &str) -> Reply {
        let body = json!({
            "customer_key": "ada", "key": key, "amount": amount, "currency": "USD",
            "subscription_key": subscription,
        });
        self.ledger.post("/api/v2/transactions", &body.to_string()).await
    }

    /// A POST on behalf of a source.
    pub(crate) async fn post_as(&self, source: &str, path: &str, body: Value) -> Reply {
        self.ledger.send_as(source, "POST", &format!("/api/v2/{path}"), &body).await
    }

    /// A payment of Ada's for `sub_1` that the provider reports, made at `at`.
    pub(crate) async fn bill(&self, key: &str, amount: i64, at: i64, entries: &[&str]) -> Reply {
        let body = json!({
            "customer_key": "ada", "key": key, "amount": amount, "currency": "USD",
            "subscription_key": "sub_1", "created_at": at, "catalogue_keys": entries,
        });
        self.post_as("billing", "transactions", body).await
    }

    /// A source's report that Ada has a product under `sub_1`.
    pub(crate) async fn report(&self, source: &str, name: &str, status: &str, more: Value) -> Reply {
        let mut body = json!({
            "customer_key": "ada", "product_book_key": format!("book/{name}"), "status": status,
            "external_subscription_key": "sub_1",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post_as(source, "products", body).await
    }

    /// Adds a trigger.
    pub(crate) async fn trigger(&self, event: &str, rules: Value, action: Value) -> String {
        let body = json!({
            "name": event, "offer_description": "Earn", "event": event, "rules": rules, "action": action,
        });
        text(&self.ledger.post("/api/v2/triggers", &body.to_string()).await.data()["key"])
    }

    /// Adds a trigger that pays a share of every payment.
    pub(crate) async fn share(&self, percent: &str) -> String {
        let action = json!({"type": "commission_percent", "percent": percent});
        self.trigger("transaction_created", json!({"all": []}), action).await
    }

    /// Credits Ada to another partner.
    pub(crate) async fn credit(&self, partner_key: &str) -> Value {
        let body = json!({"partner_key": partner_key, "reason": "asked"});
        self.post_as("vendor", "customers/ada/attribution", body).await.data()
    }

    /// Adds a webhook that listens for these events; returns it with its secret.
    pub(crate) async fn listen(&self, events: &[&str]) -> Value {
        let body = json!({"target": "https://hooks.example.com/headwater", "events": events});
        self.ledger.post("/api/v2/webhooks", &body.to_string()).await.data()
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ledger.request(&self.ledger.production(), "DELETE", path, "").await
    }

    pub(crate) async fn settings(&self, change: Value) -> Reply {
        let admin = self.ledger.admin();
        self.ledger.request(&admin, "PATCH", "/api/v2/program", &change.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.ledger.request(&self.ledger.production(), "PATCH", path, &body.to_string()).await
    }

    pub(crate) async fn refund(&self, key: &str, total: i64) -> Reply {
        let body = json!({"refunded_total": total}).to_string();
        self.ledger.post(&format!("/api/v2/transactions/{key}/refund"), &body).await
    }

    /// Every row of rewards, oldest first.
    pub(crate) async fn rewards(&self) -> Vec<Value> {
        let list = self.ledger.get("/api/v2/rewards?limit=250&order_by=created_at").await.data();
        list["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn amounts(&self) -> Vec<i64> {
        self.rewards().await.iter().map(|row| row["amount"].as_i64().unwrap()).collect()
    }

    /// Partner, amount, status and reason of every reward that is not declined, oldest first.
    pub(crate) async fn standing(&self) -> Vec<(String, i64, String, String)> {
        let rows = self.rewards().await;
        let open = rows.iter().filter(|row| row["status"] != "declined");
        let told = |row: &Value| {
            let amount = row["amount"].as_i64().unwrap();
            (text(&row["partnership"]["key"]), amount, text(&row["status"]), text(&row["reason"]))
        };
        open.map(told).collect()
    }

    /// The balance: the sum of all rows, which must equal the sum of the rows that are not declined.
    pub(crate) async fn balance(&self) -> i64 {
        let rows = self.rewards().await;
        let sum = |rows: &[&Value]| rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum::<i64>();
        let all = sum(&rows.iter().collect::<Vec<_>>());
        let counting: Vec<_> = rows.iter().filter(|row| row["status"] != "declined").collect();
        assert_eq!(all, sum(&counting), "{rows:#?}");
        all
    }
}

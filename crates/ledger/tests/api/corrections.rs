//! Claimed signups: what they earn until a trusted source confirms them, and what happens when it corrects them.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

struct Program {
    ledger: TestLedger,
    robin: String,
    mallory: String,
}

impl Program {
    /// A program that pays 5.00 for each signup and 10 % of each payment.
    async fn open() -> Self {
        let ledger = TestLedger::open().await;
        let (robin, mallory) = (ledger.partner("robin").await, ledger.partner("mallory").await);
        let offers = [
            ("customer_created", json!({"type": "commission_flat", "amount": 500, "currency": "USD"})),
            ("transaction_created", json!({"type": "commission_percent", "percent": "10"})),
        ];
        for (event, action) in offers {
            let body = json!({"name": event, "offer_description": event, "event": event, "action": action});
            ledger.post("/api/v2/triggers", &body.to_string()).await.data();
        }
        Self { ledger, robin, mallory }
    }

    async fn sign_up(&self, key: &str, partner: &str) -> Reply {
        let body = json!({"customer_key": key, "partner_key": partner});
        self.ledger.send_as("page", "POST", "/api/v2/customers", &body).await
    }

    async fn vendor_makes(&self, key: &str, partner: Option<&str>) -> Reply {
        let mut body = json!({"customer_key": key, "email": "who@site.example"});
        if let Some(partner) = partner {
            body["partner_key"] = json!(partner);
        }
        self.ledger.post("/api/v2/customers", &body.to_string()).await
    }

    async fn pays(&self, key: &str, payment: &str) -> Reply {
        let body = json!({"customer_key": key, "key": payment, "amount": 1000, "currency": "USD"});
        self.ledger.send_as("billing", "POST", "/api/v2/transactions", &body).await
    }

    /// Partner, amount, status and reason of every reward that is not declined, oldest first.
    async fn standing(&self) -> Vec<(String, i64, String, String)> {
        let list = self.ledger.get("/api/v2/rewards?limit=250&order_by=created_at").await.data();
        let rows = list["items"].as_array().unwrap().clone();
        let sum = |rows: &[&Value]| rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum::<i64>();
        let open: Vec<_> = rows.iter().filter(|row| row["status"] != "declined").collect();
        assert_eq!(sum(&rows.iter().collect::<Vec<_>>()), sum(&open), "{rows:#?}");
        let told = |row: &&Value| {
            let amount = row["amount"].as_i64().unwrap();
            (text(&row["partnership"]["key"]), amount, text(&row["status"]), text(&row["reason"]))
        };
        open.iter().map(told).collect()
    }
}

fn pending(partner: &str, amount: i64) -> (String, i64, String, String) {
    (partner.to_owned(), amount, "pending".to_owned(), String::new())
}

#[tokio::test]
async fn fifty_invented_signups_make_no_reward_that_anybody_would_approve() {
    let program = Program::open().await;
    for n in 0..50 {
        let made = program.sign_up(&format!("invented-{n}"), "mallory").await.data();
        assert_eq!((&made["source"], &made["confirmed_at"]), (&json!("page"), &Value::Null));
    }
    let standing = program.standing().await;
    assert_eq!(standing.len(), 50);
    for (_, _, status, reason) in standing {
        assert_eq!((status.as_str(), reason.as_str()), ("hold", "customer_claimed_by_page"));
    }
}

#[tokio::test]
async fn a_claimed_signup_is_paid_like_any_other_once_money_names_the_customer() {
    let program = Program::open().await;
    program.sign_up("gk_1", "robin").await.data();
    program.pays("gk_1", "in_1/il_1").await.data();
    let robin = program.robin.clone();
    assert_eq!(program.standing().await, [pending(&robin, 500), pending(&robin, 100)]);
    let customer = program.ledger.get("/api/v2/customers/gk_1").await.data();
    assert_eq!(customer["source"], "billing");
    assert!(customer["confirmed_at"].is_i64());
}

#[tokio::test]
async fn a_program_that_accepts_claimed_signups_holds_none() {
    let program = Program::open().await;
    let admin = program.ledger.admin();
    let accept = json!({"claimed_signups": "accept"}).to_string();
    program.ledger.request(&admin, "PATCH", "/api/v2/program", &accept).await.data();
    program.sign_up("gk_1", "robin").await.data();
    assert_eq!(program.standing().await, [pending(&program.robin, 500)]);
}

#[tokio::test]
async fn a_customer_that_a_page_guessed_is_taken_over_when_the_company_makes_it() {
    let program = Program::open().await;
    program.sign_up("gk_1", "mallory").await.data();
    program.pays("gk_1", "in_1/il_1").await.data();
    let made = program.vendor_makes("gk_1", Some("robin")).await;
    assert_eq!((made.status, &made.data()["partner_key"]), (200, &json!("robin")));
    let robin = program.robin.clone();
    let mut standing = program.standing().await;
    standing.sort();
    assert_eq!(standing, [pending(&robin, 100), pending(&robin, 500)]);
    let history = program.ledger.get("/api/v2/customers/gk_1/history").await.data();
    let credit = history["items"].as_array().unwrap().iter().find(|row| row["field"] == "partnership_key");
    let credit = credit.unwrap();
    assert_eq!((&credit["old"], &credit["new"]), (&json!(program.mallory), &json!(program.robin)));
    assert_eq!(credit["source"], "vendor");
    // The customer is now the company's own, so its second POST is a conflict again.
    assert_eq!(program.vendor_makes("gk_1", Some("robin")).await.error().1, "customer_exists");
}

#[tokio::test]
async fn a_company_that_names_nobody_leaves_the_claimed_partner() {
    let program = Program::open().await;
    program.sign_up("gk_1", "robin").await.data();
    let made = program.vendor_makes("gk_1", None).await.data();
    assert_eq!((&made["partner_key"], &made["email"]), (&json!("robin"), &json!("who@site.example")));
    assert_eq!(program.standing().await, [pending(&program.robin, 500)]);
}

#[tokio::test]
async fn a_page_cannot_take_a_customer_that_the_company_made() {
    let program = Program::open().await;
    program.vendor_makes("organic", None).await.data();
    program.vendor_makes("gk_1", Some("robin")).await.data();
    for key in ["organic", "gk_1"] {
        let answer = program.sign_up(key, "mallory").await;
        assert_eq!(answer.status, 200);
        program.pays(key, &format!("in_{key}/il_1")).await.data();
    }
    let robin = program.robin.clone();
    assert_eq!(program.standing().await, [pending(&robin, 500), pending(&robin, 100)]);
}

#[tokio::test]
async fn two_pages_that_name_two_partners_put_the_commission_on_hold_until_the_company_decides() {
    let program = Program::open().await;
    program.sign_up("gk_1", "mallory").await.data();
    program.sign_up("gk_1", "robin").await.data();
    program.pays("gk_1", "in_1/il_1").await.data();
    for (_, _, status, reason) in program.standing().await {
        assert_eq!((status.as_str(), reason.as_str()), ("hold", "credit_contested"));
    }
    let attribution = json!({"partner_key": "robin", "reason": "he called us"}).to_string();
    program.ledger.post("/api/v2/customers/gk_1/attribution", &attribution).await.data();
    let mut standing = program.standing().await;
    standing.sort();
    let robin = program.robin.clone();
    assert_eq!(standing, [pending(&robin, 100), pending(&robin, 500)]);
}

#[tokio::test]
async fn a_second_signup_of_a_confirmed_customer_changes_nothing() {
    let program = Program::open().await;
    program.sign_up("gk_1", "robin").await.data();
    program.pays("gk_1", "in_1/il_1").await.data();
    program.sign_up("gk_1", "mallory").await.data();
    program.pays("gk_1", "in_2/il_1").await.data();
    let robin = program.robin.clone();
    let expected = [500, 100, 100].map(|amount| pending(&robin, amount));
    assert_eq!(program.standing().await, expected);
}

#[tokio::test]
async fn what_was_paid_out_on_a_wrong_claim_is_owed_back() {
    let program = Program::open().await;
    program.sign_up("gk_1", "mallory").await.data();
    program.pays("gk_1", "in_1/il_1").await.data();
    let list = program.ledger.get("/api/v2/rewards?limit=250").await.data();
    for reward in list["items"].as_array().unwrap() {
        let path = format!("/api/v2/rewards/{}", text(&reward["key"]));
        let vendor = program.ledger.production();
        program.ledger.request(&vendor, "PATCH", &path, r#"{"status":"paid"}"#).await.data();
    }
    program.vendor_makes("gk_1", Some("robin")).await.data();
    let of = async |partner: &str| {
        let standing = program.standing().await;
        standing.iter().filter(|row| row.0 == partner).map(|row| row.1).sum::<i64>()
    };
    assert_eq!((of(&program.mallory).await, of(&program.robin).await), (0, 600));
}

#[tokio::test]
async fn an_invented_partner_key_or_click_makes_no_customer_without_organic_signups() {
    let program = Program::open().await;
    let unknown = program.sign_up("gk_1", "nobody").await;
    assert_eq!(unknown.error(), (400, "unknown_partner".to_owned(), "partner_key".to_owned()));
    let click = json!({"xid": "abcdefghijkl12", "customer_key": "gk_2"});
    let answer = program.ledger.send_as("page", "POST", "/conversion/xid", &click).await.data();
    assert_eq!(answer["outcome"], "unknown_xid");
    assert_eq!(program.ledger.get("/api/v2/customers").await.data()["items"], json!([]));
    let with_key = json!({"xid": "abcdefghijkl12", "customer_key": "gk_2", "partner_key": "robin"});
    let answer = program.ledger.send_as("page", "POST", "/conversion/xid", &with_key).await.data();
    assert_eq!(answer["outcome"], "created", "the key that came along is somebody's");
    let admin = program.ledger.admin();
    let organic = json!({"organic_signups": true}).to_string();
    program.ledger.request(&admin, "PATCH", "/api/v2/program", &organic).await.data();
    let made = program.sign_up("gk_1", "nobody").await.data();
    assert_eq!(made["partner_key"], Value::Null);
}

#[tokio::test]
async fn a_signup_without_address_becomes_a_customer() {
    let program = Program::open().await;
    let made = program.sign_up("gk_1", "robin").await.data();
    assert_eq!((&made["email"], &made["partner_key"]), (&json!(""), &json!("robin")));
    let vendor = program.ledger.post("/api/v2/customers", r#"{"customer_key":"gk_2"}"#).await;
    assert_eq!(vendor.error().2, "email");
}

#[tokio::test]
async fn the_test_key_pair_changes_nothing_that_production_shares() {
    let program = Program::open().await;
    let (ledger, test) = (&program.ledger, program.ledger.test());
    let trigger = json!({"name": "x", "offer_description": "x", "event": "customer_created",
        "action": {"type": "commission_flat", "amount": 1, "currency": "USD"}});
    let shared = [
        ("DELETE", "/api/v2/partnerships/robin", json!({})),
        ("PATCH", "/api/v2/partnerships/robin", json!({"first_name": "Eve"})),
        ("POST", "/api/v2/partnerships/robin/token", json!({})),
        ("POST", "/api/v2/partnerships", json!({"email": "eve@partner.example"})),
        ("POST", "/api/v2/groups", json!({"name": "Eve"})),
        ("POST", "/api/v2/product_book", json!({"name": "Inbox"})),
        ("POST", "/api/v2/triggers", trigger),
        ("POST", "/api/v2/links", json!({"partnership_key": "robin", "dest": "https://www.example.com/"})),
    ];
    for (method, path, body) in shared {
        let refused = ledger.request(&test, method, path, &body.to_string()).await;
        assert_eq!((refused.error().0, refused.error().1.as_str()), (403, "test_key_read_only"), "{path}");
    }
    ledger.request(&test, "GET", "/api/v2/partnerships", "").await.data();
}

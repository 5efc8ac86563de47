//! Every operation that a partner may call, with another partner's data present (api.md section 7).

use std::collections::BTreeSet;

use headwater_protocol::Millis;
use serde_json::{Value, json};

use crate::contract;
use crate::shop::Shop;
use crate::test_ledger::{TestLedger, text};

/// Makes one of everything for a partner: customer, product, payment, reward, link, click, invoice and payout. Every name
/// in it contains `word`.
pub(crate) async fn trade(shop: &Shop, word: &str, partner: &str) {
    let ledger = &shop.ledger;
    let customer = json!({"email": format!("c@{word}.example"), "customer_key": format!("{word}-1"),
        "partner_key": partner, "name": format!("Customer of {word}"), "external_key": format!("{word}-crm"),
        "meta": {"note": word}});
    ledger.post("/api/v2/customers", &customer.to_string()).await.data();
    let product = json!({"customer_key": format!("{word}-1"), "product_book_key": "book/Inbox", "status": "active",
        "amount": 9900, "currency": "USD", "external_subscription_key": format!("{word}-sub")});
    ledger.post("/api/v2/products", &product.to_string()).await.data();
    let paid = json!({"customer_key": format!("{word}-1"), "key": format!("{word}-paid"), "amount": 9900,
        "currency": "USD", "subscription_key": format!("{word}-sub"), "metadata": {"note": word}});
    ledger.post("/api/v2/transactions", &paid.to_string()).await.data();
    let given = json!({"partner_key": partner, "amount": 7, "description": format!("Bonus for {word}")});
    ledger.post("/api/v2/rewards", &given.to_string()).await.data();
    ledger.link(partner, &format!("{word}-link"), &format!("https://www.example.com/{word}")).await;
    ledger.click(&format!("/{word}-link")).await;
    for reward in
        ledger.get("/api/v2/rewards?status=pending&limit=250").await.data()["items"].as_array().unwrap()
    {
        let path = format!("/api/v2/rewards/{}", text(&reward["key"]));
        shop.patch(&path, json!({"status": "approved"})).await.data();
    }
}

pub(crate) async fn close(shop: &Shop) {
    shop.ledger.post("/api/v2/invoices/close", "{}").await.data();
    let open = shop.ledger.get("/api/v2/invoices?status=open&limit=250").await.data();
    for invoice in open["items"].as_array().unwrap() {
        let path = format!("/api/v2/invoices/{}", text(&invoice["key"]));
        shop.patch(&path, json!({"status": "paid"})).await.data();
    }
}

/// The partner's operations of a method: path and names of the query's parameters.
pub(crate) async fn operations(ledger: &TestLedger, method: &str) -> Vec<(String, Vec<String>)> {
    let document = contract::document(&ledger.handle).await;
    let paths = document["paths"].as_object().unwrap().iter();
    let found = paths.filter_map(|(path, methods)| {
        let operation = &methods[method];
        let callers = operation["security"].as_array()?;
        let named = operation["parameters"].as_array().into_iter().flatten();
        let named =
            named.filter(|parameter| parameter["in"] == "query").map(|parameter| text(&parameter["name"]));
        callers.iter().any(|caller| caller.get("partner").is_some()).then(|| (path.clone(), named.collect()))
    });
    found.collect()
}

/// Every value of the members named `key`, `xid`, `slug` and `partner_key` in the company's lists.
async fn names(ledger: &TestLedger) -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(members) => {
                for (name, member) in members {
                    if matches!(
                        name.as_str(),
                        "key" | "xid" | "slug" | "partner_key" | "email" | "external_key"
                    ) {
                        into.extend(member.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
                    }
                    collect(member, into);
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for list in [
        "customers",
        "products",
        "transactions",
        "rewards",
        "links",
        "clicks",
        "partnerships",
        "invoices",
        "payouts",
    ] {
        let page = ledger.get(&format!("/api/v2/{list}?limit=250")).await.data();
        assert!(!page["items"].as_array().unwrap().is_empty(), "{list}");
        collect(&page["items"], &mut found);
    }
    found
}

/// Everything that the partner can read without naming a record: each list in each order, page and with each filter.
async fn read_all(ledger: &TestLedger, token: &str) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for (path, parameters) in operations(ledger, "get").await {
        if path.contains('{') {
            continue;
        }
        asked.push(path.clone());
        for name in &parameters {
            let values: &[&str] = match name.as_str() {
                "limit" => &["1", "250"],
                "order_by" => &["created_at", "-created_at", "updated_at", "-updated_at"],
                "status" | "payment_status" => &["pending", "paid", "active", "withdrawn", "open"],
                "keywords" => &["bonus", "o"],
                _ => &["true", "1", "1775514585000"],
            };
            asked.extend(values.iter().map(|value| format!("{path}?{name}={value}")));
        }
    }
    let mut answers = Vec::new();
    for path in asked {
        let reply = ledger.request(token, "GET", &path, "").await;
        assert!(matches!(reply.status, 200 | 400 | 404), "{path}: {reply:?}");
        let items = reply.json()["data"]["items"].as_array().cloned().unwrap_or_default();
        answers.push((path.clone(), reply.text));
        for item in items.iter().filter(|_| !path.contains('?')) {
            let one = format!("{path}/{}", text(&item["key"]));
            if ledger.request(token, "GET", &one, "").await.status == 200 {
                answers.push((one.clone(), ledger.request(token, "GET", &one, "").await.text));
            }
            for cursor in ["starting_after", "ending_before"] {
                let page = format!("{path}?{cursor}={}", text(&item["key"]));
                answers.push((page.clone(), ledger.request(token, "GET", &page, "").await.text));
            }
        }
    }
    answers
}

#[tokio::test]
async fn nothing_that_a_partner_reads_changes_or_tells_when_another_partner_trades() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    trade(&shop, "mine", "referrer").await;
    ledger.partner("rival").await;
    // What another partner sold to the partner's own customer is seen, and nothing of the seller.
    let sold = json!({"customer_key": "mine-1", "product_book_key": "book/Surveys", "status": "active",
        "partnership_key": "rival", "external_subscription_key": "shared-sub"});
    ledger.post("/api/v2/products", &sold.to_string()).await.data();
    ledger.pass(40 * Millis::DAY);
    close(&shop).await;
    let token = ledger.partner_token(&shop.partner).await;
    let own = names(ledger).await;
    let before = read_all(ledger, &token).await;
    assert!(before.len() > 100, "{}", before.len());
    trade(&shop, "rival", "rival").await;
    trade(&shop, "rival-two", "rival").await;
    ledger.pass(40 * Millis::DAY);
    close(&shop).await;
    let after = read_all(ledger, &token).await;
    assert_eq!(after, before);
    let foreign: BTreeSet<_> = names(ledger).await.difference(&own).cloned().collect();
    assert!(foreign.len() > 25, "{foreign:?}");
    for (path, answer) in &after {
        for name in foreign.iter().map(String::as_str).chain(["rival", "Rival"]) {
            assert!(!answer.contains(name), "{name} at {path}: {answer}");
        }
    }
    name_others(ledger, &token, &foreign).await;
}

/// Whatever a partner names in a path, a filter or a cursor, another's record is answered like one that nobody has.
async fn name_others(ledger: &TestLedger, token: &str, foreign: &BTreeSet<String>) {
    for (path, parameters) in operations(ledger, "get").await {
        // The vendor's filters are not read in a partner's view, so all of them do the same.
        let naming: Vec<String> = if path.contains("{key}") {
            vec![path.replace("{key}", "NAME")]
        } else {
            parameters.iter().map(|name| format!("{path}?{name}=NAME")).collect()
        };
        for template in &naming {
            // What takes a time or a word takes no name: one is enough there.
            let takes_names =
                ["{key}", "_key=", "starting_after=", "ending_before=", "keywords=", "description="]
                    .iter()
                    .any(|part| template.contains(part) || path.contains(part));
            for name in foreign.iter().take(if takes_names { usize::MAX } else { 1 }) {
                let encoded: String = url_encoded(name);
                // A name of the same form that nobody has.
                let nobody = encoded.chars().rev().collect::<String>().replace(['%', '.', '@'], "x");
                let theirs = ledger.request(token, "GET", &template.replace("NAME", &encoded), "").await;
                let none = ledger.request(token, "GET", &template.replace("NAME", &nobody), "").await;
                assert_eq!(theirs.status, none.status, "{template} {name}");
                let (theirs, none) =
                    (theirs.text.replace(name.as_str(), "X"), none.text.replace(&nobody, "X"));
                assert_eq!(theirs, none, "{template} {name}");
            }
        }
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[tokio::test]
async fn a_partner_makes_links_of_their_own_and_learns_nothing_of_others() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let rival = ledger.partner("rival").await;
    ledger.link("rival", "taken", "https://www.example.com/").await;
    let token = ledger.partner_token(&shop.partner).await;
    let make = async |body: Value| ledger.request(&token, "POST", "/api/v2/links", &body.to_string()).await;
    for body in [
        json!({"dest": "https://www.example.com/a"}),
        json!({"dest": "https://www.example.com/b", "slug": "mine", "partnership_key": "referrer"}),
        json!({"dest": "https://www.example.com/c", "partnership_key": shop.partner}),
    ] {
        assert_eq!(make(body).await.data()["partnership_key"], shop.partner);
    }
    let refused = async |partner: &str| {
        let reply = make(json!({"dest": "https://www.example.com/", "partnership_key": partner})).await;
        assert_eq!(reply.status, 403);
        reply.text
    };
    assert_eq!(refused(&rival).await, refused("nobody").await);
    let taken = make(json!({"dest": "https://www.example.com/", "slug": "taken"})).await;
    assert_eq!(taken.json()["message"], "a link with slug 'taken' exists");
    let own = make(json!({"dest": "https://www.example.com/", "slug": "mine"})).await;
    assert!(text(&own.json()["message"]).contains("link_"));
    let elsewhere = make(json!({"dest": "https://evil.example/"})).await;
    assert_eq!(elsewhere.json()["hint"], "ask the company to allow this destination");
    assert_eq!(make(json!({})).await.error().2, "dest");
    assert_eq!(
        ledger.post("/api/v2/links", r#"{"dest":"https://www.example.com/"}"#).await.error().2,
        "partnership_key"
    );
    let seen = ledger.request(&token, "GET", "/api/v2/links", "").await.data();
    assert_eq!((seen["items"].as_array().unwrap().len(), &seen["total"]), (3, &json!(3)));
}

#[tokio::test]
async fn no_partner_gets_the_answer_to_anothers_idempotency_key() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let rival = ledger.partner("rival").await;
    let mut made = BTreeSet::new();
    for key in [shop.partner.as_str(), rival.as_str()] {
        let token = ledger.partner_token(key).await;
        let request = || {
            axum::http::Request::post("/api/v2/links")
                .header("authorization", &token)
                .header("Idempotency-Key", "once")
                .body(axum::body::Body::from(r#"{"dest":"https://www.example.com/"}"#))
                .unwrap()
        };
        let first = ledger.send(request()).await.data();
        assert_eq!(ledger.send(request()).await.data(), first);
        assert_eq!(first["partnership_key"], key);
        made.insert(text(&first["key"]));
    }
    assert_eq!(made.len(), 2);
}

#[tokio::test]
async fn a_partner_sees_their_agreement_their_program_and_the_offers_they_may_earn_by() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    ledger.post("/api/v2/groups", r#"{"name":"Agencies"}"#).await.data();
    let secret = json!({"name": "SECRET NAME", "offer_description": "For agencies", "event": "customer_created",
        "action": {"type": "commission_flat", "amount": 5, "currency": "USD"}, "eligibility": {"groups": ["agencies"]}});
    let secret = ledger.post("/api/v2/triggers", &secret.to_string()).await;
    assert!(secret.status == 200, "{secret:?}");
    let token = ledger.partner_token(&shop.partner).await;
    let get = async |path: &str| ledger.request(&token, "GET", &format!("/api/v2/{path}"), "").await;
    let own = get("partnerships").await.data();
    assert_eq!((&own["items"][0]["key"], &own["total"]), (&json!(shop.partner), &json!(1)));
    assert_eq!(get("partnerships/referrer").await.data()["key"], shop.partner);
    assert_eq!(get("partnerships/gstest").await.status, 404);
    let program = get("marketplace/programs").await;
    let item = program.data()["items"][0].clone();
    assert_eq!((&item["name"], &item["partner_key"]), (&json!("GigaKick"), &json!("referrer")));
    let offers = |item: &Value| item["offers"].as_array().unwrap().len();
    assert_eq!(offers(&item), 4);
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": "agencies"})).await.data();
    let program = get("marketplace/programs").await;
    assert_eq!(offers(&program.data()["items"][0]), 5);
    for word in ["SECRET", "trig_", "is_any_of"] {
        assert!(!program.text.contains(word), "{word}");
    }
    assert_eq!(ledger.get("/api/v2/marketplace/programs").await.status, 401);
    shop.sell("Inbox", "sub_1", json!({})).await;
    let customer = get("customers").await.data()["items"][0].clone();
    let added = (
        &customer["company"]["name"],
        &customer["sub_ids"],
        &customer["shared_id"],
        &customer["country_iso"],
        &customer["has_paid"],
    );
    assert_eq!(added, (&json!("GigaKick"), &json!([]), &customer["key"], &Value::Null, &json!(false)));
    assert_eq!(customer["email"], "");
    shop.pay("paid-1", 9900, "sub_1").await.data();
    assert_eq!(get("customers").await.data()["items"][0]["has_paid"], true);
    assert!(ledger.get("/api/v2/customers/ada").await.data().get("has_paid").is_none());
    let paid = get("transactions").await.data();
    let item = &paid["items"][0];
    assert_eq!(
        (&item["key"], &item["partnership_key"], &paid["total"]),
        (&json!("paid-1"), &json!(shop.partner), &json!(1))
    );
    assert_eq!((&item["customer"]["email"], &item["customer"]["external_key"]), (&json!(""), &Value::Null));
    assert_eq!((&item["customer_key"], &item["subscription_key"]), (&customer["key"], &Value::Null));
}

#[tokio::test]
async fn a_partner_learns_nothing_of_the_click_by_which_another_was_credited_before() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let rival = ledger.partner("rival").await;
    ledger.link("rival", "theirs", "https://www.example.com/").await;
    let xid = ledger.click("/theirs?sid=rival-mail").await;
    let converted = json!({"xid": xid, "customer_key": "bob", "partner_key": "referrer"});
    ledger.send_as("page", "POST", "/conversion/xid", &converted).await.data();
    shop.post_as("vendor", "transactions", json!({"customer_key": "bob", "amount": 1, "currency": "USD"}))
        .await
        .data();
    let token = ledger.partner_token(&rival).await;
    let mine = ledger.request(&token, "GET", "/api/v2/customers", "").await.data();
    assert_eq!(
        (&mine["items"][0]["source_key"], &mine["items"][0]["sub_ids"]),
        (&json!(xid), &json!(["rival-mail"]))
    );
    let moved = json!({"partner_key": "referrer", "reason": "asked"});
    shop.post_as("vendor", "customers/bob/attribution", moved).await.data();
    let token = ledger.partner_token(&shop.partner).await;
    for list in ["customers", "transactions"] {
        let seen = ledger.request(&token, "GET", &format!("/api/v2/{list}"), "").await;
        assert!(!seen.text.contains("rival-mail") && !seen.text.contains(&xid), "{}", seen.text);
    }
    let history = ledger.get("/api/v2/customers/bob/history").await.text;
    assert!(history.contains("rival-mail") && history.contains(&xid), "{history}");
}

#[tokio::test]
async fn no_hint_tells_a_partner_to_use_the_companys_keys() {
    let shop = Shop::open().await;
    let token = shop.ledger.partner_token(&shop.partner).await;
    let document = contract::document(&shop.ledger.handle).await;
    let mut refused = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{key}", "nothing");
            let reply = shop.ledger.request(&token, &method.to_uppercase(), &path, "{}").await;
            let told = reply.text.to_lowercase();
            for word in ["secret key", "key pair", "basic", "public_key", "administrator", "tracking token"] {
                assert!(!told.contains(word), "{method} {path}: {told}");
            }
            refused += usize::from(reply.status == 401);
        }
    }
    assert!(refused > 30, "{refused}");
}

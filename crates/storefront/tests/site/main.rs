//! The site in front of a real ledger and relay, in process: what it loads, what it sells, what it shows.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod billing;
mod headwater;
mod journey;
mod load;
mod shop;

use axum::http::StatusCode;
use headwater::Served;
use headwater_storefront::site::Site;
use serde_json::json;
use shop::{choice, get, given, open, post};

/// The time of each test's clock, in epoch milliseconds.
const NOW: i64 = 1_775_514_585_468;

#[tokio::test]
async fn bad_input_names_its_field() {
    let served = Served::start().await;
    let router = open(&served).await;
    let stranger = json!({"customer_key": "gk_99", "products": ["inbox"]});
    for (call, body, status, field) in [
        ("signup", json!({"name": "Ana"}), 400, "email"),
        ("signup", json!({"name": " ", "email": "ana@customer.example"}), 400, "name"),
        ("signup", json!([]), 400, ""),
        ("checkout", choice(&[]), 400, "products"),
        ("checkout", choice(&["yacht"]), 400, "products"),
        ("checkout", stranger.clone(), 404, "customer_key"),
        ("pay", stranger, 404, "customer_key"),
        ("pay", choice(&["inbox"]), 409, ""),
    ] {
        let (got, answer) = post(&router, call, body).await;
        assert_eq!((got.as_u16(), answer["field"].as_str()), (status, Some(field)), "{call}: {answer}");
        assert!(!answer["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_ledger_that_is_down_is_said_to_be_and_a_new_visitor_can_still_sign_up() {
    let served = Served::start().await;
    let router = open(&served).await;
    served.stop().await;
    assert_eq!(get(&router, "journey?customer_key=gk_1").await["reachable"], false);
    assert_eq!(get(&router, "partner-view?customer_key=gk_1").await["reachable"], false);
    let person = json!({"name": "Bo", "email": "bo@customer.example"});
    assert_eq!(post(&router, "signup", person).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn the_state_file_keeps_customers_and_the_secret() {
    let directory = tempfile::tempdir().unwrap();
    let file = Some(directory.path().join("site.json"));
    let before = Site::open(file.clone(), given()).unwrap();
    before.sign_up("Ana", "ana@customer.example").unwrap();
    let after = Site::open(file, given()).unwrap();
    assert_eq!(after.webhook_secret(), before.webhook_secret());
    assert_eq!(after.member("gk_1").unwrap().name, "Ana");
    assert_eq!(after.sign_up("Bo", "bo@customer.example").unwrap().as_deref(), Some("gk_2"));
}

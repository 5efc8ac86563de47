//! The table of credits, through the whole tracker: Rust decides by address and cookies, JavaScript by what the page
//! wrote. Each row must have the result that `headwater_protocol::credit` has for it.

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{bring_cookies, events, signup, start, tracker_at, visit_anew};

const TABLE: &str = include_str!("../fixtures/credit.json");

#[wasm_bindgen_test]
async fn the_table_of_credits_holds_in_a_browser() {
    let cases: Vec<Value> = serde_json::from_str(TABLE).unwrap();
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        tracker_at("", &json!({}));
        // The `9` of the table stands for a time far in the future, until which our cookies certainly last.
        bring_cookies(text("cookies"), &text("seen").replacen('9', "9000000000000000", 1));
        visit_anew(text("query"));
        let model = if text("model") == "first" { "first" } else { "last" };
        let tracker = start(&json!({ "model": model, "organic": true }));
        let mut customer = case["page"].clone();
        if !customer.is_object() {
            customer = json!({});
        }
        customer["customer_key"] = "c1".into();
        signup(&tracker, &customer).await.unwrap();
        let data = &events()[0]["data"];
        for name in ["partner_key", "xid", "credited_by"] {
            assert_eq!(data[name], case["expect"][name], "{name}: {}", case["name"]);
        }
    }
}

//! The ledger credits whom the tracker's choice names: every row of the table in `tests/fixtures/credit.json`, which the
//! tracker is tested with too (trust.md section 2).

use std::collections::BTreeMap;

use headwater_testkit::{KitOptions, TestEvent};
use serde_json::{Value, json};

use crate::stage::with_catalogue;

const TABLE: &str = include_str!("../../../../tests/fixtures/credit.json");
/// How the table's click ids end, and whose clicks they are.
const CLICKS: [(&str, &str); 5] =
    [("AAAAA", "ada"), ("BBBBB", "bea"), ("CCCCC", "cyd"), ("abcDEF123456", "ada"), ("bcdEFG123456", "bea")];

/// Whose click an id of the table is.
fn clicker(xid: &str) -> &'static str {
    CLICKS.iter().find(|(end, _)| xid.ends_with(end)).unwrap().1
}

/// The model: the key that a page wrote itself, else the partner of the click, else the key that came along.
fn partner(expect: &Value) -> Option<&str> {
    let key = expect["partner_key"].as_str();
    let of_click = expect["xid"].as_str().map(clicker);
    if expect["credited_by"] == "page" { key.or(of_click) } else { of_click.or(key) }
}

#[tokio::test]
async fn the_partner_of_the_table_is_credited_by_the_ledger() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let program = headwater.program(0);
    let vendor = program.vendor();
    for (number, key) in ["ada", "bea", "cyd", "own", "a b"].into_iter().enumerate() {
        let body = json!({"email": format!("partner{number}@partner.example"), "partner_key": key});
        vendor.post("partnerships", body).await.data();
        if clicked(key) {
            let link = json!({"partnership_key": key, "slug": key, "dest": "https://www.example.com/"});
            vendor.post("links", link).await.data();
        }
    }
    let table: Vec<Value> = serde_json::from_str(TABLE).unwrap();
    let mut expected = BTreeMap::new();
    for (number, case) in table.iter().enumerate() {
        let mut data = case["expect"].as_object().unwrap().clone();
        if let Some(xid) = data.get("xid").and_then(Value::as_str) {
            let xid = program.click(clicker(xid)).await;
            data.insert("xid".to_owned(), json!(xid));
        }
        let customer = format!("gk_{number}");
        data.insert("customer_key".to_owned(), json!(customer));
        headwater.event(TestEvent::of_page("signup", Value::Object(data))).await.expect(202);
        headwater.deliver().await;
        expected.extend(partner(&case["expect"]).map(|key| (customer, key.to_owned())));
    }
    let customers = headwater.all("customers").await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let credited: BTreeMap<_, _> =
        customers.iter().map(|row| (text(&row["customer_key"]), text(&row["partner_key"]))).collect();
    assert_eq!(credited, expected, "{}", headwater.describe_entries().await);
    assert!(expected.len() > 30, "{}", expected.len());
}

/// Whether the table has clicks of this partner.
fn clicked(partner: &str) -> bool {
    CLICKS.iter().any(|(_, of)| *of == partner)
}

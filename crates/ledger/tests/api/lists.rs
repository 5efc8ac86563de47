//! Lists: pages neither miss nor repeat an item.

use proptest::prelude::*;
use serde_json::Value;

use crate::test_ledger::{START, TestLedger, text};

async fn fill(ledger: &TestLedger, gaps: &[i64]) -> Vec<String> {
    let mut keys = Vec::new();
    for (at, gap) in gaps.iter().enumerate() {
        ledger.pass(*gap);
        let body = format!(r#"{{"email":"c{at}@site.example","customer_key":"c{at}"}}"#);
        keys.push(text(&ledger.post("/api/v2/customers", &body).await.data()["key"]));
    }
    keys
}

fn keys(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| text(&item["key"])).collect()
}

/// Walks a whole list by `starting_after`; every page but the last says that more follow.
async fn walk(ledger: &TestLedger, limit: usize, order: &str) -> Vec<String> {
    let (mut seen, mut cursor): (Vec<String>, _) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v2/customers?limit={limit}&order_by={order}{cursor}");
        let page = ledger.get(&path).await.data();
        let found = keys(&page);
        assert!(found.len() <= limit);
        assert_eq!(page["ending_cursor"].as_str(), found.last().map(String::as_str));
        seen.extend(found);
        if page["has_more"] == false {
            return seen;
        }
        cursor = format!("&starting_after={}", text(&page["ending_cursor"]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn pages_of_any_size_show_every_item_once_in_order(
        gaps in prop::collection::vec(0i64..3, 0..14), limit in 1usize..7,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ledger = TestLedger::open().await;
            let mut made = fill(&ledger, &gaps).await;
            assert_eq!(walk(&ledger, limit, "created_at").await, made);
            made.reverse();
            assert_eq!(walk(&ledger, limit, "-created_at").await, made);
            for (at, key) in made.iter().enumerate() {
                let page = ledger.get(&format!("/api/v2/customers?limit={limit}&ending_before={key}")).await.data();
                assert_eq!(keys(&page), made[at.saturating_sub(limit)..at], "before {key}");
                assert_eq!(page["has_more"], at > limit);
            }
        });
    }
}

#[tokio::test]
async fn a_list_is_ten_newest_first_and_ends_in_an_empty_page() {
    let ledger = TestLedger::open().await;
    let made = fill(&ledger, &[1; 12]).await;
    let page = ledger.get("/api/v2/customers").await.data();
    assert_eq!(keys(&page), made.iter().rev().take(10).cloned().collect::<Vec<_>>());
    assert_eq!(page["has_more"], true);
    let end = ledger.get(&format!("/api/v2/customers?starting_after={}", made[0])).await;
    assert_eq!((end.status, end.data()["items"].as_array().unwrap().len()), (200, 0));
    assert_eq!((&end.data()["has_more"], &end.data()["ending_cursor"]), (&Value::Bool(false), &Value::Null));
}

#[tokio::test]
async fn a_cursor_outlives_its_item() {
    let ledger = TestLedger::open().await;
    let made = fill(&ledger, &[1; 4]).await;
    ledger
        .request(&ledger.production(), "DELETE", &format!("/api/v2/customers/{}", made[2]), "")
        .await
        .data();
    let page = ledger.get(&format!("/api/v2/customers?starting_after={}", made[2])).await.data();
    assert_eq!(keys(&page), [made[1].clone(), made[0].clone()]);
    assert_eq!(keys(&ledger.get("/api/v2/customers").await.data()).len(), 3);
    assert_eq!(keys(&ledger.get("/api/v2/customers?include_archived=true").await.data()).len(), 4);
}

#[tokio::test]
async fn time_bounds_include_both_ends() {
    let ledger = TestLedger::open().await;
    let made = fill(&ledger, &[0, 1000, 1000, 1000]).await;
    let path = format!("/api/v2/customers?min_created={}&max_created={}", START + 1000, START + 2000);
    assert_eq!(keys(&ledger.get(&path).await.data()), [made[2].clone(), made[1].clone()]);
    ledger.pass(1000);
    let change = format!("/api/v2/customers/{}", made[0]);
    ledger.request(&ledger.production(), "PATCH", &change, r#"{"name":"Ada"}"#).await.data();
    let path = format!("/api/v2/customers?min_updated={}", START + 3500);
    assert_eq!(keys(&ledger.get(&path).await.data()), [made[0].clone()]);
}

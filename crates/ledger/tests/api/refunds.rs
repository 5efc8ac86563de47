//! Refunds: reversals are added as rows, and the sum of rows stays the balance.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

async fn paid_shop() -> Shop {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    shop
}

#[tokio::test]
async fn partial_refunds_of_the_whole_reverse_the_whole_reward_to_the_cent() {
    let shop = paid_shop().await;
    // A repeated total and an older one change nothing.
    for (total, balance) in [(3333, 1313), (3333, 1313), (3334, 1313), (1, 1313), (9899, 0), (9900, 0)] {
        shop.refund("invoice-1", total).await.data();
        assert_eq!(shop.balance().await, balance, "after {total}");
    }
    let rows = shop.rewards().await;
    assert!(rows.iter().all(|row| row["status"] == "declined" && row["reason"] == "refunded"), "{rows:#?}");
    assert!(rows[1..].iter().all(|row| row["reverses"] == rows[0]["key"]));
    let whole = shop.ledger.get("/api/v2/transactions/invoice-1").await.data();
    assert_eq!((&whole["status"], &whole["archived"]), (&json!("refunded"), &json!(true)));
}

#[tokio::test]
async fn deleting_a_payment_reverses_what_it_earned_once() {
    let shop = paid_shop().await;
    for _ in 0..2 {
        let path = "/api/v2/transactions/invoice-1";
        shop.ledger.request(&shop.ledger.production(), "DELETE", path, "").await.data();
        assert_eq!((shop.balance().await, shop.amounts().await), (0, vec![1980, -1980]));
    }
}

#[tokio::test]
async fn the_reversal_of_a_paid_reward_is_owed_and_cannot_be_declined() {
    let shop = paid_shop().await;
    let original = text(&shop.rewards().await[0]["key"]);
    let path = format!("/api/v2/rewards/{original}");
    shop.patch(&path, json!({"status": "approved"})).await.data();
    shop.patch(&path, json!({"status": "paid"})).await.data();
    shop.refund("invoice-1", 9900).await.data();
    let rows = shop.rewards().await;
    assert_eq!((&rows[0]["status"], &rows[1]["status"]), (&json!("paid"), &json!("pending")));
    assert_eq!(shop.balance().await, 0);
    let owed = format!("/api/v2/rewards/{}", text(&rows[1]["key"]));
    let refused = shop.patch(&owed, json!({"status": "declined", "reason": "kindness"})).await;
    assert_eq!(refused.error(), (409, "reversal_owed".to_owned(), "status".to_owned()));
    let refused = shop.patch(&path, json!({"status": "pending"})).await;
    assert_eq!(refused.error().1, "reward_paid");
    shop.patch(&owed, json!({"status": "paid"})).await.data();
}

#[tokio::test]
async fn a_reversal_takes_the_status_of_its_reward() {
    let shop = paid_shop().await;
    shop.refund("invoice-1", 4950).await.data();
    let rows = shop.rewards().await;
    let (original, reversal) = (text(&rows[0]["key"]), text(&rows[1]["key"]));
    let alone = shop.patch(&format!("/api/v2/rewards/{reversal}"), json!({"status": "paid"})).await;
    assert_eq!(alone.error().1, "reversal_follows");
    let path = format!("/api/v2/rewards/{original}");
    let silent = shop.patch(&path, json!({"status": "declined"})).await;
    assert_eq!(silent.error(), (400, "required".to_owned(), "reason".to_owned()));
    for change in [json!({"status": "declined", "reason": "fraud"}), json!({"status": "approved"})] {
        shop.patch(&path, change.clone()).await.data();
        let rows = shop.rewards().await;
        assert!(rows.iter().all(|row| row["status"] == change["status"]), "{rows:#?}");
    }
    shop.refund("invoice-1", 9900).await.data();
    let refused = shop.patch(&path, json!({"status": "approved"})).await;
    assert_eq!(refused.error().1, "reward_refunded");
    assert_eq!(shop.balance().await, 0);
}

#[tokio::test]
async fn a_refund_that_comes_before_the_product_leads_to_the_same_balance() {
    let shop = Shop::open().await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    shop.refund("invoice-1", 4950).await.data();
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    assert_eq!((shop.balance().await, shop.amounts().await), (990, vec![1980, -990]));
}

#[tokio::test]
async fn a_refund_stays_within_the_payment() {
    let shop = paid_shop().await;
    for total in [9901, -1] {
        let refused = shop.refund("invoice-1", total).await;
        assert_eq!(refused.error(), (400, "out_of_range".to_owned(), "refunded_total".to_owned()));
    }
    let unknown: Value = shop.refund("invoice-2", 1).await.json();
    assert_eq!(unknown["code"], "transaction_not_found");
}

#[tokio::test]
async fn a_partial_refund_reverses_a_part_and_a_malformed_one_nothing() {
    let shop = paid_shop().await;
    let refund = async |body: Value| {
        shop.ledger.post("/api/v2/transactions/invoice-1/refund", &body.to_string()).await
    };
    for body in [json!({}), json!({"ammount": 500})] {
        let refused = refund(body).await;
        assert_eq!(refused.error(), (400, "required".to_owned(), "amount".to_owned()));
    }
    assert_eq!(refund(json!({"lines": [1]})).await.error().0, 400);
    assert_eq!(refund(json!({"lines": []})).await.error().0, 400);
    assert_eq!(refund(json!({"amount": 1, "refunded_total": 1})).await.error().0, 400);
    assert_eq!(shop.balance().await, 1980);
    refund(json!({"amount": 4950})).await.data();
    assert_eq!(shop.balance().await, 990);
    assert_eq!(refund(json!({"amount": 4951})).await.error().2, "amount");
    assert_eq!(refund(json!({"amount": 0})).await.error().2, "amount");
    assert_eq!(refund(json!({"amount": -1})).await.error().2, "amount");
    refund(json!({"lines": [{"amount": 2475}, {"amount": 2475}]})).await.data();
    assert_eq!(shop.balance().await, 0);
}

#[tokio::test]
async fn a_dispute_that_is_won_restores_the_commission() {
    let shop = paid_shop().await;
    let told = async |total: i64, at: i64| {
        let body = json!({"refunded_total": total, "occurred_at": at}).to_string();
        shop.ledger.post("/api/v2/transactions/invoice-1/refund", &body).await.data()
    };
    told(9900, 1000).await;
    assert_eq!(shop.balance().await, 0);
    let won = told(0, 2000).await;
    assert_eq!((&won["status"], &won["archived"]), (&json!("approved"), &json!(false)));
    assert_eq!(shop.balance().await, 1980);
    told(9900, 1000).await;
    assert_eq!(shop.balance().await, 1980, "an older word changes nothing");
    told(4950, 3000).await;
    assert_eq!(shop.balance().await, 990);
}

#[tokio::test]
async fn a_payment_that_the_company_deleted_is_not_restored_by_a_providers_total() {
    let shop = paid_shop().await;
    let path = "/api/v2/transactions/invoice-1";
    shop.ledger.request(&shop.ledger.production(), "DELETE", path, "").await.data();
    let body = json!({"refunded_total": 100, "occurred_at": 5000}).to_string();
    shop.ledger.post("/api/v2/transactions/invoice-1/refund", &body).await.data();
    assert_eq!(shop.balance().await, 0);
}

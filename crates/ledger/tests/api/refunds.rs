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
    for body in [json!({"lines": []}), json!({"amount": 1, "refunded_total": 1})] {
        let refused = refund(body).await;
        assert_eq!(refused.error(), (400, "invalid_value".to_owned(), "amount".to_owned()));
    }
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

async fn refund(shop: &Shop, key: &str, body: Value) -> crate::test_ledger::Reply {
    shop.ledger.post(&format!("/api/v2/transactions/{key}/refund"), &body.to_string()).await
}

#[tokio::test]
async fn a_refusal_says_how_much_may_be_refunded() {
    let shop = paid_shop().await;
    refund(&shop, "invoice-1", json!({"amount": 4900})).await.data();
    for (body, begin, bound) in [
        (json!({"refunded_total": 9901}), "refunded_total must lie between 0 and", "9900"),
        (json!({"amount": 5001}), "amount must not be 0", "5000"),
        (json!({"lines": [{"amount": 5001}]}), "lines must not be 0", "5000"),
        (json!({"lines": [{"amount": 200}, {"amount": -100}]}), "lines must not be 0", "5000"),
        (json!({"amount": i64::MAX}), "amount must not be 0", "5000"),
    ] {
        let refused = refund(&shop, "invoice-1", body.clone()).await;
        assert_eq!(refused.error().1, "out_of_range", "{body}");
        let message = text(&refused.json()["message"]);
        assert!(message.starts_with(begin), "{body}: {message}");
        assert!(message.ends_with(&format!(", {bound}")), "{body}: {message}");
    }
}

#[tokio::test]
async fn a_payment_to_the_customer_is_refunded_with_its_own_sign() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("credit-1", -9900, "sub_inbox").await.data();
    assert_eq!(shop.balance().await, -1980);
    for body in [json!({"amount": 1}), json!({"refunded_total": 1}), json!({"refunded_total": -9901})] {
        assert_eq!(refund(&shop, "credit-1", body).await.error().1, "out_of_range");
    }
    refund(&shop, "credit-1", json!({"lines": [{"amount": 0}, {"amount": -4950}]})).await.data();
    assert_eq!(shop.balance().await, -990);
    refund(&shop, "credit-1", json!({"refunded_total": -9900})).await.data();
    assert_eq!(shop.balance().await, 0);
}

#[tokio::test]
async fn only_a_total_with_a_time_shrinks_one_that_came_with_a_time() {
    let total = |total: i64, at: Option<i64>| match at {
        Some(at) => json!({"refunded_total": total, "occurred_at": at}),
        None => json!({"refunded_total": total}),
    };
    for (first, second, balance) in [
        (total(4950, Some(1000)), total(0, Some(1000)), 1980),
        (total(4950, Some(1000)), total(9900, Some(1000)), 0),
        (total(4950, Some(1000)), total(0, Some(999)), 990),
        (total(4950, Some(1000)), total(0, None), 990),
        (total(4950, None), total(0, Some(1000)), 990),
        (total(4950, None), total(0, None), 990),
        (total(4950, Some(1000)), total(9900, None), 0),
    ] {
        let shop = paid_shop().await;
        refund(&shop, "invoice-1", first.clone()).await.data();
        refund(&shop, "invoice-1", second.clone()).await.data();
        assert_eq!(shop.balance().await, balance, "{first} {second}");
    }
}

/// The time of a total is that of the newest fact it knows, so two totals may have the same time: when a dispute was
/// won before the refund that is known already. The older one may still be on its way, long after its sender gave up.
#[tokio::test]
async fn of_two_totals_of_one_time_the_one_that_knew_more_stays_in_any_order() {
    let total = |total: i64, revision: Option<i64>| match revision {
        Some(revision) => json!({"refunded_total": total, "occurred_at": 1000, "revision": revision}),
        None => json!({"refunded_total": total, "occurred_at": 1000}),
    };
    for (first, second, balance) in [
        (total(9900, Some(7)), total(4950, Some(8)), 990),
        (total(4950, Some(8)), total(9900, Some(7)), 990),
        (total(4950, Some(8)), total(9900, Some(8)), 0),
        (total(4950, Some(8)), total(9900, None), 0),
        (total(4950, Some(8)), json!({"refunded_total": 9900, "occurred_at": 1001, "revision": 1}), 0),
    ] {
        let shop = paid_shop().await;
        refund(&shop, "invoice-1", first.clone()).await.data();
        refund(&shop, "invoice-1", second.clone()).await.data();
        assert_eq!(shop.balance().await, balance, "{first} {second}");
    }
}

#[tokio::test]
async fn a_total_of_the_company_that_the_provider_repeats_is_the_providers_from_then_on() {
    let shop = paid_shop().await;
    shop.refund("invoice-1", 4950).await.data();
    for (total, at, balance) in [(4950, 1000, 990), (0, 2000, 1980)] {
        refund(&shop, "invoice-1", json!({"refunded_total": total, "occurred_at": at})).await.data();
        assert_eq!(shop.balance().await, balance);
    }
}

#[tokio::test]
async fn a_payment_that_the_company_deleted_is_not_restored_even_if_the_provider_had_refunded_a_part() {
    let shop = paid_shop().await;
    let told = |total: i64, at: i64| json!({"refunded_total": total, "occurred_at": at});
    refund(&shop, "invoice-1", told(4950, 1000)).await.data();
    shop.delete("/api/v2/transactions/invoice-1").await.data();
    refund(&shop, "invoice-1", told(0, 2000)).await.data();
    assert_eq!(shop.balance().await, 0);
}

#[tokio::test]
async fn a_refund_of_a_part_leaves_a_status_that_a_person_has_set() {
    for change in [
        json!({"status": "approved"}),
        json!({"status": "hold"}),
        json!({"status": "declined", "reason": "fraud"}),
    ] {
        let shop = paid_shop().await;
        let path = format!("/api/v2/rewards/{}", text(&shop.rewards().await[0]["key"]));
        shop.patch(&path, change.clone()).await.data();
        shop.ledger.pass(1000);
        shop.refund("invoice-1", 4950).await.data();
        let rows = shop.rewards().await;
        assert_eq!(rows[0]["reason"], change["reason"]);
        assert!(rows.iter().all(|row| row["status"] == change["status"]), "{rows:#?}");
        let now = crate::test_ledger::START + 1000;
        assert_eq!((&rows[1]["created_at"], &rows[1]["updated_at"]), (&json!(now), &json!(now)));
        assert_eq!((&rows[1]["amount"], &rows[1]["reason"]), (&json!(-990), &json!("refunded")));
    }
}

#[tokio::test]
async fn a_declined_reward_may_get_another_reason_unless_a_refund_declined_it() {
    let shop = paid_shop().await;
    let path = format!("/api/v2/rewards/{}", text(&shop.rewards().await[0]["key"]));
    let decide = async |change: Value| shop.patch(&path, change).await.data();
    for reason in ["fraud", "error"] {
        let declined = decide(json!({"status": "declined", "reason": reason})).await;
        assert_eq!((&declined["status"], &declined["reason"]), (&json!("declined"), &json!(reason)));
    }
    let open = decide(json!({"status": "pending"})).await;
    assert_eq!((&open["status"], &open["reason"]), (&json!("pending"), &Value::Null));
    shop.refund("invoice-1", 9900).await.data();
    let kept = decide(json!({"status": "declined", "reason": "kindness"})).await;
    assert_eq!(kept["reason"], "refunded");
    let scheduled = shop.patch(&path, json!({"status": "scheduled"})).await;
    assert_eq!(scheduled.error(), (400, "invalid_value".to_owned(), "status".to_owned()));
    for reason in [String::new(), "x".repeat(1001)] {
        let refused = shop.patch(&path, json!({"status": "declined", "reason": reason})).await;
        assert_eq!(refused.error().2, "reason");
    }
}

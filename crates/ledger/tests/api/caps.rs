//! Caps: what one trigger pays at most (triggers.md section 1).

use serde_json::{Value, json};

use crate::shop::Shop;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn capped(amount: i64, caps: &Value) -> Value {
    json!({"type": "commission_flat", "amount": amount, "currency": "USD", "caps": caps})
}

#[tokio::test]
async fn a_cap_for_a_partner_and_month_cuts_what_exceeds_it_and_begins_anew_with_the_month() {
    let shop = Shop::open().await;
    let month = json!([{"per": "partner", "period": "month", "amounts": {"USD": 1000}}]);
    shop.trigger("transaction_created", json!({"all": []}), capped(400, &month)).await;
    for number in 0..5 {
        shop.pay(&format!("invoice-{number}"), 9900, "none").await.data();
    }
    assert_eq!(shop.amounts().await, [400, 400, 200]);
    let told = shop.ledger.get("/api/v2/transactions/invoice-4/explain").await.data();
    assert_eq!(told["triggers"][4]["failed"]["path"], "action.caps");
    for (key, paid) in [("invoice-0", 400), ("invoice-2", 200)] {
        let told = shop.ledger.get(&format!("/api/v2/transactions/{key}/explain")).await.data();
        assert_eq!(told["triggers"][4]["amount"], paid, "what {key} itself was paid is not against it");
    }
    shop.ledger.pass(31 * DAY);
    shop.pay("next-month", 9900, "none").await.data();
    assert_eq!(shop.amounts().await, [400, 400, 200, 400]);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_cap_for_a_customer_counts_each_customer_and_one_for_the_trigger_counts_all() {
    let shop = Shop::open().await;
    let once = json!([{"per": "customer", "rewards": 1}, {"per": "trigger", "amounts": {"USD": 700}}]);
    shop.trigger("transaction_created", json!({"all": []}), capped(300, &once)).await;
    for name in ["bob", "cat", "dan"] {
        shop.customer(name, "referrer").await;
    }
    for (at, name) in ["bob", "bob", "cat", "ada", "dan"].into_iter().enumerate() {
        let body =
            json!({"customer_key": name, "key": format!("paid-{at}"), "amount": 900, "currency": "USD"});
        shop.post_as("vendor", "transactions", body).await.data();
    }
    assert_eq!(shop.amounts().await, [300, 300, 100]);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_refund_leaves_no_room_and_a_correction_does() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    let ever = json!([{"per": "partner", "amounts": {"USD": 500}}]);
    shop.trigger("transaction_created", json!({"all": []}), capped(500, &ever)).await;
    shop.pay("first", 900, "none").await.data();
    shop.delete("/api/v2/transactions/first").await.data();
    shop.pay("second", 900, "none").await.data();
    assert_eq!(shop.amounts().await, [500, -500], "the refund may be undone");
    shop.credit("robin").await;
    assert_eq!(shop.balance().await, 0, "nor with another partner");
    shop.customer("bob", "referrer").await;
    let body = json!({"customer_key": "bob", "key": "third", "amount": 900, "currency": "USD"});
    shop.post_as("vendor", "transactions", body).await.data();
    assert_eq!(shop.balance().await, 500, "the first partner has earned nothing after all");
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

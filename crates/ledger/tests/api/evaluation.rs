//! What a payment earns: by the customer's history, by the partner's state, and by what was paid for at its time.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::START;

const NOTHING: [i64; 0] = [];

fn flat(amount: i64) -> Value {
    json!({"type": "commission_flat", "amount": amount, "currency": "USD"})
}

fn customer(field: &str, operator: &str, value: i64) -> Value {
    json!({"all": [{"object": "customer", "field": field, "operator": operator, "value": value}]})
}

#[tokio::test]
async fn a_rule_counts_the_payments_and_the_revenue_of_the_customer() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", customer("transaction_count", "is", 2), flat(7)).await;
    shop.trigger("transaction_created", customer("total_revenue", "is", 300), flat(5)).await;
    for (key, amount, earned) in
        [("first", 100, &[][..]), ("second", 200, &[7, 5]), ("third", 400, &[7, 5]), ("fourth", 1, &[7, 5])]
    {
        shop.pay(key, amount, "none").await.data();
        assert_eq!(shop.amounts().await, earned, "{key}");
    }
}

#[tokio::test]
async fn a_new_customer_has_paid_nothing() {
    let shop = Shop::open().await;
    shop.trigger("customer_created", customer("transaction_count", "is", 0), flat(7)).await;
    shop.trigger("customer_created", customer("total_revenue", "is", 0), flat(5)).await;
    shop.trigger("customer_created", customer("total_revenue", "greater_than", 0), flat(3)).await;
    shop.customer("bob", "referrer").await;
    assert_eq!(shop.amounts().await, [7, 5]);
}

#[tokio::test]
async fn an_archived_or_declined_partner_earns_no_more() {
    let shop = Shop::open().await;
    shop.trigger("customer_created", json!({"all": []}), flat(500)).await;
    shop.share("10").await;
    shop.ledger.partner("gone").await;
    shop.customer("bob", "gone").await;
    shop.delete("/api/v2/partnerships/gone").await.data();
    let declined = json!({"approved_status": "declined"});
    shop.patch("/api/v2/partnerships/referrer", declined).await.data();
    assert_eq!(shop.amounts().await, [500]);
    shop.customer("cat", "referrer").await;
    shop.pay("of-ada", 1000, "none").await.data();
    let paid = json!({"customer_key": "bob", "key": "of-bob", "amount": 1000, "currency": "USD"});
    shop.post_as("vendor", "transactions", paid).await.data();
    assert_eq!(shop.amounts().await, [500]);
    let told = shop.ledger.get("/api/v2/transactions/of-ada/explain").await.data();
    assert_eq!((&told["partnership_key"], &told["triggers"]), (&Value::Null, &json!([])));
    shop.patch("/api/v2/partnerships/referrer", json!({"approved_status": "pending"})).await.data();
    shop.pay("later", 1000, "none").await.data();
    assert_eq!(shop.amounts().await, [500, 100]);
}

#[tokio::test]
async fn a_providers_payment_is_for_the_price_that_its_line_names() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    let paid = shop.bill("in_1/il_1", 3900, 2000, &["price_unknown", "book/Surveys"]).await.data();
    assert_eq!(shop.amounts().await, [390]);
    let product = shop.ledger.get("/api/v2/products/sub_1").await.data();
    assert_eq!(paid["product_key"], product["key"], "an old line does not change the plan");
    shop.bill("in_2/il_1", 9900, 3000, &["book/Inbox"]).await.data();
    assert_eq!(shop.amounts().await, [390, 1980]);
}

#[tokio::test]
async fn a_providers_payment_is_for_a_product_that_was_active_unless_it_had_ended() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "trial", json!({"occurred_at": 1000})).await.data();
    shop.bill("trial", 9900, 2000, &[]).await.data();
    assert_eq!(shop.amounts().await, [1980], "who pays has no trial");
    shop.report("billing", "Inbox", "churned", json!({"occurred_at": 3000})).await.data();
    for (key, at, entries, earned) in [
        ("before", 2999, &[][..], 2),
        ("at-end", 3000, &[], 2),
        ("after", 3001, &[], 2),
        ("same-entry", 3002, &["book/Inbox"], 2),
        ("other-entry", 3003, &["book/Surveys"], 3),
    ] {
        shop.bill(key, 9900, at, entries).await.data();
        assert_eq!(shop.amounts().await.len(), earned, "{key}");
    }
    assert_eq!(shop.amounts().await, [1980, 1980, 990]);
}

#[tokio::test]
async fn the_companys_own_payment_is_for_the_product_as_it_is_now() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "trial", json!({"occurred_at": 1000})).await.data();
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    assert_eq!(shop.amounts().await, NOTHING);
}

#[tokio::test]
async fn what_was_paid_after_the_end_is_taken_back_when_the_end_is_heard_later() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("before", 9900, 1999, &[]).await.data();
    shop.bill("at-end", 9900, 2000, &[]).await.data();
    shop.bill("after", 9900, 2001, &[]).await.data();
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    shop.share("1").await;
    assert_eq!(shop.balance().await, 4 * 1980);
    shop.report("billing", "Inbox", "churned", json!({"occurred_at": 2000})).await.data();
    let left: Vec<_> = shop.rewards().await.into_iter().filter(|row| row["status"] == "pending").collect();
    let of: Vec<_> = left.iter().map(|row| (&row["transaction"]["key"], &row["amount"])).collect();
    // Only payments since the end are evaluated anew; the company's own is left alone, and a trigger made since, which does
    // not ask about products, is not asked: a replay is for that.
    assert_eq!(of, [(&json!("before"), &json!(1980)), (&json!("invoice-1"), &json!(1980))]);
}

#[tokio::test]
async fn a_report_that_changes_no_status_evaluates_nothing_anew() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1/il_1", 9900, 2000, &[]).await.data();
    shop.share("1").await;
    for (source, status, at) in [("billing", "active", 1500), ("billing", "churned", 500)] {
        shop.report(source, "Inbox", status, json!({"occurred_at": at})).await.data();
        assert_eq!(shop.amounts().await, [1980], "{status} {at}");
    }
    // Nor does the company's own report, which counts from then on.
    shop.report("vendor", "Inbox", "churned", json!({"occurred_at": 1600})).await.data();
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn a_changed_plan_leaves_alone_what_older_payments_earned() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1/il_1", 9900, 1500, &[]).await.data();
    let changed = shop.report("billing", "Surveys", "active", json!({"occurred_at": 2000})).await.data();
    let entry = shop.ledger.get("/api/v2/product-book/book%2FSurveys").await.data();
    assert_eq!(changed["product_book_key"], entry["key"]);
    assert_eq!(shop.amounts().await, [1980]);
    shop.bill("in_2/il_1", 9900, 2500, &[]).await.data();
    assert_eq!(shop.amounts().await, [1980, 990]);
}

#[tokio::test]
async fn a_company_that_corrects_the_providers_entry_corrects_what_it_earned() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1/il_1", 9900, 1500, &[]).await.data();
    shop.patch("/api/v2/products/sub_1", json!({"product_book_key": "book/Surveys"})).await.data();
    assert_eq!(shop.standing().await, [(shop.partner.clone(), 990, "pending".to_owned(), String::new())]);
    let history = shop.ledger.get("/api/v2/products/sub_1/history").await.data();
    let fields: Vec<_> = history["items"].as_array().unwrap().iter().map(|row| &row["field"]).collect();
    assert_eq!(fields, ["product_book_key"]);
}

#[tokio::test]
async fn an_agreement_on_what_is_known_evaluates_nothing_anew() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1/il_1", 9900, 1500, &[]).await.data();
    shop.share("1").await;
    shop.patch("/api/v2/products/sub_1", json!({"product_book_key": "book/Inbox"})).await.data();
    assert_eq!(shop.amounts().await, [1980]);
    let history = shop.ledger.get("/api/v2/products/sub_1/history").await.data();
    assert_eq!(history["items"], json!([]), "nothing has changed");
}

#[tokio::test]
async fn a_corrected_credit_repeats_the_refund_that_came_before() {
    let shop = Shop::open().await;
    shop.share("10").await;
    let robin = shop.ledger.partner("robin").await;
    shop.pay("half", 1000, "none").await.data();
    shop.refund("half", 500).await.data();
    shop.pay("whole", 2000, "none").await.data();
    shop.delete("/api/v2/transactions/whole").await.data();
    shop.credit("robin").await;
    let of = |partner: &str, rows: &[Value]| {
        let own = rows.iter().filter(|row| row["partnership"]["key"] == *partner);
        own.map(|row| row["amount"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let rows = shop.rewards().await;
    assert_eq!(of(&shop.partner, &rows), [100, -50, 200, -200, -50]);
    assert_eq!(of(&robin, &rows), [100, -50, 200, -200]);
    assert_eq!(shop.balance().await, 50);
}

#[tokio::test]
async fn a_product_whose_seller_was_named_stays_with_the_seller() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    shop.sell("Inbox", "sub_named", json!({"partnership_key": "referrer"})).await;
    shop.sell("Inbox", "sub_own", json!({})).await;
    shop.credit("robin").await;
    for (subscription, partner) in [("sub_named", &shop.partner), ("sub_own", &robin)] {
        let paid = shop.pay(&format!("for-{subscription}"), 9900, subscription).await.data();
        assert_eq!(paid["partnership_key"], partner.as_str(), "{subscription}");
        let reward = shop.rewards().await.pop().unwrap();
        assert_eq!(reward["partnership"]["key"], partner.as_str(), "{subscription}");
    }
}

#[tokio::test]
async fn a_free_payment_that_is_deleted_takes_back_its_fixed_sum() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", json!({"all": []}), flat(500)).await;
    shop.pay("free", 0, "none").await.data();
    assert_eq!(shop.balance().await, 500);
    let gone = shop.delete("/api/v2/transactions/free").await.data();
    assert_eq!((&gone["approved"], &gone["updated_at"]), (&json!(false), &json!(START)));
    assert_eq!(shop.amounts().await, [500, -500]);
}

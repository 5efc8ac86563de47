//! What the journey page shows: the company's timeline, and the partner's view of the same customer.

use serde_json::{Value, json};

use crate::NOW;
use crate::headwater::Served;
use crate::shop::{arrive, choice, choose, get, open, posted};

/// Name, amount and status of each row of a list of the partner's view, sorted.
fn shown(list: &Value, name: &str) -> Vec<(String, i64, String)> {
    let mut rows: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |member: &str| row[member].as_str().unwrap().to_owned();
            (text(name), row["amount"].as_i64().unwrap(), text("status"))
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn a_journey_is_told_in_order_with_its_latencies_and_without_other_peoples_rewards() {
    let served = Served::start().await;
    let router = open(&served).await;
    let unknown = get(&router, "journey?customer_key=gk_1").await;
    assert_eq!(unknown, json!({"reachable": true, "steps": []}), "the signup is still on its way");

    // Somebody else was referred before, and earned the partner something.
    arrive(&served, "gk_other").await;
    let bought = json!({"customer_key": "gk_other", "product_book_key": "inbox", "status": "active",
        "external_subscription_key": "sub_other"});
    served.headwater.api("POST", "products", bought).await.data();
    let paid = json!({"customer_key": "gk_other", "amount": 9900, "currency": "USD", "key": "other-1",
        "subscription_key": "sub_other"});
    served.headwater.api("POST", "transactions", paid).await.data();
    assert_eq!(served.headwater.balance("robin@partner.example").await, 1980);

    // Each step is a few milliseconds later, so that the latencies differ.
    served.headwater.clock().pass(7);
    arrive(&served, "gk_1").await;
    let order = posted(&router, "checkout", choice(&["inbox"])).await;
    served.headwater.clock().pass(1);
    choose(&served, &order["products"]).await;
    posted(&router, "pay", choice(&["inbox"])).await;
    served.headwater.clock().pass(1);
    served.webhooks(4).await;

    let journey = get(&router, "journey?customer_key=gk_1").await;
    let told: Vec<_> = journey["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                step["step"].as_str().unwrap(),
                step["title"].as_str().unwrap(),
                step["at"].as_i64().unwrap() - NOW,
            )
        })
        .collect();
    assert_eq!(
        told[..3],
        [
            ("click", "Partner link clicked", 7),
            ("signup", "Customer signed up", 7),
            ("product", "Inbox: active", 8)
        ]
    );
    assert_eq!((told[3].0, told[3].1), ("transaction", "Payment received"));
    assert_eq!(told[4], ("reward", "Commission pending", 9));
    assert_eq!((told.len(), &journey["steps"][4]["amount"]), (5, &json!(1980)));
    let took = |at: usize| journey["steps"][at]["took"].as_i64();
    assert_eq!([took(0), took(1), took(2), took(4)], [None, Some(7), Some(8), Some(9)]);
}

#[tokio::test]
async fn the_partner_sees_both_products_and_both_commissions_of_the_customer() {
    let served = Served::start().await;
    let router = open(&served).await;
    let view = async || get(&router, "partner-view?customer_key=gk_1").await;
    let nothing = json!({"reachable": true, "products": [], "rewards": []});
    assert_eq!(view().await, nothing, "the signup is still on its way");
    arrive(&served, "gk_1").await;
    assert_eq!(view().await, nothing, "nothing is bought yet");
    let order = posted(&router, "checkout", choice(&["inbox", "live_chat"])).await;
    choose(&served, &order["products"]).await;
    posted(&router, "pay", choice(&["inbox", "live_chat"])).await;
    served.webhooks(4).await;

    // Another customer of the same partner is not in this panel.
    arrive(&served, "gk_other").await;
    let seen = view().await;
    let row = |name: &str, amount, status: &str| (name.to_owned(), amount, status.to_owned());
    let products = [row("Inbox", 9900, "active"), row("Live Chat", 4900, "active")];
    assert_eq!(shown(&seen["products"], "name"), products, "{}", served.headwater.describe_entries().await);
    let rewards = [
        row("Earn 10% for every Live Chat sale", 490, "pending"),
        row("Earn 20% for every Inbox sale", 1980, "pending"),
    ];
    assert_eq!(shown(&seen["rewards"], "description"), rewards);
}

#[tokio::test]
async fn a_customer_without_a_partner_is_empty_in_the_partners_view() {
    let served = Served::start().await;
    let router = open(&served).await;
    let own = json!({"customer_key": "gk_1", "email": "ana@customer.example", "name": "Ana Ruiz"});
    served.headwater.api("POST", "customers", own).await.data();
    let seen = get(&router, "partner-view?customer_key=gk_1").await;
    assert_eq!(seen, json!({"reachable": true, "products": [], "rewards": []}));
}

//! The billing provider's webhooks: signed, retried until they are accepted, in the shapes of the present API version.

use headwater_testkit::Headwater;
use serde_json::{Value, json};

use crate::headwater::Served;
use crate::shop::{arrive, choice, open, post, posted, who};

#[tokio::test]
async fn the_page_and_the_invoice_name_the_same_subscription_keys() {
    let served = Served::start().await;
    let router = open(&served).await;
    for products in [vec!["inbox", "live_chat"], vec!["surveys"]] {
        let order = posted(&router, "checkout", choice(&products)).await;
        let paid = posted(&router, "pay", choice(&products)).await;
        let subscription = order["subscription"].as_str().unwrap();
        let [customer, begun, invoice, joined] = served.webhooks(4).await.try_into().unwrap();
        assert_eq!(customer["type"], "customer.created");
        assert_eq!(customer["data"]["object"]["metadata"]["customer_key"], "gk_1");
        assert_eq!(begun["type"], "customer.subscription.created");
        assert_eq!(begun["data"]["object"]["metadata"]["customer_key"], "gk_1");
        assert_eq!(invoice["type"], "invoice.paid");
        assert_eq!(invoice["data"]["object"]["id"], paid["invoice"]);
        assert_eq!(joined["data"]["object"]["invoice"], paid["invoice"]);
        let lines = invoice["data"]["object"]["lines"]["data"].as_array().unwrap();
        let told = lines.iter().map(|line| {
            let parent = &line["parent"]["subscription_item_details"]["subscription"];
            assert_eq!(parent, subscription);
            let price = line["pricing"]["price_details"]["price"].as_str().unwrap();
            if lines.len() == 1 { subscription.to_owned() } else { format!("{subscription}/{price}") }
        });
        let handed = order["products"].as_array().unwrap().iter();
        let handed = handed.map(|product| product["external_subscription_key"].as_str().unwrap());
        assert!(told.eq(handed), "{lines:?}");
        let total: i64 = lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
        assert_eq!(invoice["data"]["object"]["subtotal"], total);
    }
}

/// Members that Stripe removed in version 2025-03-31, by the object's kind.
const GONE: [(&str, &[&str]); 3] = [
    (
        "invoice",
        &["charge", "paid", "payment_intent", "subscription", "subscription_details", "tax", "discount"],
    ),
    (
        "line_item",
        &["price", "plan", "subscription", "subscription_item", "tax_amounts", "type", "proration"],
    ),
    ("charge", &["invoice"]),
];

fn assert_nothing_gone(object: &Value) {
    let gone = GONE.iter().find(|(kind, _)| object["object"] == *kind).map_or(&[][..], |(_, gone)| gone);
    for member in gone {
        assert!(object.get(member).is_none(), "{member} is gone since 2025-03-31: {object}");
    }
    for line in object["lines"]["data"].as_array().into_iter().flatten() {
        assert_nothing_gone(line);
        assert_eq!((&line["discount_amounts"], &line["taxes"]), (&json!([]), &json!([])));
    }
}

#[tokio::test]
async fn webhooks_have_the_shapes_of_the_api_version_they_name() {
    let served = Served::start().await;
    let router = open(&served).await;
    posted(&router, "checkout", choice(&["surveys", "inbox"])).await;
    posted(&router, "pay", choice(&["surveys", "inbox"])).await;
    posted(&router, "refund-half", who()).await;
    posted(&router, "renew", who()).await;
    posted(&router, "dispute", who()).await;
    for event in served.webhooks(9).await {
        assert!(event["api_version"].as_str().unwrap() >= "2025-03-31", "{event}");
        assert_nothing_gone(&event["data"]["object"]);
        if event["type"] == "invoice.paid" {
            let lines = &event["data"]["object"]["lines"];
            assert_eq!(lines["has_more"], false);
            let details = &lines["data"][1]["pricing"]["price_details"];
            assert_eq!(details, &json!({"price": "price_inbox", "product": "inbox"}));
        }
    }
}

#[tokio::test]
async fn paying_twice_charges_once_and_a_webhook_is_sent_until_it_is_taken() {
    let served = Served::start().await;
    let router = open(&served).await;
    posted(&router, "checkout", choice(&["inbox"])).await;
    served.refuse_webhooks(&[503, 401]);
    let first = posted(&router, "pay", choice(&["inbox"])).await;
    assert_eq!(posted(&router, "pay", choice(&["inbox"])).await, first);
    // Two refusals of the first event, then all four in order.
    let seen = served.answered_webhooks(6).await;
    let told: Vec<_> =
        seen.iter().map(|(event, status)| (event["type"].as_str().unwrap(), *status)).collect();
    let created = "customer.created";
    let rest = [("customer.subscription.created", 200), ("invoice.paid", 200), ("invoice_payment.paid", 200)];
    assert_eq!(told[..3], [(created, 503), (created, 401), (created, 200)]);
    assert_eq!(told[3..], rest);
    assert_eq!(seen[0].0["id"], seen[2].0["id"], "the same event, not a second one");
}

#[tokio::test]
async fn refunds_name_the_payment_that_the_invoice_was_joined_to() {
    let served = Served::start().await;
    let router = open(&served).await;
    assert_eq!(post(&router, "refund", who()).await.0, 409, "nothing is paid");
    posted(&router, "checkout", choice(&["surveys", "inbox"])).await;
    posted(&router, "pay", choice(&["surveys", "inbox"])).await;
    let joined = served.webhooks(4).await.remove(3)["data"]["object"].take();
    assert_eq!(joined["amount_paid"], 13_800);
    posted(&router, "refund-half", who()).await;
    posted(&router, "refund", who()).await;
    assert_eq!(post(&router, "refund", who()).await.0, 409, "nothing is left");
    let told: Vec<_> = served
        .webhooks(4)
        .await
        .into_iter()
        .map(|event| {
            let object = &event["data"]["object"];
            assert_eq!(object["payment_intent"], joined["payment"]["payment_intent"]);
            let amount = object.get("amount_refunded").unwrap_or(&object["amount"]).as_i64().unwrap();
            (event["type"].as_str().unwrap().to_owned(), amount)
        })
        .collect();
    // A refund states its own amount, a charge the total refunded so far.
    let expected = [
        ("refund.created", 6900),
        ("charge.refunded", 6900),
        ("refund.created", 6900),
        ("charge.refunded", 13_800),
    ];
    assert_eq!(told, expected.map(|(kind, amount)| (kind.to_owned(), amount)));
}

#[tokio::test]
async fn a_cancellation_and_a_dispute_send_the_providers_webhooks() {
    let served = Served::start().await;
    let router = open(&served).await;
    posted(&router, "checkout", choice(&["inbox"])).await;
    let paid = posted(&router, "pay", choice(&["inbox"])).await;
    served.webhooks(4).await;
    posted(&router, "cancel", who()).await;
    let renewed = posted(&router, "renew", who()).await;
    assert_ne!(renewed["invoice"], paid["invoice"]);
    assert_eq!(post(&router, "win", who()).await.0, 409, "nothing is disputed");
    posted(&router, "dispute", who()).await;
    assert_eq!(post(&router, "refund", who()).await.0, 409, "what is disputed cannot be refunded");
    posted(&router, "win", who()).await;
    let [ended, month, joined, opened, won] = served.webhooks(5).await.try_into().unwrap();
    assert_eq!(ended["type"], "customer.subscription.deleted");
    assert_eq!(ended["data"]["object"]["status"], "canceled");
    assert_eq!(month["data"]["object"]["billing_reason"], "subscription_cycle");
    for (event, kind, status) in
        [(opened, "charge.dispute.created", "needs_response"), (won, "charge.dispute.closed", "won")]
    {
        let object = &event["data"]["object"];
        assert_eq!((&event["type"], &object["status"]), (&json!(kind), &json!(status)));
        assert_eq!(object["payment_intent"], joined["data"]["object"]["payment"]["payment_intent"]);
        assert_eq!(object["amount"], 9900);
    }
}

#[tokio::test]
async fn a_payment_of_the_provider_reaches_the_ledger() {
    let served = Served::start().await;
    let router = open(&served).await;
    arrive(&served, "gk_1").await;
    posted(&router, "checkout", choice(&["inbox", "live_chat"])).await;
    posted(&router, "pay", choice(&["inbox", "live_chat"])).await;
    served.webhooks(4).await;
    let headwater: &Headwater = &served.headwater;
    assert_eq!(
        headwater.balance("robin@partner.example").await,
        1980 + 490,
        "{}",
        headwater.describe_entries().await
    );
    let customer = headwater.all("customers").await.remove(0);
    assert!(customer["provider_key"].as_str().unwrap().starts_with("cus_"), "{customer}");
}

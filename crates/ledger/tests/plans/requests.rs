//! Requests about webhooks, actions and rewards whose statements are recorded.

use std::sync::Arc;

use headwater_ledger::{Sending, TargetAnswer, WebhookRequest, WebhookTransport};
use serde_json::{Value, json};

use crate::test_ledger::TestLedger;

/// A target that takes everything, or nothing.
struct Target(u16);

impl WebhookTransport for Target {
    fn send(&self, _: WebhookRequest) -> Sending {
        let answer = TargetAnswer { status: self.0, ..TargetAnswer::default() };
        Box::pin(async move { Ok(answer) })
    }
}

/// Events of a webhook: tried and failed, delivered, listed, held and released.
pub(crate) async fn deliver(ledger: &TestLedger, round: usize) {
    let name = format!("webhooks/whk_{round}");
    let [fails, takes]: [Arc<dyn WebhookTransport>; 2] = [Arc::new(Target(410)), Arc::new(Target(204))];
    ledger.handle.deliver_webhooks(&fails).await.unwrap();
    ledger.done("POST", &format!("{name}/resume"), Value::Null).await;
    ledger.handle.deliver_webhooks(&takes).await.unwrap();
    ledger.handle.release_webhooks().await.unwrap();
    for query in ["", "?status=delivered", "?event=customer.created"] {
        ledger.done("GET", &format!("{name}/deliveries{query}"), Value::Null).await;
    }
    ledger.done("DELETE", &name, Value::Null).await;
}

/// An action of a customer, and a reward that is given, approved, invoiced and paid.
pub(crate) async fn reward(ledger: &TestLedger, name: &str, round: usize) {
    let action = json!({"customer_key": name, "key": "call", "value": 1, "external_key": name});
    let (status, action) = ledger.ask("POST", "actions", action, &format!("action {round}")).await;
    assert_eq!(status, 200, "{action}");
    let given = json!({"partner_key": "robin", "amount": 5, "description": "bonus"});
    let (status, given) = ledger.ask("POST", "rewards", given, &format!("reward {round}")).await;
    assert_eq!(status, 200, "{given}");
    let given = format!("rewards/{}", given["data"]["key"].as_str().unwrap());
    ledger.done("PATCH", &given, json!({"status": "approved"})).await;
    // A month later it is paid.
    ledger.pass(31 * 24 * 60 * 60 * 1000);
    ledger.done("POST", "invoices/close", json!({})).await;
    let invoice = ledger.done("GET", "invoices?limit=1", Value::Null).await["items"][0]["key"].clone();
    let invoice = format!("invoices/{}", invoice.as_str().unwrap());
    ledger.done("PATCH", &invoice, json!({"status": "paid"})).await;
    let action = format!("actions/{}", action["data"]["key"].as_str().unwrap());
    ledger.done("DELETE", &action, Value::Null).await;
}

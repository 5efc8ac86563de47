//! A scripted receiver of webhooks, in place of the network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use headwater_ledger::{Sending, TargetAnswer, WebhookRequest, WebhookTransport};
use serde_json::Value;

use crate::test_ledger::{TestLedger, text};

/// What a receiver answers to the n-th request, counted from 0.
type Script = Box<dyn FnMut(usize, &ReceivedEvent) -> Result<TargetAnswer, String> + Send>;

/// A request that a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedEvent {
    pub(crate) target: String,
    pub(crate) headers: HashMap<&'static str, String>,
    pub(crate) body: String,
}

impl ReceivedEvent {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        text(&self.json()["event"])
    }

    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

/// A receiver. Clones are the same receiver.
#[derive(Clone)]
pub(crate) struct Receiver {
    script: Arc<Mutex<Script>>,
    received: Arc<Mutex<Vec<ReceivedEvent>>>,
}

/// An answer with this status.
#[expect(clippy::unnecessary_wraps, reason = "what a script returns")]
pub(crate) fn status(status: u16) -> Result<TargetAnswer, String> {
    Ok(TargetAnswer { status, ..TargetAnswer::default() })
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn new() -> Self {
        Self::scripted(|_, _| status(204))
    }

    pub(crate) fn scripted(
        script: impl FnMut(usize, &ReceivedEvent) -> Result<TargetAnswer, String> + Send + 'static,
    ) -> Self {
        Self { script: Arc::new(Mutex::new(Box::new(script))), received: Arc::default() }
    }

    /// Everything received since the last time.
    pub(crate) fn take(&self) -> Vec<ReceivedEvent> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    pub(crate) fn transport(&self) -> Arc<dyn WebhookTransport> {
        Arc::new(self.clone())
    }

    /// Delivers to it what is due now; returns the number of attempts.
    pub(crate) async fn deliver(&self, ledger: &TestLedger) -> usize {
        ledger.handle.deliver_webhooks(&self.transport()).await.unwrap()
    }

    /// Lets time pass until the next delivery is due, and delivers it, for `millis`; returns the number of attempts.
    pub(crate) async fn deliver_for(&self, ledger: &TestLedger, millis: i64) -> usize {
        let end = ledger.now() + millis;
        let mut attempts = self.deliver(ledger).await;
        while let Some(due) = ledger.handle.next_webhook_due().await.unwrap().filter(|due| due.0 <= end) {
            ledger.pass((due.0 - ledger.now()).max(0));
            let now = self.deliver(ledger).await;
            assert!(now > 0, "a delivery is due and cannot be claimed");
            attempts += now;
        }
        ledger.pass(end - ledger.now());
        attempts
    }
}

impl WebhookTransport for Receiver {
    fn send(&self, request: WebhookRequest) -> Sending {
        let headers = request.headers.into_iter().collect();
        let event = ReceivedEvent { target: request.target, headers, body: request.body };
        let mut received = self.received.lock().unwrap();
        let answer = (self.script.lock().unwrap())(received.len(), &event);
        received.push(event);
        Box::pin(async move { answer })
    }
}

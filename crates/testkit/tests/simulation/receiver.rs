//! The receiver of the ledger's outgoing webhooks, and the network before it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use headwater_ledger::{Sending, TargetAnswer, WebhookRequest, WebhookTransport};
use serde_json::Value;

use crate::world::World;

/// What the receiver listens for: that something was made.
pub(crate) const EVENTS: [&str; 4] =
    ["customer.created", "product.created", "transaction.created", "reward.created"];

/// The receiver. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Receiver {
    world: Arc<World>,
    received: Arc<Mutex<Received>>,
}

/// The ids of the webhooks that have arrived, by their event and the key of its object.
pub(crate) type Received = BTreeMap<(String, String), BTreeSet<String>>;

impl Receiver {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), received: Arc::default() }
    }

    /// What has arrived.
    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }

    fn receive(&self, request: &WebhookRequest) {
        let id = request.headers.iter().find(|(name, _)| *name == "webhook-id").unwrap().1.clone();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        self.world.note(&format!("webhook {id} arrived: {} of {}", text("event"), text("key")));
        self.received.lock().unwrap().entry((text("event"), text("key"))).or_default().insert(id);
    }

    async fn answer(self, request: WebhookRequest) -> Result<TargetAnswer, String> {
        let answered = |status| Ok(TargetAnswer { status, ..TargetAnswer::default() });
        self.world.pause(0..20).await;
        if !self.world.chance(self.world.rates.network) {
            self.receive(&request);
            return answered(204);
        }
        let what = "ledger to receiver";
        match self.world.number(0..4) {
            0 => {
                self.world.fault("a request was lost", what);
                std::future::pending().await
            }
            1 => {
                self.world.fault("a connection was refused", what);
                Err("refused".to_owned())
            }
            2 => {
                self.world.fault("a connection was reset after the request was applied", what);
                self.receive(&request);
                Err("reset".to_owned())
            }
            _ => {
                self.world.fault("a proxy answered 429 or 503", what);
                answered(503)
            }
        }
    }
}

impl WebhookTransport for Receiver {
    fn send(&self, request: WebhookRequest) -> Sending {
        Box::pin(self.clone().answer(request))
    }
}

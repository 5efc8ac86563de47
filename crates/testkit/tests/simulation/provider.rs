//! The billing provider: sends its webhooks in any order, again until they are acknowledged, and sometimes after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use headwater_testkit::stripe;
use serde_json::Value;

use crate::network::{self, PATIENCE, WholeRequest};
use crate::process::Process;
use crate::world::World;

/// The provider's account.
pub(crate) struct Provider {
    world: Arc<World>,
    relay: Arc<Process>,
    path: String,
    secret: String,
    unacknowledged: AtomicUsize,
}

impl Provider {
    /// Begins to send these webhooks.
    pub(crate) fn begin(
        world: &Arc<World>,
        relay: &Arc<Process>,
        public_key: &str,
        secret: String,
        webhooks: Vec<Value>,
    ) -> Arc<Self> {
        let provider = Arc::new(Self {
            world: Arc::clone(world),
            relay: Arc::clone(relay),
            path: format!("/v1/webhooks/stripe/{public_key}"),
            secret,
            unacknowledged: AtomicUsize::new(webhooks.len()),
        });
        // Nearly in order, in any order, or all at once.
        let (step, spread) = [(300, 500), (50, 8_000), (0, 10)][usize::try_from(world.number(0..3)).unwrap()];
        for (n, webhook) in (0..).zip(webhooks) {
            let at = n * step + world.number(0..spread);
            tokio::spawn(Arc::clone(&provider).send(webhook, at));
        }
        provider
    }

    /// Whether every webhook is acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.unacknowledged.load(Ordering::Relaxed) == 0
    }

    async fn send(self: Arc<Self>, webhook: Value, at: u64) {
        tokio::time::sleep(Duration::from_millis(at)).await;
        let body = webhook.to_string();
        let mut wait = 500;
        while !self.post(&body).await {
            let longest = if self.world.is_calm() { 1_000 } else { wait };
            self.world.pause(0..longest).await;
            wait = (wait * 2).min(10_000);
        }
        self.unacknowledged.fetch_sub(1, Ordering::Relaxed);
        while self.world.chance(150) {
            self.world
                .fault("a webhook was sent again after it was acknowledged", &webhook["id"].to_string());
            self.world.pause(0..8_000).await;
            self.post(&body).await;
        }
    }

    async fn post(&self, body: &str) -> bool {
        let signature = stripe::sign(&self.secret, self.world.now(), body.as_bytes());
        let request = WholeRequest::post(&self.path, &[("stripe-signature", signature)], body.to_owned());
        let asked = network::ask(&self.world, "provider", &self.relay, request);
        matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(answer)) if answer.status == 200)
    }
}

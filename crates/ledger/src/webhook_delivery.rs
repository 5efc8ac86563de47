//! Delivers events to webhooks: claims what is due, sends it, and records how that ended. The network is behind
//! [`WebhookTransport`], so that this crate does no I/O of its own.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use headwater_protocol::Millis;
use headwater_protocol::limits::WEBHOOK_TIMEOUT;
use headwater_store::{StoreError, Unit};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::Ledger;
use crate::record::delivery::{self, ClaimedDelivery, WebhookAttempt};
use crate::record::outgoing::sign;
use crate::record::outgoing::target::check_target;

/// The longest pause of the loop, where other processes may queue events or die.
const LOOK_SHARED: Duration = Duration::from_secs(2);
/// The same where this process has the store for itself and is notified of each event.
const LOOK_ALONE: Duration = Duration::from_mins(1);
/// The pause after a failure of the store, or while no more attempts may begin.
const PAUSE: Duration = Duration::from_secs(1);

/// A request to a webhook's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// The URL, checked by its text alone. Whoever sends it must check the addresses that it connects to with
    /// [`crate::is_public`], unless the operator allows private ones.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What a target has answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetAnswer {
    /// HTTP status.
    pub status: u16,
    /// Seconds that it asks to wait.
    pub retry_after: Option<u64>,
    /// The beginning of the body.
    pub body: String,
}

/// The future of [`WebhookTransport::send`]; the error is a sentence without the target's credentials or query.
pub type Sending = Pin<Box<dyn Future<Output = Result<TargetAnswer, String>> + Send>>;

/// Sends requests to webhooks' targets.
pub trait WebhookTransport: Send + Sync + 'static {
    /// Posts one request; follows no redirect.
    fn send(&self, request: WebhookRequest) -> Sending;
}

impl Ledger {
    /// Delivers events to webhooks until `stop` turns true, and then lets the attempts under way end.
    pub async fn run_webhooks(self, transport: Arc<dyn WebhookTransport>, mut stop: watch::Receiver<bool>) {
        let look = if self.store().is_shared() { LOOK_SHARED } else { LOOK_ALONE };
        let mut attempts = Attempts::default();
        let mut released: Option<Instant> = None;
        while !*stop.borrow() {
            // For a file only at the start: afterwards its claims are of this process, which is alive.
            let shared = self.store().is_shared();
            let claimed = if released.is_none_or(|at| shared && at.elapsed() >= look) {
                let done = self.release_webhooks().await;
                released = done.is_ok().then(Instant::now);
                done.map(|_| ())
            } else {
                Ok(())
            };
            attempts.ended_already();
            let claimed = match claimed {
                Ok(()) => self.claim_webhooks(attempts.under_way.clone()).await,
                Err(error) => Err(error),
            };
            let pause = match claimed {
                Ok(claimed) => {
                    let none = claimed.is_empty();
                    attempts.start(&self, &transport, claimed);
                    if none { self.webhook_pause(look).await } else { Duration::ZERO }
                }
                Err(error) => {
                    tracing::warn!(%error, "webhooks cannot be read; tried again in a second");
                    PAUSE
                }
            };
            if pause.is_zero() {
                continue;
            }
            // In order, so that a simulation's run can be repeated: of two that are ready, tokio would take any.
            tokio::select! {
                biased;
                Some(ended) = attempts.tasks.join_next_with_id() => attempts.ended(ended),
                () = self.webhook_news() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        attempts.finish().await;
    }

    /// Delivers what is due now, and what that makes due, until nothing is; returns the number of attempts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliver_webhooks(&self, transport: &Arc<dyn WebhookTransport>) -> Result<usize, StoreError> {
        let mut attempts = Attempts::default();
        let mut count = 0;
        loop {
            let claimed = self.claim_webhooks(HashMap::new()).await?;
            if claimed.is_empty() {
                return Ok(count);
            }
            count += claimed.len();
            attempts.start(self, transport, claimed);
            attempts.finish().await;
        }
    }

    /// When the next delivery to a webhook falls due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_webhook_due(&self) -> Result<Option<Millis>, StoreError> {
        Ok(self.store().read(delivery::next_due).await?.map(Millis))
    }

    /// Makes due at once what ended processes had claimed. For a file, every claim is taken for one of an ended
    /// process, so call this once, before the first claim. Returns how many deliveries changed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_webhooks(&self) -> Result<usize, StoreError> {
        let shared = self.store().is_shared();
        let living = if shared { self.store().processes().await? } else { Vec::new() };
        let living: Vec<_> = living.into_iter().map(|process| process + 1).collect();
        let now = self.now();
        self.store().write(move |unit| delivery::release_dead(unit, &living, now)).await
    }

    /// A claim writes only where something is due, so a snapshot is looked at first: a unit of work would wait for the
    /// disk.
    async fn claim_webhooks(&self, under_way: HashMap<i64, u32>) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let now = self.now();
        if self.next_webhook_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        // 0 means that nobody has claimed it; the number of a file's only process is 0.
        let process = self.store().process() + 1;
        let work = move |unit: &mut Unit<'_>| delivery::claim(unit, now, &under_way, process);
        self.store().write(work).await
    }

    /// How long nothing has to be done, unless an event is queued or an attempt ends.
    async fn webhook_pause(&self, look: Duration) -> Duration {
        let Ok(due) = self.next_webhook_due().await else { return PAUSE };
        let Some(due) = due else { return look };
        match u64::try_from(due.0 - self.now().0) {
            Ok(millis) if millis > 0 => Duration::from_millis(millis).min(look),
            _ => PAUSE,
        }
    }

    /// Sends one delivery and records how that ended. If that cannot be stored, it is sent again after its lease.
    async fn attempt_webhook(self, transport: Arc<dyn WebhookTransport>, claimed: ClaimedDelivery) {
        let attempt = self.send_webhook(transport.as_ref(), &claimed).await;
        let ClaimedDelivery { row, webhook } = claimed;
        let (key, program, ctx) = (row.key.clone(), row.program, self.ctx(row.program, row.test));
        let work = move |unit: &mut Unit<'_>| delivery::settle(unit, &ctx, &row, &attempt);
        match self.change(program, work).await {
            Ok(None) => {}
            Ok(Some(reason)) => {
                tracing::warn!(
                    webhook = webhook.key,
                    reason,
                    "webhook paused; POST /api/v2/webhooks/{{key}}/resume"
                );
            }
            Err(error) => {
                tracing::warn!(delivery = key, %error, "the result of a delivery could not be stored; it is sent again");
            }
        }
    }

    async fn send_webhook(
        &self,
        transport: &dyn WebhookTransport,
        claimed: &ClaimedDelivery,
    ) -> WebhookAttempt {
        let ClaimedDelivery { row, webhook } = claimed;
        let failed = |error: String| WebhookAttempt {
            status: None,
            retry_after: None,
            answer: None,
            error: Some(error),
        };
        // What is allowed may have changed since the webhook was made.
        if let Err(message) = check_target(&webhook.target, self.private_targets()) {
            return failed(message);
        }
        let now = self.now();
        let old = webhook.old_secret.as_deref();
        let old = old.filter(|_| webhook.old_secret_until.is_some_and(|until| until > now.0));
        let mut headers = sign::headers(&row.key, now, &row.body, (&webhook.secret, old));
        headers.push(("content-type", "application/json".to_owned()));
        let request = WebhookRequest { target: webhook.target.clone(), headers, body: row.body.clone() };
        match tokio::time::timeout(Duration::from_millis(WEBHOOK_TIMEOUT), transport.send(request)).await {
            Ok(Ok(answer)) => WebhookAttempt {
                status: Some(answer.status),
                retry_after: answer.retry_after,
                answer: Some(answer.body),
                error: None,
            },
            Ok(Err(error)) => failed(error),
            Err(_) => failed(format!("no answer within {} seconds", WEBHOOK_TIMEOUT / 1000)),
        }
    }
}

/// Attempts under way.
#[derive(Default)]
struct Attempts {
    tasks: JoinSet<()>,
    webhooks: HashMap<Id, i64>,
    /// How many there are for each webhook.
    under_way: HashMap<i64, u32>,
}

impl Attempts {
    fn start(
        &mut self,
        ledger: &Ledger,
        transport: &Arc<dyn WebhookTransport>,
        claimed: Vec<ClaimedDelivery>,
    ) {
        for one in claimed {
            let webhook = one.webhook.id;
            let task = ledger.clone().attempt_webhook(Arc::clone(transport), one);
            self.webhooks.insert(self.tasks.spawn(task).id(), webhook);
            *self.under_way.entry(webhook).or_default() += 1;
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "an attempt at a webhook has failed; it is made again after its lease");
                error.id()
            }
        };
        let Some(webhook) = self.webhooks.remove(&id) else { return };
        if let Some(count) = self.under_way.get_mut(&webhook) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&webhook);
            }
        }
    }

    fn ended_already(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.ended(ended);
        }
    }

    async fn finish(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
    }
}

//! One program: its keys, the callers that use them, and the events sent for it.

use std::fmt::Write as _;
use std::sync::Arc;

use headwater_ledger::Credentials;
use serde_json::{Value, json};

use crate::inner::{HeadwaterInner, event_id};
use crate::{ApiAnswer, ApiCaller, stripe};

/// Who sends an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestSender {
    /// A page, with the public key that everybody knows.
    Page,
    /// The company's server, with the secret key.
    Server,
}

/// An event to be sent to the relay.
#[derive(Debug, Clone)]
pub struct TestEvent {
    sender: TestSender,
    kind: String,
    data: Value,
    id: Option<String>,
    at: Option<i64>,
    test: bool,
}

impl TestEvent {
    fn new(sender: TestSender, kind: &str, data: Value) -> Self {
        Self { sender, kind: kind.to_owned(), data, id: None, at: None, test: false }
    }

    /// Sent by a page.
    pub fn of_page(kind: &str, data: Value) -> Self {
        Self::new(TestSender::Page, kind, data)
    }

    /// Sent by the company's server.
    pub fn of_server(kind: &str, data: Value) -> Self {
        Self::new(TestSender::Server, kind, data)
    }

    /// With the id of this number, so that it can be sent twice. Without it, each event gets a new id.
    #[must_use]
    pub fn numbered(self, number: u32) -> Self {
        Self { id: Some(event_id(number.into())), ..self }
    }

    /// With this time, epoch milliseconds. Without it, the event happens now.
    #[must_use]
    pub fn at(self, millis: i64) -> Self {
        Self { at: Some(millis), ..self }
    }

    /// Sent with the test keys.
    #[must_use]
    pub fn test(self) -> Self {
        Self { test: true, ..self }
    }
}

/// A program of a [`crate::Headwater`]. Cheap to clone.
#[derive(Clone)]
pub struct TestProgram {
    inner: Arc<HeadwaterInner>,
    number: usize,
    keys: Arc<Credentials>,
}

impl TestProgram {
    pub(crate) fn new(inner: Arc<HeadwaterInner>, number: usize, keys: Credentials) -> Self {
        Self { inner, number, keys: Arc::new(keys) }
    }

    /// Its place among the programs, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Its number in the ledger.
    pub fn id(&self) -> i64 {
        self.keys.program_id
    }

    /// Its credentials.
    pub fn keys(&self) -> &Credentials {
        &self.keys
    }

    /// The signing secret of its Stripe webhook.
    pub fn stripe_secret(&self) -> String {
        format!("whsec_example_{}", self.number)
    }

    /// The signing secret of its Stripe webhook for the test keys.
    pub fn stripe_test_secret(&self) -> String {
        format!("whsec_test_example_{}", self.number)
    }

    /// The Basic credentials of its Recurly webhooks.
    pub fn recurly_secret(&self) -> String {
        format!("recurly:pass_example_{}", self.number)
    }

    /// The shared key that signs its Maxio webhooks.
    pub fn maxio_secret(&self) -> String {
        format!("shared_key_example_{}", self.number)
    }

    /// The company, with its production keys.
    pub fn vendor(&self) -> ApiCaller {
        ApiCaller::basic(Arc::clone(&self.inner), &self.keys.public_key, &self.keys.secret_key)
    }

    /// The company, with its test keys.
    pub fn test(&self) -> ApiCaller {
        ApiCaller::basic(Arc::clone(&self.inner), &self.keys.test_public_key, &self.keys.test_secret_key)
    }

    /// The administrator.
    pub fn admin(&self) -> ApiCaller {
        ApiCaller::bearer(Arc::clone(&self.inner), &self.keys.admin_token)
    }

    /// A server that reports conversions.
    pub fn tracking(&self) -> ApiCaller {
        ApiCaller::bearer(Arc::clone(&self.inner), &self.keys.tracking_token)
    }

    /// A partner, with a new token of their own; the one before stops working.
    pub async fn partner(&self, partner: &str) -> ApiCaller {
        let made = self.vendor().post(&format!("partnerships/{partner}/token"), json!({})).await.data();
        ApiCaller::bearer(Arc::clone(&self.inner), made["token"].as_str().unwrap())
    }

    /// Sends a request to API v2 with the company's production keys. A body of null means no body.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> ApiAnswer {
        self.vendor().ask(method, path, body).await
    }

    /// Sends an event to the relay. It is delivered by [`crate::Headwater::deliver`].
    pub async fn event(&self, event: TestEvent) -> ApiAnswer {
        let public_key = if event.test { &self.keys.test_public_key } else { &self.keys.public_key };
        let body = json!({
            "public_key": public_key,
            "id": event.id.unwrap_or_else(|| self.inner.next_event()),
            "type": event.kind,
            "occurred_at": event.at.unwrap_or_else(|| self.inner.clock.now()),
            "data": event.data,
        });
        let caller = match (event.sender, event.test) {
            (TestSender::Page, _) => ApiCaller::nobody(Arc::clone(&self.inner)),
            (TestSender::Server, false) => self.vendor(),
            (TestSender::Server, true) => self.test(),
        };
        caller.post("/v1/events", body).await
    }

    /// Sends an event of Stripe's, as [`stripe::event`] makes it, signed with the program's secret.
    pub async fn stripe(&self, event: &Value) -> ApiAnswer {
        self.signed(&self.keys.public_key, &self.stripe_secret(), event).await
    }

    /// The same as [`TestProgram::stripe`], to the webhook URL of the test keys.
    pub async fn stripe_test(&self, event: &Value) -> ApiAnswer {
        self.signed(&self.keys.test_public_key, &self.stripe_test_secret(), event).await
    }

    async fn signed(&self, public_key: &str, secret: &str, event: &Value) -> ApiAnswer {
        let body = event.to_string().into_bytes();
        let signature = stripe::sign(secret, self.inner.clock.now(), &body);
        self.post_webhook("stripe", public_key, &[("stripe-signature", &signature)], body).await
    }

    /// Sends a billing provider's webhook with exactly these headers and bytes. Whatever proves its origin is the test's
    /// own business.
    pub async fn webhook(&self, provider: &str, headers: &[(&str, &str)], body: &str) -> ApiAnswer {
        self.post_webhook(provider, &self.keys.public_key, headers, body.as_bytes().to_vec()).await
    }

    async fn post_webhook(
        &self,
        provider: &str,
        public_key: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> ApiAnswer {
        let path = format!("/v1/webhooks/{provider}/{public_key}");
        ApiCaller::nobody(Arc::clone(&self.inner)).send("POST", &path, headers, body).await
    }

    /// Follows a partner's link that [`TestProgram::set_up_catalogue`] made; returns the click's id.
    pub async fn click(&self, partner: &str) -> String {
        let agent = [("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0")];
        let path = format!("/{}", self.slug(partner));
        let nobody = ApiCaller::nobody(Arc::clone(&self.inner));
        let answer = nobody.send("GET", &path, &agent, Vec::new()).await.expect(302);
        let address = answer.headers["location"].to_str().unwrap();
        let query = address.split_once('?').unwrap().1;
        headwater_protocol::referral::Referral::from_query(query, "").unwrap().xid.unwrap()
    }

    /// The name of a partner's link. It differs between programs, because all links share one host.
    pub(crate) fn slug(&self, partner: &str) -> String {
        if self.number == 0 { partner.to_owned() } else { format!("{partner}-{}", self.number) }
    }

    /// The journal's entries with the production key, newest first.
    pub async fn entries(&self) -> Vec<Value> {
        self.vendor().all("/v1/entries").await
    }

    /// The entries in words, oldest first, for the message of a test that fails.
    pub async fn describe_entries(&self) -> String {
        let mut lines = String::new();
        for entry in self.entries().await.iter().rev() {
            let Value::Object(_) = entry else { continue };
            let member = |name: &str| entry[name].as_str().unwrap_or_default();
            let _ = write!(
                lines,
                "\n{} of {} is {}: {}",
                member("type"),
                member("customer"),
                member("state"),
                member("last_error")
            );
        }
        lines
    }

    /// What a partner has earned: the sum of their rewards without declined ones, minor units.
    pub async fn balance(&self, partner: &str) -> i64 {
        let rewards = self.vendor().all(&format!("rewards?partnership_key={partner}")).await;
        let counted = rewards.iter().filter(|reward| reward["status"] != "declined");
        counted.map(|reward| reward["amount"].as_i64().unwrap()).sum()
    }
}

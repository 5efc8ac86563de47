//! A Headwater that keeps what it is given and answers webhooks as a test scripts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, response::IntoResponse};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// The server; it lives as long as the test's runtime.
pub(crate) struct Headwater {
    pub(crate) address: String,
    books: Arc<Mutex<Books>>,
    hooks: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Bytes)>>,
    serving: tokio::task::JoinHandle<()>,
    connections: tokio::sync::watch::Sender<bool>,
}

#[derive(Default)]
struct Books {
    records: BTreeMap<&'static str, Vec<Value>>,
    program: Value,
    refusals: VecDeque<u16>,
}

/// What the journey page reads; a test adds it.
const READ: [&str; 4] = ["clicks", "products", "rewards", "transactions"];
const KINDS: [&str; 6] = ["customers", "groups", "links", "partnerships", "product_book", "triggers"];

impl Headwater {
    pub(crate) async fn start() -> Self {
        let program = json!({"id": 1, "name": "GigaKick", "company_key": "abcd1234", "public_key": "pk_test_example",
            "test_public_key": "pk_test_other", "origins": ["https://www.example.com"], "link_destinations": [],
            "checkout_amounts": "confirm", "stripe_webhook": false, "stripe_test_webhook": false});
        let books = Arc::new(Mutex::new(Books { program, ..Books::default() }));
        let (seen, hooks) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = router(&books, seen, &address);
        let (connections, mut stopping) = tokio::sync::watch::channel(false);
        let serving = tokio::spawn(async move {
            let stop = async move { stopping.wait_for(|stop| *stop).await.map_or((), |_| ()) };
            axum::serve(listener, router).with_graceful_shutdown(stop).await.unwrap();
        });
        Self { address, books, hooks: tokio::sync::Mutex::new(hooks), serving, connections }
    }

    /// Ends the server and its connections.
    pub(crate) async fn stop(self) {
        self.connections.send_replace(true);
        self.serving.await.unwrap();
    }

    /// How many of each kind there are.
    pub(crate) fn made(&self) -> Vec<(&'static str, usize)> {
        self.books.lock().unwrap().records.iter().map(|(kind, made)| (*kind, made.len())).collect()
    }

    pub(crate) fn records(&self, kind: &str) -> Vec<Value> {
        self.books.lock().unwrap().records.get(kind).cloned().unwrap_or_default()
    }

    pub(crate) fn add(&self, kind: &'static str, record: Value) {
        self.books.lock().unwrap().records.entry(kind).or_default().push(record);
    }

    /// The program as it was last changed, the secret included.
    pub(crate) fn program(&self) -> Value {
        self.books.lock().unwrap().program.clone()
    }

    /// The next webhooks are answered with these.
    pub(crate) fn refuse_webhooks(&self, statuses: &[u16]) {
        self.books.lock().unwrap().refusals.extend(statuses);
    }

    /// The next `count` webhooks, each signed with `secret`.
    pub(crate) async fn webhooks(&self, count: usize, secret: &str) -> Vec<Value> {
        let mut hooks = self.hooks.lock().await;
        let mut events = Vec::new();
        while events.len() < count {
            let (header, body) = hooks.recv().await.unwrap();
            let (seconds, given) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
            assert_eq!(given, super::signature(secret, seconds, &body), "a wrong signature");
            events.push(serde_json::from_slice(&body).unwrap());
        }
        events
    }
}

fn router(books: &Arc<Mutex<Books>>, seen: mpsc::UnboundedSender<(String, Bytes)>, address: &str) -> Router {
    let (hooked, read, changed) = (books.clone(), books.clone(), books.clone());
    let mut router = Router::new()
        .route(
            "/v1/webhooks/stripe/pk_test_example",
            post(move |headers: HeaderMap, body: Bytes| async move {
                let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
                seen.send((signature, body)).unwrap();
                let refusal = hooked.lock().unwrap().refusals.pop_front();
                StatusCode::from_u16(refusal.unwrap_or(200)).unwrap()
            }),
        )
        .route(
            "/api/v2/program",
            get(move || async move { envelope(&read.lock().unwrap().program) }).patch(
                move |Json(change): Json<Value>| async move {
                    let program = &mut changed.lock().unwrap().program;
                    for (name, value) in change.as_object().unwrap() {
                        program[name] = value.clone();
                    }
                    envelope(program)
                },
            ),
        )
        .route(
            "/api/v2/partnerships/{key}/token",
            post(|Path(key): Path<String>| async move {
                envelope(&json!({"token": "pat_example", "partnership_key": key}))
            }),
        );
    let customers = books.clone();
    router = router.route(
        "/api/v2/customers/{key}",
        get(|Path(key): Path<String>| async move {
            let books = customers.lock().unwrap();
            let known = books.records.get("customers").into_iter().flatten();
            known.clone().find(|customer| customer["customer_key"] == key.as_str()).map_or_else(
                || {
                    (StatusCode::NOT_FOUND, Json(json!({"message": "unknown", "status": 404})))
                        .into_response()
                },
                envelope,
            )
        }),
    );
    for kind in READ {
        let listed = books.clone();
        let list = get(move || async move { page(&listed, kind) });
        router = router.route(&format!("/api/v2/{kind}"), list);
    }
    for kind in KINDS {
        let (listed, made, base) = (books.clone(), books.clone(), address.to_owned());
        let list = get(move || async move { page(&listed, kind) });
        let create = post(move |Json(sent): Json<Value>| async move {
            let mut books = made.lock().unwrap();
            let records = books.records.entry(kind).or_default();
            records.push(complete(kind, sent, records.len(), &base));
            envelope(records.last().unwrap())
        });
        router = match kind {
            "links" => router.route("/api/v2/links", create).route("/api/v2/links/partnership/{key}", list),
            _ => router.route(&format!("/api/v2/{kind}"), create.merge(list)),
        };
    }
    router
}

fn page(books: &Mutex<Books>, kind: &str) -> axum::response::Response {
    let items = books.lock().unwrap().records.get(kind).cloned().unwrap_or_default();
    envelope(&json!({"items": items, "has_more": false}))
}

fn envelope(data: &Value) -> axum::response::Response {
    Json(json!({"data": data, "message": "ok", "status": 200})).into_response()
}

/// What was sent and the members a server adds.
fn complete(kind: &str, sent: Value, number: usize, base: &str) -> Value {
    let mut record =
        json!({"key": format!("{kind}_{number}"), "created_at": 1, "updated_at": 1, "archived": false});
    let added = match kind {
        "groups" => json!({"features": {}}),
        "links" => json!({"url": format!("{base}/{}", sent["slug"].as_str().unwrap())}),
        "partnerships" => json!({"partner_key": "robinvale001", "group": null, "tags": [], "fields": [],
            "tier": null, "stats": {}, "claimed": false, "approved_status": "approved", "status": "active",
            "joined_at": 1}),
        "product_book" => json!({"company_id": 1, "id": null}),
        "triggers" => json!({"position": number, "active": true}),
        _ => json!({}),
    };
    for members in [added, sent] {
        record.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    }
    record
}

/// A customer of an earlier run.
pub(crate) fn customer(customer_key: &str) -> Value {
    json!({"key": "cus_1", "customer_key": customer_key, "external_key": null, "email": "old@customer.example",
        "name": null, "provider_key": null, "partner_key": null, "partnership_key": null, "source_key": null,
        "source_type": "api", "test": false, "meta": null, "mdata": null, "field_data": null, "fields": [],
        "created_at": 1, "updated_at": 1, "archived": false})
}

pub(crate) fn click(xid: &str) -> Value {
    json!({"key": format!("clck_{xid}"), "xid": xid, "partnership_key": "part_1", "link_key": "link_1",
        "sub_ids": [], "bot": false, "created_at": 1, "updated_at": 1})
}

/// The record of a product that a page handed on.
pub(crate) fn product(chosen: &Value, book: &Value, created_at: i64) -> Value {
    json!({"amount": chosen["amount"], "click_xid": null, "company_id": 1, "created_at": created_at,
        "currency": chosen["currency"], "customer_key": "gk_1",
        "external_subscription_key": chosen["external_subscription_key"], "field_data": null, "key": "prod_1",
        "member_email": null, "member_logo": null, "member_name": null, "metadata": null, "name": null,
        "partner_logo": null, "partner_name": null, "partnership_key": null, "product_book_key": book,
        "stack_key": null, "status": "active", "team_color": null, "updated_at": created_at})
}

pub(crate) fn reward(key: &str, customer: &str, amount: i64, created_at: i64) -> Value {
    json!({"key": key, "amount": amount, "currency": "USD", "description": "Earn 20% for every Inbox sale",
        "reward_status": "pending", "status": "pending", "action": null,
        "customer": {"key": customer, "email": null, "external_key": null}, "offer": null,
        "partnership": "part_1", "transaction": null, "trigger": null, "reverses": null, "reason": null,
        "invoice": null, "created_at": created_at, "updated_at": created_at, "ready_at": null})
}

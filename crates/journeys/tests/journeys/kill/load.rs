//! Sixteen connections that send customers with all their events, and record the answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_protocol::{EventId, Millis};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::random::Random;
use crate::stage::Headwater;

const CONNECTIONS: usize = 16;
/// The time of every event, in epoch milliseconds.
const NOW: i64 = 1_775_514_585_468;

/// The record that an event creates in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// Of this `customer_key`.
    Customer(String),
    /// Of this `external_subscription_key`.
    Product(String),
    /// Of this key.
    Payment(String),
}

/// One request: some consecutive events of one customer.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Each event's id, and the record it creates.
    pub(crate) events: Vec<(EventId, Fact)>,
    body: String,
}

/// What all connections have reached together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Requests answered with 202.
    pub(crate) acknowledged: usize,
    /// Requests answered with 5xx.
    pub(crate) refused: usize,
}

/// The requests of all connections, by their answers.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) progress: Progress,
    /// Answered with 202.
    pub(crate) acknowledged: Vec<Request>,
    /// Not answered, or refused.
    pub(crate) unanswered: Vec<Request>,
}

/// Connections that send until the server dies.
pub(crate) struct Load {
    progress: watch::Receiver<Progress>,
    stop: Arc<AtomicBool>,
    connections: JoinSet<(Vec<Request>, Vec<Request>)>,
}

impl Load {
    pub(crate) fn start(headwater: &Headwater, random: &mut Random) -> Self {
        let (tell, progress) = watch::channel(Progress::default());
        let stop = Arc::new(AtomicBool::new(false));
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let line = Line::open(headwater);
            connections.spawn(send(line, Random::new(random.next()), tell.clone(), Arc::clone(&stop)));
        }
        Self { progress, stop, connections }
    }

    /// Resolves once the connections have come this far; `false` when none of them gets an answer any more.
    pub(crate) async fn reaches(&mut self, far: impl Fn(&Progress) -> bool) -> bool {
        self.progress.wait_for(far).await.is_ok()
    }

    /// Stops the load, after each connection had the answer to its last request or lost it.
    pub(crate) async fn end(self) -> Ended {
        self.stop.store(true, Ordering::Relaxed);
        let told = self.connections.join_all().await;
        let mut ended = Ended { progress: *self.progress.borrow(), ..Ended::default() };
        for (acknowledged, unanswered) in told {
            ended.acknowledged.extend(acknowledged);
            ended.unanswered.extend(unanswered);
        }
        ended
    }
}

/// Sends customers until it is stopped; what comes after an unanswered request of a customer is not sent.
async fn send(
    line: Line,
    mut random: Random,
    tell: watch::Sender<Progress>,
    stop: Arc<AtomicBool>,
) -> (Vec<Request>, Vec<Request>) {
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        for request in customer(&mut random) {
            match line.post(&request).await {
                Some((202, answer)) => {
                    assert_eq!(answer, json!({"accepted": request.events.len(), "duplicates": 0}));
                    tell.send_modify(|progress| progress.acknowledged += 1);
                    acknowledged.push(request);
                }
                answer => {
                    let refused = usize::from(answer.is_some());
                    assert!(answer.as_ref().is_none_or(|(status, _)| *status >= 500), "{answer:?}");
                    tell.send_modify(|progress| progress.refused += refused);
                    unanswered.push(request);
                    // No answer means that the server is dead, so this connection ends.
                    if refused == 0 {
                        return (acknowledged, unanswered);
                    }
                    break;
                }
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    (acknowledged, unanswered)
}

/// Sends unanswered requests once more; returns how many of them the relay had stored before.
pub(crate) async fn send_again(headwater: &Headwater, unanswered: &[Request]) -> usize {
    let line = Line::open(headwater);
    let mut kept = 0;
    for request in unanswered {
        let (status, answer) = line.post(request).await.expect("the server is back");
        assert_eq!(status, 202, "{answer}");
        let all = request.events.len();
        // A batch is one unit of work, so it is stored as a whole or not at all.
        let whole = [json!({"accepted": all, "duplicates": 0}), json!({"accepted": 0, "duplicates": all})];
        assert!(whole.contains(&answer), "{answer} of {all}");
        kept += usize::from(answer == whole[1]);
    }
    kept
}

/// A connection of the company's server.
struct Line {
    http: reqwest::Client,
    address: String,
    pair: (String, String),
}

impl Line {
    fn open(headwater: &Headwater) -> Self {
        let pair = ["public_key", "secret_key"].map(|name| headwater.credential(name).to_owned()).into();
        let http = headwater_client::connections().no_proxy().build().expect("an HTTP client");
        Self { http, address: format!("{}/v1/events", headwater.url), pair }
    }

    /// Status and answer; `None` when there was no answer.
    async fn post(&self, request: &Request) -> Option<(u16, Value)> {
        let (key, secret) = &self.pair;
        let post = self.http.post(&self.address).basic_auth(key, Some(secret)).body(request.body.clone());
        let answer = post.send().await.ok()?;
        let status = answer.status().as_u16();
        // A status whose body is lost counts as no answer, so the request is sent again.
        answer.json().await.ok().map(|body| (status, body))
    }
}

/// A new customer: signs up, buys, pays once to three times, in requests of one to three events.
fn customer(random: &mut Random) -> Vec<Request> {
    let key = format!("c{:016x}", random.next());
    let subscription = format!("sub-{key}");
    let mut events = vec![
        signup(random, &key),
        event(
            random,
            Fact::Product(subscription.clone()),
            "checkout",
            &json!({"customer_key": key, "products": [
                {"product_book_key": "inbox", "external_subscription_key": subscription},
            ]}),
        ),
    ];
    for number in 0..=random.below(3) {
        let payment = format!("pay-{key}-{number}");
        let data = json!({
            "customer": {"customer_key": key}, "key": payment, "amount": 9900, "currency": "USD",
            "subscription_key": subscription,
        });
        events.push(event(random, Fact::Payment(payment), "payment", &data));
    }
    let mut requests = Vec::new();
    while !events.is_empty() {
        let many = usize::try_from(1 + random.below(3)).expect("small").min(events.len());
        requests.push(request(events.drain(..many).collect()));
    }
    requests
}

type Written = (EventId, Fact, Value);

fn signup(random: &mut Random, key: &str) -> Written {
    let data = json!({"customer_key": key, "email": format!("{key}@buyer.example"), "partner_key": "robin"});
    event(random, Fact::Customer(key.to_owned()), "signup", &data)
}

fn event(random: &mut Random, fact: Fact, kind: &str, data: &Value) -> Written {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&random.next().to_be_bytes());
    bytes[8..].copy_from_slice(&random.next().to_be_bytes()[..2]);
    let id = EventId::v7(Millis(NOW), &bytes);
    (id, fact, json!({"id": id, "type": kind, "occurred_at": NOW, "data": data}))
}

fn request(written: Vec<Written>) -> Request {
    let body = json!({"events": written.iter().map(|(_, _, event)| event).collect::<Vec<_>>()}).to_string();
    Request { events: written.into_iter().map(|(id, fact, _)| (id, fact)).collect(), body }
}

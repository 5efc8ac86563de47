//! Clients that sign up and pay, each request through another server, as behind a load balancer. They remember what
//! was acknowledged.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::company::{Acknowledged, ClusterDeployment, StoredCounts};
use super::http::ask;

/// Clients at once.
const CLIENTS: u64 = 8;
/// Attempts of one request, at most.
const TRIES: u64 = 200;
/// Payments of a customer who pays through the relays.
const PAYMENTS: u64 = 3;
/// Time between two attempts.
const TRY_EVERY: Duration = Duration::from_millis(100);

pub(super) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Acknowledged>>,
}

struct LoadClient {
    number: u64,
    relays: Vec<SocketAddr>,
    ledgers: Vec<SocketAddr>,
    public_key: String,
    credential: String,
    stop: Arc<AtomicBool>,
}

impl Load {
    pub(super) fn start(company: &ClusterDeployment) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |number| {
            let client = LoadClient {
                number,
                relays: company.relays(),
                ledgers: company.ledgers(),
                public_key: company.public_key.clone(),
                credential: company.credential.clone(),
                stop: Arc::clone(&stop),
            };
            std::thread::spawn(move || client.work())
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { stop, clients }
    }

    /// Lets every client finish what it has begun.
    pub(super) fn stop(self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Acknowledged::default();
        for acknowledged in self.clients {
            let sent = acknowledged.join().unwrap_or_default();
            all.signups.extend(sent.signups);
            all.payments.extend(sent.payments);
            all.first.extend(sent.first);
            all.sent.extend(sent.sent);
        }
        all
    }
}

impl LoadClient {
    /// Sends one customer after the other: a signup, then a payment to a ledger, repeated until it knows the customer;
    /// or then payments to the relays, each when the one before was acknowledged.
    fn work(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        let mut count = 0;
        while !self.stop.load(Ordering::Relaxed) {
            count += 1;
            let customer = format!("gk_{}_{count}", self.number);
            acknowledged.sent.insert(customer.clone());
            let signup = self.event(count, 0, "signup", &json!({
                "partner_key": "robin", "customer_key": customer, "email": format!("{customer}@shop.example"),
            }));
            if !self.done(&self.relays, count, "/v1/events", "", &signup) {
                continue;
            }
            acknowledged.signups.insert(customer.clone());
            if count % 2 == 0 {
                self.pay_relays(&customer, count, &mut acknowledged);
                continue;
            }
            let payment = format!("pay_{}_{count}", self.number);
            acknowledged.sent.insert(payment.clone());
            let body = json!({"key": payment, "customer_key": customer, "amount": 9900, "currency": "USD"});
            if self.done(&self.ledgers, count, "/api/v2/transactions", &self.credential, &body.to_string()) {
                acknowledged.payments.insert(payment);
            }
        }
        acknowledged
    }

    /// Sends payments to the relays, another one each time. Only the first may be recorded as the customer's first.
    fn pay_relays(&self, customer: &str, count: u64, acknowledged: &mut Acknowledged) {
        for place in 1..=PAYMENTS {
            let payment = format!("pay_{}_{count}_{place}", self.number);
            acknowledged.sent.insert(payment.clone());
            let data = json!({
                "customer": {"customer_key": customer}, "key": payment, "amount": 9900, "currency": "USD",
            });
            let body = self.event(count, place, "payment", &data);
            if !self.done(&self.relays, count + place, "/v1/events", &self.credential, &body) {
                return;
            }
            if place == 1 {
                acknowledged.first.insert(payment.clone());
            }
            acknowledged.payments.insert(payment);
        }
    }

    fn event(&self, count: u64, place: u64, kind: &str, data: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let number = count * (PAYMENTS + 1) + place;
        let id = format!("{:08x}-{:04x}-7{:03x}-8000-{number:012x}", now >> 16, now & 0xffff, self.number);
        json!({"public_key": self.public_key, "id": id, "type": kind, "occurred_at": 1, "data": data})
            .to_string()
    }

    /// Repeats a request, to another server each time, until it is acknowledged; `false` when it is refused for good.
    fn done(&self, servers: &[SocketAddr], count: u64, path: &str, credential: &str, body: &str) -> bool {
        for attempt in 0..TRIES {
            let which = usize::try_from((count + self.number + attempt) % servers.len() as u64).unwrap_or(0);
            match ask(servers[which], "POST", path, credential, body) {
                Some((200..300, _)) => return true,
                // An earlier attempt with this key succeeded, and its answer was lost.
                Some((409, answer)) if answer["message"].to_string().contains("exist") => return true,
                // 404: the signup of its customer is not delivered yet.
                Some((404 | 429 | 500..600, _)) | None => std::thread::sleep(TRY_EVERY),
                Some((status, answer)) => {
                    eprintln!("failover: POST {path}: {status} {answer}");
                    return false;
                }
            }
        }
        false
    }
}

/// The differences between what was acknowledged and what is stored.
pub(super) fn differences(acknowledged: &Acknowledged, seen: &StoredCounts) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |what: &str, keys: Vec<&String>| {
        if let Some(first) = keys.first() {
            found.push(format!("{} {what}, such as {first}", keys.len()));
        }
    };
    note("signups acknowledged and not there", lost(&acknowledged.signups, &seen.customers));
    note("payments acknowledged and not there", lost(&acknowledged.payments, &seen.payments));
    note("payments acknowledged and without a commission", lost(&acknowledged.payments, &seen.rewards));
    note("first payments that were not recorded as the first", lost(&acknowledged.first, &seen.first));
    let later = seen.first.keys().filter(|key| acknowledged.payments.contains(*key) && is_later(key));
    note("later payments recorded before the first", later.collect());
    for (what, there) in
        [("customers", &seen.customers), ("payments", &seen.payments), ("commissions", &seen.rewards)]
    {
        note(
            &format!("{what} more than once"),
            there.iter().filter(|(_, count)| **count > 1).map(|(key, _)| key).collect(),
        );
        note(
            &format!("{what} that nobody sent"),
            there.keys().filter(|key| !acknowledged.sent.contains(*key)).collect(),
        );
    }
    found
}

/// Whether it is the second payment of a customer, or a later one.
fn is_later(payment: &str) -> bool {
    payment.split('_').nth(3).is_some_and(|place| place != "1")
}

fn lost<'t>(acknowledged: &'t HashSet<String>, there: &HashMap<String, u64>) -> Vec<&'t String> {
    acknowledged.iter().filter(|key| !there.contains_key(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(keys: [&str; 3]) -> Acknowledged {
        let [signup, payment, other] = keys.map(str::to_owned);
        Acknowledged {
            signups: [signup.clone()].into(),
            payments: [payment.clone()].into(),
            first: HashSet::new(),
            sent: [signup, payment, other].into(),
        }
    }

    fn seen(customers: &[(&str, u64)], payments: &[(&str, u64)], rewards: &[(&str, u64)]) -> StoredCounts {
        let map =
            |pairs: &[(&str, u64)]| pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        let first = HashMap::new();
        StoredCounts { customers: map(customers), payments: map(payments), rewards: map(rewards), first }
    }

    #[test]
    fn a_payment_that_overtook_the_first_is_named() {
        let told = Acknowledged {
            payments: ["pay_1_2_1", "pay_1_2_2"].map(str::to_owned).into(),
            first: ["pay_1_2_1".to_owned()].into(),
            sent: ["pay_1_2_1", "pay_1_2_2"].map(str::to_owned).into(),
            ..Acknowledged::default()
        };
        let both = [("pay_1_2_1", 1), ("pay_1_2_2", 1)];
        let stored = |first: &str| StoredCounts {
            first: HashMap::from([(first.to_owned(), 1)]),
            ..seen(&[], &both, &both)
        };
        assert!(differences(&told, &stored("pay_1_2_1")).is_empty());
        assert_eq!(
            differences(&told, &stored("pay_1_2_2")),
            [
                "1 first payments that were not recorded as the first, such as pay_1_2_1",
                "1 later payments recorded before the first, such as pay_1_2_2"
            ]
        );
    }

    #[test]
    fn lost_doubled_and_invented_records_are_named_and_unacknowledged_ones_are_fine() {
        let told = acknowledged(["c1", "p1", "c2"]);
        let sound = seen(&[("c1", 1), ("c2", 1)], &[("p1", 1)], &[("p1", 1)]);
        assert!(differences(&told, &sound).is_empty());
        let lost = seen(&[], &[("p1", 1)], &[]);
        assert_eq!(
            differences(&told, &lost),
            [
                "1 signups acknowledged and not there, such as c1",
                "1 payments acknowledged and without a commission, such as p1"
            ]
        );
        let doubled = seen(&[("c1", 2)], &[("p1", 1), ("p9", 1)], &[("p1", 2)]);
        assert_eq!(
            differences(&told, &doubled),
            [
                "1 customers more than once, such as c1",
                "1 payments that nobody sent, such as p9",
                "1 commissions more than once, such as p1"
            ]
        );
    }
}

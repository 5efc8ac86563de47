//! Subscriptions, in whichever order their events come (issue 8, line S3).

use headwater_testkit::{Options, START, stripe::event};

use crate::stage::{signed_up, tell};
use crate::stripe::subscription;

#[tokio::test]
async fn a_stale_subscription_update_does_not_revive_a_deleted_one() {
    let headwater = signed_up(Options::default()).await;
    let told = async |id: &str, kind: &str, before: i64, status: &str| {
        let object = subscription(status, &[("inbox", 9900)]);
        tell(&headwater, &event(id, kind, START - before, &object)).await;
    };
    told("evt_1", "customer.subscription.created", 100_000, "active").await;
    told("evt_3", "customer.subscription.deleted", 10_000, "canceled").await;
    told("evt_2", "customer.subscription.updated", 50_000, "active").await;
    assert_eq!(headwater.all("products").await[0]["status"], "churned", "{}", headwater.story().await);
}

//! Maxio's webhooks, from their HTTP request to the commissions in the ledger, in any order.

use headwater_testkit::{HOUR, Headwater, KitOptions, TestEvent};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::stage::{signed_up, with_catalogue};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../relay/tests/fixtures/maxio/", $name, ".form"))
    };
}

const BEGUN: &str = fixture!("signup_success");
const PAID: &str = fixture!("payment_success");
const THIRD: &str = fixture!("refund_success-partial");
const REST: &str = fixture!("refund_success-rest");
const ENDED: &str = fixture!("subscription_state_change-canceled");

const HEADER: &str = "x-chargify-webhook-signature-hmac-sha-256";

fn signature(key: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn tell(headwater: &Headwater, body: &str) {
    let program = headwater.program(0);
    let signature = signature(&program.maxio_secret(), body);
    program.webhook("maxio", &[(HEADER, &signature)], body).await.expect(200);
    headwater.deliver().await;
}

/// What the partner has earned after these webhooks, each delivered before the next one comes.
async fn earned(bodies: &[&str]) -> i64 {
    let headwater = signed_up(KitOptions::default()).await;
    for body in bodies {
        tell(&headwater, body).await;
    }
    headwater.deliver_for(2 * HOUR).await;
    let payments = headwater.all("transactions?include_archived=true").await.len();
    assert_eq!(payments, 1, "{}", headwater.describe_entries().await);
    headwater.balance("robin").await
}

#[tokio::test]
async fn a_payment_earns_and_five_deliveries_count_once() {
    assert_eq!(earned(&[BEGUN, PAID]).await, 1980);
    assert_eq!(earned(&[BEGUN, PAID, PAID, PAID, PAID, PAID, THIRD, THIRD, THIRD, THIRD, THIRD]).await, 1320);
}

#[tokio::test]
async fn refunds_take_back_to_the_cent_in_any_order() {
    for order in [[BEGUN, PAID, THIRD], [BEGUN, THIRD, PAID], [THIRD, PAID, BEGUN]] {
        assert_eq!(earned(&order).await, 1320, "{order:?}");
    }
    for order in [[BEGUN, PAID, THIRD, REST], [REST, THIRD, PAID, BEGUN]] {
        assert_eq!(earned(&order).await, 0, "{order:?}");
    }
}

#[tokio::test]
async fn a_payment_before_the_end_of_its_subscription_earns_whichever_is_heard_first() {
    assert_eq!(earned(&[BEGUN, PAID, ENDED]).await, 1980);
    assert_eq!(earned(&[BEGUN, ENDED, PAID]).await, 1980);
}

#[tokio::test]
async fn a_subscription_changes_its_product_and_ends_whatever_comes_late() {
    let headwater = signed_up(KitOptions::default()).await;
    for (body, expect) in [
        (fixture!("signup_success-trial"), "trial"),
        (fixture!("subscription_product_change"), "active"),
        (ENDED, "churned"),
        (fixture!("subscription_product_change"), "churned"),
        (BEGUN, "churned"),
    ] {
        tell(&headwater, body).await;
        assert_eq!(headwater.all("products").await[0]["status"], expect, "{body}");
    }
    assert_eq!(headwater.all("products").await.len(), 1);
}

#[tokio::test]
async fn a_customer_without_a_reference_is_joined_when_the_company_gives_one() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let signup = json!({"customer_key": "gk_1", "email": "ada@shop.example", "partner_key": "robin"});
    headwater.event(TestEvent::of_page("signup", signup)).await.expect(202);
    headwater.deliver().await;
    for body in [BEGUN, PAID] {
        tell(&headwater, &body.replace("[reference]=gk_1", "[reference]=")).await;
    }
    assert_eq!(headwater.all("transactions").await.len(), 0, "Maxio's id alone names nobody yet");
    tell(&headwater, fixture!("customer_update")).await;
    headwater.deliver_for(2 * HOUR).await;
    assert_eq!(headwater.balance("robin").await, 1980, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_reference_from_a_signup_pages_address_moves_no_customer_who_is_known() {
    let headwater = signed_up(KitOptions::default()).await;
    let before = headwater.all("customers").await;
    tell(&headwater, fixture!("customer_update")).await;
    assert_eq!(headwater.all("customers").await, before, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_tampered_webhook_is_refused() {
    let headwater = signed_up(KitOptions::default()).await;
    let program = headwater.program(0);
    let good = signature(&program.maxio_secret(), PAID);
    let other = signature("shared_key_example", PAID);
    let tampered = PAID.replace("[amount_in_cents]=9900", "[amount_in_cents]=990000");
    for (headers, body) in [
        (&[(HEADER, good.as_str())][..], tampered.as_str()),
        (&[(HEADER, other.as_str())], PAID),
        (&[], PAID),
    ] {
        let answer = program.webhook("maxio", headers, body).await;
        assert_eq!((answer.status, answer.code()), (401, "bad_signature"), "{}", answer.body);
    }
    assert_eq!(headwater.entries().await.len(), 1, "the signup alone");
}

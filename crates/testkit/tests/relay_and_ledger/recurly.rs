//! Recurly's notifications, from their HTTP request to the commissions in the ledger, in any order.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use headwater_testkit::{HOUR, Headwater, KitOptions};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::stage::signed_up;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../relay/tests/fixtures/recurly/", $name, ".xml"))
    };
}

const BEGUN: &str = fixture!("new_subscription-active");
const PAID: &str = fixture!("paid_charge_invoice-taxed-coupon");
const THIRD: &str = fixture!("successful_refund-partial");
const REST: &str = fixture!("successful_refund-rest");
const VOID: &str = fixture!("void_payment");

async fn tell(headwater: &Headwater, body: &str) {
    let program = headwater.program(0);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(program.recurly_secret()));
    program.webhook("recurly", &[("authorization", &basic)], body).await.expect(200);
    headwater.deliver().await;
}

/// What the partner has earned after these notifications, each delivered before the next one comes.
async fn earned(bodies: &[&str]) -> i64 {
    let headwater = signed_up(KitOptions::default()).await;
    for body in bodies {
        tell(&headwater, body).await;
    }
    headwater.deliver_for(2 * HOUR).await;
    assert_eq!(
        headwater.all("transactions?include_archived=true").await.len(),
        usize::from(bodies.contains(&PAID)),
        "{}",
        headwater.describe_entries().await
    );
    headwater.balance("robin").await
}

#[tokio::test]
async fn a_paid_invoice_earns_on_what_was_paid_after_its_discount_and_before_its_tax() {
    assert_eq!(earned(&[BEGUN, PAID]).await, 1800);
}

#[tokio::test]
async fn five_deliveries_count_once() {
    assert_eq!(earned(&[BEGUN, PAID, PAID, PAID, PAID, PAID, THIRD, THIRD, THIRD, THIRD, THIRD]).await, 1200);
}

#[tokio::test]
async fn refunds_take_back_to_the_cent_in_any_order() {
    assert_eq!(earned(&[BEGUN, PAID, THIRD]).await, 1200);
    assert_eq!(earned(&[BEGUN, THIRD, PAID]).await, 1200);
    assert_eq!(earned(&[THIRD, PAID, BEGUN]).await, 1200);
    for order in [[BEGUN, PAID, THIRD, REST], [REST, THIRD, PAID, BEGUN], [BEGUN, REST, PAID, THIRD]] {
        assert_eq!(earned(&order).await, 0, "{order:?}");
    }
}

#[tokio::test]
async fn a_voided_payment_earns_nothing_in_either_order() {
    assert_eq!(earned(&[BEGUN, PAID, VOID]).await, 0);
    assert_eq!(earned(&[VOID, PAID, BEGUN]).await, 0);
}

#[tokio::test]
async fn what_a_credit_balance_paid_earns_nothing_again() {
    let (credit, voided) = (fixture!("new_credit_payment"), fixture!("voided_credit_payment"));
    assert_eq!(earned(&[BEGUN, credit, PAID]).await, 1440);
    assert_eq!(earned(&[BEGUN, PAID, credit]).await, 1440);
    assert_eq!(earned(&[BEGUN, voided, PAID, credit]).await, 1800);
}

#[tokio::test]
async fn an_invoice_that_was_paid_by_mistake_earns_nothing_until_it_is_paid() {
    let headwater = signed_up(KitOptions::default()).await;
    let manual = fixture!("paid_charge_invoice-manual");
    for (body, expect) in [
        (BEGUN, 0),
        (manual, 1800),
        (fixture!("reopened_charge_invoice"), 0),
        (&manual.replace("22:05:00Z", "22:09:00Z"), 1800),
        (fixture!("reopened_charge_invoice"), 1800),
    ] {
        tell(&headwater, body).await;
        let entries = headwater.describe_entries().await;
        assert_eq!(headwater.balance("robin").await, expect, "{entries}");
    }
}

#[tokio::test]
async fn a_subscription_begins_is_renewed_and_ends_whatever_comes_late() {
    let headwater = signed_up(KitOptions::default()).await;
    for (body, expect) in [
        (fixture!("new_subscription-trial"), "trial"),
        (fixture!("renewed_subscription-after-trial"), "active"),
        (fixture!("new_subscription-trial"), "active"),
    ] {
        tell(&headwater, body).await;
        assert_eq!(headwater.all("products").await[0]["status"], expect);
    }
    let headwater = signed_up(KitOptions::default()).await;
    for (body, expect) in [
        (BEGUN, "active"),
        (fixture!("expired_subscription"), "churned"),
        (fixture!("canceled_subscription"), "churned"),
    ] {
        tell(&headwater, body).await;
        assert_eq!(headwater.all("products").await[0]["status"], expect);
    }
    assert_eq!(headwater.all("products").await.len(), 1);
}

#[tokio::test]
async fn a_changed_plan_pays_at_its_own_rate_although_both_reports_are_of_one_period() {
    let changed = fixture!("updated_subscription-plan");
    assert_eq!(earned(&[BEGUN, changed, PAID]).await, 900);
    assert_eq!(earned(&[BEGUN, PAID, changed]).await, 1800, "what was paid before was for the older plan");
}

#[tokio::test]
async fn an_invoice_of_several_subscriptions_is_parked_with_its_reason() {
    let headwater = signed_up(KitOptions::default()).await;
    tell(&headwater, BEGUN).await;
    tell(&headwater, fixture!("paid_charge_invoice-several-subscriptions")).await;
    let parked = headwater.entries().await.remove(0);
    assert_eq!(parked["state"], "parked");
    assert!(parked["last_error"].as_str().unwrap().contains("several subscriptions"), "{parked}");
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let headwater = signed_up(KitOptions::default()).await;
    let program = headwater.program(0);
    let wrong = format!("Basic {}", BASE64_STANDARD.encode("recurly:pass"));
    for headers in [&[][..], &[("authorization", wrong.as_str())]] {
        let answer = program.webhook("recurly", headers, PAID).await;
        assert_eq!((answer.status, answer.code()), (401, "bad_signature"), "{}", answer.body);
    }
    let basic = format!("Basic {}", BASE64_STANDARD.encode(program.recurly_secret()));
    let answer = program.webhook("recurly", &[("authorization", &basic)], &PAID[..200]).await;
    assert_eq!((answer.status, answer.code()), (400, "malformed_xml"), "{}", answer.body);
}

#[tokio::test]
async fn a_signed_json_webhook_is_checked_for_its_time_and_its_body() {
    let settings = json!({"webhook_secrets": {"recurly": "signing_key_example"}});
    let headwater = signed_up(KitOptions { settings, ..KitOptions::default() }).await;
    let item = include_str!("../../../relay/tests/fixtures/recurly/item.created.json");
    let now = headwater.clock().now();
    for (time, sent, expect) in [
        (now, item.to_owned(), 200),
        (now - HOUR, item.to_owned(), 401),
        (now, item.replace("item", "plan"), 401),
    ] {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"signing_key_example").unwrap();
        mac.update(format!("{time}.{item}").as_bytes());
        let signature = format!("{time},{}", hex::encode(mac.finalize().into_bytes()));
        let program = headwater.program(0);
        program.webhook("recurly", &[("recurly-signature", &signature)], &sent).await.expect(expect);
    }
}

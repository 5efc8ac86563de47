//! Attempts to make the ledger pay too much, too little, or somebody else: corrections long after an event, refunds that
//! are undone, and what several hands decide about one reward.

use serde_json::{Value, json};

use crate::drips::run_due;
use crate::shop::Shop;
use crate::test_ledger::{START, text};

const DAY: i64 = 24 * 60 * 60 * 1000;
const ALWAYS: fn() -> Value = || json!({"all": []});

fn flat(amount: i64) -> Value {
    json!({"type": "commission_flat", "amount": amount, "currency": "USD"})
}

fn inbox() -> Value {
    json!({"where": {"object": "product", "rules": [{"field": "name", "operator": "is", "value": "Inbox"}]}})
}

impl Shop {
    /// A payment of 99.00 for an Inbox that only a page has named: 1980 on hold.
    async fn pay_for_a_claim(&self) {
        self.report("page", "Inbox", "active", json!({})).await.data();
        self.bill("in_1", 9900, START, &[]).await.data();
        assert_eq!(self.told().await, [(1980, "hold".to_owned())]);
    }

    /// The provider confirms the product.
    async fn confirm(&self) {
        self.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    }

    async fn told(&self) -> Vec<(i64, String)> {
        self.standing().await.into_iter().map(|(_, amount, status, _)| (amount, status)).collect()
    }

    /// The trigger that pays for this product.
    async fn trigger_for(&self, name: &str) -> String {
        let list = self.ledger.get("/api/v2/triggers?limit=250").await.data();
        let found = list["items"].as_array().unwrap().iter().find(|row| text(&row["name"]).ends_with(name));
        format!("/api/v2/triggers/{}", text(&found.unwrap()["key"]))
    }

    async fn total_of_provider(&self, key: &str, total: i64, at: i64) {
        let body = json!({"refunded_total": total, "occurred_at": START + at});
        self.post_as("billing", &format!("transactions/{key}/refund"), body).await.data();
    }

    async fn set_reward(&self, at: usize, body: Value) -> crate::test_ledger::Reply {
        let key = text(&self.rewards().await[at]["key"]);
        self.patch(&format!("/api/v2/rewards/{key}"), body).await
    }
}

fn pending(amount: i64) -> (i64, String) {
    (amount, "pending".to_owned())
}

#[tokio::test]
async fn what_a_trigger_paid_outlives_its_end_when_the_product_is_confirmed_later() {
    for change in
        [json!({"active": false}), json!({"action": {"type": "commission_percent", "percent": "5"}})]
    {
        let shop = Shop::open().await;
        shop.pay_for_a_claim().await;
        shop.patch(&shop.trigger_for("Inbox").await, change).await.data();
        shop.confirm().await;
        assert_eq!(shop.told().await, [pending(1980)]);
    }
    let shop = Shop::open().await;
    shop.pay_for_a_claim().await;
    shop.delete(&shop.trigger_for("Inbox").await).await.data();
    shop.report("billing", "Surveys", "active", json!({"occurred_at": 1000})).await.data();
    assert_eq!(shop.told().await, [pending(990)], "a wrong product takes it back all the same");
}

#[tokio::test]
async fn what_a_partner_earned_before_it_was_archived_stays_when_the_product_is_confirmed() {
    let shop = Shop::open().await;
    shop.pay_for_a_claim().await;
    shop.delete("/api/v2/partnerships/referrer").await.data();
    shop.confirm().await;
    assert_eq!(shop.told().await, [pending(1980)]);
    let other = Shop::open().await;
    other.pay_for_a_claim().await;
    other.patch("/api/v2/partnerships/referrer", json!({"approved_status": "declined"})).await.data();
    other.report("billing", "Surveys", "active", json!({"occurred_at": 1000})).await.data();
    assert_eq!(other.told().await, [], "and nothing new is earned by whom the program has declined");
}

#[tokio::test]
async fn a_partner_who_moved_to_another_group_since_keeps_the_commission_of_then_and_gets_no_second() {
    let shop = Shop::open().await;
    shop.patch(&shop.trigger_for("Inbox").await, json!({"active": false})).await.data();
    shop.ledger.make("groups", &json!({"name": "gold"})).await;
    for (group, percent) in [("partners", "10"), ("gold", "30")] {
        let trigger = json!({"name": group, "offer_description": "Earn", "event": "transaction_created",
            "rules": inbox(), "action": {"type": "commission_percent", "percent": percent},
            "eligibility": {"groups": [group]}});
        shop.ledger.make("triggers", &trigger).await;
    }
    shop.report("page", "Inbox", "active", json!({})).await.data();
    shop.bill("in_1", 9900, START, &[]).await.data();
    shop.ledger.pass(1);
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": "gold"})).await.data();
    shop.ledger.pass(1);
    shop.confirm().await;
    assert_eq!(shop.told().await, [pending(990)]);
    shop.ledger.partner("robin").await;
    shop.credit("robin").await;
    shop.credit("referrer").await;
    assert_eq!(shop.told().await, [pending(990)], "there and back");
}

#[tokio::test]
async fn a_corrected_credit_moves_what_a_trigger_paid_that_is_switched_off_since() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    let trigger = shop.share("10").await;
    shop.sell("Inbox", "sub_1", json!({})).await;
    shop.pay("invoice-1", 1000, "sub_1").await.data();
    assert_eq!(shop.told().await, [pending(200), pending(100)]);
    shop.patch(&format!("/api/v2/triggers/{trigger}"), json!({"active": false})).await.data();
    shop.patch("/api/v2/products/sub_1", json!({"status": "churned"})).await.data();
    shop.credit("robin").await;
    let standing = shop.standing().await;
    assert!(standing.iter().all(|(partner, ..)| *partner == robin), "{standing:?}");
    assert_eq!(shop.balance().await, 300, "the product was active when it was paid for");
}

#[tokio::test]
async fn a_corrected_credit_does_not_revive_installments_that_ended() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    let action = json!({"type": "commission_flat", "amount": 1200, "currency": "USD",
        "drip": {"cycle": "1m", "occurrences": 12}});
    let active = json!({"where": {"object": "product", "rules": [
        {"field": "status", "operator": "is", "value": "active"}]}});
    shop.trigger("transaction_created", active, action).await;
    shop.report("billing", "Surveys", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1", 1000, START, &[]).await.data();
    shop.ledger.pass(100 * DAY);
    run_due(&shop.ledger).await;
    shop.report("billing", "Surveys", "churned", json!({"occurred_at": START + 100 * DAY})).await.data();
    shop.ledger.pass(100 * DAY);
    run_due(&shop.ledger).await;
    let before = shop.balance().await;
    shop.credit("robin").await;
    shop.ledger.pass(400 * DAY);
    run_due(&shop.ledger).await;
    assert_eq!((before, shop.balance().await), (500, 500), "four of twelve, and 10 %");
    assert!(shop.standing().await.iter().all(|(partner, ..)| *partner == robin));
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_deal_or_lead_that_is_deleted_or_not_accepted_yet_earns_nothing() {
    let shop = Shop::open().await;
    shop.trigger("deal_updated", ALWAYS(), flat(700)).await;
    shop.trigger("lead_updated", ALWAYS(), flat(300)).await;
    let token = shop.ledger.partner_token(&shop.partner).await;
    let of = async |kind: &str, body: Value, whose: &str| {
        let made = shop.ledger.request(whose, "POST", &format!("/api/v2/{kind}"), &body.to_string()).await;
        format!("/api/v2/{kind}/{}", text(&made.data()["key"]))
    };
    for (paid, kind, body) in [
        (0, "deals", json!({"partner_key": "referrer", "account_name": "Acme"})),
        (1, "leads", json!({"partner_key": "referrer", "email": "acme@site.example"})),
    ] {
        shop.delete(&of(kind, body.clone(), &shop.ledger.production()).await).await.data();
        let open = of(kind, body, &token).await;
        shop.patch(&open, json!({"amount": 100})).await.data();
        assert_eq!(shop.amounts().await.len(), paid, "{kind}");
        shop.patch(&open, json!({"approved": true})).await.data();
        assert_eq!(shop.amounts().await.len(), paid + 1, "{kind}");
    }
}

#[tokio::test]
async fn a_dispute_that_is_won_does_not_release_what_rests_on_a_claim() {
    let shop = Shop::open().await;
    shop.pay_for_a_claim().await;
    shop.total_of_provider("in_1", 9900, 1).await;
    shop.total_of_provider("in_1", 0, 2).await;
    let standing = shop.standing().await;
    let told = standing.iter().map(|(_, amount, status, _)| (*amount, status.as_str())).collect::<Vec<_>>();
    assert!(told.iter().all(|(_, status)| *status == "hold"), "{told:?}");
    assert_eq!(shop.balance().await, 1980);
    shop.confirm().await;
    assert!(shop.told().await.iter().all(|(_, status)| status == "pending"));
}

#[tokio::test]
async fn a_dispute_that_is_won_does_not_revive_a_reward_that_the_company_declined() {
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1", 9900, START, &[]).await.data();
    shop.set_reward(0, json!({"status": "declined", "reason": "fraud"})).await.data();
    shop.total_of_provider("in_1", 9900, 1).await;
    shop.total_of_provider("in_1", 0, 2).await;
    assert_eq!(shop.told().await, []);
    assert_eq!(shop.rewards().await[0]["reason"], "fraud");
}

#[tokio::test]
async fn nothing_given_back_of_a_free_payment_is_no_refund() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", ALWAYS(), flat(50)).await;
    shop.bill("free", 0, START, &[]).await.data();
    shop.total_of_provider("free", 0, 1).await;
    assert_eq!(shop.told().await, [pending(50)]);
    shop.delete("/api/v2/transactions/free").await.data();
    shop.total_of_provider("free", 0, 2).await;
    assert_eq!(shop.told().await, [], "what the company deleted stays so");
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_payment_that_the_company_deleted_stays_so_whatever_the_provider_reports_about_it() {
    let shop = Shop::open().await;
    shop.share("10").await;
    shop.bill("in_1", 1000, START, &[]).await.data();
    shop.delete("/api/v2/transactions/in_1").await.data();
    shop.total_of_provider("in_1", 1000, 1).await;
    shop.total_of_provider("in_1", 0, 2).await;
    assert_eq!(shop.told().await, []);
}

#[tokio::test]
async fn a_seller_who_is_known_after_the_payment_earns_all_of_it_as_if_known_before() {
    for product_first in [true, false] {
        let shop = Shop::open().await;
        let robin = shop.ledger.partner("robin").await;
        shop.share("10").await;
        let sell = async || drop(shop.sell("Inbox", "sub_1", json!({"partnership_key": "robin"})).await);
        if product_first {
            sell().await;
        }
        shop.pay("invoice-1", 1000, "sub_1").await.data();
        if !product_first {
            sell().await;
        }
        let mut standing = shop.standing().await;
        standing.sort_by_key(|(_, amount, ..)| *amount);
        let told: Vec<_> = standing.iter().map(|(partner, amount, ..)| (partner.as_str(), *amount)).collect();
        assert_eq!(told, [(robin.as_str(), 100), (robin.as_str(), 200)], "product first: {product_first}");
    }
}

#[tokio::test]
async fn an_installment_that_ended_or_was_corrected_is_not_opened_by_hand() {
    let shop = Shop::open().await;
    let action = json!({"type": "commission_flat", "amount": 100, "currency": "USD",
        "drip": {"delay": "1d", "cycle": "1m", "occurrences": 1}});
    let active = json!({"where": {"object": "product", "rules": [
        {"field": "status", "operator": "is", "value": "active"}]}});
    shop.trigger("transaction_created", active, action).await;
    shop.report("billing", "Surveys", "active", json!({"occurred_at": 1000})).await.data();
    shop.bill("in_1", 1000, START, &[]).await.data();
    shop.report("billing", "Surveys", "churned", json!({"occurred_at": START + 1})).await.data();
    shop.ledger.pass(2 * DAY);
    run_due(&shop.ledger).await;
    let at = shop.rewards().await.iter().position(|row| row["amount"] == 100 && row["status"] == "declined");
    let ended = text(&shop.rewards().await[at.unwrap()]["reason"]);
    assert_eq!(ended, "rules_no_longer_hold");
    let at = shop.rewards().await.iter().position(|row| row["reason"] == ended.as_str()).unwrap();
    let refused = shop.set_reward(at, json!({"status": "approved"})).await.error();
    assert_eq!((refused.0, refused.1.as_str()), (409, "reward_taken_back"));
    shop.total_of_provider("in_1", 500, 2).await;
    assert_eq!(shop.balance().await, 50, "half of the 10 %, and nothing of the installment");
}

#[tokio::test]
async fn the_company_gives_no_reward_to_a_partner_whom_it_declined() {
    let shop = Shop::open().await;
    shop.patch("/api/v2/partnerships/referrer", json!({"approved_status": "declined"})).await.data();
    let body = json!({"partner_key": "referrer", "amount": 5, "description": "bonus"}).to_string();
    let refused = shop.ledger.post("/api/v2/rewards", &body).await.error();
    assert_eq!((refused.0, refused.1.as_str()), (409, "partnership_declined"));
}

#[tokio::test]
async fn a_product_that_the_vendor_turned_and_the_provider_confirms_releases_what_waited_for_that() {
    let shop = Shop::open().await;
    shop.trigger("product_updated", inbox(), flat(2500)).await;
    shop.report("page", "Inbox", "trial", json!({})).await.data();
    shop.patch("/api/v2/products/sub_1", json!({"status": "active"})).await.data();
    assert_eq!(shop.told().await, [(2500, "hold".to_owned())]);
    shop.customer("bob", "referrer").await;
    shop.patch("/api/v2/customers/ada", json!({"name": "Ada"})).await.data();
    assert_eq!(shop.told().await, [(2500, "hold".to_owned())], "the customer is not in doubt");
    shop.report("billing", "Inbox", "active", json!({"occurred_at": START})).await.data();
    assert_eq!(shop.told().await, [pending(2500)]);
}

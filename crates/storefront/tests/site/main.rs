//! The site against a Headwater whose answers a test scripts: what it loads, what it sells, what it signs.
#![allow(clippy::unwrap_used, reason = "a scripted server that cannot answer is a broken test")]

mod headwater;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use headwater::Headwater;
use headwater_protocol::Millis;
use headwater_storefront::http::{self, Pages, Shop};
use headwater_storefront::load::{self, Credentials, Loaded};
use headwater_storefront::site::Site;
use headwater_storefront::{Given, billing};
use hmac::{Hmac, Mac as _};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const NOW: i64 = 1_775_514_585_468;

fn given() -> Given {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(1);
    Given { now: || Millis(NOW), random: |bytes| bytes.fill(NEXT.fetch_add(1, Ordering::Relaxed)) }
}

fn credentials() -> Credentials {
    let printed = json!({"program_id": "1", "public_key": "pk_test_example", "secret_key": "sk_test_example",
        "admin_token": "admin_example", "tracking_token": "unused_here"});
    serde_json::from_value(printed).unwrap()
}

async fn load_into(headwater: &Headwater, site: &Site, origin: &str) -> Loaded {
    load::load(&credentials(), &headwater.address, origin, site).await.unwrap()
}

/// A site with one customer, `gk_1`, whose webhooks go to `headwater`.
async fn open(headwater: &Headwater) -> (Router, Arc<Site>) {
    let site = Arc::new(Site::open(None, given()).unwrap());
    let loaded = load_into(headwater, &site, "http://127.0.0.1:8788").await;
    let webhooks = format!("{}/v1/webhooks/stripe/pk_test_example", headwater.address);
    let (billing, sender) = billing::open(site.clone(), given(), webhooks).unwrap();
    tokio::spawn(sender.run());
    let pages = Pages {
        directory: None,
        headwater: headwater.address.clone(),
        public_key: "pk_test_example".to_owned(),
        link: loaded.link.clone(),
    };
    let shop = Shop { site: site.clone(), billing, loaded: Arc::new(loaded), pages: Arc::new(pages) };
    let router = http::router(shop);
    let person = json!({"name": "Ana Ruiz", "email": "ana@customer.example"});
    let (status, made) = post(&router, "signup", person).await;
    assert_eq!((status, made), (StatusCode::CREATED, json!({"customer_key": "gk_1"})));
    (router, site)
}

async fn post(router: &Router, call: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/{call}")).body(Body::from(body.to_string())).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn get(router: &Router, path: &str) -> Value {
    let request = Request::get(format!("/api/{path}")).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn choice(products: &[&str]) -> Value {
    json!({"customer_key": "gk_1", "products": products})
}

#[tokio::test]
async fn loading_the_example_twice_makes_everything_once() {
    let headwater = Headwater::start().await;
    let site = Site::open(None, given()).unwrap();
    let first = load_into(&headwater, &site, "http://127.0.0.1:8788").await;
    let once = headwater.made();
    let second = load_into(&headwater, &site, "http://127.0.0.1:8788").await;
    assert_eq!(headwater.made(), once);
    assert_eq!(first.link, second.link);
    assert_eq!(
        once,
        [("groups", 1), ("links", 1), ("partnerships", 1), ("product_book", 4), ("triggers", 4)]
    );
    let program = headwater.program();
    assert_eq!(program["origins"], json!(["https://www.example.com", "http://127.0.0.1:8788"]));
    assert_eq!(program["link_destinations"], json!(["127.0.0.1:8788"]));
    assert_eq!(program["stripe_webhook_secret"], json!(site.webhook_secret()));
}

#[tokio::test]
async fn each_product_has_a_trigger_for_its_own_name_and_percent_while_active() {
    let headwater = Headwater::start().await;
    load_into(&headwater, &Site::open(None, given()).unwrap(), "http://127.0.0.1:8788").await;
    let rules: Vec<_> = headwater
        .records("triggers")
        .into_iter()
        .map(|trigger| {
            let scope = &trigger["rules"]["where"];
            assert_eq!(scope["object"], "product");
            assert_eq!(scope["rules"][1]["field"], "status");
            assert_eq!(scope["rules"][1]["value"], json!(["active"]));
            (scope["rules"][0]["value"][0].clone(), trigger["action"]["percent"].clone())
        })
        .collect();
    let expected = [("Live Chat", "10"), ("Knowledge Base", "15"), ("Surveys", "10"), ("Inbox", "20")];
    assert_eq!(rules, expected.map(|(name, percent)| (json!(name), json!(percent))));
}

#[tokio::test]
async fn a_site_that_moved_gets_a_second_link_and_a_forgetful_one_repeats_no_customer() {
    let headwater = Headwater::start().await;
    headwater.add("customers", headwater::customer("gk_41"));
    let site = Site::open(None, given()).unwrap();
    let first = load_into(&headwater, &site, "http://127.0.0.1:8788").await;
    let moved = load_into(&headwater, &site, "http://127.0.0.1:9999").await;
    assert!(first.link.ends_with("/robin") && moved.link.ends_with("/robin-9999"), "{}", moved.link);
    assert_eq!(site.sign_up("Ana", "ana@customer.example").unwrap().as_deref(), Some("gk_42"));
}

#[tokio::test]
async fn the_page_and_the_invoice_name_the_same_subscription_keys() {
    let headwater = Headwater::start().await;
    let (router, site) = open(&headwater).await;
    for products in [vec!["inbox", "live_chat"], vec!["surveys"]] {
        let (status, order) = post(&router, "checkout", choice(&products)).await;
        assert_eq!(status, StatusCode::OK, "{order}");
        let (_, paid) = post(&router, "pay", choice(&products)).await;
        let subscription = order["subscription"].as_str().unwrap();
        let [customer, begun, invoice] =
            headwater.webhooks(3, &site.webhook_secret()).await.try_into().unwrap();
        assert_eq!(customer["type"], "customer.created");
        assert_eq!(customer["data"]["object"]["metadata"]["customer_key"], "gk_1");
        assert_eq!(begun["type"], "customer.subscription.created");
        assert_eq!(begun["data"]["object"]["metadata"]["customer_key"], "gk_1");
        assert_eq!(
            (&invoice["type"], &invoice["data"]["object"]["id"]),
            (&json!("invoice.paid"), &paid["invoice"])
        );
        let lines = invoice["data"]["object"]["lines"]["data"].as_array().unwrap();
        let told: Vec<String> = lines
            .iter()
            .map(|line| match lines.len() {
                1 => line["subscription"].as_str().unwrap().to_owned(),
                _ => format!("{subscription}/{}", line["price"]["id"].as_str().unwrap()),
            })
            .collect();
        let handed: Vec<&str> = order["products"]
            .as_array()
            .unwrap()
            .iter()
            .map(|product| product["external_subscription_key"].as_str().unwrap())
            .collect();
        assert_eq!(told, handed);
        let total: i64 = lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
        assert_eq!(invoice["data"]["object"]["subtotal"], json!(total));
    }
}

#[tokio::test]
async fn paying_twice_charges_once_and_a_webhook_is_sent_until_it_is_taken() {
    let headwater = Headwater::start().await;
    let (router, site) = open(&headwater).await;
    post(&router, "checkout", choice(&["inbox"])).await;
    headwater.refuse_webhooks(&[503, 401]);
    let (_, first) = post(&router, "pay", choice(&["inbox"])).await;
    let (status, second) = post(&router, "pay", choice(&["inbox"])).await;
    assert_eq!((status, &second), (StatusCode::OK, &first));
    // Two refusals of the first event, then all three in order.
    let seen = headwater.webhooks(5, &site.webhook_secret()).await;
    let kinds: Vec<_> = seen.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let created = "customer.created";
    assert_eq!(kinds, [created, created, created, "customer.subscription.created", "invoice.paid"]);
    assert_eq!(seen[0]["id"], seen[2]["id"], "the same event, not a second one");
}

#[tokio::test]
async fn a_refund_and_a_cancellation_tell_the_provider_story() {
    let headwater = Headwater::start().await;
    let (router, site) = open(&headwater).await;
    let who = json!({"customer_key": "gk_1"});
    assert_eq!(post(&router, "refund", who.clone()).await.0, StatusCode::CONFLICT);
    post(&router, "checkout", choice(&["surveys", "inbox"])).await;
    post(&router, "pay", choice(&["surveys", "inbox"])).await;
    let paid = headwater.webhooks(3, &site.webhook_secret()).await.remove(2);
    post(&router, "cancel", who.clone()).await;
    post(&router, "renew", who.clone()).await;
    post(&router, "refund", who).await;
    let [ended, renewed, refunded] = headwater.webhooks(3, &site.webhook_secret()).await.try_into().unwrap();
    assert_eq!(ended["type"], "customer.subscription.deleted");
    assert_eq!(ended["data"]["object"]["status"], "canceled");
    assert_eq!(renewed["type"], "invoice.paid");
    assert_ne!(renewed["data"]["object"]["id"], paid["data"]["object"]["id"]);
    assert_eq!(refunded["type"], "charge.refunded");
    assert_eq!(refunded["data"]["object"]["invoice"], renewed["data"]["object"]["id"]);
    assert_eq!(refunded["data"]["object"]["amount_refunded"], 13800);
}

#[tokio::test]
async fn bad_input_names_its_field() {
    let headwater = Headwater::start().await;
    let (router, _) = open(&headwater).await;
    let stranger = json!({"customer_key": "gk_99", "products": ["inbox"]});
    for (call, body, status, field) in [
        ("signup", json!({"name": "Ana"}), 400, "email"),
        ("signup", json!({"name": " ", "email": "ana@customer.example"}), 400, "name"),
        ("signup", json!([]), 400, ""),
        ("checkout", choice(&[]), 400, "products"),
        ("checkout", choice(&["yacht"]), 400, "products"),
        ("checkout", stranger.clone(), 404, "customer_key"),
        ("pay", stranger, 404, "customer_key"),
        ("pay", choice(&["inbox"]), 409, ""),
    ] {
        let (got, answer) = post(&router, call, body).await;
        assert_eq!((got.as_u16(), answer["field"].as_str()), (status, Some(field)), "{call}: {answer}");
        assert!(!answer["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_journey_is_told_in_order_with_its_latencies_and_without_other_peoples_rewards() {
    let headwater = Headwater::start().await;
    let (router, _) = open(&headwater).await;
    let unknown = get(&router, "journey?customer_key=gk_1").await;
    assert_eq!(unknown, json!({"reachable": true, "steps": []}), "the signup is still on its way");

    let order = post(&router, "checkout", choice(&["inbox"])).await.1;
    post(&router, "pay", choice(&["inbox"])).await;
    let customer = headwater::customer("gk_1");
    let with = |mut record: Value, changes: Value| {
        record.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        record
    };
    let signed_up = json!({"source_key": "abc123def456", "created_at": NOW + 7, "partner_key": "robin"});
    headwater.add("customers", with(customer, signed_up));
    headwater.add("clicks", headwater::click("other1234567"));
    headwater.add("clicks", headwater::click("abc123def456"));
    let book = headwater.records("product_book").pop().unwrap();
    headwater.add("products", headwater::product(&order["products"][0], &book["key"], NOW + 8));
    headwater.add("rewards", headwater::reward("rwrd_2", "cus_2", 555, NOW + 9));
    headwater.add("rewards", headwater::reward("rwrd_1", "cus_1", 1980, NOW + 9));

    let journey = get(&router, "journey?customer_key=gk_1").await;
    let told: Vec<_> = journey["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["title"].as_str().unwrap(), step["took"].as_i64()))
        .collect();
    assert_eq!(
        told,
        [
            ("click", "Partner link clicked", None),
            ("signup", "Customer signed up", Some(7)),
            ("product", "Inbox: active", Some(8)),
            ("reward", "Commission pending", Some(9)),
        ]
    );
    assert_eq!(journey["steps"][3]["amount"], 1980);

    let view = get(&router, "partner-view?customer_key=gk_1").await;
    assert_eq!(view["products"][0]["name"], "Inbox");
}

#[tokio::test]
async fn a_ledger_that_is_down_is_said_to_be_and_a_new_visitor_can_still_sign_up() {
    let headwater = Headwater::start().await;
    let (router, _) = open(&headwater).await;
    headwater.stop().await;
    assert_eq!(get(&router, "journey?customer_key=gk_1").await["reachable"], false);
    assert_eq!(get(&router, "partner-view?customer_key=gk_1").await["reachable"], false);
    let person = json!({"name": "Bo", "email": "bo@customer.example"});
    assert_eq!(post(&router, "signup", person).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn the_state_file_keeps_customers_and_the_secret() {
    let directory = tempfile::tempdir().unwrap();
    let file = Some(directory.path().join("site.json"));
    let before = Site::open(file.clone(), given()).unwrap();
    before.sign_up("Ana", "ana@customer.example").unwrap();
    let after = Site::open(file, given()).unwrap();
    assert_eq!(after.webhook_secret(), before.webhook_secret());
    assert_eq!(after.member("gk_1").unwrap().name, "Ana");
    assert_eq!(after.sign_up("Bo", "bo@customer.example").unwrap().as_deref(), Some("gk_2"));
}

/// What the relay computes on its side.
fn signature(secret: &str, seconds: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

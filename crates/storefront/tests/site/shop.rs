//! The site in front of a real Headwater, and a visitor of it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use headwater_protocol::Millis;
use headwater_storefront::http::{self, PageFiles, Shop};
use headwater_storefront::load::{self, Clients};
use headwater_storefront::site::Site;
use headwater_storefront::{Environment, billing};
use headwater_testkit::TestEvent;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::NOW;
use crate::headwater::Served;

pub(crate) const ORIGIN: &str = "http://127.0.0.1:8788";

pub(crate) fn given() -> Environment {
    Environment { now: || Millis(NOW), random }
}

/// Counts instead of drawing, so that no two ids of a run are the same.
fn random(bytes: &mut [u8]) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let drawn = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    bytes.iter_mut().zip(drawn.into_iter().cycle()).for_each(|(byte, drawn)| *byte = drawn);
}

pub(crate) async fn load_into(served: &Served, site: &Site, origin: &str) -> Clients {
    load::load(&served.credentials(), &served.address, origin, site).await.unwrap()
}

/// The site with one customer, `gk_1`, whose webhooks go to `served`.
pub(crate) async fn open(served: &Served) -> Router {
    let site = Arc::new(Site::open(None, given()).unwrap());
    let loaded = load_into(served, &site, ORIGIN).await;
    let public_key = served.credentials().public_key;
    let webhooks = format!("{}/v1/webhooks/stripe/{public_key}", served.address);
    let (billing, sender) = billing::start(site.clone(), given(), webhooks).unwrap();
    tokio::spawn(sender.run());
    let pages = PageFiles {
        directory: None,
        headwater: served.address.clone(),
        public_key,
        link: loaded.link.clone(),
    };
    let router = http::router(Shop { site, billing, loaded: Arc::new(loaded), pages: Arc::new(pages) });
    let person = json!({"name": "Ana Ruiz", "email": "ana@customer.example"});
    let (status, made) = post(&router, "signup", person).await;
    assert_eq!((status, made), (StatusCode::CREATED, json!({"customer_key": "gk_1"})));
    router
}

pub(crate) async fn post(router: &Router, call: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/{call}")).body(Body::from(body.to_string())).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A POST that must succeed.
pub(crate) async fn posted(router: &Router, call: &str, body: Value) -> Value {
    let (status, answer) = post(router, call, body).await;
    assert!(status.is_success(), "{call}: {status} {answer}");
    answer
}

pub(crate) async fn get(router: &Router, path: &str) -> Value {
    let request = Request::get(format!("/api/{path}")).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

pub(crate) fn who() -> Value {
    json!({"customer_key": "gk_1"})
}

pub(crate) fn choice(products: &[&str]) -> Value {
    json!({"customer_key": "gk_1", "products": products})
}

/// Clicks the partner's link, sends the signup event of `customer_key` as the script would, and delivers it.
pub(crate) async fn arrive(served: &Served, customer_key: &str) {
    let xid = served.headwater.program(0).click("robin").await;
    let data = json!({"customer_key": customer_key, "email": "ana@customer.example", "name": "Ana Ruiz",
        "xid": xid});
    served.headwater.event(TestEvent::of_page("signup", data)).await.expect(202);
    served.headwater.deliver().await;
}

/// Sends the checkout event of `products`, the backend's answer, as the script would, and delivers it.
pub(crate) async fn choose(served: &Served, products: &Value) {
    let data = json!({"customer_key": "gk_1", "products": products});
    served.headwater.event(TestEvent::of_page("checkout", data)).await.expect(202);
    served.headwater.deliver().await;
}

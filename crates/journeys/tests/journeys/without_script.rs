//! The main journey on a site that calls the relay itself, without our script on its pages.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::outcome::{assert_partner_sees_both_products, assert_two_commissions};
use crate::stage::{Headwater, Storefront};

/// Two ids as pages make them: version 7.
const SIGNUP: &str = "019365b2-7c00-7abc-8def-0123456789ab";
const CHECKOUT: &str = "019365b2-7c01-7abc-8def-0123456789ab";

/// A visitor, as an HTTP client.
struct Visitor {
    http: reqwest::Client,
}

impl Visitor {
    fn new() -> Self {
        let http = headwater_client::connections().no_proxy().redirect(Policy::none()).build();
        Self { http: http.expect("an HTTP client") }
    }

    /// Clicks the partner's link; returns the click's id and the partner's key from the redirect.
    async fn click(&self, storefront: &Storefront) -> (String, String) {
        let answer = self.http.get(&storefront.link).send().await.expect("the link host answers");
        assert_eq!(answer.status(), 302);
        let location = answer.headers()["location"].to_str().expect("an address").to_owned();
        assert!(location.starts_with(&storefront.url), "{location}");
        let address = reqwest::Url::parse(&location).expect("an address");
        let value = |name: &str| {
            let found = address.query_pairs().find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("{location} has no {name}")).1.into_owned()
        };
        (value("ps_xid"), value("ps_partner_key"))
    }

    /// Calls the storefront's app.
    async fn app(&self, storefront: &Storefront, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/api/{path}", storefront.url)).body(body.to_string());
        let answer = request.send().await.expect("the storefront answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("the app answers JSON")
    }

    /// Sends an event; returns when it is acknowledged.
    async fn send(&self, headwater: &Headwater, id: &str, kind: &str, data: &Value) -> Value {
        let public_key = headwater.credential("public_key");
        let event = json!({
            "public_key": public_key, "id": id, "type": kind, "occurred_at": 1_775_514_585_468_i64, "data": data,
        });
        let request = self.http.post(format!("{}/v1/events", headwater.url)).body(event.to_string());
        let answer = request.send().await.expect("the relay answers");
        let status = answer.status();
        let body = answer.json().await.expect("the relay answers JSON");
        assert_eq!(status, 202, "{body}");
        body
    }
}

#[tokio::test]
async fn an_acknowledged_event_outlives_a_kill_and_is_paid_once_however_often_it_is_sent() {
    let mut headwater = Headwater::open().await;
    let storefront = Storefront::open(&headwater).await;
    let visitor = Visitor::new();
    let (xid, _) = visitor.click(&storefront).await;
    let account = visitor
        .app(&storefront, "signup", &json!({"name": "Ada Example", "email": "ada@buyer.example"}))
        .await;
    let customer = account["customer_key"].as_str().expect("the app names the customer").to_owned();

    let signup = json!({
        "customer_key": customer, "email": "ada@buyer.example", "name": "Ada Example", "xid": xid,
    });
    visitor.send(&headwater, SIGNUP, "signup", &signup).await;
    headwater = headwater.kill_and_restart().await;
    let again = visitor.send(&headwater, SIGNUP, "signup", &signup).await;
    assert_eq!(again, json!({"accepted": 0, "duplicates": 1}), "the acknowledged event was kept");

    let choice = json!({"customer_key": customer, "products": ["live_chat", "inbox"]});
    let order = visitor.app(&storefront, "checkout", &choice).await;
    let checkout = json!({"customer_key": customer, "products": order["products"]});
    visitor.send(&headwater, CHECKOUT, "checkout", &checkout).await;
    visitor.app(&storefront, "pay", &choice).await;
    headwater = headwater.kill_and_restart().await;
    visitor.send(&headwater, CHECKOUT, "checkout", &checkout).await;

    assert_two_commissions(&headwater, &customer).await;
    assert_partner_sees_both_products(&headwater, &customer).await;
}

#[tokio::test]
async fn a_link_carries_the_partners_key_as_unpadded_base64() {
    let headwater = Headwater::open().await;
    let storefront = Storefront::open(&headwater).await;
    let (xid, partner) = Visitor::new().click(&storefront).await;
    assert!([12, 14].contains(&xid.len()) && xid.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{xid}");
    assert!(!partner.is_empty() && !partner.contains('='), "{partner}");
    let partnerships =
        headwater.vendor().list_partnerships(&[]).await.expect("the ledger answers").data.items;
    let robin =
        partnerships.iter().find(|one| one.email == "robin@partner.example").expect("the example's partner");
    let decoded =
        headwater_protocol::referral::Referral::from_query(&format!("ps_partner_key={partner}"), "");
    assert_eq!(decoded.and_then(|read| read.partner_key).as_deref(), Some(robin.partner_key.as_str()));
}

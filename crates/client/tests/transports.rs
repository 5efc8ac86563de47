//! The client against a server whose answers a test scripts: in process, and once over a real socket.
#![allow(clippy::unwrap_used, reason = "a scripted server that cannot answer is a broken test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use headwater_client::{Client, ClientError, Credential};
use headwater_protocol::Currency;
use headwater_protocol::v2::{
    Conversion, CreateCustomer, CreateRefund, CreateTransaction, ProductStatus, UpdateProduct, UpdateProgram,
};
use secrecy::SecretString;
use serde_json::{Value, json};

/// One request as the server saw it.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    authorization: String,
    idempotency_key: Option<String>,
    body: Value,
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<Seen>>>);

impl Server {
    /// Answers every request with `status` and `body`.
    fn router(&self, status: u16, headers: &'static [(&'static str, &'static str)], body: String) -> Router {
        let seen = self.0.clone();
        Router::new().fallback(move |method: Method, uri: Uri, asked: HeaderMap, sent: Bytes| async move {
            let text = |name: &str| asked.get(name).map(|value| value.to_str().unwrap().to_owned());
            seen.lock().unwrap().push(Seen {
                line: format!("{method} {uri}"),
                authorization: text("authorization").unwrap_or_default(),
                idempotency_key: text("idempotency-key"),
                body: serde_json::from_slice(&sent).unwrap_or(Value::Null),
            });
            let answer = Response::builder().status(status);
            let answer = headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, *value));
            answer.body(Body::from(body)).unwrap()
        })
    }

    fn last(&self) -> Seen {
        self.0.lock().unwrap().last().cloned().expect("the server was asked")
    }
}

fn pair() -> Credential {
    Credential::basic("pk_test_example", SecretString::from("sk_test_example"), None)
}

const PAIR: &str = "Basic cGtfdGVzdF9leGFtcGxlOnNrX3Rlc3RfZXhhbXBsZQ==";

fn envelope(data: &Value) -> String {
    json!({"data": data, "message": "ok", "status": 200}).to_string()
}

fn product(key: &str) -> Value {
    json!({"amount": 9900, "click_xid": null, "company_id": 1, "created_at": 1, "currency": "USD",
        "customer_key": "gk_1", "external_subscription_key": "sub_1/inbox", "field_data": null, "key": key,
        "member_email": null, "member_logo": null, "member_name": null, "metadata": null, "name": null,
        "partner_logo": null, "partner_name": null, "partnership_key": null, "product_book_key": null,
        "stack_key": null, "status": "churned", "team_color": null, "updated_at": 2})
}

#[tokio::test]
async fn keys_travel_in_the_path_byte_for_byte() {
    let server = Server::default();
    let client = Client::in_process(server.router(200, &[], envelope(&product("prod_1"))), pair());
    let change = UpdateProduct { status: Some(ProductStatus::Churned), ..UpdateProduct::default() };
    let answer = client.update_product("sub_1/in box?ü", &change).await.unwrap();
    assert_eq!(answer.data.key, "prod_1");
    let seen = server.last();
    assert_eq!(seen.line, "PATCH /api/v2/products/sub_1%2Fin%20box%3F%C3%BC");
    assert_eq!(seen.authorization, PAIR);
    assert_eq!(seen.body, json!({"status": "churned"}));
}

#[tokio::test]
async fn an_idempotency_key_is_sent_with_the_body_and_never_breaks_the_header() {
    let server = Server::default();
    let client = Client::in_process(server.router(404, &[], String::new()), pair());
    let refund = CreateRefund { refunded_total: Some(500), ..CreateRefund::default() };
    client.refund_transaction("in_1/line 2", &refund, Some("0190-event")).await.unwrap_err();
    assert_eq!(server.last().line, "POST /api/v2/transactions/in_1%2Fline%202/refund");
    assert_eq!(server.last().idempotency_key.as_deref(), Some("0190-event"));
    client.refund_transaction("t", &refund, Some("two\r\nlines")).await.unwrap_err();
    assert_eq!(server.last().idempotency_key.as_deref(), Some("two%0D%0Alines"));
}

#[tokio::test]
async fn a_conversion_signs_in_with_the_tracking_token_and_the_rest_with_the_pair() {
    let server = Server::default();
    let token = Some(SecretString::from("tracking_example"));
    let credential = Credential::basic("pk_test_example", SecretString::from("sk_test_example"), token);
    let answer = envelope(&json!({"outcome": "created", "customer_key": "gk_1"}));
    let client = Client::in_process(server.router(200, &[], answer.clone()), credential);
    let conversion =
        Conversion { xid: "abc123def456".into(), customer_key: "gk_1".into(), ..Conversion::default() };
    let made = client.conversion(&conversion, Some("id")).await.unwrap();
    assert_eq!(made.data.outcome, "created");
    assert_eq!(server.last().line, "POST /conversion/xid");
    assert_eq!(server.last().authorization, "Bearer tracking_example");
    let _ = client.list_rewards(&[]).await;
    assert_eq!(server.last().authorization, PAIR);
    let without = Client::in_process(server.router(200, &[], answer), pair());
    without.conversion(&conversion, None).await.unwrap();
    assert_eq!(server.last().authorization, PAIR);
}

#[tokio::test]
async fn a_conversion_answered_without_our_envelope_is_still_accepted() {
    let client = Client::in_process(Server::default().router(200, &[], "OK".to_owned()), pair());
    assert_eq!(client.conversion(&Conversion::default(), None).await.unwrap().data.outcome, "accepted");
}

#[tokio::test]
async fn a_list_carries_its_query_encoded_and_its_cursor_back() {
    let server = Server::default();
    let page = json!({"items": [product("prod_9")], "has_more": true, "ending_cursor": "prod_9"});
    let client = Client::in_process(server.router(200, &[], envelope(&page)), pair());
    let answer = client.list_products(&[("customer_key", "a&b=c d"), ("limit", "250")]).await.unwrap();
    assert_eq!(server.last().line, "GET /api/v2/products?customer_key=a%26b%3Dc%20d&limit=250");
    assert!(answer.data.has_more);
    assert_eq!(answer.data.ending_cursor.as_deref(), Some("prod_9"));
}

#[tokio::test]
async fn a_refusal_keeps_its_reasons_and_the_wait_asked_for() {
    let body = json!({"message": "customer exists", "status": 409, "code": "customer_exists",
        "field": "customer_key", "hint": "?upsert=true"});
    let client = Client::in_process(Server::default().router(409, &[], body.to_string()), pair());
    let error = client.create_customer(&CreateCustomer::default(), None).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(409), "customer_exists"));
    assert!(!error.is_transient());

    let busy = Server::default().router(429, &[("retry-after", "17")], "<html>slow down</html>".to_owned());
    let error = Client::in_process(busy, pair()).list_customers(&[]).await.unwrap_err();
    let ClientError::Refused { status, body, retry_after } = &error else { panic!("{error:?}") };
    assert_eq!((*status, body.message.as_str(), *retry_after), (429, "Too Many Requests", Some(17)));
}

#[tokio::test]
async fn only_what_may_succeed_later_is_transient() {
    for (status, transient) in [
        (400, false),
        (401, false),
        (404, false),
        (302, false),
        (408, true),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let client = Client::in_process(Server::default().router(status, &[], String::new()), pair());
        let error = client.list_clicks(&[]).await.unwrap_err();
        assert_eq!((error.status(), error.is_transient()), (Some(status), transient), "{status}");
    }
}

#[tokio::test]
async fn an_answer_beyond_the_bound_or_without_an_envelope_is_unreadable() {
    let endless = "x".repeat(9 * 1024 * 1024);
    for body in [endless, "[]".to_owned(), r#"{"data":{}}"#.to_owned()] {
        let client = Client::in_process(Server::default().router(200, &[], body), pair());
        let error = client.program().await.unwrap_err();
        assert!(matches!(error, ClientError::Unreadable(_)) && !error.is_transient(), "{error:?}");
    }
}

/// As a proxy shows it that cannot reach the server, or a server that is being maintained. Nothing was accepted.
#[tokio::test]
async fn a_page_in_place_of_an_answer_is_no_answer_whatever_its_status() {
    for page in ["<!DOCTYPE html><title>Back soon</title>", "\n  <html></html>"] {
        for status in [200, 202] {
            let client = Client::in_process(Server::default().router(status, &[], page.to_owned()), pair());
            let errors = [
                client.program().await.unwrap_err(),
                client.conversion(&Conversion::default(), None).await.unwrap_err(),
            ];
            let unreachable =
                |error: &ClientError| matches!(error, ClientError::Unreachable(_)) && error.is_transient();
            assert!(errors.iter().all(unreachable), "{errors:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_unreachable_after_the_time_out() {
    let silent = Router::new().fallback(std::future::pending::<String>);
    let client = Client::in_process(silent, pair()).with_timeout(Duration::from_millis(250));
    let error = client.list_triggers(&[]).await.unwrap_err();
    assert_eq!(error, ClientError::Unreachable("no answer within 250 ms".to_owned()));
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_socket_gives_the_same_answers_as_the_router() {
    let server = Server::default();
    let router = server.router(503, &[("retry-after", "2")], "{}".to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, router.clone()).into_future());
    let payment = CreateTransaction {
        amount: 9900,
        currency: Currency::USD,
        customer_key: Some("gk_1".into()),
        customer_external_key: None,
        customer_email: None,
        key: None,
        subscription_key: Some("sub_1/inbox".into()),
        product_key: None,
        category_key: None,
        catalogue_keys: Vec::new(),
        metadata: None,
        member_key: None,
        created_at: None,
    };
    let socket = Client::http(&format!("http://{address}/"), pair()).unwrap();
    let over_socket = socket.create_transaction(&payment, Some("id-1")).await.unwrap_err();
    let by_socket = server.last();
    let in_process = Client::in_process(router, pair()).create_transaction(&payment, Some("id-1")).await;
    let by_process = server.last();
    assert_eq!(over_socket, in_process.unwrap_err());
    assert_eq!(over_socket.status(), Some(503));
    assert_eq!(by_socket.line, by_process.line);
    assert_eq!(by_socket.authorization, by_process.authorization);
    assert_eq!(by_socket.idempotency_key.as_deref(), Some("id-1"));
    assert_eq!(by_socket.body, by_process.body);
    assert_eq!(
        by_socket.body,
        json!({"amount": 9900, "currency": "USD", "customer_key": "gk_1",
        "subscription_key": "sub_1/inbox"})
    );

    // The error of a server that is gone must not contain the path, which may name a customer.
    serving.abort();
    let _ = serving.await;
    let gone = Client::http(&format!("http://{address}"), pair()).unwrap().program().await.unwrap_err();
    assert!(matches!(&gone, ClientError::Unreachable(reason) if !reason.contains("program")), "{gone:?}");
}

#[tokio::test]
async fn no_secret_shows_in_debug_and_no_token_breaks_a_header() {
    let client = Client::in_process(Router::new(), Credential::bearer(SecretString::from("pat_example\n")));
    assert!(!format!("{client:?}").contains("pat_example"));
    let error = client.update_program(&UpdateProgram::default()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), "unsendable_credential"));
    assert!(!error.to_string().contains("pat_example"));
}

#[test]
fn an_invalid_address_is_refused_with_its_reason() {
    for address in ["", "localhost:8787", "ftp://x.example", "http://a:b@x.example", "http://x.example/?q"] {
        let error = Client::http(address, pair()).unwrap_err();
        assert!(!error.to_string().contains("a:b"), "{error}");
    }
    assert!(Client::http("https://api.example.com/", pair()).is_ok());
}

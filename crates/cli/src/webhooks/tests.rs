//! Requests to targets on this machine, over sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use headwater_ledger::{WebhookRequest, WebhookTransport as _};
use tokio::net::TcpListener;

use super::HttpWebhooks;

/// A server on a free port that counts requests; its port and the count.
async fn serve(
    answer: impl Fn(String) -> axum::response::Response + Clone + Send + Sync + 'static,
) -> (u16, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let router = Router::new().fallback(move |body: String| {
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = answer(body);
        async move { answer }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, count)
}

fn request(target: String) -> WebhookRequest {
    WebhookRequest { target, headers: vec![("webhook-id", "msg_1".to_owned())], body: "{}".to_owned() }
}

#[tokio::test]
async fn a_request_arrives_and_a_redirect_is_not_followed() {
    let (port, count) = serve(|body| {
        let to = [("location", "/elsewhere"), ("retry-after", "7")];
        (StatusCode::FOUND, to, format!("got {body}")).into_response()
    })
    .await;
    let webhooks = HttpWebhooks::new(true).unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let answer = webhooks.send(request(format!("http://{host}:{port}/hook"))).await.unwrap();
        assert_eq!((answer.status, answer.retry_after, answer.body.as_str()), (302, Some(7), "got {}"));
    }
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn nothing_is_sent_to_a_private_address_unless_the_operator_allows_it() {
    let (port, count) = serve(|_| StatusCode::OK.into_response()).await;
    let webhooks = HttpWebhooks::new(false).unwrap();
    for target in [
        "http://127.0.0.1",
        "http://localhost",
        "https://127.0.0.1",
        "https://[::ffff:127.0.0.1]",
        "https://2130706433",
    ] {
        let error = webhooks.send(request(format!("{target}:{port}/"))).await.unwrap_err();
        assert!(error.contains("target must"), "{target}: {error}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

/// `localhost` stands for any name that leads to a private address: only the client's own resolver is asked.
#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_by_the_connection_itself() {
    let (port, count) = serve(|_| StatusCode::OK.into_response()).await;
    let client = super::client(headwater_ledger::is_public).unwrap();
    let error = client.post(format!("http://localhost:{port}/")).send().await.unwrap_err();
    assert_eq!(super::reason(error), "the host's addresses are private or local");
    assert_eq!(count.load(Ordering::Relaxed), 0);
    let client = super::client(|address| address.is_loopback()).unwrap();
    client.post(format!("http://localhost:{port}/")).send().await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    let (port, _) = serve(|_| "x".repeat(1_000_000).into_response()).await;
    let webhooks = HttpWebhooks::new(true).unwrap();
    let answer = webhooks.send(request(format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 64 * 1024));
}

//! Callers of the HTTP routes, and the answers they get.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use base64::Engine as _;
use serde_json::Value;

use crate::inner::HeadwaterInner;

/// An answer.
#[derive(Debug, Clone)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if it is not JSON.
    pub body: Value,
}

impl ApiAnswer {
    /// Returns the answer if it has this status; otherwise the test fails and shows the body.
    #[allow(clippy::return_self_not_must_use, reason = "often the check is all a test wants")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Returns the envelope's `data` of a success; otherwise the test fails and shows the answer.
    pub fn data(mut self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        self.body["data"].take()
    }

    /// An error's stable code; empty where there is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A caller with or without a credential. Cheap to clone.
#[derive(Clone)]
pub struct ApiCaller {
    inner: Arc<HeadwaterInner>,
    authorization: Option<String>,
}

impl ApiCaller {
    pub(crate) fn basic(inner: Arc<HeadwaterInner>, public_key: &str, secret: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{public_key}:{secret}"));
        Self { inner, authorization: Some(format!("Basic {pair}")) }
    }

    pub(crate) fn bearer(inner: Arc<HeadwaterInner>, token: &str) -> Self {
        Self { inner, authorization: Some(format!("Bearer {token}")) }
    }

    pub(crate) fn nobody(inner: Arc<HeadwaterInner>) -> Self {
        Self { inner, authorization: None }
    }

    /// Sends a request. A path without a leading slash is one of API v2: `customers?limit=1`. A body of null means no
    /// body.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> ApiAnswer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, &[], body).await
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> ApiAnswer {
        self.ask("GET", path, Value::Null).await
    }

    /// A POST.
    pub async fn post(&self, path: &str, body: Value) -> ApiAnswer {
        self.ask("POST", path, body).await
    }

    /// A PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> ApiAnswer {
        self.ask("PATCH", path, body).await
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> ApiAnswer {
        self.ask("DELETE", path, Value::Null).await
    }

    /// Every item of a list, newest first, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let mut page = self.get(&format!("{path}{joint}limit=250{after}")).await.data();
            items.append(page["items"].as_array_mut().unwrap());
            if page["has_more"] != true {
                return items;
            }
            after = format!("&starting_after={}", page["ending_cursor"].as_str().unwrap());
        }
    }

    /// Sends a request with these headers and exactly these bytes as its body.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> ApiAnswer {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v2/{path}") };
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.inner.answer(request.body(Body::from(body)).unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        ApiAnswer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

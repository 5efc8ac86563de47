//! The two transports of a request: a socket, or the router of a ledger in the same process. Both return the same
//! status, retry delay and bounded body.

use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use ::http::{Method, Request, StatusCode};
use axum::Router;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use headwater_protocol::v2::Envelope;
use headwater_protocol::{SOURCE_HEADER, Source, limits};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::{AddressError, ClientError, Credential};

/// Bytes of a response. A page of 250 records of the largest kind has less than half.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
/// Time to establish a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time until the whole response is read.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(limits::REQUEST_TIMEOUT);

/// A builder of HTTP clients that use ring for TLS. Every client must be built by it: reqwest is compiled without a
/// cryptography provider, and panics if none is installed.
#[allow(clippy::disallowed_methods)] // the one place that installs the provider first
pub fn connections() -> reqwest::ClientBuilder {
    // An error only says that an earlier call has installed the provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// A client of API v2. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    credential: Credential,
    timeout: Duration,
    source: Option<Source>,
}

#[derive(Debug, Clone)]
enum Transport {
    Socket { base: String, connections: reqwest::Client },
    Process(Router),
}

/// One request, independent of its transport.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// With a leading slash, encoded, query included.
    pub(crate) path: String,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) body: Option<Vec<u8>>,
    /// Whether the body is a file in place of JSON.
    pub(crate) csv: bool,
    /// Sign in with the tracking token where there is one.
    pub(crate) conversion: bool,
}

struct RawAnswer {
    status: StatusCode,
    retry_after: Option<u64>,
    body: Bytes,
}

impl Client {
    /// A client over HTTP. `base_url` has neither the `/api/v2` nor a query. Redirects are not followed: they
    /// would turn a POST into a GET.
    pub fn http(base_url: &str, credential: Credential) -> Result<Self, AddressError> {
        let refuse = |reason: String| AddressError {
            address: base_url.rsplit('@').next().unwrap_or_default().to_owned(),
            reason,
        };
        let url = reqwest::Url::parse(base_url).map_err(|error| refuse(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refuse("it must be an http or https address with a host".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("a credential does not belong into an address".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a query or a fragment".to_owned()));
        }
        let builder =
            connections().redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT);
        // A proxy of the environment cannot reach this machine's own addresses.
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let builder = if local { builder.no_proxy() } else { builder };
        let connections = builder.build().map_err(|error| refuse(error.to_string()))?;
        let base = base_url.trim_end_matches('/').to_owned();
        Ok(Self {
            transport: Transport::Socket { base, connections },
            credential,
            timeout: REQUEST_TIMEOUT,
            source: None,
        })
    }

    /// A client that calls `router` without a socket.
    pub fn in_process(router: Router, credential: Credential) -> Self {
        Self { transport: Transport::Process(router), credential, timeout: REQUEST_TIMEOUT, source: None }
    }

    /// The same client with a time-out other than 30 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same client with `source` as the source of all it sends: our ledger then treats that as a claim, or as a
    /// billing provider's statement (trust.md section 1). Other destinations ignore the header.
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// Sends one request and reads the envelope of its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Envelope<T>, ClientError> {
        let answer = self.send(call).await?;
        serde_json::from_slice(&answer).map_err(|error| ClientError::Unreadable(error.to_string()))
    }

    /// Sends one request; the body of its 2xx answer.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Bytes, ClientError> {
        let headers = self.headers(&call)?;
        let answer =
            tokio::time::timeout(self.timeout, self.dispatch(call, headers)).await.map_err(|_| {
                ClientError::Unreachable(format!("no answer within {} ms", self.timeout.as_millis()))
            })??;
        if answer.status.is_success() {
            // A page of a proxy or of a maintenance mode: the request never came where it should.
            if answer.body.trim_ascii_start().starts_with(b"<") {
                let status = answer.status.as_u16();
                return Err(ClientError::Unreachable(format!(
                    "answered {status} with a page, not by the API"
                )));
            }
            return Ok(answer.body);
        }
        Err(ClientError::refused(answer.status, answer.retry_after, &answer.body))
    }

    fn headers(&self, call: &Call<'_>) -> Result<HeaderMap, ClientError> {
        let mut headers = HeaderMap::with_capacity(4);
        let authorization =
            if call.conversion { self.credential.conversion_header() } else { self.credential.header() };
        headers.insert(AUTHORIZATION, authorization.ok_or_else(ClientError::unsendable_credential)?);
        if let Some(source) = self.source {
            headers.insert(SOURCE_HEADER, HeaderValue::from_static(source.name()));
        }
        if call.body.is_some() {
            let media = if call.csv { "text/csv" } else { "application/json" };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        if let Some(key) = call.idempotency_key {
            // A key no header can carry is encoded, so that it still tells one request from another.
            let value = HeaderValue::from_str(key)
                .or_else(|_| HeaderValue::from_str(&headwater_protocol::referral::percent_encode(key)));
            headers.insert("idempotency-key", value.expect("percent-encoded text is visible ASCII"));
        }
        Ok(headers)
    }

    async fn dispatch(&self, call: Call<'_>, headers: HeaderMap) -> Result<RawAnswer, ClientError> {
        match &self.transport {
            Transport::Socket { base, connections } => over_socket(connections, base, call, headers).await,
            Transport::Process(router) => in_process(router.clone(), call, headers).await,
        }
    }
}

async fn over_socket(
    connections: &reqwest::Client,
    base: &str,
    call: Call<'_>,
    headers: HeaderMap,
) -> Result<RawAnswer, ClientError> {
    let mut request = connections.request(call.method, format!("{base}{}", call.path)).headers(headers);
    if let Some(body) = call.body {
        request = request.body(body);
    }
    let mut response = request.send().await.map_err(unreachable)?;
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(RawAnswer { status, retry_after, body: body.freeze() })
}

async fn in_process(router: Router, call: Call<'_>, headers: HeaderMap) -> Result<RawAnswer, ClientError> {
    let body = call.body.map_or_else(Body::empty, Body::from);
    let mut request = Request::builder()
        .method(call.method)
        .uri(call.path)
        .body(body)
        .map_err(|error| ClientError::Unreachable(error.to_string()))?;
    *request.headers_mut() = headers;
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { too_large() } else { ClientError::Unreachable(error.to_string()) }
    })?;
    Ok(RawAnswer { status, retry_after, body: body.to_bytes() })
}

/// Only the form in seconds: the date form would need a clock, and without a value the caller's own backoff applies.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn too_large() -> ClientError {
    ClientError::Unreadable(format!("the answer has more than {ANSWER_MAX} bytes"))
}

/// The innermost reason, without the address: a path may name a customer.
fn unreachable(error: reqwest::Error) -> ClientError {
    let error = error.without_url();
    let mut reason: &dyn std::error::Error = &error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    ClientError::Unreachable(reason.to_string())
}

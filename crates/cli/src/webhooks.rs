//! Sends requests to webhooks' targets. The addresses that are checked are those that the connection is made to: the
//! check is the resolver's, so no second lookup can give others.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use headwater_ledger::{Sending, TargetAnswer, WebhookRequest, WebhookTransport, check_target, is_public};
use headwater_protocol::limits::{WEBHOOK_ANSWER_MAX, WEBHOOK_TIMEOUT};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;

/// Time to establish a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Who sends.
const USER_AGENT: &str = concat!("Headwater/", env!("CARGO_PKG_VERSION"));

/// Webhooks over HTTP.
pub(crate) struct HttpWebhooks {
    private_allowed: bool,
    https: Client,
    /// For `http` targets, which are this machine's own.
    loopback: Client,
}

impl HttpWebhooks {
    /// With `private_allowed`, targets may be on private addresses, and on this machine over http.
    ///
    /// # Errors
    /// When the system's certificate authorities cannot be read.
    pub(crate) fn new(private_allowed: bool) -> anyhow::Result<Self> {
        let https = client(if private_allowed { |_| true } else { is_public })?;
        Ok(Self { private_allowed, https, loopback: client(|address| address.is_loopback())? })
    }
}

/// A client that connects only to addresses that `allowed` takes. It follows no redirect, which could lead to another
/// host, and uses no proxy of the environment, which would look names up itself.
fn client(allowed: fn(IpAddr) -> bool) -> reqwest::Result<Client> {
    headwater_client::connections()
        .dns_resolver(Arc::new(CheckedResolver { allowed }))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(Duration::from_millis(WEBHOOK_TIMEOUT))
        .user_agent(USER_AGENT)
        .build()
}

/// The system's resolver, without the addresses that are not allowed.
struct CheckedResolver {
    allowed: fn(IpAddr) -> bool,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| allowed(address.ip())).collect();
            if usable.is_empty() {
                return Err("the host's addresses are private or local".into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

impl WebhookTransport for HttpWebhooks {
    fn send(&self, request: WebhookRequest) -> Sending {
        // A host that is an address is never looked up, so it is checked here.
        let target = check_target(&request.target, self.private_allowed);
        let client = if request.target.starts_with("http:") { &self.loopback } else { &self.https }.clone();
        Box::pin(async move {
            let mut post = client.post(target?).body(request.body);
            for (name, value) in request.headers {
                post = post.header(name, value);
            }
            let mut response = post.send().await.map_err(reason)?;
            let retry_after = response.headers().get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let (status, mut body) = (response.status().as_u16(), Vec::new());
            while body.len() < WEBHOOK_ANSWER_MAX {
                // The status has arrived: an answer that breaks off later is as good.
                let Ok(Some(chunk)) = response.chunk().await else { break };
                let room = WEBHOOK_ANSWER_MAX - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(TargetAnswer { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() })
        })
    }
}

/// The innermost reason, without the address: a target's query may hold a token.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason: &dyn std::error::Error = &error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}

#[cfg(test)]
mod tests;

//! One request of the npm build, over gloo-net.

use gloo_net::http::Request;
use js_sys::{Array, Promise};
use wasm_bindgen_futures::future_to_promise;

use super::{after, outgoing};

/// Milliseconds until an attempt counts as failed.
const TIMEOUT: u32 = 30_000;
/// Milliseconds until an attempt counts as failed even without any result: a page may have replaced `fetch`, and
/// gloo-net panics if that rejects with something other than an `Error`, so that the Promise never settles.
const SILENCE: u32 = 35_000;

/// Posts a body; resolves with `[status, seconds to wait, text]`, status 0 for a failed request, or with undefined
/// after [`SILENCE`].
pub(crate) fn post(url: String, body: String) -> Promise {
    let answer = future_to_promise(async move {
        let (status, wait, text) = exchange(&url, &body).await.unwrap_or_default();
        Ok(Array::of3(&status.into(), &wait.into(), &text.into()).into())
    });
    Promise::race(&Array::of2(&answer, &after(SILENCE)))
}

async fn exchange(url: &str, body: &str) -> Option<(u16, u32, String)> {
    let request = outgoing(url, body, TIMEOUT).ok()?;
    let response = Request::from(request).send().await.ok()?;
    let wait = response.headers().get("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    let text = response.text().await.ok()?;
    Some((response.status(), wait.unwrap_or_default(), text))
}

//! One request of the npm build, over gloo-net.

use gloo_net::http::Request;
use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// Milliseconds until an attempt counts as failed.
const TIMEOUT: u32 = 30_000;

/// Posts a body; resolves with `[status, milliseconds to wait, text]`, with status 0 when nobody answered.
pub(crate) fn post(url: String, body: String) -> Promise {
    future_to_promise(async move {
        let (status, wait, text) = exchange(&url, &body).await.unwrap_or_default();
        Ok(Array::of3(&status.into(), &wait.into(), &text.into()).into())
    })
}

async fn exchange(url: &str, body: &str) -> Option<(u16, u32, String)> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    init.set_credentials(web_sys::RequestCredentials::Omit);
    init.set_signal(Some(&web_sys::AbortSignal::timeout_with_u32(TIMEOUT)));
    // web-sys has no setter for it, and gloo-net's builder no option.
    Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE).ok()?;
    let request = web_sys::Request::new_with_str_and_init(url, &init).ok()?;
    let response = Request::from(request).send().await.ok()?;
    let wait = response.headers().get("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    let text = response.text().await.ok()?;
    Some((response.status(), wait.unwrap_or_default().saturating_mul(1000), text))
}

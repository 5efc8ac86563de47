//! The company's own view of its journal and ledger, through the API.

use serde_json::Value;

use crate::deadline::eventually;
use crate::stage::Headwater;

/// The company's own view, over HTTP.
pub(crate) struct View {
    http: reqwest::Client,
    url: String,
    pair: (String, String),
}

impl View {
    /// The view of this server.
    pub(crate) fn of(headwater: &Headwater) -> Self {
        let pair = ["public_key", "secret_key"].map(|name| headwater.credential(name).to_owned()).into();
        let http = headwater_client::connections().no_proxy().build().expect("an HTTP client");
        Self { http, url: headwater.url.clone(), pair }
    }

    /// Creates a record.
    pub(crate) async fn post(&self, path: &str, body: &Value) {
        let request = self.http.post(format!("{}{path}", self.url)).body(body.to_string());
        let answer = request.basic_auth(&self.pair.0, Some(&self.pair.1)).send().await;
        let answer = answer.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
    }

    async fn page(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url));
        let answer = request.basic_auth(&self.pair.0, Some(&self.pair.1)).send().await;
        let answer = answer.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json::<Value>().await.expect("the server answers JSON")["data"].take()
    }

    /// Every item of a list.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let mut page = self.page(&format!("{path}?limit=250{after}")).await;
            items.append(page["items"].as_array_mut().expect("a list has items"));
            if page["has_more"] != true {
                return items;
            }
            let cursor = page["ending_cursor"].as_str().expect("a page that goes on has a cursor");
            after = format!("&starting_after={cursor}");
        }
    }

    async fn any(&self, state: &str) -> Option<Value> {
        self.page(&format!("/v1/entries?limit=1&state={state}")).await["items"].get(0).cloned()
    }

    /// Waits until no entry is due, waiting or parked.
    pub(crate) async fn everything_delivered(&self) {
        eventually("everything to be delivered", async || {
            assert_eq!(self.any("dead").await, None, "nothing may be given up");
            for state in ["due", "waiting", "parked"] {
                if self.any(state).await.is_some() {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }
}

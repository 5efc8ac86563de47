//! A headless browser that does what a visitor does.

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::deadline::eventually;
use crate::process::{Running, given};

/// A browser of its own for each journey, so that none sees the cookies of another.
pub(crate) struct Browser {
    page: Client,
    _driver: Running,
}

impl Browser {
    /// Starts driver and browser.
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Starts driver and browser with further arguments.
    pub(crate) async fn open_with(arguments: &[&str]) -> Self {
        let mut command = Command::new(given("HEADWATER_JOURNEYS_DRIVER"));
        command.arg("--port=0");
        let mut driver = Running::start(command);
        let port = driver.says("started successfully on port ").await;
        let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        let Value::Object(capabilities) = capabilities(arguments) else {
            unreachable!("it is written as an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let page = builder.capabilities(capabilities).connect(&address).await.expect("a browser starts");
        Self { page, _driver: driver }
    }

    /// Ends the browser; its driver ends with this value.
    pub(crate) async fn close(self) {
        self.page.close().await.expect("the browser was there");
    }

    /// Opens an address, following redirects.
    pub(crate) async fn open_page(&self, address: &str) {
        self.page.goto(address).await.expect("the page opens");
    }

    /// The address of the open page.
    pub(crate) async fn address(&self) -> String {
        self.page.current_url().await.expect("a page is open").into()
    }

    /// Waits until an element is visible.
    pub(crate) async fn see(&self, selector: &str) {
        let visible = "const found = document.querySelector(arguments[0]);
            return Boolean(found) && found.getClientRects().length > 0;";
        eventually(&format!("{selector} to be seen"), async || self.holds(visible, json!([selector])).await)
            .await;
    }

    /// Waits until a script on the page returns true. `what` names it in the failure message.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        eventually(what, async || self.holds(script, json!([])).await).await;
    }

    async fn holds(&self, script: &str, arguments: Value) -> Option<()> {
        let Value::Array(arguments) = arguments else { unreachable!("callers write arrays") };
        // Fails while the browser navigates from one page to the next; the caller tries again.
        let answer = self.page.execute(script, arguments).await.ok()?;
        (answer == json!(true)).then_some(())
    }

    /// Runs a script on the page and returns its result.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Runs a script on the page that calls its last argument with the result, and returns that.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        self.page.execute_async(script, Vec::new()).await.expect("the script answers")
    }

    /// Clicks an element once it is visible.
    pub(crate) async fn click(&self, selector: &str) {
        self.see(selector).await;
        let found = self.page.find(Locator::Css(selector)).await.expect("it was seen");
        found.click().await.unwrap_or_else(|error| panic!("{selector} cannot be clicked: {error}"));
    }

    /// Types into a field.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        self.see(selector).await;
        let found = self.page.find(Locator::Css(selector)).await.expect("it was seen");
        found.send_keys(text).await.unwrap_or_else(|error| panic!("{selector} cannot be written: {error}"));
    }

    /// The visible text of an element.
    pub(crate) async fn read(&self, selector: &str) -> String {
        self.see(selector).await;
        let found = self.page.find(Locator::Css(selector)).await.expect("it was seen");
        found.text().await.expect("it has text")
    }
}

fn capabilities(further: &[&str]) -> Value {
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        "--window-size=1280,900",
        // Timers run on in tabs that others cover.
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
    ];
    let arguments: Vec<_> = arguments.iter().chain(further).collect();
    json!({"goog:chromeOptions": {"binary": given("HEADWATER_JOURNEYS_BROWSER"), "args": arguments}})
}

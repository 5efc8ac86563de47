//! A browser that does what a row says.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

use crate::deadline::eventually;
use crate::engine::Engine;
use crate::process::Running;

/// A browser with its driver.
pub(crate) struct Browser {
    page: Client,
    tabs: Vec<WindowHandle>,
    _driver: Running,
}

type Outcome<T = ()> = Result<T, String>;

impl Browser {
    /// Starts driver and browser.
    pub(crate) async fn open(engine: Engine) -> Self {
        // Not every driver finds a port by itself.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let driver = Running::start(engine.driver(port));
        eventually(async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string())
        })
        .await
        .expect("the driver listens");
        let Value::Object(capabilities) = engine.capabilities() else {
            unreachable!("it is written as an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}");
        let page = builder.capabilities(capabilities).connect(&address).await.expect("a browser starts");
        let first = page.window().await.expect("a browser has a window");
        Self { page, tabs: vec![first], _driver: driver }
    }

    /// Ends the browser; its driver ends with this value.
    pub(crate) async fn close(self) {
        // An error means that the browser is gone already.
        let _ = self.page.close().await;
    }

    /// Opens an address.
    pub(crate) async fn go(&self, address: &str) -> Outcome {
        self.page.goto(address).await.map_err(|error| format!("{address} does not open: {error}"))
    }

    /// Back in the history.
    pub(crate) async fn back(&self) -> Outcome {
        self.page.back().await.map_err(|error| format!("no way back: {error}"))
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) -> Outcome {
        self.page.refresh().await.map_err(|error| format!("the page does not load again: {error}"))
    }

    /// Runs a script on the page and returns its result.
    pub(crate) async fn ask(&self, script: &str) -> Outcome<Value> {
        self.page.execute(script, Vec::new()).await.map_err(|error| format!("`{script}`: {error}"))
    }

    /// Runs a script as an element of the page: one that the driver runs may be in an isolated world, with its own
    /// variables.
    pub(crate) async fn act(&self, script: &str, nonce: &str) -> Outcome {
        const ADD: &str = "
            const element = document.createElement('script');
            [element.textContent, element.nonce] = arguments;
            document.head.append(element);
            element.remove();";
        let arguments = vec![format!("{{ {script} }}").into(), nonce.into()];
        self.page.execute(ADD, arguments).await.map(drop).map_err(|error| format!("`{script}`: {error}"))
    }

    /// Runs a script on the page that calls its last argument when it is done.
    pub(crate) async fn wait(&self, script: &str) -> Outcome<Value> {
        self.page.execute_async(script, Vec::new()).await.map_err(|error| format!("`{script}`: {error}"))
    }

    /// When a cookie expires, in seconds since 1970; `None` for a session cookie.
    pub(crate) async fn expiry(&self, name: &str) -> Outcome<Option<i64>> {
        let cookie =
            self.page.get_named_cookie(name).await.map_err(|error| format!("cookie {name}: {error}"))?;
        let ends = cookie.expires_datetime();
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "its type is of a crate that we do not depend on"
        )]
        Ok(ends.map(|time| time.unix_timestamp()))
    }

    /// Opens another tab, and switches to it.
    pub(crate) async fn tab(&mut self) -> Outcome {
        let tab = self.page.new_window(true).await.map_err(|error| format!("no new tab: {error}"))?;
        self.tabs.push(tab.handle);
        self.switch(self.tabs.len() - 1).await
    }

    /// Switches to a tab, counted from 0 in the order they were opened.
    pub(crate) async fn switch(&self, tab: usize) -> Outcome {
        let handle = self.tabs[tab].clone();
        self.page.switch_to_window(handle).await.map_err(|error| format!("no tab {tab}: {error}"))
    }

    /// Closes every tab but the first, and leaves the row's site.
    pub(crate) async fn clear(&mut self) -> Outcome {
        while self.tabs.len() > 1 {
            self.switch(self.tabs.len() - 1).await?;
            self.page.close_window().await.map_err(|error| format!("a tab does not close: {error}"))?;
            self.tabs.pop();
            self.switch(self.tabs.len() - 1).await?;
        }
        self.go("about:blank").await
    }
}

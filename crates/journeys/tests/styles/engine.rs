//! The browser engines that rows run in: how to start their drivers, and what to ask of a session.

use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::given;

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Chromium, by chromedriver.
    Chromium,
    /// Firefox, by geckodriver.
    Firefox,
    /// `WebKitGTK`, by `WebKitWebDriver`.
    Webkit,
}

impl Engine {
    /// The one `cargo xtask test --engines` chose.
    pub(crate) fn chosen() -> Self {
        match std::env::var("HEADWATER_JOURNEYS_ENGINE").as_deref() {
            Err(_) | Ok("chromium") => Self::Chromium,
            Ok("firefox") => Self::Firefox,
            Ok("webkit") => Self::Webkit,
            Ok(other) => panic!("HEADWATER_JOURNEYS_ENGINE is chromium, firefox or webkit, not '{other}'"),
        }
    }

    /// As `--engines` spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Its driver, to listen on this port.
    pub(crate) fn driver(self, port: u16) -> Command {
        let mut command = Command::new(given("HEADWATER_JOURNEYS_DRIVER"));
        command.arg(format!("--port={port}"));
        if self == Self::Firefox {
            // The default is a fixed port, which two drivers on one machine cannot share.
            command.arg("--websocket-port=0");
        }
        command
    }

    /// The capabilities of a session.
    pub(crate) fn capabilities(self) -> Value {
        let binary = given("HEADWATER_JOURNEYS_BROWSER");
        let mut capabilities = match self {
            Self::Chromium => json!({
                "goog:chromeOptions": {
                    "binary": binary,
                    "args": [
                        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                        "--no-proxy-server", "--window-size=1280,900",
                    ],
                },
            }),
            Self::Firefox => json!({ "moz:firefoxOptions": { "binary": binary, "args": ["-headless"] } }),
            Self::Webkit => {
                json!({ "webkitgtk:browserOptions": { "binary": binary, "args": ["--automation"] } })
            }
        };
        // Short, so that a page that blocks navigation, or a script that never ends, fails soon.
        capabilities["timeouts"] = json!({ "script": 20_000, "pageLoad": 20_000 });
        capabilities
    }
}

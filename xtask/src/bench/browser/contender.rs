//! The pages that are compared: one without a script, one with ours, and one with each peer's, started as its own
//! documentation says and pointed at the local server.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::process::output;

/// The directory whose lock file pins the peers' packages.
pub(super) const PEERS: &str = "xtask/peers";

/// The moment from which a script knows the visitor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identifier {
    /// At the first write of this cookie or entry of `localStorage`.
    Stored(&'static str),
    /// At the first request to this path.
    Sent(&'static str),
}

/// A page, and the script that it loads.
#[derive(Debug)]
pub(super) struct BrowserContender {
    /// Its row's title.
    pub(super) title: String,
    /// The path of its page.
    pub(super) page: &'static str,
    /// The tags in the page's head.
    pub(super) tags: &'static str,
    /// The path and text of its script; nothing for the page alone.
    pub(super) script: Option<(&'static str, Vec<u8>)>,
    /// When the visitor is known; nothing for the page alone.
    pub(super) identifier: Option<Identifier>,
}

/// A peer from npm.
struct Peer {
    title: &'static str,
    package: &'static str,
    file: File,
    path: &'static str,
    page: &'static str,
    tags: &'static str,
    identifier: Identifier,
}

/// Where a peer's script comes from.
enum File {
    /// From its package, as it is.
    Packaged(&'static str),
    /// Bundled and minified by esbuild from this module in `xtask/peers`.
    Joined(&'static str),
}

/// The peers, from the fewest bytes to the most.
const PACKAGES: &[Peer] = &[
    Peer {
        title: "Plausible",
        package: "@plausible-analytics/tracker",
        file: File::Joined("plausible.js"),
        path: "/static/plausible.js",
        page: "/plausible",
        tags: r#"<script async src="/static/plausible.js"></script>"#,
        identifier: Identifier::Sent("/api/event"),
    },
    Peer {
        title: "Jitsu classic",
        package: "@jitsu/sdk-js",
        file: File::Packaged("dist/web/lib.js"),
        path: "/s/lib.js",
        page: "/jitsu",
        tags: r#"<script async src="/s/lib.js" data-key="js.example" data-tracking-host="ORIGIN"></script>"#,
        identifier: Identifier::Stored("__eventn_id"),
    },
    Peer {
        title: "Snowplow",
        package: "@snowplow/browser-tracker",
        file: File::Packaged("dist/index.umd.min.js"),
        path: "/static/snowplow.js",
        page: "/snowplow",
        tags: r#"<script async src="/static/snowplow.js" onload="
  snowplowBrowserTracking.newTracker('sp', location.origin, { appId: 'shop' });
  snowplowBrowserTracking.trackPageView();
"></script>"#,
        identifier: Identifier::Stored("_sp_id"),
    },
    Peer {
        title: "PostHog",
        package: "posthog-js",
        file: File::Packaged("dist/array.js"),
        path: "/static/array.js",
        page: "/posthog",
        tags: r#"<script>
  window.posthog = Object.assign([], { _i: [['phc_example', { api_host: location.origin }, 'posthog']] });
</script>
<script async src="/static/array.js"></script>"#,
        identifier: Identifier::Stored("ph_phc_example_posthog"),
    },
];

/// Every contender: the page alone first, ours second, and then the peers, whose packages are installed here.
pub(super) fn all(root: &Path, modules: &Path) -> anyhow::Result<Vec<BrowserContender>> {
    let ours = std::fs::read(root.join("dist/headwater.js")).context("cannot read dist/headwater.js")?;
    let mut contenders = vec![
        BrowserContender {
            title: "the page alone".to_owned(),
            page: "/alone",
            tags: "",
            script: None,
            identifier: None,
        },
        BrowserContender {
            title: "**`headwater.js`**".to_owned(),
            page: "/headwater",
            tags: r#"<script async src="/headwater.js" data-key="pk_test_example"></script>"#,
            script: Some(("/headwater.js", ours)),
            identifier: Some(Identifier::Stored("ps_partner_key")),
        },
    ];
    for peer in PACKAGES {
        contenders.push(packaged(peer, root, modules)?);
    }
    Ok(contenders)
}

fn packaged(peer: &Peer, root: &Path, modules: &Path) -> anyhow::Result<BrowserContender> {
    let package = modules.join(peer.package);
    let manifest = std::fs::read(package.join("package.json"))
        .with_context(|| format!("{} is not installed", peer.package))?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let version = manifest["version"].as_str().with_context(|| format!("{} has no version", peer.package))?;
    let script = match peer.file {
        File::Packaged(file) => std::fs::read(package.join(file))
            .with_context(|| format!("{} {version} has no {file}", peer.package))?,
        File::Joined(module) => join(&root.join(PEERS).join(module), modules)?,
    };
    Ok(BrowserContender {
        title: format!("{} (`{}` {version})", peer.title, peer.package),
        page: peer.page,
        tags: peer.tags,
        script: Some((peer.path, script)),
        identifier: Some(peer.identifier),
    })
}

/// One minified classic script of a module and what it imports.
fn join(module: &Path, modules: &Path) -> anyhow::Result<Vec<u8>> {
    let mut esbuild = std::process::Command::new(modules.join(".bin/esbuild"));
    esbuild.arg(module).args(["--bundle", "--minify", "--format=iife", "--log-level=error"]);
    // The module is in the checkout, but its imports are installed elsewhere.
    Ok(output(esbuild.env("NODE_PATH", modules))?.into_bytes())
}

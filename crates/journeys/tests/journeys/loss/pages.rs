//! The pages of the visitors' sites, and the one that opens them.

use serde_json::{Value, json};

use super::faulty_proxy::FaultyProxy;
use super::plan::Plan;

/// Milliseconds for which a visit waits for the relay: that of a visitor who comes back, and the last one.
const PATIENCE: [u64; 2] = [3000, 25_000];

/// The page at this path, if there is one.
pub(crate) fn html(front: &FaultyProxy, path: &str, visitor: Option<&Plan>) -> Option<String> {
    let Some(plan) = visitor else {
        return match path {
            "/first" | "/last" => Some(director(front)),
            // `/plain?40` of another site closes itself after 40 ms.
            "/plain" => {
                Some(page("<script>setTimeout(() => window.close(), location.search.slice(1))</script>"))
            }
            _ => None,
        };
    };
    let mut facts = plan.json();
    facts["key"] = json!(front.key);
    facts["patience"] = json!(PATIENCE[usize::from(path == "/last")]);
    let (stay, prelude) =
        ("<script>setTimeout(() => window.close(), plan.stay)</script>", include_str!("visitor.js"));
    let body = match path {
        "/signup" => format!(
            "{}<form action=\"/plain\"></form>{}",
            tag(front, plan, false),
            script(include_str!("signup.js"))
        ),
        "/next" => format!("{}{stay}", tag(front, plan, false)),
        "/plain" => stay.to_owned(),
        "/back" => format!("{}{}", script(include_str!("back.js")), tag(front, plan, true)),
        // Loads the script only where an event is stored, which it can send.
        "/last" => format!(
            "{}<template>{}</template><script>if (stored().length) {{
                const {{ src, dataset }} = document.querySelector('template').content.firstChild;
                const tag = Object.assign(document.createElement('script'), {{ src }});
                Object.assign(tag.dataset, dataset);
                document.head.append(tag);
            }}</script>",
            script(include_str!("back.js")),
            tag(front, plan, true)
        ),
        _ => return None,
    };
    Some(page(&format!("<script>const plan = {facts};\n{prelude}</script>\n{body}")))
}

/// The script tag of a site.
fn tag(front: &FaultyProxy, plan: &Plan, healthy: bool) -> String {
    let (port, key, endpoint) = (front.port, &front.key, front.endpoint(plan, healthy));
    format!(
        "<script src=\"//relay.localhost:{port}/headwater.js\" data-key=\"{key}\" data-endpoint=\"{endpoint}\"></script>"
    )
}

fn director(front: &FaultyProxy) -> String {
    let plans: Vec<Value> = front.plans.iter().map(Plan::json).collect();
    page(&script(&format!("const plans = {};\n{}", Value::Array(plans), include_str!("director.js"))))
}

fn script(text: &str) -> String {
    format!("<script>\n{text}</script>")
}

fn page(body: &str) -> String {
    format!("<!doctype html><meta charset=\"utf-8\"><title>Signups</title>\n{body}")
}

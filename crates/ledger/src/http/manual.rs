//! `GET /api/docs`: the OpenAPI document as a page to read. One text without scripts, so that it works offline and
//! under any content policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color:#1a1a1a;background:#fff}code{font:14px ui-monospace,monospace}h2{margin-top:3rem}\
    details{border-top:1px solid #767676;padding:.5rem 0}summary{cursor:pointer}table{border-collapse:collapse;\
    margin:.5rem 0;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;\
    border-bottom:1px solid #ddd}nav a{margin-right:1rem}a{color:#0645ad}@media(prefers-color-scheme:dark){\
    body{color:#e8e8e8;background:#161616}th,td{border-color:#3a3a3a}a{color:#8ab4f8}}";

/// The page of a document.
pub(super) fn page(document: &Value) -> String {
    let mut resources: BTreeMap<&str, String> = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            let section = resources.entry(tag).or_default();
            describe(document, section, (method, path), operation);
        }
    }
    let (mut links, mut sections) = (String::new(), String::new());
    for (tag, text) in &resources {
        let (anchor, tag) = (anchor(tag), escape(tag));
        let _ = write!(links, "<a href=\"#{anchor}\">{tag}</a> ");
        let _ = write!(sections, "<h2 id=\"{anchor}\">{tag}</h2>{text}");
    }
    let title = escape(document["info"]["title"].as_str().unwrap_or_default());
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title} API</title><style>{STYLE}</style><h1>{title} API</h1>\
         <p>{}</p><p>For programs: <a href=\"/api/v2/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>\
         <nav aria-label=\"Resources\">{links}</nav><main>{sections}</main></html>",
        escape(document["info"]["description"].as_str().unwrap_or_default())
    )
}

fn describe(document: &Value, page: &mut String, (method, path): (&str, &str), operation: &Value) {
    let summary = escape(operation["summary"].as_str().unwrap_or_default());
    let _ = write!(
        page,
        "<details><summary><code>{} {}</code> {summary}</summary>",
        method.to_uppercase(),
        escape(path)
    );
    let callers = operation["security"].as_array().into_iter().flatten();
    let callers: Vec<_> = callers.filter_map(Value::as_object).flat_map(|scheme| scheme.keys()).collect();
    let callers: Vec<_> = callers.into_iter().map(String::as_str).collect();
    let who = if callers.is_empty() { "anybody".to_owned() } else { callers.join(" or ") };
    let _ = write!(page, "<p>Who may call it: {}.</p>", escape(&who));
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let rows: Vec<_> = parameters
        .map(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default();
            (name, kind(&parameter["schema"]), parameter["description"].as_str().unwrap_or_default())
        })
        .collect();
    table(page, "Parameters", &rows);
    let json = "application/json";
    members(document, page, "Body", &operation["requestBody"]["content"][json]["schema"]);
    let answers = operation["responses"].as_object().into_iter().flatten();
    let success = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer).next();
    if let Some(answer) = success {
        let envelope = resolve(document, &answer["content"][json]["schema"]);
        members(document, page, "Answer's data", &envelope["properties"]["data"]);
    }
    page.push_str("</details>");
}

/// The members of an object; of a list those of its items.
fn members(document: &Value, page: &mut String, title: &str, schema: &Value) {
    let schema = resolve(document, schema);
    let schema = match &schema["properties"]["items"]["items"] {
        Value::Null => schema,
        item => resolve(document, item),
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let rows: Vec<_> = properties
        .map(|(name, property)| {
            let about = property["description"].as_str().or(property["oneOf"][0]["description"].as_str());
            (name.as_str(), kind(property), about.unwrap_or_default())
        })
        .collect();
    table(page, title, &rows);
}

fn table(page: &mut String, title: &str, rows: &[(&str, String, &str)]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(page, "<table><thead><tr><th>{title}</th><th>Type</th><th>About</th></tr></thead><tbody>");
    for (name, kind, about) in rows {
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(name),
            escape(kind),
            escape(about)
        );
    }
    page.push_str("</tbody></table>");
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(one) = schema["oneOf"].as_array() {
        return one.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        _ => "anything".to_owned(),
    }
}

fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let name = schema["$ref"].as_str().and_then(|text| text.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn anchor(tag: &str) -> String {
    tag.replace(' ', "-")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

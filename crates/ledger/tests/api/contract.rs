//! Checks every answer that a test sees against the OpenAPI document.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use headwater_ledger::Ledger;
use jsonschema::Validator;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The document, read once from a ledger of this process: it is the same for all.
pub(crate) async fn document(ledger: &Ledger) -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    if let Some(known) = DOCUMENT.get() {
        return known;
    }
    let request = Request::get("/api/v2/openapi.json").body(Body::empty()).unwrap();
    let answer = ledger.router().oneshot(request).await.unwrap();
    let text = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    DOCUMENT.get_or_init(|| serde_json::from_slice(&text).unwrap())
}

/// The path of the document that a request's path is an instance of.
fn template<'d>(document: &'d Value, path: &str) -> Option<&'d str> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &&String| {
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(text)) if part == text || part.starts_with('{') && !text.is_empty() => {}
                _ => return false,
            }
        }
    };
    let mut found: Vec<_> = document["paths"].as_object().unwrap().keys().filter(fits).collect();
    found.sort_by_key(|template| template.matches('{').count());
    found.first().map(|template| template.as_str())
}

/// Fails the test when an answer of the API is not one that the document describes.
pub(crate) async fn check(ledger: &Ledger, method: &str, path: &str, status: u16, text: &str) {
    let document = document(ledger).await;
    let Some(template) = template(document, path) else { return };
    let operation = &document["paths"][template][method.to_ascii_lowercase()];
    // A method that the path does not take is answered with 405.
    if operation.is_null() {
        return;
    }
    if status < 400 {
        note(method, template);
    }
    let range = if status < 400 { status.to_string() } else { format!("{}XX", status / 100) };
    let schema = &operation["responses"][&range]["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "{method} {template} answered {status}, which the document does not name");
    let body: Value = serde_json::from_str(text).unwrap();
    let validator = validator(document, schema);
    let errors: Vec<_> =
        validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {path} {status}\n{}\nin {text}", errors.join("\n"));
}

/// Notes that the test of this thread has seen an operation succeed, for the table in docs/endpoints.md.
fn note(method: &str, template: &str) {
    use std::io::Write as _;
    let thread = std::thread::current();
    let Some(test) = thread.name().filter(|name| name.contains("::")) else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endpoints.tsv");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    // One write, so that lines of parallel tests do not mix.
    file.write_all(format!("{method}\t{template}\t{test}\n").as_bytes()).unwrap();
}

fn validator(document: &Value, schema: &Value) -> Arc<Validator> {
    static KNOWN: OnceLock<Mutex<HashMap<String, Arc<Validator>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let name = schema.to_string();
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(name).or_insert_with(|| {
        let whole = json!({"allOf": [schema], "components": document["components"]});
        Arc::new(jsonschema::draft202012::new(&whole).unwrap())
    }))
}

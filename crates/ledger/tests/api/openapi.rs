//! The OpenAPI document: pinned, and served without credentials.

use std::path::Path;

use crate::contract;
use crate::test_ledger::TestLedger;

/// The document as it was last reviewed, in `docs/openapi.json`. A change of the API shows as a change of that file.
#[tokio::test]
async fn the_document_is_the_one_that_was_reviewed() {
    let ledger = TestLedger::open().await;
    let now = serde_json::to_string_pretty(contract::document(&ledger.handle).await).unwrap() + "\n";
    let reviewed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::fs::read_to_string(&reviewed).unwrap_or_default() == now {
        return;
    }
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi.json");
    std::fs::write(&written, now).unwrap();
    panic!("the API has changed: compare, then `cp {} docs/openapi.json`", written.display());
}

#[tokio::test]
async fn the_page_to_read_names_every_operation_and_needs_nothing_from_elsewhere() {
    let ledger = TestLedger::open().await;
    let page = ledger.visit("/api/docs").await;
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    for path in contract::document(&ledger.handle).await["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(path.as_str()), "{path}");
    }
    assert!(page.text.contains("<td><code>approved_status</code></td>"), "members of an answer");
    assert!(!page.text.contains("<script") && !page.text.contains("src="), "nothing is loaded");
}

#[tokio::test]
async fn every_operation_has_its_own_name_and_says_who_may_call_it() {
    let ledger = TestLedger::open().await;
    let document = contract::document(&ledger.handle).await;
    let mut names = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name}");
            assert!(!operation["security"].as_array().unwrap().is_empty(), "{method} {path}");
        }
    }
    assert!(names.len() > 50, "{}", names.len());
}

//! The table of every operation of the API, with the test that proves it: docs/endpoints.md. The operations come from
//! docs/openapi.json, the tests from what the ledger's test harness noted while they ran.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::process::target_directory;

const PAGE: &str = "docs/endpoints.md";

/// Method and path to the test.
type Proofs = BTreeMap<(String, String), String>;

/// Forgets what earlier runs have noted.
pub(crate) fn forget(root: &Path) -> anyhow::Result<()> {
    let noted = noted(root)?;
    if noted.exists() {
        std::fs::remove_file(&noted).with_context(|| format!("cannot remove {}", noted.display()))?;
    }
    Ok(())
}

/// Writes the page anew; fails when it was out of date, or when no test has seen an operation succeed.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let document = std::fs::read_to_string(root.join("docs/openapi.json"))?;
    let document: Value = serde_json::from_str(&document).context("docs/openapi.json")?;
    let lines = std::fs::read_to_string(noted(root)?).context("the ledger's tests have noted nothing")?;
    let (page, unproven) = page(&document, &proofs(&lines));
    anyhow::ensure!(
        unproven.is_empty(),
        "no test of the ledger has seen these succeed: {}",
        unproven.join(", ")
    );
    let path = root.join(PAGE);
    if std::fs::read_to_string(&path).unwrap_or_default() == page {
        return Ok(());
    }
    std::fs::write(&path, page)?;
    anyhow::bail!("{PAGE} was out of date and is written anew: review and commit it")
}

/// The file that `crates/ledger/tests/api/contract.rs` appends to.
fn noted(root: &Path) -> anyhow::Result<PathBuf> {
    Ok(target_directory(root)?.join("tmp").join("endpoints.tsv"))
}

/// Of several tests the first by name, so that the page does not depend on their order.
fn proofs(lines: &str) -> Proofs {
    let mut proofs = Proofs::new();
    for line in lines.lines() {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let (Some(method), Some(path), Some(test)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let known = proofs.entry((method, path)).or_insert_with(|| test.clone());
        if test < *known {
            *known = test;
        }
    }
    proofs
}

/// The page, and the operations that no test has seen succeed. PUT is PATCH by another name, and is left out.
fn page(document: &Value, proofs: &Proofs) -> (String, Vec<String>) {
    let mut page = "# Every operation of the API\n\n`cargo xtask test` writes this page: who may call an operation (the \
        vendor with a key pair, a partner with a token, the administrator, a server with the tracking token), and a test \
        of `crates/ledger/tests/api` that sees it succeed and checks its answer against \
        [openapi.json](openapi.json).\n\n| method | path | what it does | who | test |\n|---|---|---|---|---|\n"
        .to_owned();
    let mut unproven = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in
            operations.as_object().into_iter().flatten().filter(|(name, _)| *name != "put")
        {
            let method = method.to_uppercase();
            let callers = operation["security"].as_array().into_iter().flatten();
            let callers: Vec<_> =
                callers.filter_map(Value::as_object).flat_map(|scheme| scheme.keys()).collect();
            let callers: Vec<_> = callers.into_iter().map(String::as_str).collect();
            let summary = operation["summary"].as_str().unwrap_or_default();
            match proofs.get(&(method.clone(), path.clone())) {
                Some(test) => {
                    let who = if callers.is_empty() { "anybody".to_owned() } else { callers.join(", ") };
                    let _ = writeln!(page, "| {method} | `{path}` | {summary} | {who} | `{test}` |");
                }
                None => unproven.push(format!("{method} {path}")),
            }
        }
    }
    (page, unproven)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_without_a_test_that_sees_it_succeed_is_named() {
        let one = json!({"summary": "List rewards", "security": [{"vendor": []}, {"partner": []}]});
        let document =
            json!({"paths": {"/a": {"get": one, "put": one}, "/b": {"post": {"summary": "Create"}}}});
        let proofs = proofs("GET\t/a\tz::later\nGET\t/a\ta::first\n");
        let (page, unproven) = page(&document, &proofs);
        assert!(page.ends_with("| GET | `/a` | List rewards | vendor, partner | `a::first` |\n"), "{page}");
        assert_eq!(unproven, ["POST /b"]);
    }
}

//! Restricts JavaScript, SQL, axum and the environment to one place each.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;

use super::lengths::is_test;
use super::{Problem, SourceFile};

/// A technology that only some files may use.
struct Border {
    what: &'static str,
    place: &'static str,
    crosses: fn(&[TokenTree]) -> bool,
    allowed: fn(&str) -> bool,
}

const BORDERS: &[Border] = &[
    Border {
        what: "JavaScript",
        place: "src/browser.rs or below src/browser/",
        crosses: |tokens| is_word(tokens, "web_sys") || is_foreign_block(tokens),
        allowed: |path| path == "src/browser.rs" || path.starts_with("src/browser/"),
    },
    Border {
        what: "SQL",
        place: "a module named store",
        crosses: |tokens| matches!(&tokens[0], TokenTree::Literal(literal) if is_sql(&literal.to_string())),
        allowed: |path| path.starts_with("crates/store/") || in_module(path, "store") || path == RULE,
    },
    Border {
        what: "axum",
        place: "a module named http",
        crosses: |tokens| is_word(tokens, "axum"),
        allowed: |path| {
            in_module(path, "http") || names_router(path) || OPEN.iter().any(|open| path.starts_with(open))
        },
    },
    Border {
        what: "the environment",
        place: "crates/cli/src/args.rs",
        crosses: reads_environment,
        allowed: |path| {
            let tests = path.starts_with("crates/teststore/");
            path == "crates/cli/src/args.rs"
                || path.ends_with("/build.rs")
                || path.starts_with("xtask/")
                || tests
        },
    },
];

/// This file, which contains the patterns that it looks for.
const RULE: &str = "xtask/src/tidy/borders.rs";

/// Crates that may use axum everywhere.
const OPEN: &[&str] =
    &["crates/client/", "crates/cli/", "crates/storefront/", "crates/journeys/", "crates/testkit/", "xtask/"];

/// The files of a crate that return its router.
fn names_router(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/ledger.rs")
}

/// Whether a file is the module of this name, or below it.
fn in_module(path: &str, module: &str) -> bool {
    path.split('/').any(|part| part == module || part.strip_suffix(".rs") == Some(module))
}

/// Whether a file holds only tests, which are exempt.
pub(super) fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// Every token in a file that may not use it.
pub(super) fn check(source: &SourceFile) -> Vec<Problem> {
    if is_test_file(&source.path) {
        return Vec::new();
    }
    let borders: Vec<_> = BORDERS.iter().filter(|border| !(border.allowed)(&source.path)).collect();
    let items = source.syntax.items.iter().filter(|item| !is_test_item(item));
    let mut problems = Vec::new();
    for item in items {
        walk(item.to_token_stream(), &mut |tokens| {
            for border in borders.iter().filter(|border| (border.crosses)(tokens)) {
                let text = format!("{} belongs to {}", border.what, border.place);
                problems.push(source.problem(tokens[0].span().start().line, text));
            }
        });
    }
    problems
}

pub(super) fn is_test_item(item: &syn::Item) -> bool {
    match item {
        syn::Item::Mod(module) => is_test(&module.attrs),
        syn::Item::Fn(function) => is_test(&function.attrs),
        syn::Item::Impl(block) => is_test(&block.attrs),
        syn::Item::Use(import) => is_test(&import.attrs),
        _ => false,
    }
}

/// Calls `see` for each token with those that follow it in the same group, also inside macros. Doc comments are
/// skipped.
pub(super) fn walk(tokens: TokenStream, see: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_doc(&tokens[at..]) {
            at += 2;
            continue;
        }
        see(&tokens[at..]);
        if let TokenTree::Group(group) = &tokens[at] {
            walk(group.stream(), see);
        }
        at += 1;
    }
}

/// `#[doc = "…"]`: what a comment becomes.
fn is_doc(tokens: &[TokenTree]) -> bool {
    is_mark(tokens.first(), '#')
        && matches!(tokens.get(1), Some(TokenTree::Group(group))
            if group.stream().into_iter().next().is_some_and(|first| first.to_string() == "doc"))
}

fn is_word(tokens: &[TokenTree], word: &str) -> bool {
    matches!(tokens.first(), Some(TokenTree::Ident(ident)) if ident == word)
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// `extern "C" { … }`: JavaScript functions, declared by hand.
fn is_foreign_block(tokens: &[TokenTree]) -> bool {
    is_word(tokens, "extern")
        && matches!(tokens.get(1), Some(TokenTree::Literal(_)))
        && matches!(tokens.get(2), Some(TokenTree::Group(_)))
}

/// `env::var` and its kin, or clap's `env = "…"`.
fn reads_environment(tokens: &[TokenTree]) -> bool {
    if !is_word(tokens, "env") {
        return false;
    }
    let path = is_mark(tokens.get(1), ':') && is_mark(tokens.get(2), ':');
    let reader = |token: &TokenTree| {
        ["var", "var_os", "vars", "vars_os"].iter().any(|name| token.to_string() == *name)
    };
    let read = match tokens.get(3) {
        Some(TokenTree::Group(names)) => names.stream().into_iter().any(|token| reader(&token)),
        Some(token) => reader(token),
        None => false,
    };
    (path && read) || (is_mark(tokens.get(1), '=') && matches!(tokens.get(2), Some(TokenTree::Literal(_))))
}

/// Whether a literal, as written, is a statement for the database.
fn is_sql(literal: &str) -> bool {
    const OPENINGS: &[&str] = &[
        "SELECT ",
        "INSERT ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
        "CREATE UNIQUE ",
        "ALTER TABLE ",
        "PRAGMA ",
        "BEGIN IMMEDIATE",
        "SAVEPOINT ",
    ];
    let text =
        literal.trim_start_matches(['b', 'c', 'r', '#', '"']).trim_start_matches(['\\', 'n', ' ', '\n']);
    OPENINGS.iter().any(|opening| text.starts_with(opening))
        || (text.starts_with("UPDATE ") && text.contains(" SET "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        let source = SourceFile::parse(path, text.to_owned()).unwrap();
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn javascript_stays_in_the_browser_module() {
        for text in
            ["use web_sys::window;", "extern \"C\" {\n    fn alert();\n}", "fn f() { m!(web_sys::a) }"]
        {
            let found = problems("src/visit.rs", text);
            assert_eq!(found, ["src/visit.rs:1: JavaScript belongs to src/browser.rs or below src/browser/"]);
            assert!(problems("src/browser.rs", text).is_empty());
            assert!(problems("src/browser/cookies.rs", text).is_empty());
        }
        assert!(problems("src/visit.rs", "/// Not `web_sys`.\npub extern \"C\" fn f() {}").is_empty());
    }

    #[test]
    fn sql_stays_in_store_modules() {
        let texts = [
            "const A: &str = \"SELECT a FROM b\";",
            "const A: &str = \"\\n  INSERT INTO b VALUES ($1)\";",
            "const A: &str = r#\"UPDATE b SET a = 1\"#;",
            "fn f() { run(concat!(\"DELETE FROM \", \"b\")) }",
        ];
        for text in texts {
            assert_eq!(problems("crates/ledger/src/record/a.rs", text).len(), 1, "{text}");
            assert!(problems("crates/ledger/src/store/a.rs", text).is_empty());
            assert!(problems("crates/store/src/unit.rs", text).is_empty());
        }
        let sentence = "const A: &str = \"UPDATE me, or SELECT nothing\";";
        assert!(problems("crates/ledger/src/record/a.rs", sentence).is_empty());
    }

    #[test]
    fn axum_stays_at_the_edge() {
        let text = "fn f(router: axum::Router) {}";
        assert_eq!(problems("crates/relay/src/admit.rs", text).len(), 1);
        for edge in ["crates/relay/src/http/events.rs", "crates/relay/src/lib.rs", "crates/cli/src/serve.rs"]
        {
            assert!(problems(edge, text).is_empty(), "{edge}");
        }
    }

    #[test]
    fn the_environment_is_read_in_one_file() {
        let texts = [
            "fn f() { std::env::var(\"A\"); }",
            "use std::env::{self, var_os};",
            "struct A { #[arg(long, env = \"A\")] a: u8 }",
        ];
        for text in texts {
            assert_eq!(problems("crates/relay/src/a.rs", text).len(), 1, "{text}");
            assert!(problems("crates/cli/src/args.rs", text).is_empty());
        }
        assert!(problems("crates/relay/src/a.rs", "const A: &str = env!(\"A\");").is_empty());
    }

    #[test]
    fn tests_are_exempt_from_every_restriction() {
        let inside = "#[cfg(test)]\nmod tests {\n    use web_sys::window;\n}";
        assert!(problems("src/visit.rs", inside).is_empty());
        assert!(problems("crates/relay/tests/queue.rs", "use axum::Router;").is_empty());
        assert_eq!(problems("src/visit.rs", &inside.replace("cfg(test)", "cfg(unix)")).len(), 1);
    }
}

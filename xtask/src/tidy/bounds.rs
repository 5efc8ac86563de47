//! Checks that each bound in `limits.rs` is used: code that does not name it cannot enforce it.

use std::collections::HashSet;

use proc_macro2::TokenTree;
use quote::ToTokens as _;

use super::borders::{is_test_file, is_test_item, walk};
use super::{Problem, SourceFile};

/// The file that holds every bound.
const LIMITS: &str = "crates/protocol/src/limits.rs";

/// Every bound that no code outside tests names.
pub(super) fn check(sources: &[SourceFile]) -> Vec<Problem> {
    let mut named = HashSet::new();
    for source in sources.iter().filter(|source| source.path != LIMITS && !is_test_file(&source.path)) {
        for item in source.syntax.items.iter().filter(|item| !is_test_item(item)) {
            walk(item.to_token_stream(), &mut |tokens| {
                if let TokenTree::Ident(name) = &tokens[0] {
                    named.insert(name.to_string());
                }
            });
        }
    }
    let Some(limits) = sources.iter().find(|source| source.path == LIMITS) else { return Vec::new() };
    let bounds = limits.syntax.items.iter().filter_map(|item| match item {
        syn::Item::Const(bound) => Some(bound),
        _ => None,
    });
    bounds
        .filter(|bound| !named.contains(&bound.ident.to_string()))
        .map(|bound| {
            let text = format!("`{}` bounds nothing: no code outside tests names it", bound.ident);
            limits.problem(bound.ident.span().start().line, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(others: &[(&str, &str)]) -> Vec<String> {
        let limits = "/// One.\npub const ONE: usize = 1;\n/// Two.\npub const TWO: usize = 2;\n";
        let sources = [(LIMITS, limits)].into_iter().chain(others.iter().copied());
        let sources: Vec<_> =
            sources.map(|(path, text)| SourceFile::parse(path, text.to_owned()).unwrap()).collect();
        check(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bound_is_named_by_code() {
        assert!(problems(&[("src/a.rs", "use protocol::limits::{ONE, TWO};")]).is_empty());
        assert!(problems(&[("src/a.rs", "fn f() { m!(limits::ONE); g(limits::TWO) }")]).is_empty());
        assert_eq!(
            problems(&[("src/a.rs", "/// `TWO`\nfn f() -> usize { limits::ONE }")]),
            [format!("{LIMITS}:4: `TWO` bounds nothing: no code outside tests names it")]
        );
    }

    #[test]
    fn a_use_in_tests_does_not_count() {
        let inside = "#[cfg(test)]\nmod tests { use limits::ONE; }";
        assert_eq!(problems(&[("src/a.rs", inside), ("src/a/tests.rs", "use limits::TWO;")]).len(), 2);
    }
}

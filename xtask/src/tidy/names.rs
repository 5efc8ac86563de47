//! Checks that a type's name is declared once: a reader who searches for it finds one meaning.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use super::borders::{is_test_file, is_test_item};
use super::{Problem, SourceFile};

/// Names that may be declared more than once, each with the reason.
const ALLOWED: &[(&str, &str)] =
    &[("Options", "the arguments of a command; each command of a program is a module of its own")];

/// Every declaration of a type whose name another file, or another place of the file, declares too; and every
/// allowed name that is not declared twice any more.
pub(super) fn check(sources: &[SourceFile]) -> Vec<Problem> {
    check_except(sources, ALLOWED)
}

fn check_except(sources: &[SourceFile], allowed: &[(&str, &str)]) -> Vec<Problem> {
    let mut places = BTreeMap::<String, Vec<(&SourceFile, usize)>>::new();
    for source in sources.iter().filter(|source| is_checked(&source.path)) {
        for name in types(&source.syntax.items) {
            places.entry(name.to_string()).or_default().push((source, name.span().start().line));
        }
    }
    let mut problems = Vec::new();
    for (name, at) in &places {
        if at.len() < 2 || allowed.iter().any(|(known, _)| known == name) {
            continue;
        }
        for (this, (source, line)) in at.iter().enumerate() {
            let (other, other_line) = at[usize::from(this == 0)];
            let text = format!(
                "`{name}` is a type of {}:{other_line} too: give one of them another name",
                other.path
            );
            problems.push(source.problem(*line, text));
        }
    }
    for (name, _) in allowed.iter().filter(|(name, _)| places.get(*name).is_none_or(|at| at.len() < 2)) {
        let text = format!("`{name}` is not declared twice any more: remove it from the allowed names");
        problems.push(Problem { file: RULE.to_owned(), line: 1, text });
    }
    problems
}

/// This file, which holds the list of allowed names.
const RULE: &str = "xtask/src/tidy/names.rs";

/// Tests are left out: a test is read alone, and names its types for what it does.
fn is_checked(path: &str) -> bool {
    !is_test_file(path) && !path.starts_with("fuzz/")
}

/// The names of the types that these items declare, also by a macro such as `row!`. Those inside a function are left
/// out, for nobody else sees them.
fn types(items: &[syn::Item]) -> Vec<syn::Ident> {
    let mut names = Vec::new();
    for item in items.iter().filter(|item| !is_test_item(item)) {
        match item {
            syn::Item::Struct(item) => names.push(item.ident.clone()),
            syn::Item::Enum(item) => names.push(item.ident.clone()),
            syn::Item::Union(item) => names.push(item.ident.clone()),
            syn::Item::Trait(item) => names.push(item.ident.clone()),
            syn::Item::Type(item) => names.push(item.ident.clone()),
            syn::Item::Mod(module) => {
                names.extend(module.content.iter().flat_map(|(_, items)| types(items)));
            }
            syn::Item::Macro(item) => names.extend(declared(item.mac.tokens.clone())),
            _ => {}
        }
    }
    names
}

/// The names that follow `struct` among a macro's own tokens.
fn declared(tokens: TokenStream) -> Vec<syn::Ident> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let names = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "struct" => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)], allowed: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> =
            files.iter().map(|(path, text)| SourceFile::parse(path, (*text).to_owned()).unwrap()).collect();
        check_except(&sources, allowed).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_type_name_is_declared_once() {
        let kinds = [
            "pub struct Kind;",
            "enum Kind { A }",
            "trait Kind {}",
            "type Kind = u8;",
            "mod a { struct Kind; }",
            "row! { pub struct Kind { id: i64 = \"id\" } }",
        ];
        for kind in kinds {
            let found = problems(&[("crates/a/src/lib.rs", kind), ("xtask/src/b.rs", "\nstruct Kind;")], &[]);
            let text = "`Kind` is a type of xtask/src/b.rs:2 too: give one of them another name";
            assert_eq!(found[0], format!("crates/a/src/lib.rs:1: {text}"), "{kind}");
            assert!(
                found.len() == 2 && found[1].starts_with("xtask/src/b.rs:2: `Kind` is a type of crates/a/")
            );
        }
        assert!(problems(&[("src/a.rs", "struct Kind;"), ("src/b.rs", "struct Sort;")], &[]).is_empty());
    }

    #[test]
    fn functions_and_tests_may_repeat_a_name() {
        let others = [
            "fn f() { struct Kind; }",
            "#[cfg(test)]\nmod tests { struct Kind; }",
            "impl A for B { type Kind = u8; }",
        ];
        for other in others {
            assert!(
                problems(&[("src/a.rs", "struct Kind;"), ("src/b.rs", other)], &[]).is_empty(),
                "{other}"
            );
        }
        for path in ["tests/a.rs", "crates/a/tests/b.rs", "crates/a/src/tests.rs", "fuzz/fuzz_targets/a.rs"] {
            assert!(
                problems(&[("src/a.rs", "struct Kind;"), (path, "struct Kind;")], &[]).is_empty(),
                "{path}"
            );
        }
    }

    #[test]
    fn an_allowed_name_is_really_repeated() {
        let allowed = [("Options", "of a command")];
        let one = ("xtask/src/a.rs", "struct Options;");
        assert!(problems(&[one, ("xtask/src/b.rs", "struct Options;")], &allowed).is_empty());
        let text = "`Options` is not declared twice any more: remove it from the allowed names";
        assert_eq!(problems(&[one], &allowed), [format!("{RULE}:1: {text}")]);
    }
}

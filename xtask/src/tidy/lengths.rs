//! Checks the lengths of files and functions, and that each file has a module doc.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::{Problem, SourceFile};

/// Lines of a file before its tests.
const FILE: usize = 400;
/// Lines of a function, signature and braces included.
const FUNCTION: usize = 70;

/// Files and functions that are too long, and files without a module doc.
pub(super) fn check(source: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = lines_before_tests(source);
    if lines > FILE {
        problems.push(
            source.problem(FILE, format!("{lines} lines before tests: at most {FILE}, split the file")),
        );
    }
    if !source.text.lines().any(|line| line.starts_with("//! ") && line.len() > "//! ".len()) {
        problems.push(source.problem(1, "needs a `//!` sentence on what the file is for"));
    }
    let mut long = Long { source, problems };
    long.visit_file(&source.syntax);
    long.problems
}

/// The lines above the first `#[cfg(test)]` module.
fn lines_before_tests(source: &SourceFile) -> usize {
    let tests = source.syntax.items.iter().find_map(|item| match item {
        syn::Item::Mod(module) if is_test(&module.attrs) => Some(module.span().start().line - 1),
        _ => None,
    });
    tests.unwrap_or_else(|| source.text.lines().count())
}

/// Whether these attributes say `#[cfg(test)]`.
pub(super) fn is_test(attributes: &[syn::Attribute]) -> bool {
    let test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|flag| flag == "test")
    };
    attributes.iter().any(test)
}

struct Long<'a> {
    source: &'a SourceFile,
    problems: Vec<Problem>,
}

impl Long<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.span().start().line;
        let lines = body.span().end().line + 1 - first;
        if lines > FUNCTION {
            let text = format!("`{}` has {lines} lines: at most {FUNCTION}, split it", signature.ident);
            self.problems.push(self.source.problem(first, text));
        }
    }
}

impl<'a> Visit<'a> for Long<'_> {
    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let source = SourceFile::parse("a.rs", text.to_owned()).unwrap();
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_of_400_lines_passes_and_one_more_does_not() {
        let lines = |count: usize| format!("//! A.\n{}", "// b\n".repeat(count - 1));
        assert_eq!(problems(&lines(400)), Vec::<String>::new());
        let found = problems(&lines(401));
        assert!(found[0].starts_with("a.rs:400: 401 lines before tests"), "{found:?}");
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// b\n".repeat(500));
        assert_eq!(problems(&tests), Vec::<String>::new());
        let feature = tests.replace("cfg(test)", "cfg(unix)");
        assert_eq!(problems(&feature).len(), 1);
    }

    #[test]
    fn a_function_of_70_lines_passes_and_one_more_does_not() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "// b\n".repeat(lines - 2));
        let method = |lines| format!("impl A {{\n{}}}\n", function(lines));
        let provided = |lines| format!("trait A {{\n{}}}\n", function(lines));
        for text in [function(70), method(70), provided(70)] {
            assert_eq!(problems(&format!("//! A.\n{text}")), Vec::<String>::new());
        }
        for text in [function(71), method(71), provided(71)] {
            let found = problems(&format!("//! A.\n{text}"));
            assert!(found.len() == 1 && found[0].contains("`f` has 71 lines"), "{found:?}");
        }
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(problems("fn f() {}\n"), ["a.rs:1: needs a `//!` sentence on what the file is for"]);
        assert_eq!(problems("//! \nfn f() {}\n").len(), 1);
    }
}

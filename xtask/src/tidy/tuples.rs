//! Checks that no function takes or returns a tuple of more than three values: their order would be all that tells them
//! apart. A struct gives each a name.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::{Problem, SourceFile};

/// Values of a tuple in a signature, at most.
const MEMBERS_MAX: usize = 3;

/// Signatures with longer tuples, outside tests.
pub(super) fn check(file: &SourceFile) -> Vec<Problem> {
    if file.path.split('/').any(|part| part == "tests" || part == "tests.rs") {
        return Vec::new();
    }
    let mut tuples = Tuples { file, in_signature: false, problems: Vec::new() };
    tuples.visit_file(&file.syntax);
    tuples.problems
}

struct Tuples<'a> {
    file: &'a SourceFile,
    in_signature: bool,
    problems: Vec<Problem>,
}

impl<'a> Visit<'a> for Tuples<'_> {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_signature(&mut self, signature: &'a syn::Signature) {
        self.in_signature = true;
        visit::visit_signature(self, signature);
        self.in_signature = false;
    }

    fn visit_type_tuple(&mut self, tuple: &'a syn::TypeTuple) {
        if self.in_signature && tuple.elems.len() > MEMBERS_MAX {
            let text = format!("a tuple of {} values in a signature: make it a struct", tuple.elems.len());
            self.problems.push(self.file.problem(tuple.span().start().line, text));
        }
        visit::visit_type_tuple(self, tuple);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_tuple_in_a_signature_is_a_problem_and_a_short_one_is_not() {
        let text = "fn a() -> Option<(u8, u8, u8, u8)> { None }\nfn b(_: (u8, u8, u8)) { let _ = (1, 2, 3, 4); }\n\
                    mod tests { fn c(_: (u8, u8, u8, u8)) {} }";
        let file = SourceFile::parse("crates/a/src/b.rs", text.to_owned()).unwrap();
        let found: Vec<_> = check(&file).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["crates/a/src/b.rs:1: a tuple of 4 values in a signature: make it a struct"]);
        let file = SourceFile::parse("crates/a/tests/b.rs", text.to_owned()).unwrap();
        assert!(check(&file).is_empty());
    }
}

//! Checks that no two files of a crate import each other, directly or through others: such files can only be read and
//! changed together. A parent and its own child modules are one unit, so imports between them do not count.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::{Problem, SourceFile};

/// A module as its path from the crate's root; the root is empty.
type ModulePath = Vec<String>;

/// Every file that is in a cycle, with the others of it.
pub(super) fn check(files: &[SourceFile]) -> Vec<Problem> {
    let mut crates: BTreeMap<&str, BTreeMap<ModulePath, &SourceFile>> = BTreeMap::new();
    for file in files {
        if let Some((name, module)) = module_of(&file.path) {
            crates.entry(name).or_default().insert(module, file);
        }
    }
    crates.values().flat_map(check_crate).collect()
}

fn check_crate(modules: &BTreeMap<ModulePath, &SourceFile>) -> Vec<Problem> {
    let names: BTreeSet<&ModulePath> = modules.keys().collect();
    let imports: BTreeMap<_, _> =
        modules.iter().map(|(module, file)| (module, imports(module, file, &names))).collect();
    let mut problems = Vec::new();
    for (module, file) in modules {
        let reached = reached_from(module, &imports);
        if reached.contains(module) {
            let others = reached.iter().filter(|other| reached_from(other, &imports).contains(module));
            let others: Vec<_> =
                others.filter(|other| *other != module).map(|other| other.join("::")).collect();
            let text = format!("`{}` and `{}` import each other", module.join("::"), others.join("`, `"));
            problems.push(file.problem(1, text));
        }
    }
    problems
}

fn reached_from(
    from: &ModulePath,
    imports: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>,
) -> BTreeSet<ModulePath> {
    let mut reached = BTreeSet::new();
    let mut left = vec![from.clone()];
    while let Some(module) = left.pop() {
        for next in imports.get(&module).into_iter().flatten() {
            if reached.insert(next.clone()) {
                left.push(next.clone());
            }
        }
    }
    reached
}

/// The crate's directory and the module's path; `None` for files of tests and of build scripts.
fn module_of(path: &str) -> Option<(&str, ModulePath)> {
    let (name, file) = match path.split_once("/src/") {
        Some(parts) => parts,
        None => ("", path.strip_prefix("src/")?),
    };
    let stem = file.strip_suffix(".rs")?;
    let parts: ModulePath = stem.split('/').map(str::to_owned).collect();
    if parts.iter().any(|part| part == "tests") {
        return None;
    }
    let is_root = matches!(stem, "lib" | "main");
    Some((name, if is_root { Vec::new() } else { parts }))
}

/// The modules that a file imports, less its own parents and children.
fn imports(module: &ModulePath, file: &SourceFile, modules: &BTreeSet<&ModulePath>) -> BTreeSet<ModulePath> {
    let mut paths = Paths { module, found: Vec::new() };
    paths.visit_file(&file.syntax);
    let nearest = |path: ModulePath| {
        (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|path| modules.contains(path))
    };
    let is_relative = |other: &ModulePath| other.starts_with(module) || module.starts_with(other);
    paths.found.into_iter().filter_map(nearest).filter(|other| !is_relative(other)).collect()
}

/// Collects the paths in a file that begin with `crate`, `super` or `self`, from the crate's root.
struct Paths<'a> {
    module: &'a ModulePath,
    found: Vec<ModulePath>,
}

impl Paths<'_> {
    fn add(&mut self, path: &[String]) {
        let mut from = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super" | "self") => self.module.clone(),
            _ => return,
        };
        for part in path {
            match part.as_str() {
                "super" => drop(from.pop()),
                "crate" | "self" => {}
                name => from.push(name.to_owned()),
            }
        }
        self.found.push(from);
    }

    fn add_tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Name(name) => self.add_leaf(before, &name.ident),
            syn::UseTree::Rename(name) => self.add_leaf(before, &name.ident),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }

    fn add_leaf(&mut self, before: &mut Vec<String>, name: &syn::Ident) {
        before.push(name.to_string());
        self.add(before);
        before.pop();
    }
}

impl<'a> Visit<'a> for Paths<'_> {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        let is_test = item.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg") && quoted(attribute).is_some_and(|text| text.contains("test"))
        });
        if !is_test {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&parts);
        visit::visit_path(self, path);
    }
}

/// What stands between an attribute's parentheses.
fn quoted(attribute: &syn::Attribute) -> Option<String> {
    attribute.meta.require_list().ok().map(|list| list.tokens.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| SourceFile::parse(path, (*text).to_owned()).unwrap()).collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_problem() {
        let found = problems(&[
            ("crates/a/src/lib.rs", "mod one; mod two; mod three;"),
            ("crates/a/src/one.rs", "use super::two::Two;"),
            ("crates/a/src/two.rs", "fn two() { crate::three::run(); }"),
            ("crates/a/src/three.rs", "use crate::{one::{self, One}};"),
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "crates/a/src/one.rs:1: `one` and `three`, `two` import each other");
    }

    #[test]
    fn parents_children_and_tests_may_import_each_other() {
        let found = problems(&[
            ("crates/a/src/lib.rs", "mod one; pub use one::One; pub struct Root;"),
            ("crates/a/src/one.rs", "mod part; use crate::Root; fn run() { self::part::run() }"),
            ("crates/a/src/one/part.rs", "use super::One;"),
            ("crates/a/src/two.rs", "use super::one::One;"),
            ("crates/a/src/one/tests.rs", "use crate::two::Two;"),
            ("crates/b/src/one.rs", "#[cfg(test)] mod tests { use crate::two::Two; }"),
            ("crates/b/src/two.rs", "use crate::one::One;"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}

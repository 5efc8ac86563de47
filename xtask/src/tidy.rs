//! `cargo xtask tidy`: checks the rules that the compiler does not enforce.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

mod borders;
mod bounds;
mod citations;
mod cycles;
mod graph;
mod imports;
mod lengths;
mod map;
mod names;
mod tuples;
mod words;

/// The arguments of `tidy`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write the graph of imports between crates into ARCHITECTURE.md.
    #[arg(long)]
    graph: bool,
}

/// A broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    file: String,
    line: usize,
    text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// A Rust source file, read and parsed once for every rule.
struct SourceFile {
    /// From the checkout's root, with `/`.
    path: String,
    text: String,
    syntax: syn::File,
}

impl SourceFile {
    /// Parses source text as the file of this path.
    fn parse(path: &str, text: String) -> anyhow::Result<Self> {
        let syntax = syn::parse_file(&text).map_err(|error| {
            let at = error.span().start().line;
            anyhow::anyhow!("{path}:{at}: is not Rust: {error}")
        })?;
        Ok(Self { path: path.to_owned(), text, syntax })
    }

    fn problem(&self, line: usize, text: impl Into<String>) -> Problem {
        Problem { file: self.path.clone(), line, text: text.into() }
    }
}

/// Prints every broken rule; fails when there is one.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    if options.graph {
        return graph::write(root, &imports::packages(root)?);
    }
    let problems = problems(root)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} broken rules", problems.len());
    }
    Ok(())
}

/// Every broken rule of the checkout, in the order of its files.
fn problems(root: &Path) -> anyhow::Result<Vec<Problem>> {
    let packages = imports::packages(root)?;
    let mut problems = imports::check(&packages);
    let architecture =
        std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("needs ARCHITECTURE.md")?;
    problems.extend(map::check(&architecture, &map::crates(root)?, |path| root.join(path).exists()));
    problems.extend(graph::check(&architecture, &packages));
    problems.extend(citations::problems(root)?);
    let sources = sources(root)?;
    for source in &sources {
        problems.extend(lengths::check(source));
        problems.extend(borders::check(source));
        problems.extend(words::check(source));
        problems.extend(tuples::check(source));
    }
    problems.extend(bounds::check(&sources));
    problems.extend(names::check(&sources));
    problems.extend(cycles::check(&sources));
    problems.sort();
    Ok(problems)
}

/// Every Rust file of the checkout's crates.
fn sources(root: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut paths = Vec::new();
    for place in ["src", "tests", "crates", "xtask", "fuzz"] {
        rust_files(&root.join(place), &mut paths)?;
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let inside = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        SourceFile::parse(&inside, text)
    };
    paths.into_iter().map(read).collect()
}

/// Collects the `.rs` files below a directory, leaving out what builds put there.
fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let built = path.file_name().is_some_and(|name| name == "target" || name == "node_modules");
        if path.is_dir() && !built {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_tidy() {
        let problems = problems(&crate::root()).unwrap();
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }

    #[test]
    fn a_problem_says_where_it_is() {
        let problem = Problem { file: "src/lib.rs".into(), line: 7, text: "is wrong".into() };
        assert_eq!(problem.to_string(), "src/lib.rs:7: is wrong");
    }

    #[test]
    fn every_crate_is_read() {
        let sources = sources(&crate::root()).unwrap();
        for known in ["xtask/src/tidy.rs", "crates/protocol/src/lib.rs", "crates/cli/src/args.rs"] {
            assert!(sources.iter().any(|source| source.path == known), "{known}");
        }
    }

    #[test]
    fn what_is_not_rust_is_named_with_its_line() {
        let error = SourceFile::parse("src/a.rs", "//! A.\n\nfn (".into()).err().unwrap().to_string();
        assert!(error.starts_with("src/a.rs:3: is not Rust"), "{error}");
    }
}

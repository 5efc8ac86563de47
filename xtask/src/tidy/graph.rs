//! The graph of imports between our crates, as ARCHITECTURE.md shows it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::Problem;
use super::imports::{self, CargoPackage};

/// The file that shows the graph, between these two lines.
const PAGE: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- graph: written by `cargo xtask tidy --graph` -->";
const END: &str = "<!-- graph: end -->";

/// Writes the graph into the page and prints the summary.
pub(super) fn write(root: &Path, packages: &[CargoPackage]) -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root.join(PAGE)).with_context(|| format!("needs {PAGE}"))?;
    let page =
        with_graph(&page, packages).with_context(|| format!("{PAGE} has no lines `{BEGIN}` and `{END}`"))?;
    std::fs::write(root.join(PAGE), page)?;
    println!("{}", summary(packages));
    Ok(())
}

/// A problem when the page's graph is out of date.
pub(super) fn check(page: &str, packages: &[CargoPackage]) -> Vec<Problem> {
    if with_graph(page, packages).as_deref() == Some(page) {
        return Vec::new();
    }
    let line = page.lines().position(|line| line == BEGIN).map_or(1, |line| line + 1);
    let text = "the graph of imports is not that of the crates: `cargo xtask tidy --graph`".to_owned();
    vec![Problem { file: PAGE.to_owned(), line, text }]
}

fn with_graph(page: &str, packages: &[CargoPackage]) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let (graph, summary) = (mermaid(packages), summary(packages));
    Some(format!("{before}{BEGIN}\n```mermaid\n{graph}```\n{summary}\n{END}{after}"))
}

fn mermaid(packages: &[CargoPackage]) -> String {
    let mut arrows: Vec<_> = arrows(packages).collect();
    arrows.sort_unstable();
    arrows.dedup();
    let mut graph = String::from("graph TD\n");
    for (from, to) in arrows {
        writeln!(graph, "  {from} --> {to}").expect("text takes text");
    }
    graph
}

fn arrows(packages: &[CargoPackage]) -> impl Iterator<Item = (&str, &str)> {
    packages.iter().flat_map(|package| package.imports().map(|import| (package.name(), import)))
}

fn summary(packages: &[CargoPackage]) -> String {
    let (circles, up) = (in_circles(packages), imports::check(packages).len());
    format!("Crates in circles: {circles}. Arrows up: {up}.")
}

/// How many crates are in import cycles, or between two of them. Crates that no remaining crate imports, or that
/// import no remaining crate, are removed until none is left to remove; the rest is the answer.
fn in_circles(packages: &[CargoPackage]) -> usize {
    let mut left: Vec<&str> = packages.iter().map(CargoPackage::name).collect();
    loop {
        let arrows: Vec<_> =
            arrows(packages).filter(|(from, to)| left.contains(from) && left.contains(to)).collect();
        let before = left.len();
        left.retain(|name| {
            arrows.iter().any(|(from, _)| from == name) && arrows.iter().any(|(_, to)| to == name)
        });
        if left.len() == before {
            return before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_that_is_not_that_of_the_crates_is_a_problem() {
        let packages = [CargoPackage::of("journal", &["store"]), CargoPackage::of("store", &[])];
        let page = format!("# A\n{BEGIN}\nold\n{END}\nrest\n");
        assert_eq!(check(&page, &packages).first().map(|problem| problem.line), Some(2));
        let page = with_graph(&page, &packages).unwrap();
        assert!(
            page.contains("graph TD\n  journal --> store\n```\nCrates in circles: 0. Arrows up: 0.\n"),
            "{page}"
        );
        assert!(page.ends_with(&format!("{END}\nrest\n")));
        assert!(check(&page, &packages).is_empty());
        assert_eq!(check("# A\n", &packages).len(), 1);
    }

    #[test]
    fn circles_and_arrows_up_are_counted() {
        let packages = [
            CargoPackage::of("store", &["journal"]),
            CargoPackage::of("journal", &["store"]),
            CargoPackage::of("relay", &["journal"]),
        ];
        assert_eq!(summary(&packages), "Crates in circles: 2. Arrows up: 1.");
    }
}

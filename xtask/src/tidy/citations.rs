//! Checks citations of the contract, such as `(api.md section 3)` and `seed 000`: each must name a page and a section
//! that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::Problem;

/// The extension of pages.
const MARKDOWN: &str = ".md";
/// Where the pages are, from the checkout's root.
const PAGES: &str = "docs/contract";
const PLACE: &str = "docs/contract/";
/// This file, whose tests contain wrong citations.
const RULE: &str = "xtask/src/tidy/citations.rs";

/// The sections of each page by its name, such as `3` or `1.6`.
type ContractPages = BTreeMap<String, BTreeSet<String>>;

/// Every citation in the checkout whose page or section does not exist.
pub(super) fn problems(root: &Path) -> anyhow::Result<Vec<Problem>> {
    let pages = pages(root)?;
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort();
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| *file != RULE) {
        let text = std::fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))?;
        problems.extend(check(file, &text, &pages));
    }
    Ok(problems)
}

fn pages(root: &Path) -> anyhow::Result<ContractPages> {
    let mut pages = ContractPages::new();
    for entry in std::fs::read_dir(root.join(PAGES)).with_context(|| format!("needs {PAGES}"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ending| ending == "md") && name != "README.md" {
            pages.insert(name, sections(&std::fs::read_to_string(&path)?));
        }
    }
    Ok(pages)
}

/// The numbers of a page's headings: `## 3. Resources` is 3, `### 1.6 Signed identity` 1.6, `## Seed 000` 000.
fn sections(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix("##"));
    headings.filter_map(|heading| number(heading.trim_start_matches(['#', ' ', 'S', 'e', 'd']))).collect()
}

/// The number that a text begins with, such as `3` or `1.6`.
fn number(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let number = text[..end].trim_end_matches('.');
    (!number.is_empty()).then(|| number.to_owned())
}

/// Collects the files that people write: Rust, scripts, pages, manifests; not what is built, installed or hidden.
fn collect(root: &Path, directory: &Path, files: &mut Vec<String>) -> anyhow::Result<()> {
    const BUILT: &[&str] = &["target", "node_modules", "dist", "pkg", "data", "corpus", "artifacts"];
    const WRITTEN: &[&str] = &["rs", "md", "js", "mjs", "ts", "tsx", "toml", "html", "css"];
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !BUILT.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|end| WRITTEN.iter().any(|written| end == *written)) {
            let inside = path.strip_prefix(root).unwrap_or(&path);
            files.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

fn check(file: &str, text: &str, pages: &ContractPages) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // A citation may continue on the next line: «(api.md» and, below, «section 4)».
        let next =
            text.lines().nth(index + 1).unwrap_or_default().trim_start_matches([' ', '/', '!', '#', '*']);
        let whole = format!("{line} {next}");
        for (page, at) in names(line) {
            let before = &line[..at - page.len()];
            let cites = before.ends_with(PLACE) || (before.ends_with('(') && !file.ends_with(MARKDOWN));
            if let Some(text) = wrong(page, cites, &whole[at..], pages) {
                problems.push(Problem { file: file.to_owned(), line: index + 1, text });
            }
        }
        for seed in seeds(line).filter(|seed| !leads(pages, "seeds.md", seed)) {
            let text = format!("cites seed {seed}, of which {PAGES}/seeds.md says nothing");
            problems.push(Problem { file: file.to_owned(), line: index + 1, text });
        }
    }
    problems
}

/// What is wrong with a mention of this page; `rest` is the text after its name. `cites` says that the mention is a
/// citation for certain; otherwise it is one only if it names a section.
fn wrong(page: &str, cites: bool, rest: &str, pages: &ContractPages) -> Option<String> {
    let cited = cited(rest);
    let Some(known) = pages.get(page) else {
        let cites = (cites || !cited.is_empty()) && page != "README.md";
        return cites.then(|| format!("cites {page}, which is no page of {PAGES}"));
    };
    let gone: Vec<_> = cited.iter().filter(|section| !known.contains(*section)).map(String::as_str).collect();
    (!gone.is_empty()).then(|| format!("cites {page} section {}, which is not there", gone.join(" and ")))
}

fn leads(pages: &ContractPages, page: &str, section: &str) -> bool {
    pages.get(page).is_some_and(|sections| sections.contains(section))
}

/// Names of pages in a line, each with where it ends.
fn names(line: &str) -> impl Iterator<Item = (&str, usize)> {
    line.match_indices(".md").map(|(at, end)| {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let start = line[..at]
            .rfind(|other| !letter(other))
            .map_or(0, |before| before + line[before..].chars().next().map_or(1, char::len_utf8));
        (&line[start..at + end.len()], at + end.len())
    })
}

/// The sections that follow a page's name: ` section 3`, ` sections 3 to 5`, ` sections 1 and 2`.
fn cited(rest: &str) -> Vec<String> {
    let rest = rest.trim_start_matches([')', ',', ' ', '`']);
    let Some(rest) = rest.strip_prefix("section") else { return Vec::new() };
    let words = rest.trim_start_matches(['s', ' ']).split_whitespace();
    let mut sections = Vec::new();
    let mut through = false;
    for word in words {
        match (word, number(word)) {
            ("to", _) => through = true,
            ("and" | "or", _) => {}
            (_, Some(section)) => {
                let first = sections.last().and_then(|last: &String| last.parse::<u32>().ok());
                if let (true, Some(first), Ok(last)) = (through, first, section.parse::<u32>()) {
                    sections.extend((first + 1..last).map(|between| between.to_string()));
                }
                sections.push(section);
                if word.ends_with([')', '.', ':', ';']) {
                    break;
                }
            }
            _ => break,
        }
    }
    sections
}

/// The numbers of `seed 000` and its kin in a line: three digits, the first two of them zero.
fn seeds(line: &str) -> impl Iterator<Item = String> {
    line.match_indices("eed 0").filter_map(|(at, _)| {
        let digits: String = line[at + 4..].chars().take_while(char::is_ascii_digit).collect();
        (digits.len() == 3).then_some(digits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_in(text: &str) -> Vec<String> {
        let api = sections("# Api\n## 1. One\n### 1.6 Part\n## 2. Two\n## 3. Three\n");
        let seeds = sections("## Seed 000\n## Seed 001\n");
        let pages = ContractPages::from([("api.md".into(), api), ("seeds.md".into(), seeds)]);
        check("src/a.rs", text, &pages).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_citation_of_a_section_that_is_not_there_is_a_problem() {
        for text in [
            "/// (api.md section 4)",
            "f(\"api.md section 4\")",
            "see [it](docs/contract/api.md), section 4.",
        ] {
            assert_eq!(
                problems_in(text),
                ["src/a.rs:1: cites api.md section 4, which is not there"],
                "{text}"
            );
        }
        assert_eq!(
            problems_in("// a\n// (api.md\n//   sections 1.7 and 3)"),
            ["src/a.rs:2: cites api.md section 1.7, which is not there"]
        );
        assert_eq!(
            problems_in("(api.md sections 2 to 5)"),
            ["src/a.rs:1: cites api.md section 4 and 5, which is not there"]
        );
    }

    #[test]
    fn a_citation_of_a_page_or_seed_that_is_not_there_is_a_problem() {
        for text in ["(apis.md)", "see apis.md section 1", "docs/contract/apis.md"] {
            assert_eq!(problems_in(text), ["src/a.rs:1: cites apis.md, which is no page of docs/contract"]);
        }
        let text = "as seed 002 says, not as Seed 001 does";
        assert_eq!(
            problems_in(text),
            ["src/a.rs:1: cites seed 002, of which docs/contract/seeds.md says nothing"]
        );
    }

    #[test]
    fn citations_that_lead_somewhere_pass() {
        let text = "(api.md) (api.md section 1.6, seed 000) api.md sections 1 to 3. 4 of them, README.md";
        assert!(problems_in(text).is_empty(), "{:?}", problems_in(text));
        assert!(problems_in("CHANGELOG.md, kill seed 7, seed 0001").is_empty());
    }
}

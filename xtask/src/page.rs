//! Edits a page of docs/ whose `## ` sections are written by different commands: each replaces its own section and
//! keeps the others.

use std::path::Path;

use anyhow::Context as _;

/// Replaces one section of the page, or adds it at the end; makes the page when it is missing.
pub(crate) fn replace(page: &Path, section: &str, body: &str) -> anyhow::Result<()> {
    let shown = page.display();
    let old = match std::fs::read_to_string(page) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "# Benchmarks\n".to_owned(),
        read => read.with_context(|| format!("cannot read {shown}"))?,
    };
    std::fs::write(page, with_section(&old, section, body)).with_context(|| format!("cannot write {shown}"))
}

/// The text with this section's body in place of the old one.
pub(crate) fn with_section(text: &str, section: &str, body: &str) -> String {
    let heading = format!("## {section}");
    let lines: Vec<_> = text.lines().collect();
    let start = lines.iter().position(|line| line.trim_end() == heading).unwrap_or(lines.len());
    let rest = lines[start..].iter().skip(1).position(|line| line.starts_with("## "));
    let end = rest.map_or(lines.len(), |after| start + 1 + after);
    let parts = [lines[..start].join("\n"), format!("{heading}\n\n{}", body.trim()), lines[end..].join("\n")];
    let parts: Vec<_> = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# Title\n\nIntroduction.\n\n## Sizes\n\nold\n\n### Part\n\nold too\n\n## Speed\n\nfast\n";

    #[test]
    fn a_section_is_replaced_and_its_neighbours_stay() {
        let page = with_section(PAGE, "Sizes", "\nnew\n");
        assert_eq!(page, "# Title\n\nIntroduction.\n\n## Sizes\n\nnew\n\n## Speed\n\nfast\n");
        let page = with_section(PAGE, "Speed", "faster");
        assert_eq!(page, PAGE.replace("fast\n", "faster\n"));
    }

    #[test]
    fn a_section_that_is_not_there_is_added_at_the_end() {
        let page = with_section(PAGE, "Size", "other");
        assert_eq!(page, format!("{PAGE}\n## Size\n\nother\n"));
        assert_eq!(with_section("", "Sizes", "a"), "## Sizes\n\na\n");
    }

    #[test]
    fn replacing_twice_changes_nothing() {
        let once = with_section(PAGE, "Sizes", "new");
        assert_eq!(with_section(&once, "Sizes", "new"), once);
    }

    #[test]
    fn a_page_that_is_not_there_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let page = directory.path().join("page.md");
        replace(&page, "Sizes", "a").unwrap();
        replace(&page, "Speed", "b").unwrap();
        assert_eq!(
            std::fs::read_to_string(page).unwrap(),
            "# Benchmarks\n\n## Sizes\n\na\n\n## Speed\n\nb\n"
        );
    }
}

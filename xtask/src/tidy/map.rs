//! Checks that the code map in ARCHITECTURE.md names every crate, and only paths that exist.

use std::path::Path;

use super::Problem;

/// The workspace's packages, which the map has to name.
pub(super) fn crates(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut crates = vec!["xtask/".to_owned()];
    for entry in std::fs::read_dir(root.join("crates"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            crates.push(format!("crates/{}", entry.file_name().to_string_lossy()));
        }
    }
    crates.sort();
    Ok(crates)
}

/// Paths in the code map that do not exist, and crates that it does not name.
pub(super) fn check(architecture: &str, crates: &[String], exists: impl Fn(&str) -> bool) -> Vec<Problem> {
    let problem = |line, text| Problem { file: "ARCHITECTURE.md".into(), line, text };
    let named = paths(architecture);
    let gone = named.iter().filter(|(path, _)| !exists(path));
    let mut problems: Vec<_> = gone
        .map(|(path, line)| problem(*line, format!("the code map names `{path}`, which is not there")))
        .collect();
    let unnamed = crates.iter().filter(|name| !named.iter().any(|(path, _)| path == name));
    problems.extend(unnamed.map(|name| problem(1, format!("the code map does not name `{name}`"))));
    problems
}

/// The paths in the code map's rows, with their lines: words in backticks that contain a slash.
fn paths(architecture: &str) -> Vec<(&str, usize)> {
    let mut inside = false;
    let mut paths = Vec::new();
    for (index, line) in architecture.lines().enumerate() {
        if let Some(title) = line.strip_prefix("## ") {
            inside = title.trim().eq_ignore_ascii_case("code map");
        }
        if inside && line.starts_with('|') {
            let quoted = line.split('`').skip(1).step_by(2);
            paths.extend(quoted.filter(|word| word.contains('/')).map(|path| (path, index + 1)));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "# A\n## Code map\n| `src/` | holds `src/a.rs` and `words` |\n## Ways\n| `not/map` |\n";

    #[test]
    fn a_path_that_is_gone_is_named_with_its_line() {
        let problems = check(MAP, &[], |path| path == "src/");
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["ARCHITECTURE.md:3: the code map names `src/a.rs`, which is not there"]);
    }

    #[test]
    fn a_crate_missing_from_the_map_is_a_problem() {
        let problems = check(MAP, &["src/".into(), "crates/attic".into()], |_| true);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].text.contains("crates/attic"));
    }
}

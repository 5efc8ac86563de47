//! `cargo xtask size`: what the artefacts weigh, and whether that is within budget.

use std::path::Path;

use anyhow::bail;

/// Prints the table and fails over budget.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    bail!("there is nothing to weigh yet: {} is missing", root.join("dist").display())
}

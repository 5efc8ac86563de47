//! Secrets, each in a file of its own, so that none stands in a list of processes.

use anyhow::Context as _;

/// Reads a secret from its file, without the line's end.
pub(crate) fn secret(path: &std::path::Path) -> anyhow::Result<secrecy::SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{} is empty; it must hold the secret on one line", path.display());
    Ok(text.to_owned().into())
}

//! Secrets are read from files, because other users can see command lines in the process list.

use anyhow::Context as _;

/// Reads a secret from its file, without white space around it.
pub(crate) fn secret(path: &std::path::Path) -> anyhow::Result<secrecy::SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{} is empty; it must hold the secret on one line", path.display());
    Ok(text.to_owned().into())
}

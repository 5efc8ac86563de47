//! Who asks: a file of credentials, by its path or by a profile's name.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ArgMatches;
use headwater_client::{Client, Credential};
use serde::Deserialize;

/// Without another address: where `headwater serve` listens by itself.
const DEFAULT_URL: &str = "http://127.0.0.1:8787";

/// A file of credentials. All but the used members may be missing, so that a partner's token or a read-only pair can
/// stand alone.
#[derive(Deserialize)]
struct ApiCredentials {
    url: Option<String>,
    public_key: Option<String>,
    secret_key: Option<String>,
    test_public_key: Option<String>,
    test_secret_key: Option<String>,
    admin_token: Option<String>,
    partner_token: Option<String>,
}

/// The client that a command's options describe. `callers` are those who may call what it asks for.
pub(crate) fn client(
    callers: &[String],
    options: &ArgMatches,
    settings: Option<&Path>,
) -> anyhow::Result<Client> {
    let path = path(options, settings)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: ApiCredentials = serde_json::from_str(&text)
        .with_context(|| format!("{} must hold what `headwater init --json` prints", path.display()))?;
    let url = options.get_one::<String>("url").or(file.url.as_ref()).map_or(DEFAULT_URL, String::as_str);
    let url = url.to_owned();
    let url = url.trim_end_matches('/').trim_end_matches("/api/v2");
    Ok(Client::http(url, credential(file, callers, options).context(path.display().to_string())?)?)
}

fn path(options: &ArgMatches, settings: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = options.get_one::<String>("credentials") {
        return Ok(path.into());
    }
    let name = options.get_one::<String>("profile").context(
        "say who asks: --credentials FILE with what `headwater init --json` printed, or --profile NAME",
    )?;
    anyhow::ensure!(!name.contains(['/', '\\']), "a profile is a name, not a path: '{name}'");
    let directory = settings.context("there is no home directory to look for profiles in")?;
    Ok(directory.join("headwater").join(format!("{name}.json")))
}

fn credential(file: ApiCredentials, callers: &[String], options: &ArgMatches) -> anyhow::Result<Credential> {
    if callers == ["admin"] {
        let token = file.admin_token.context("there is no admin_token, which this command needs")?;
        return Ok(Credential::bearer(token.into()));
    }
    let pair = if options.get_flag("test") {
        (file.test_public_key, file.test_secret_key)
    } else {
        (file.public_key, file.secret_key)
    };
    match (pair, file.partner_token) {
        ((Some(public_key), Some(secret)), _) => Ok(Credential::basic(public_key, secret.into(), None)),
        (_, Some(token)) => Ok(Credential::bearer(token.into())),
        _ => {
            let kind = if options.get_flag("test") { "test_" } else { "" };
            anyhow::bail!("there is no {kind}public_key with its {kind}secret_key, and no partner_token")
        }
    }
}

//! Programs and their settings.

mod creation;

use std::collections::BTreeMap;

use headwater_protocol::limits::{NAME_MAX, SECRET_MAX};
use headwater_protocol::v2::{BillingProvider, ClaimPolicy, Program, Signups, UpdateProgram, WebhookSecrets};
use headwater_protocol::{FieldError, Millis, field};
use headwater_store::Unit;
use secrecy::SecretString;

use super::{Ctx, Refusal, RefusalKind};
use crate::store::credential;
use crate::store::program::{self, ProgramRow};
use crate::store::replaced_credential;

pub(crate) use creation::create;

/// A program to make.
#[derive(Debug, Clone, Default)]
pub struct NewProgram {
    /// Shown to people, 1 to 100 characters.
    pub name: String,
    /// Sites the public key works from, as `https://www.example.com`; empty: any.
    pub origins: Vec<String>,
    /// Hosts links may lead to, with a port where it is not the usual one.
    pub link_destinations: Vec<String>,
}

/// A new program's credentials. The secrets among them are shown here and never again.
#[derive(Clone)]
pub struct Credentials {
    /// The program's number.
    pub program_id: i64,
    /// `pk_…`
    pub public_key: String,
    /// `sk_…`; secret.
    pub secret_key: String,
    /// `pk_test_…`
    pub test_public_key: String,
    /// `sk_test_…`; secret.
    pub test_secret_key: String,
    /// `trk_…`, for the conversion API; secret.
    pub tracking_token: String,
    /// The same, making test customers; secret.
    pub test_tracking_token: String,
    /// 8 characters in cookie names.
    pub company_key: String,
    /// `adm_…`, for the program's settings; secret.
    pub admin_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credentials")
            .field("program_id", &self.program_id)
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}

/// What the relay's ingestion endpoint knows of a program in one mode, production or test.
#[derive(Debug, Clone)]
pub struct IngestionProgram {
    /// The program's number.
    pub id: i64,
    /// The public key of this mode.
    pub public_key: String,
    /// Whether this is the test mode.
    pub test: bool,
    /// Sites the key works from; empty: any.
    pub origins: Vec<String>,
    /// How amounts that a browser sends are treated.
    pub checkout_amounts: ClaimPolicy,
    /// Which signups from pages are accepted.
    pub signups: Signups,
    /// The secret with which the site's server signs customer keys.
    pub identity_secret: Option<SecretString>,
    /// Whether a signup that no partner can be credited with makes a customer.
    pub organic_signups: bool,
    /// The secrets that verify the billing providers' webhooks.
    pub webhook_secrets: BTreeMap<BillingProvider, SecretString>,
    /// SHA-256 of the secret key.
    pub secret_hash: [u8; 32],
    /// SHA-256 of each replaced secret key that still works.
    pub older_secret_hashes: Vec<[u8; 32]>,
}

/// Every program, in both modes.
pub(crate) fn ingestion_programs(unit: &mut Unit<'_>, now: Millis) -> Result<Vec<IngestionProgram>, Refusal> {
    let mut found = Vec::new();
    for row in program::list(unit)? {
        let halves = [
            (false, &row.public_key, &row.webhook_secrets),
            (true, &row.test_public_key, &row.test_webhook_secrets),
        ];
        for (test, public_key, secrets) in halves {
            let Some(pair) = credential::find_pair(unit, public_key)? else { continue };
            found.push(IngestionProgram {
                id: row.id,
                public_key: public_key.clone(),
                test,
                origins: row.origins.clone(),
                checkout_amounts: row.checkout_amounts,
                signups: row.claims.accepted,
                identity_secret: row.claims.identity_secret.clone().map(SecretString::from),
                organic_signups: row.claims.organic,
                webhook_secrets: secrets.iter().map(|(name, text)| (*name, text.clone().into())).collect(),
                secret_hash: pair.secret_hash,
                older_secret_hashes: replaced_credential::of_pair(unit, public_key, now.0)?,
            });
        }
    }
    Ok(found)
}

/// The caller's program.
pub(crate) fn find(unit: &mut Unit<'_>, id: i64) -> Result<ProgramRow, Refusal> {
    program::find(unit, id)?.ok_or_else(|| {
        Refusal::new(RefusalKind::NotFound, "program_not_found", "the program no longer exists")
    })
}

/// A program's settings as the API shows them.
pub(crate) fn get(unit: &mut Unit<'_>, id: i64) -> Result<Program, Refusal> {
    find(unit, id).map(render)
}

fn render(row: ProgramRow) -> Program {
    Program {
        id: row.id,
        name: row.name,
        company_key: row.company_key,
        public_key: row.public_key,
        test_public_key: row.test_public_key,
        origins: row.origins,
        link_destinations: row.link_destinations,
        checkout_amounts: row.checkout_amounts,
        product_claims: row.claims.products,
        claimed_signups: row.claims.signups,
        signups: row.claims.accepted,
        organic_signups: row.claims.organic,
        email_matching: row.claims.email_matching,
        redirect_order: row.redirect_order,
        identity_secret_set: row.claims.identity_secret.is_some(),
        webhook_providers: row.webhook_secrets.into_keys().collect(),
        test_webhook_providers: row.test_webhook_secrets.into_keys().collect(),
    }
}

/// Changes a program's settings. An empty secret removes the old one.
pub(crate) fn update(unit: &mut Unit<'_>, ctx: &Ctx, change: UpdateProgram) -> Result<Program, Refusal> {
    let mut row = find(unit, ctx.program)?;
    if let Some(name) = change.name {
        field::check_length("name", &name, 1, NAME_MAX)?;
        row.name = name;
    }
    if let Some(origins) = change.origins {
        row.origins = check_origins(&origins)?;
    }
    if let Some(hosts) = change.link_destinations {
        row.link_destinations = check_hosts(&hosts)?;
    }
    if let Some(policy) = change.checkout_amounts {
        row.checkout_amounts = policy;
    }
    row.claims.products = change.product_claims.unwrap_or(row.claims.products);
    row.claims.signups = change.claimed_signups.unwrap_or(row.claims.signups);
    row.claims.accepted = change.signups.unwrap_or(row.claims.accepted);
    row.claims.organic = change.organic_signups.unwrap_or(row.claims.organic);
    row.redirect_order = change.redirect_order.unwrap_or(row.redirect_order);
    row.claims.email_matching = change.email_matching.unwrap_or(row.claims.email_matching);
    if let Some(given) = change.identity_secret {
        field::check_length("identity_secret", &given, 0, SECRET_MAX)?;
        row.claims.identity_secret = Some(given).filter(|text| !text.is_empty());
    }
    set_webhook_secrets("webhook_secrets", change.webhook_secrets, &mut row.webhook_secrets)?;
    set_webhook_secrets("test_webhook_secrets", change.test_webhook_secrets, &mut row.test_webhook_secrets)?;
    // Checked after all settings are applied, since one request may set both.
    if row.claims.accepted == Signups::Signed && row.claims.identity_secret.is_none() {
        let message = "signups can only be 'signed' where identity_secret is set: nothing could be verified";
        return Err(FieldError::new("invalid_value", "signups", message).into());
    }
    program::update(unit, &row, ctx.now.0)?;
    Ok(render(row))
}

/// Sets the secrets of the providers that are given. An empty one takes the old one away.
fn set_webhook_secrets(
    name: &str,
    given: Option<WebhookSecrets>,
    stored: &mut WebhookSecrets,
) -> Result<(), FieldError> {
    for (provider, secret) in given.unwrap_or_default() {
        field::check_length(&format!("{name}.{}", provider.name()), &secret, 0, SECRET_MAX)?;
        if secret.is_empty() {
            stored.remove(&provider);
        } else {
            stored.insert(provider, secret);
        }
    }
    Ok(())
}

/// Sites, normalised to what browsers send as `Origin`.
fn check_origins(origins: &[String]) -> Result<Vec<String>, FieldError> {
    let read = |(at, text): (usize, &String)| {
        let parsed = url::Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.path() == "/"
                && url.query().is_none()
        });
        parsed.map(|url| url.origin().ascii_serialization()).ok_or_else(|| {
            let message =
                format!("origins must be like https://www.example.com, without a path, got '{text}'");
            FieldError::new("invalid_value", &format!("origins[{at}]"), message)
        })
    };
    origins.iter().enumerate().map(read).collect()
}

/// Hosts, with a port where it is not the usual one.
fn check_hosts(hosts: &[String]) -> Result<Vec<String>, FieldError> {
    let read = |(at, text): (usize, &String)| {
        let parsed = url::Url::parse(&format!("http://{text}")).ok().filter(|url| {
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        });
        let host = parsed.as_ref().and_then(|url| url.host_str().map(|host| (host, url.port())));
        match host {
            Some((host, Some(port))) => Ok(format!("{host}:{port}")),
            Some((host, None)) => Ok(host.to_owned()),
            None => {
                let message = format!("link_destinations must be hosts like www.example.com, got '{text}'");
                Err(FieldError::new("invalid_value", &format!("link_destinations[{at}]"), message))
            }
        }
    };
    hosts.iter().enumerate().map(read).collect()
}

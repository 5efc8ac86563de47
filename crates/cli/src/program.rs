//! Programs as others take them: the relay in its own type (this is the only file of the program that knows both), people and scripts
//! as the credentials that are printed.

use headwater_ledger::{Credentials, IngestionProgram, Ledger};
use serde_json::{Map, Value};

/// What is printed, in this order.
pub(crate) const SHOWN: [&str; 9] = [
    "program_id",
    "public_key",
    "secret_key",
    "test_public_key",
    "test_secret_key",
    "tracking_token",
    "test_tracking_token",
    "company_key",
    "admin_token",
];

/// The programs in the relay's type.
pub(crate) fn for_ingestion(programs: Vec<IngestionProgram>) -> Vec<headwater_relay::RelayProgram> {
    programs
        .into_iter()
        .map(|program| headwater_relay::RelayProgram {
            id: program.id,
            public_key: program.public_key,
            test: program.test,
            origins: program.origins,
            checkout_amounts: program.checkout_amounts,
            webhook_secrets: program.webhook_secrets,
            secret_hash: Some(program.secret_hash),
            older_secret_hashes: program.older_secret_hashes,
            signups: program.signups,
            identity_secret: program.identity_secret,
            organic_signups: program.organic_signups,
            needs_email: false,
        })
        .collect()
}

/// The longest pause between two reads of the programs. A replaced secret expires by time, without a notification.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// Updates the relay's programs whenever the ledger's settings change.
pub(crate) async fn follow(ledger: Ledger, programs: headwater_relay::RelayPrograms) {
    let mut changes = ledger.changes();
    while !matches!(tokio::time::timeout(LOOK_EVERY, changes.changed()).await, Ok(Err(_))) {
        match ledger.ingestion_programs().await {
            Ok(list) => programs.replace(for_ingestion(list)),
            Err(error) => {
                tracing::error!(%error, "changed program settings could not be read; the old ones stay in force");
            }
        }
    }
}

/// Warns at the start of programs that accept events from any site.
pub(crate) fn warn_of_open_origins(programs: &[IngestionProgram]) {
    for program in programs.iter().filter(|program| program.origins.is_empty()) {
        let key = &program.public_key;
        tracing::warn!(
            "{key} accepts events from every origin; limit it with `headwater init --origin` or PATCH /api/v2/program"
        );
    }
}

/// A new program's credentials by the names they are printed under.
pub(crate) fn shown(made: Credentials) -> Map<String, Value> {
    let values = [
        made.program_id.to_string(),
        made.public_key,
        made.secret_key,
        made.test_public_key,
        made.test_secret_key,
        made.tracking_token,
        made.test_tracking_token,
        made.company_key,
        made.admin_token,
    ];
    SHOWN.into_iter().zip(values).map(|(name, value)| (name.to_owned(), value.into())).collect()
}

//! `headwater init`: makes a program and prints its credentials, once.

use std::sync::Arc;

use headwater_ledger::{Ledger, NewProgram, Settings};
use headwater_store::DataDirError;
use serde_json::{Map, Value};

use crate::storage::{self, Storage};
use crate::{args, control, program, system};

/// Makes the program, or asks the server that has locked the data directory to make it. The secrets are printed here
/// and never again: the ledger keeps only their hashes.
pub(crate) async fn run(options: args::Init) -> anyhow::Result<()> {
    let new = NewProgram {
        name: options.program,
        origins: options.origins,
        link_destinations: options.link_destinations,
    };
    let made = match Storage::take(&options.storage) {
        Ok(storage) => make(&storage, new).await?,
        Err(error) => match error.downcast::<DataDirError>() {
            Ok(DataDirError::InUse(data)) => control::ask(&data, &new).await?,
            Ok(error) => return Err(error.into()),
            Err(error) => return Err(error),
        },
    };
    if options.json {
        println!("{}", Value::Object(made));
        return Ok(());
    }
    for name in program::SHOWN {
        println!("{name:<19} {}", made.get(name).and_then(Value::as_str).unwrap_or_default());
    }
    println!(
        "\nSecrets are shown this once: keep secret_key, test_secret_key, tracking_token, test_tracking_token and \
         admin_token now."
    );
    Ok(())
}

async fn make(storage: &Storage, new: NewProgram) -> anyhow::Result<Map<String, Value>> {
    let settings =
        Settings { link_base: String::new(), clock: Arc::new(system::now), random: Arc::new(system::random) };
    let ledger = Ledger::open(storage.open(storage::LEDGER)?, settings)?;
    Ok(program::shown(ledger.create_program(new).await?))
}

//! `headwater init`: makes a program and prints its credentials, once.

use std::sync::Arc;

use headwater_ledger::{Books, NewProgram, Settings};
use headwater_store::DataDir;

use crate::{args, files, system};

/// Makes the program. The secrets are printed here and never again: the books keep only their hashes.
pub(crate) async fn run(options: args::Init) -> anyhow::Result<()> {
    let directory = DataDir::lock(&options.data)?;
    let settings =
        Settings { link_base: String::new(), clock: Arc::new(system::now), random: Arc::new(system::random) };
    let books = Books::open(files::ledger(&directory)?, settings)?;
    let made = books
        .create_program(NewProgram {
            name: options.program,
            origins: options.origins,
            link_destinations: options.link_destinations,
        })
        .await?;
    let pairs = [
        ("program_id", made.program_id.to_string()),
        ("public_key", made.public_key),
        ("secret_key", made.secret_key),
        ("test_public_key", made.test_public_key),
        ("test_secret_key", made.test_secret_key),
        ("tracking_token", made.tracking_token),
        ("company_key", made.company_key),
        ("admin_token", made.admin_token),
    ];
    if options.json {
        let object: serde_json::Map<_, _> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        println!("{}", serde_json::Value::Object(object));
    } else {
        for (name, value) in pairs {
            println!("{name:<16} {value}");
        }
        println!(
            "\nThe secret_key, test_secret_key, tracking_token and admin_token are shown this once: keep them now."
        );
    }
    Ok(())
}

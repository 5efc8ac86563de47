//! `headwater config`: the settings that are in force and where each is from, and the documented table.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::args;
use crate::table;

/// Runs one of the subcommands.
pub(crate) fn run(command: args::Config, file: Option<PathBuf>) -> anyhow::Result<()> {
    match command {
        args::Config::Check(options) => {
            let mut line = if options.line.is_empty() { vec![OsString::from("serve")] } else { options.line };
            if let Some(file) = file {
                line.splice(0..0, ["--config".into(), file.into_os_string()]);
            }
            let settings = args::effective(line).map_err(|error| anyhow::anyhow!("{error}"))?;
            let rows: Vec<_> =
                settings.into_iter().map(|one| vec![one.name, one.value, one.source]).collect();
            table::print(&["SETTING", "VALUE", "FROM"], &rows);
        }
        args::Config::Table => print!("{}", args::settings_table()),
    }
    Ok(())
}

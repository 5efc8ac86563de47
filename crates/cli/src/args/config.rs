//! The config file: options under their own names, used where neither the command line nor the environment gives them.
//!
//! A file's values become options of the command line before that is read. So the same parser checks them, with the same
//! errors, and there is no second list of settings that could differ from the first.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// The option that names the file; it cannot stand in it.
const CONFIG: &str = "config";
/// Options that are alternatives of each other: when one is given, the file's other one does not count.
const ALTERNATIVES: [&str; 2] = ["data", "database"];
/// The commands whose options are settings, in the documented table.
const SERVERS: [&str; 2] = ["serve", "relay"];

/// What a config file added to a command line.
pub(super) struct Merged {
    /// The whole command line.
    pub(super) line: Vec<OsString>,
    /// The options that are from the file, by their names without `--`.
    pub(super) from_file: Vec<String>,
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
}

/// Adds the options of the config file that `line` or the environment names.
///
/// # Errors
/// A sentence, when the file cannot be read, is no TOML, or names an option that no command has.
pub(super) fn merge(command: &Command, line: Vec<OsString>) -> Result<Merged, String> {
    let unmerged = |line| Merged { line, from_file: Vec::new(), file: None };
    // What is missing may be in the file, so errors do not count yet. Help and the version are errors that do.
    let Ok(given) = command.clone().ignore_errors(true).try_get_matches_from(&line) else {
        return Ok(unmerged(line));
    };
    let (leaf, matches) = leaf(command, &given);
    let Some(file) = matches.try_get_one::<PathBuf>(CONFIG).ok().flatten().cloned() else {
        return Ok(unmerged(line));
    };
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut merged = Merged { line, from_file: Vec::new(), file: Some(file.clone()) };
    let in_file = |why: String| format!("{}: {why}", file.display());
    for (key, value) in text.parse::<toml::Table>().map_err(|error| in_file(error.to_string()))? {
        let name = key.replace('_', "-");
        check_known(command, &key, &name).map_err(in_file)?;
        let Some(option) = options(leaf).find(|option| option.get_long() == Some(&name)) else { continue };
        let alternatives: &[&str] =
            if ALTERNATIVES.contains(&name.as_str()) { &ALTERNATIVES } else { &[name.as_str()] };
        if alternatives.iter().any(|name| is_given(leaf, matches, name)) {
            continue;
        }
        for text in texts(&value).map_err(|why| in_file(format!("{key}: {why}")))? {
            if option.get_action().takes_values() {
                merged.line.push(format!("--{name}={text}").into());
            } else if text == "true" {
                merged.line.push(format!("--{name}").into());
            }
        }
        merged.from_file.push(name);
    }
    Ok(merged)
}

/// The command that runs, and what was given to it.
fn leaf<'a>(command: &'a Command, matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    match matches.subcommand() {
        Some((name, inner)) => {
            command.find_subcommand(name).map_or((command, matches), |found| leaf(found, inner))
        }
        None => (command, matches),
    }
}

/// The options that may stand in a file.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|option| option.get_long().is_some_and(|name| name != CONFIG))
}

fn is_given(command: &Command, matches: &ArgMatches, name: &str) -> bool {
    let option = options(command).find(|option| option.get_long() == Some(name));
    option.is_some_and(|option| {
        let source = matches.value_source(option.get_id().as_str());
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    })
}

fn check_known(command: &Command, key: &str, name: &str) -> Result<(), String> {
    let mut known = Vec::new();
    collect(command, &mut known);
    if known.iter().any(|known| known == name) {
        return Ok(());
    }
    let nearest =
        known.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let nearest = nearest.map(|nearest| nearest.replace('-', "_")).unwrap_or_default();
    Err(format!("there is no setting '{key}'; did you mean '{nearest}'? `headwater help serve` lists them"))
}

fn collect(command: &Command, names: &mut Vec<String>) {
    names.extend(options(command).filter_map(|option| option.get_long().map(str::to_owned)));
    command.get_subcommands().for_each(|command| collect(command, names));
}

/// The values of a setting as they would be typed.
fn texts(value: &toml::Value) -> Result<Vec<String>, &'static str> {
    Ok(match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Boolean(flag) => vec![flag.to_string()],
        toml::Value::Array(values) => values.iter().map(texts).collect::<Result<Vec<_>, _>>()?.concat(),
        _ => return Err("must be a text, a number, true, false, or a list of them"),
    })
}

/// A setting that is in force.
pub(crate) struct EffectiveSetting {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) source: String,
}

/// The settings that a command line comes to, with the file's and the environment's, and where each is from.
///
/// # Errors
/// What the command would say of it.
pub(crate) fn effective(
    command: &Command,
    line: Vec<OsString>,
) -> Result<Vec<EffectiveSetting>, Box<dyn std::error::Error + Send + Sync>> {
    let merged = merge(command, line)?;
    let given = command.clone().try_get_matches_from(&merged.line)?;
    let (leaf, matches) = leaf(command, &given);
    let file = merged.file.as_deref().unwrap_or(Path::new("")).display().to_string();
    let mut settings = Vec::new();
    for option in options(leaf).filter(|option| option.get_id() != "help" && option.get_id() != "version") {
        let (id, name) = (option.get_id().as_str(), option.get_long().unwrap_or_default());
        let values: Vec<String> = matches
            .try_get_raw(id)
            .ok()
            .flatten()
            .map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        let source = match matches.value_source(id) {
            Some(ValueSource::EnvVariable) => {
                format!("environment {}", option.get_env().unwrap_or_default().to_string_lossy())
            }
            Some(ValueSource::CommandLine) if merged.from_file.iter().any(|from| from == name) => {
                file.clone()
            }
            Some(ValueSource::CommandLine) => "command line".to_owned(),
            _ => "default".to_owned(),
        };
        let value = if values.is_empty() { "(none)".to_owned() } else { shown(name, &values) };
        settings.push(EffectiveSetting { name: name.replace('-', "_"), value, source });
    }
    Ok(settings)
}

/// The values for people: the address of a database without its password.
fn shown(name: &str, values: &[String]) -> String {
    if name != "database" {
        return values.join(", ");
    }
    let address = values.first().and_then(|text| text.parse::<headwater_store::Address>().ok());
    address
        .map_or_else(|| "(hidden: it cannot be read as an address)".to_owned(), |address| address.to_string())
}

/// The documented table of settings, in Markdown.
pub(crate) fn table(command: &Command) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let all: Vec<Vec<&Arg>> = SERVERS
        .iter()
        .filter_map(|name| command.find_subcommand(name))
        .map(|found| options(found).chain(options(command)).filter(|one| one.get_id() != "help").collect())
        .collect();
    for option in all.iter().flatten() {
        let name = option.get_long().unwrap_or_default();
        if name == "version" || rows.iter().any(|(known, _)| known == name) {
            continue;
        }
        let has = |list: &Vec<&Arg>| list.iter().any(|one| one.get_long() == Some(name));
        let commands: Vec<_> =
            SERVERS.iter().zip(&all).filter(|(_, list)| has(list)).map(|(name, _)| *name).collect();
        let environment =
            option.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let default: Vec<_> = option.get_default_values().iter().map(|text| text.to_string_lossy()).collect();
        let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
        let row = format!(
            "| `{}` | `--{name}` | {environment} | {} | {} | {} |\n",
            name.replace('-', "_"),
            default.join(", "),
            commands.join(", "),
            help.replace('\n', " ").replace('|', "\\|")
        );
        rows.push((name.to_owned(), row));
    }
    rows.sort();
    let head = "| in the file | option | environment | default | of | meaning |\n|---|---|---|---|---|---|\n";
    head.chars().chain(rows.iter().flat_map(|(_, row)| row.chars())).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Arguments;

    fn settings(file: &str, line: &[&str]) -> Result<Vec<(String, String, String)>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("headwater.toml");
        std::fs::write(&path, file).unwrap();
        let mut all: Vec<OsString> = vec!["headwater".into(), "--config".into(), path.clone().into()];
        all.extend(line.iter().map(Into::into));
        let mut command = Arguments::command();
        command.build();
        let found = effective(&command, all).map_err(|error| error.to_string())?;
        let short =
            |source: String| if source == path.display().to_string() { "file".to_owned() } else { source };
        Ok(found.into_iter().map(|one| (one.name, one.value, short(one.source))).collect())
    }

    fn of(settings: &[(String, String, String)], name: &str) -> (String, String) {
        let found = settings.iter().find(|(known, ..)| known == name).unwrap();
        (found.1.clone(), found.2.clone())
    }

    #[test]
    fn the_command_line_comes_before_the_file_and_the_file_before_defaults() {
        let file = "listen = \"127.0.0.1:1\"\ndata = \"from-file\"\ntrusted_proxy = [\"10.0.0.1\", \"10.0.0.2\"]\n\
                    drain_seconds = 3\npublic_key = \"of another command\"\n";
        let found = settings(file, &["serve", "--listen", "127.0.0.1:2"]).unwrap();
        let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
        assert_eq!(of(&found, "listen"), pair("127.0.0.1:2", "command line"));
        assert_eq!(of(&found, "data"), pair("from-file", "file"));
        assert_eq!(of(&found, "trusted_proxy"), pair("10.0.0.1, 10.0.0.2", "file"));
        assert_eq!(of(&found, "drain_seconds"), pair("3", "file"));
        assert_eq!(of(&found, "events_per_second"), pair("600", "default"));
        assert_eq!(of(&found, "database"), pair("(none)", "default"));
    }

    #[test]
    fn a_database_on_the_command_line_replaces_the_files_directory_and_shows_no_password() {
        let line = ["serve", "--database", "postgres://u:pass_test_example@127.0.0.1/db"];
        let found = settings("data = \"from-file\"", &line).unwrap();
        assert_eq!(of(&found, "data").0, "(none)");
        assert!(!of(&found, "database").0.contains("pass_test_example"), "{found:?}");
    }

    #[test]
    fn mistakes_in_a_file_are_named() {
        let mistakes = [
            ("lisen = \"127.0.0.1:1\"", "there is no setting 'lisen'; did you mean 'listen'?"),
            ("listen = \"nowhere\"", "invalid value 'nowhere' for '--listen <LISTEN>'"),
            ("listen = {}", "listen: must be a text"),
            ("listen = ", "headwater.toml: TOML parse error"),
            ("listen = \"127.0.0.1:1\"", "the following required arguments were not provided"),
        ];
        for (file, expected) in mistakes {
            let refused = settings(file, &["serve"]).unwrap_err();
            assert!(refused.contains(expected), "{file}: {refused}");
        }
    }

    #[test]
    fn the_documented_table_is_that_of_the_arguments() {
        let mut command = Arguments::command();
        command.build();
        let documented = include_str!("../../../../docs/configuration.md");
        let table = table(&command);
        assert!(
            documented.contains(&table),
            "`headwater config table` prints what docs/configuration.md lacks:\n{table}"
        );
    }
}

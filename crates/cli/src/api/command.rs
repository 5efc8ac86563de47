//! The commands as clap has them: one for each resource, with a subcommand for each operation.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint, value_parser};

use super::operation::{self, ApiOperation, ApiOption, OptionKind};

/// One command for each resource of the API.
pub(crate) fn commands() -> Vec<Command> {
    let mut commands: Vec<(String, Vec<Command>)> = Vec::new();
    for operation in operation::all() {
        let one = subcommand(&operation);
        match commands.iter_mut().find(|(name, _)| *name == operation.resource) {
            Some((_, subcommands)) => subcommands.push(one),
            None => commands.push((operation.resource, vec![one])),
        }
    }
    let made = commands.into_iter().map(|(name, subcommands)| {
        let about = format!("Use /{} of the API", name.replace('-', "_"));
        Command::new(name)
            .about(about)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommands(subcommands)
    });
    made.collect()
}

/// An option's name: the member's with dashes. `--test` chooses the key pair of every command, so a filter of that name
/// has another.
pub(crate) fn option_name(member: &str) -> String {
    if member == "test" { "test-records".to_owned() } else { member.replace('_', "-") }
}

/// The argument that gives a part of the path: a member of the body may have the same name.
pub(crate) fn place(name: &str) -> String {
    format!("path {name}")
}

fn subcommand(operation: &ApiOperation) -> Command {
    let mut command = Command::new(operation.verb.clone()).about(operation.summary.clone());
    if operation.method == "DELETE" && operation.summary.starts_with("Archive") {
        // What it does; the method has another name.
        command = command.visible_alias("archive");
    }
    for name in operation.path_names() {
        command = command.arg(
            Arg::new(place(name))
                .value_name(name.to_uppercase())
                .required(true)
                .help("Its key, or another of its names"),
        );
    }
    for member in operation.query.iter().chain(operation.body.iter().flatten()) {
        command = command.arg(option(member));
    }
    if operation.body.is_some() {
        let body = Arg::new("body").long("body").value_name("FILE").value_hint(ValueHint::FilePath);
        command = command.arg(body.help("A file with the whole body as JSON, or - for standard input"));
        if operation.method == "POST" {
            let key = Arg::new("idempotency-key").long("idempotency-key").value_name("KEY");
            command = command.arg(key.help("Repeated with the same key, the command takes effect once"));
        }
    }
    if operation.is_list() {
        let all = Arg::new("all").long("all").action(ArgAction::SetTrue);
        command = command.arg(all.help("Follow all pages"));
    }
    with_output(with_connection(command))
}

fn option(member: &ApiOption) -> Arg {
    let name = option_name(&member.name);
    let about = if member.required { format!("{} Required.", member.about) } else { member.about.clone() };
    let arg = Arg::new(name.clone()).long(name).help(about);
    match &member.kind {
        OptionKind::Text => arg.value_name("TEXT"),
        OptionKind::Word(words) => {
            arg.value_name("WORD").value_parser(PossibleValuesParser::new(words.clone()))
        }
        OptionKind::Whole => {
            arg.value_name("NUMBER").value_parser(value_parser!(i64)).allow_negative_numbers(true)
        }
        // Alone it means true.
        OptionKind::Flag => arg
            .value_name("BOOL")
            .value_parser(value_parser!(bool))
            .num_args(0..=1)
            .default_missing_value("true")
            .require_equals(true),
        OptionKind::Texts => arg.value_name("TEXT").action(ArgAction::Append),
        OptionKind::Json => arg.value_name("JSON"),
    }
}

/// Where the API is and who asks.
pub(crate) fn with_connection(command: Command) -> Command {
    let long = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    command
        .next_help_heading("Connection")
        .arg(long("url", "URL").env("HEADWATER_URL").help("The API's address, as https://go.example.com"))
        .arg(
            long("credentials", "FILE")
                .env("HEADWATER_CREDENTIALS")
                .value_hint(ValueHint::FilePath)
                .help("What `headwater init --json` printed; may have the member `url` besides"),
        )
        .arg(
            long("profile", "NAME")
                .env("HEADWATER_PROFILE")
                .conflicts_with("credentials")
                .help("The same by name: NAME.json in the directory headwater of the user's settings"),
        )
        .arg(Arg::new("test").long("test").action(ArgAction::SetTrue).help("Use the test key pair"))
        .next_help_heading(None)
}

fn with_output(command: Command) -> Command {
    command
        .next_help_heading("Output")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON in place of a table"))
        .arg(
            Arg::new("columns")
                .long("columns")
                .value_name("NAMES")
                .help("Members to show, with commas between them, as key,customer.email"),
        )
        .arg(
            Arg::new("watch")
                .long("watch")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(1..=86_400))
                .num_args(0..=1)
                .default_missing_value("2")
                .require_equals(true)
                .help("Ask again every two seconds, or as many as given"),
        )
        .next_help_heading(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_archived_and_not_deleted_may_be_called_so() {
        let commands = commands();
        let has = |resource: &str, verb: &str| {
            let of = commands.iter().find(|command| command.get_name() == resource);
            of.and_then(|of| of.find_subcommand(verb)).map(|found| found.get_name().to_owned())
        };
        assert_eq!(has("deals", "archive").as_deref(), Some("delete"));
        assert_eq!(has("deals", "delete").as_deref(), Some("delete"));
        assert_eq!(has("customers", "archive"), None);
    }
}

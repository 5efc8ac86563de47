//! The options of the command line and the environment. The only file that reads either.

mod config;
mod queue;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
pub(crate) use config::EffectiveSetting;
use headwater_protocol::v2::{BillingProvider, Signups};
use ipnet::IpNet;
pub(crate) use queue::{
    Dead, DeadChange, DeadList, DeadShow, Events, EventsReplay, EventsTail, QueueArguments, Status,
};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Self-hosted partner attribution: relay and ledger in one binary.
#[derive(Debug, Parser)]
#[command(name = "headwater", version)]
pub(crate) struct Arguments {
    /// What to log: a level, and if wanted another level for a crate, as `info,headwater_relay=debug`.
    #[arg(long, env = "HEADWATER_LOG", default_value = "info", global = true)]
    log: String,
    /// File with settings: options under their names with underscores, as `public_url = "https://go.example.com"`. What the
    /// command line or the environment gives comes before it.
    #[arg(long, env = "HEADWATER_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify that the stored data is consistent, also while a server runs.
    Check(CheckArguments),
    /// Copy a whole installation from a data directory into a database, or back.
    Migrate(Migrate),
    /// Make a program and print its keys.
    Init(Init),
    /// Copy a data directory while its server runs.
    Backup(Backup),
    /// Put a backup into an empty data directory, and check it.
    Restore(Restore),
    /// Show the settings that are in force, and check them.
    #[command(subcommand)]
    Config(Config),
    /// Show how much waits in the queue, since when and why, also while a server runs.
    Status(Status),
    /// List, show, retry or drop the entries that were given up.
    #[command(subcommand)]
    Dead(Dead),
    /// Look at the newest entries of the queue, or deliver those of a time again.
    #[command(subcommand)]
    Events(Events),
    /// Serve every role on one port: relay, ledger, links and script.
    Serve(Serve),
    /// Print the completions of a shell.
    Completions(Completions),
    /// Write the manual pages of all commands into a directory.
    Man(Manual),
    /// Serve only the relay, which delivers to a ledger elsewhere or to hosted PartnerStack.
    Relay(RelayArguments),
}

/// Where everything is stored: in a directory or in a database.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct StorageArguments {
    /// Data directory, for one process at a time. `check` reads it also while a server runs; the other commands make it
    /// when it is not there.
    #[arg(long, env = "HEADWATER_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// PostgreSQL database, for any number of processes, as `postgres://USER:PASSWORD@HOST/NAME`. Give it in the
    /// environment: other users of the machine can read a command line.
    #[arg(long, env = "HEADWATER_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The directory; it is made when it is not there.
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print each setting, its value and where it is from: command line, environment, file or default.
    Check(ConfigCheck),
    /// Print the table of all settings, in Markdown.
    #[command(hide = true)]
    Table,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigCheck {
    /// The command and its options, as `relay --data DIR`; without any, `serve`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) line: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The directory to make. It must not exist yet; its name appears once the backup is whole.
    pub(crate) target: PathBuf,
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A directory that `headwater backup` has made.
    pub(crate) source: PathBuf,
    /// The data directory to make; it may exist, but hold no data.
    #[arg(long, env = "HEADWATER_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The source, as `sqlite:DIR` or `postgres://USER:PASSWORD@HOST/NAME`. No process may use it meanwhile.
    #[arg(long, env = "HEADWATER_MIGRATE_FROM", hide_env_values = true)]
    pub(crate) from: String,
    /// The target, in the same form. It must be empty.
    #[arg(long, env = "HEADWATER_MIGRATE_TO", hide_env_values = true)]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
    /// The program's name, as partners see it.
    #[arg(long)]
    pub(crate) program: String,
    /// A site the public key works from, as `https://www.example.com`. Repeatable. Without it, any site.
    #[arg(long = "origin")]
    pub(crate) origins: Vec<String>,
    /// A host that partner links may lead to, as `www.example.com`. Repeatable.
    #[arg(long = "link-destination")]
    pub(crate) link_destinations: Vec<String>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The rate limit of one program.
#[derive(Debug, Args)]
pub(crate) struct Rate {
    /// Events a second that one key pair may send. With the public key alone, one address may send a tenth of them.
    #[arg(long, env = "HEADWATER_EVENTS_PER_SECOND", default_value_t = DEFAULT_RATE)]
    pub(crate) events_per_second: NonZeroU32,
}

const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(headwater_protocol::limits::PROGRAM_EVENTS_PER_SECOND)
    .expect("a rate that lets something through");

/// How a server is watched and stopped.
#[derive(Debug, Args)]
pub(crate) struct OperationArguments {
    /// Address and port for `/metrics`, `/readyz` and `/healthz`, as `127.0.0.1:9187`. Without it, nobody listens there.
    /// Keep it inside your network.
    #[arg(long, env = "HEADWATER_ADMIN_LISTEN")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Seconds that open requests and deliveries have to end after SIGTERM.
    #[arg(long, env = "HEADWATER_DRAIN_SECONDS", default_value_t = headwater_protocol::limits::DRAIN_SECONDS)]
    pub(crate) drain_seconds: u64,
    /// Days that the text of a delivered event is kept, for inspection. Its id is kept for 90.
    #[arg(long, env = "HEADWATER_KEEP_DAYS", default_value_t = KEEP_DAYS, value_parser = clap::value_parser!(i64).range(1..=90))]
    pub(crate) keep_days: i64,
}

/// The milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;
const KEEP_DAYS: i64 = headwater_journal::KEEP_BODY / DAY;

impl OperationArguments {
    pub(crate) fn retention(&self) -> headwater_journal::Retention {
        headwater_journal::Retention { texts: self.keep_days * DAY }
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "HEADWATER_LISTEN", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
    /// The URL by which clients reach this server; partner links begin with it. Defaults to the listening address.
    #[arg(long, env = "HEADWATER_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) operation: OperationArguments,
    #[command(flatten)]
    pub(crate) rate: Rate,
    #[command(flatten)]
    pub(crate) proxies: TrustedProxies,
    /// Let webhooks lead to private addresses, and to this machine over http. Anybody with a program's secret key can
    /// then make this server send requests within its own network.
    #[arg(long, env = "HEADWATER_WEBHOOK_PRIVATE_TARGETS")]
    pub(crate) webhook_private_targets: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RelayArguments {
    /// Address and port to listen on.
    #[arg(long, env = "HEADWATER_LISTEN", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
    /// Base URL of the API v2 to deliver to, as `https://ledger.example.com`.
    #[arg(long, env = "HEADWATER_DESTINATION")]
    pub(crate) destination: String,
    /// The program's public key at the destination, which pages send too.
    #[arg(long, env = "HEADWATER_PUBLIC_KEY")]
    pub(crate) public_key: String,
    /// File with the program's secret key. A file, because the process list shows command lines.
    #[arg(long, env = "HEADWATER_SECRET_KEY_FILE")]
    pub(crate) secret_key_file: PathBuf,
    /// File with the conversion API's tracking token.
    #[arg(long, env = "HEADWATER_TRACKING_TOKEN_FILE")]
    pub(crate) tracking_token_file: Option<PathBuf>,
    /// File with the secret that a billing provider's webhooks are verified with, as `stripe=/etc/headwater/stripe`.
    /// Repeatable; separated by commas in the environment.
    #[arg(
        long = "webhook-secret-file",
        env = "HEADWATER_WEBHOOK_SECRET_FILES",
        value_name = "PROVIDER=FILE",
        value_delimiter = ',',
        value_parser = webhook_secret_file
    )]
    pub(crate) webhook_secret_files: Vec<(BillingProvider, PathBuf)>,
    /// A site the public key works from. Repeatable. Without it, any site.
    #[arg(long = "origin")]
    pub(crate) origins: Vec<String>,
    /// What the destination is: `headwater` or `partnerstack`, which makes no customer without an email address or a
    /// click id. Without this option, the destination's host name decides.
    #[arg(long, env = "HEADWATER_DESTINATION_KIND", value_parser = ["headwater", "partnerstack"])]
    pub(crate) destination_kind: Option<String>,
    /// File with the secret that the site's server signs customer keys with.
    #[arg(long, env = "HEADWATER_IDENTITY_SECRET_FILE")]
    pub(crate) identity_secret_file: Option<PathBuf>,
    /// Which signups of pages are accepted: `open` for all, or `signed` for only those with the site's signature.
    #[arg(long, env = "HEADWATER_SIGNUPS", value_parser = signups, default_value = "open")]
    pub(crate) signups: Signups,
    #[command(flatten)]
    pub(crate) operation: OperationArguments,
    #[command(flatten)]
    pub(crate) rate: Rate,
    #[command(flatten)]
    pub(crate) proxies: TrustedProxies,
}

/// The proxies that are trusted to name a sender's address.
#[derive(Debug, Args)]
pub(crate) struct TrustedProxies {
    /// A proxy whose `X-Forwarded-For` is trusted, as `10.0.0.5` or `10.0.0.0/8`. Repeatable. Without it, the header is
    /// ignored, because any client can send it.
    #[arg(long = "trusted-proxy", env = "HEADWATER_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub(crate) trusted: Vec<IpNet>,
}

fn signups(text: &str) -> Result<Signups, String> {
    Signups::from_name(text).ok_or_else(|| "must be open or signed".to_owned())
}

fn webhook_secret_file(text: &str) -> Result<(BillingProvider, PathBuf), String> {
    let named = text.split_once('=').filter(|(_, file)| !file.is_empty());
    let (name, file) = named.ok_or("must be a provider and a file, as stripe=/etc/headwater/stripe")?;
    let provider = BillingProvider::from_name(name).ok_or_else(|| {
        format!("no billing provider is called '{name}'; known are {}", BillingProvider::names())
    })?;
    Ok((provider, file.into()))
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = |address: IpAddr| IpNet::from(address);
    text.parse()
        .or_else(|_| text.parse().map(one))
        .map_err(|_| "must be an address such as 10.0.0.5 or a network such as 10.0.0.0/8".to_owned())
}

/// What the command line asks for.
pub(crate) enum Invocation {
    /// One of the commands above.
    Own(Box<Arguments>),
    /// An operation of the API.
    Api { resource: String, matches: clap::ArgMatches, log: String },
}

/// The whole command line: the commands above, and those of the API.
pub(crate) fn command(of_api: Vec<clap::Command>) -> clap::Command {
    Arguments::command().subcommands(of_api)
}

/// Reads the command line, the environment and the config file. Prints help or usage and ends the process if they are
/// asked for or an option is wrong.
pub(crate) fn read(of_api: Vec<clap::Command>) -> Invocation {
    let mut own = Arguments::command();
    own.build();
    // The file holds settings of servers, so the commands of the API take nothing from it.
    let line = match config::merge(&own, std::env::args_os().collect()) {
        Ok(merged) => merged.line,
        Err(why) => own.error(clap::error::ErrorKind::ValueValidation, why).exit(),
    };
    let mut matches = command(of_api).get_matches_from(&line);
    match matches.remove_subcommand() {
        Some((name, below)) if Arguments::command().find_subcommand(&name).is_none() => {
            let log = matches.remove_one("log").unwrap_or_default();
            Invocation::Api { resource: name, matches: below, log }
        }
        _ => Invocation::Own(Box::new(Arguments::parse_from(&line))),
    }
}

/// The directory of the user's settings.
pub(crate) fn settings_directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))
}

/// The settings that a command line after the program's name comes to, and where each is from.
pub(crate) fn effective(
    line: Vec<OsString>,
) -> Result<Vec<EffectiveSetting>, Box<dyn std::error::Error + Send + Sync>> {
    let mut command = Arguments::command();
    command.build();
    let line = std::iter::once(OsString::from("headwater")).chain(line).collect();
    config::effective(&command, line)
}

/// The documented table of settings.
pub(crate) fn settings_table() -> String {
    let mut command = Arguments::command();
    command.build();
    config::table(&command)
}

/// Sends logs to standard error, so that standard output has only the program's answer.
pub(crate) fn start_logging(invocation: &Invocation) {
    let log = match invocation {
        Invocation::Own(arguments) => &arguments.log,
        Invocation::Api { log, .. } => log,
    };
    let filter = log.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).compact();
    tracing_subscriber::registry().with(lines).with(filter).init();
}

//! The address of a PostgreSQL database: a `postgres://` URL. It may hold a password, so the URL is never printed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;

/// How long connecting may take, for each host of the address.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// How often the system asks an idle connection whether the server is there.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
/// How long the system waits for the receipt of what was sent before it gives a connection up.
const UNANSWERED_MAX: Duration = Duration::from_secs(30);

/// The address of a PostgreSQL database, with the user and password to connect with. Displayed without them.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
}

/// Why a text is no address. The error does not contain the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database must be given as postgres://USER:PASSWORD@HOST:PORT/NAME: {0}")]
pub struct PostgresAddressError(String);

impl FromStr for Address {
    type Err = PostgresAddressError;

    fn from_str(text: &str) -> Result<Self, PostgresAddressError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(PostgresAddressError(
                "it does not begin with postgres:// or postgresql://".to_owned(),
            ));
        }
        let mut config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
            PostgresAddressError(
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string),
            )
        })?;
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(PostgresAddressError("it names no database".to_owned()));
        }
        config.application_name("headwater");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WAIT);
        }
        // Without these, a connection to a server that is cut off is noticed after hours.
        config.keepalives_idle(KEEPALIVE_EVERY);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNANSWERED_MAX);
        }
        Ok(Self { config })
    }
}

/// Shows hosts, ports and the name of the database; no user, no password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use tokio_postgres::config::Host;
        f.write_str("postgres://")?;
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
            }
            if let Some(port) = self.config.get_ports().get(at) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address: Address =
            "postgres://someone:pass_test_example@db.example:5433/partners".parse().unwrap();
        assert_eq!(format!("{address} {address:?}").matches("pass_test_example").count(), 0);
        assert_eq!(address.to_string(), "postgres://db.example:5433/partners");
    }

    #[test]
    fn the_error_for_a_bad_address_does_not_repeat_it() {
        for text in [
            "mysql://u:pass_test_example@h/db",
            "postgres://u:pass_test_example@h:port/db",
            "postgres://u:pass_test_example@h",
            "postgres://u:pass_test_example@h/db?pass_test_example=1",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.starts_with("the database must be given as postgres://"), "{error}");
            assert!(!error.contains("u:pass"), "{error}");
        }
    }
}

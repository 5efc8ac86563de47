//! GigaKick, the demo company of seed 001: its pages, the backend of its app, and a billing provider that
//! sends signed webhooks. It uses Headwater only as any company would: the script, API v2 and the webhook address.
//!
//! What this crate does not do: compute commissions. What it shows of them it reads from the ledger.

pub mod billing;
pub mod example;
pub mod http;
pub mod journey;
pub mod load;
pub mod site;
pub mod stripe;

use headwater_protocol::Millis;

/// Clock and randomness, given by `main` and by tests.
#[derive(Debug, Clone, Copy)]
pub struct Environment {
    /// The present moment.
    pub now: fn() -> Millis,
    /// Fills a buffer with random bytes.
    pub random: fn(&mut [u8]),
}

impl Environment {
    /// A provider's id: `prefix` and 16 random hexadecimal digits.
    pub fn id(&self, prefix: &str) -> String {
        let mut bytes = [0; 8];
        (self.random)(&mut bytes);
        format!("{prefix}{}", hex::encode(bytes))
    }

    /// A secret: `prefix` and 48 random hexadecimal digits.
    pub fn secret(&self, prefix: &str) -> String {
        let mut bytes = [0; 24];
        (self.random)(&mut bytes);
        format!("{prefix}{}", hex::encode(bytes))
    }
}

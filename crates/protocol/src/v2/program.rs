//! A program's settings. **We** add this resource: `GET` and `PATCH /program`, with the administrator's token.

use serde::{Deserialize, Serialize};

/// What a relay does with amounts a browser claims (browser.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimPolicy {
    /// Waits for the billing webhook or a server's own call.
    #[default]
    Confirm,
    /// Takes the browser's word.
    Accept,
    /// Drops the claim.
    Ignore,
}

impl ClaimPolicy {
    /// The wire's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Accept => "accept",
            Self::Ignore => "ignore",
        }
    }

    /// The policy of a stored word; `None` when it is none.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Confirm, Self::Accept, Self::Ignore].into_iter().find(|policy| policy.name() == name)
    }
}

/// A program's settings; secrets are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The program's number, `company_id` elsewhere.
    pub id: i64,
    /// Shown to people.
    pub name: String,
    /// Fixed 8 characters in cookie names.
    pub company_key: String,
    /// `pk_…`
    pub public_key: String,
    /// `pk_test_…`
    pub test_public_key: String,
    /// Sites the public key works from; empty: any.
    pub origins: Vec<String>,
    /// Hosts links may lead to.
    pub link_destinations: Vec<String>,
    /// What a browser's amounts are worth.
    pub checkout_amounts: ClaimPolicy,
    /// Whether a Stripe webhook secret is set.
    pub stripe_webhook: bool,
    /// The same for the test URL.
    pub stripe_test_webhook: bool,
}

/// `PATCH /program`: members absent stay as they are.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateProgram {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Replaces the sites, each an origin such as `https://www.example.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// Replaces the hosts links may lead to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_destinations: Option<Vec<String>>,
    /// What a browser's amounts are worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_amounts: Option<ClaimPolicy>,
    /// Stripe's signing secret (`whsec_…`) for production; secret, write-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_webhook_secret: Option<String>,
    /// The same for the test URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_test_webhook_secret: Option<String>,
}

impl std::fmt::Debug for UpdateProgram {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UpdateProgram")
            .field("name", &self.name)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

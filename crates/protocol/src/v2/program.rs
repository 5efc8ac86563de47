//! A program's settings. **We** add this resource: `GET` and `PATCH /program`, with the administrator's token.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::billing::{BillingProvider, WebhookSecrets};

/// What a relay does with amounts a browser claims (browser.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimPolicy {
    /// Waits for the billing webhook or a server's own call.
    #[default]
    Confirm,
    /// Records the claimed amount as a payment.
    Accept,
    /// Drops the claim.
    Ignore,
}

impl ClaimPolicy {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Accept => "accept",
            Self::Ignore => "ignore",
        }
    }

    /// The policy with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Confirm, Self::Accept, Self::Ignore].into_iter().find(|policy| policy.name() == name)
    }
}

/// An enum with the same names on the wire and in the database.
macro_rules! setting {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant),+ }

        // The derived schema does not see the words behind the macro's names.
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),+])).into()
            }
        }

        impl ToSchema for $name {}

        impl $name {
            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value with this name; `None` if there is none.
            pub fn from_name(name: &str) -> Option<Self> {
                [$(Self::$variant),+].into_iter().find(|value| value.name() == name)
            }
        }
    };
}

setting! {
    /// What a product that only a page has named earns (trust.md section 1.3).
    ProductClaims {
        /// Its rewards are on `hold` until vendor or billing confirms it.
        #[default]
        Hold = "hold",
        /// As if it were confirmed.
        Accept = "accept",
        /// Rules do not see such a product.
        Ignore = "ignore",
    }
}

setting! {
    /// What a signup that only a page has reported earns (trust.md section 1.5).
    SignupClaims {
        /// Rewards for the signup alone are on `hold` until a payment or the vendor names the customer.
        #[default]
        Hold = "hold",
        /// As if it were confirmed.
        Accept = "accept",
    }
}

setting! {
    /// Which signups of pages are taken (trust.md section 1.6).
    Signups {
        /// All, as claims.
        #[default]
        Open = "open",
        /// Only those whose `customer_key` the site has signed.
        Signed = "signed",
    }
}

setting! {
    /// In which order a link's redirect appends its parameters: sites parse them by hand (browser.md section 3).
    RedirectOrder {
        /// `pscd`, `ps_partner_key`, `ps_xid`, `gsxid`, `gspk`.
        #[default]
        Present = "present",
        /// `gspk` and `gsxid` last.
        Of2021 = "2021",
    }
}

/// A program's settings; secrets are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// What becomes of amounts that a browser claims.
    pub checkout_amounts: ClaimPolicy,
    /// What a product named by a page alone earns.
    #[serde(default)]
    pub product_claims: ProductClaims,
    /// What a signup reported by a page alone earns.
    #[serde(default)]
    pub claimed_signups: SignupClaims,
    /// Which signups of pages are taken.
    #[serde(default)]
    pub signups: Signups,
    /// Whether a signup that no partner can be credited with makes a customer.
    #[serde(default)]
    pub organic_signups: bool,
    /// Whether payments may find their customer by address alone.
    #[serde(default)]
    pub email_matching: bool,
    /// The order of a redirect's parameters.
    #[serde(default)]
    pub redirect_order: RedirectOrder,
    /// Whether an identity secret is set.
    #[serde(default)]
    pub identity_secret_set: bool,
    /// The billing providers whose webhooks are taken, because a secret to verify them is set.
    #[serde(default)]
    pub webhook_providers: Vec<BillingProvider>,
    /// The same for the test URL.
    #[serde(default)]
    pub test_webhook_providers: Vec<BillingProvider>,
}

/// `PATCH /program`: members absent stay as they are.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// What becomes of amounts that a browser claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_amounts: Option<ClaimPolicy>,
    /// What a product named by a page alone earns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_claims: Option<ProductClaims>,
    /// What a signup reported by a page alone earns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_signups: Option<SignupClaims>,
    /// Which signups of pages are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signups: Option<Signups>,
    /// Whether a signup that no partner can be credited with makes a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organic_signups: Option<bool>,
    /// Whether payments may find their customer by address alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_matching: Option<bool>,
    /// The order of a redirect's parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_order: Option<RedirectOrder>,
    /// The secret the site's server signs customer keys with; secret, write-only, empty takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_secret: Option<String>,
    /// The secrets that billing providers' webhooks are verified with; secret, write-only. Providers absent keep
    /// theirs, and an empty text takes one away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub webhook_secrets: Option<WebhookSecrets>,
    /// The same for the test URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub test_webhook_secrets: Option<WebhookSecrets>,
}

impl std::fmt::Debug for UpdateProgram {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UpdateProgram")
            .field("name", &self.name)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

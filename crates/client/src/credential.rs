//! Who the client is: a vendor's key pair, or a bearer token.

use base64::Engine as _;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// How requests are signed in. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Credential {
    scheme: Scheme,
    tracking_token: Option<SecretString>,
}

#[derive(Debug, Clone)]
enum Scheme {
    Basic { public_key: String, secret: SecretString },
    Bearer(SecretString),
}

impl Credential {
    /// The vendor's view: a key pair. `tracking_token`, where there is one, signs conversions instead of the
    /// pair (api.md section 4).
    pub fn basic(
        public_key: impl Into<String>,
        secret: SecretString,
        tracking_token: Option<SecretString>,
    ) -> Self {
        Self { scheme: Scheme::Basic { public_key: public_key.into(), secret }, tracking_token }
    }

    /// A partner's view, or the administrator's: one token.
    pub fn bearer(token: SecretString) -> Self {
        Self { scheme: Scheme::Bearer(token), tracking_token: None }
    }

    /// The `Authorization` header; `None` when a token holds characters no header can carry.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match &self.scheme {
            Scheme::Basic { public_key, secret } => {
                let pair = format!("{public_key}:{}", secret.expose_secret());
                sensitive(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
            }
            Scheme::Bearer(token) => bearer_header(token),
        }
    }

    /// The `Authorization` header of conversions: the tracking token's, where there is one.
    pub(crate) fn conversion_header(&self) -> Option<HeaderValue> {
        self.tracking_token.as_ref().map_or_else(|| self.header(), bearer_header)
    }
}

fn bearer_header(token: &SecretString) -> Option<HeaderValue> {
    sensitive(format!("Bearer {}", token.expose_secret()))
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

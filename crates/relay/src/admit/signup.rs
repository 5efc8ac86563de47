//! What a signup must contain: a signature where the program requires one, an address where the destination does.

use std::collections::BTreeMap;

use headwater_protocol::event::Signup;
use headwater_protocol::v2::{Signups, Warning};
use headwater_protocol::{FieldError, Source, limits};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::{RawValue, to_raw_value};
use sha2::Sha256;

use crate::RelayProgram;

/// A signup that may be admitted.
pub(super) struct Checked {
    /// Its source; a page's valid signature makes it [`Source::Signed`].
    pub(super) source: Source,
    /// What of it will not be delivered as it was sent.
    pub(super) warnings: Vec<Warning>,
}

/// Checks a signup from the source `said_by`. The answer depends only on the signup and the program's settings, so that
/// nobody with the public key can find out whether a customer or a partner exists (trust.md section 1.7).
pub(super) fn check(signup: &Signup, program: &RelayProgram, said_by: Source) -> Result<Checked, FieldError> {
    let mut warnings = Vec::new();
    let source = if said_by == Source::Page { prove(signup, program, &mut warnings)? } else { said_by };
    if program.needs_email && signup.xid.is_none() && signup.email.is_none() {
        let message =
            "'email' is a required property: without a click id the destination makes no customer of it";
        return Err(FieldError::new("required", "email", message));
    }
    if let Some((field, length)) = signup.cut_name() {
        let max = limits::NAME_MAX;
        warnings.push(Warning {
            code: "text_cut".to_owned(),
            field: format!("data.{field}"),
            hint: format!("a name has at most {max} characters, this one had {length}; the rest was cut"),
        });
    }
    Ok(Checked { source, warnings })
}

/// Verifies the site's signature of the customer key. A signup without one stays a page's claim (trust.md section 1.6).
fn prove(signup: &Signup, program: &RelayProgram, warnings: &mut Vec<Warning>) -> Result<Source, FieldError> {
    let refuse = |code: &str, message: &str| Err(FieldError::new(code, "signature", message));
    match (&signup.signature, &program.identity_secret) {
        (Some(given), Some(secret))
            if is_signed(secret, signup.customer_key().unwrap_or_default(), given) =>
        {
            Ok(Source::Signed)
        }
        (Some(_), Some(_)) => refuse(
            "bad_signature",
            "signature is not the hex HMAC-SHA256 of this customer_key under the program's identity secret",
        ),
        (_, _) if program.signups == Signups::Signed => refuse(
            "signature_required",
            "'signature' is a required property: this program takes signups only with the site's signature of \
             customer_key",
        ),
        (Some(_), None) => {
            warnings.push(Warning {
                code: "signature_ignored".to_owned(),
                field: "data.signature".to_owned(),
                hint: "the program has no identity secret, so this stays a claim; PATCH /api/v2/program sets one"
                    .to_owned(),
            });
            Ok(Source::Page)
        }
        (None, _) => Ok(Source::Page),
    }
}

/// Compares in constant time.
fn is_signed(secret: &SecretString, customer_key: &str, given: &str) -> bool {
    let Ok(given) = hex::decode(given) else { return false };
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length is a key");
    mac.update(customer_key.as_bytes());
    mac.verify_slice(&given).is_ok()
}

/// The event's text without the signature: it was verified, and anybody who can read the journal could use it again.
/// The values of all other members stay as they are, byte for byte.
pub(super) fn without_signature(text: &str) -> String {
    let less = || -> serde_json::Result<String> {
        let mut event: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        let mut data: BTreeMap<String, &RawValue> =
            event.get("data").map_or(Ok(BTreeMap::new()), |data| serde_json::from_str(data.get()))?;
        data.remove("signature");
        let data = to_raw_value(&data)?;
        event.insert("data".to_owned(), &data);
        serde_json::to_string(&event)
    };
    less().expect("an event that was read is an object of objects")
}

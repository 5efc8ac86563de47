//! The free data of a provider's record, in which a site names its own customer.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What is read of the free data. Sites may put anything else into it, so no value of it refuses a webhook.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct SiteData {
    /// The site's key of the customer, from `customer_key` or else `customer_id`.
    pub(super) customer_key: Option<String>,
    /// The partner, from `partner_key`.
    pub(super) partner_key: Option<String>,
}

impl<'de> Deserialize<'de> for SiteData {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let data = Value::deserialize(from)?;
        let customer_key = text(&data["customer_key"]).or_else(|| text(&data["customer_id"]));
        Ok(Self { customer_key, partner_key: text(&data["partner_key"]) })
    }
}

/// A text or a number that is not empty. A number as a key is taken as its text, as everywhere (trust.md section 3).
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::SiteData;

    fn check(text: &str, customer_key: Option<&str>, partner_key: Option<&str>) {
        let data: SiteData = serde_json::from_str(text).unwrap();
        assert_eq!(
            (data.customer_key.as_deref(), data.partner_key.as_deref()),
            (customer_key, partner_key),
            "{text}"
        );
    }

    #[test]
    fn a_site_may_write_anything_into_its_data() {
        check(
            r#"{"customer_key":"gk_1","customer_id":"7","partner_key":"robin"}"#,
            Some("gk_1"),
            Some("robin"),
        );
        check(r#"{"customer_key":"","customer_id":1001,"partner_key":""}"#, Some("1001"), None);
        check(r#"{"customer_key":{"id":"gk_1"},"partner_key":true}"#, None, None);
        for other in ["null", "[]", "[1]", "\"customer_key\"", "7", "{}"] {
            check(other, None, None);
        }
    }
}

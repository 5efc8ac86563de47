//! What a page hands over, read into types so that a mistake is named by its field. Unknown members are carried.

use std::fmt;

use protocol::limits::{
    AMOUNT_MAX, CHECKOUT_PRODUCTS_MAX, CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, EMAIL_MAX, EMAIL_MIN,
};
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use wasm_bindgen::JsValue;

use super::failure::Failure;

/// Settings.
#[derive(Debug, Deserialize)]
pub(super) struct Options {
    /// Where the relay is.
    #[expect(dead_code, reason = "read by src/browser.js; here its type is checked")]
    endpoint: String,
    /// The program's public key.
    #[expect(dead_code, reason = "read by src/browser.js; here its type is checked")]
    key: String,
    /// `granted`, `pending` or `denied` until the visitor says.
    #[serde(default)]
    pub(super) consent: Option<String>,
}

/// Who sent the visitor.
#[derive(Debug, Serialize)]
pub(super) struct Referral {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partner_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xid: Option<String>,
}

/// A signup.
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    #[serde(default)]
    customer_key: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "its type is checked")]
    name: Option<String>,
}

/// A checkout.
#[derive(Debug, Deserialize)]
pub(super) struct Checkout {
    customer_key: String,
    #[serde(default)]
    products: Vec<Product>,
    #[serde(default)]
    transaction: Option<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Product {
    product_book_key: String,
    #[serde(default)]
    external_subscription_key: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "its type is checked")]
    amount: Option<Cents>,
    #[serde(default)]
    #[expect(dead_code, reason = "its type is checked")]
    currency: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    #[expect(dead_code, reason = "its type is checked")]
    amount: Cents,
    #[expect(dead_code, reason = "its type is checked")]
    currency: String,
    #[serde(default)]
    subscription_key: Option<String>,
}

/// Minor units: whole, and within the bound of the books.
#[derive(Debug)]
struct Cents;

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Cents;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("integer cents")
            }
            fn visit_i64<E: Error>(self, cents: i64) -> Result<Cents, E> {
                if cents.abs() > AMOUNT_MAX {
                    return Err(E::invalid_value(
                        serde::de::Unexpected::Signed(cents),
                        &"at most 5·10¹⁰ cents",
                    ));
                }
                Ok(Cents)
            }
        }
        from.deserialize_i64(Whole)
    }
}

/// Reads a value, or says which member is wrong: `products[1].amount: expected integer cents, got 19.99`.
pub(super) fn read<T: DeserializeOwned>(value: &JsValue) -> Result<T, Failure> {
    let deserializer = serde_wasm_bindgen::Deserializer::from(value.clone());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let field = error.path().to_string();
        explain(if field == "." { "" } else { &field }, &error.inner().to_string())
    })
}

/// serde's words as ours: ``invalid type: floating point `19.99`, expected integer cents``.
fn explain(field: &str, words: &str) -> Failure {
    if let Some(missing) = words.strip_prefix("missing field `") {
        let name = missing.trim_end_matches('`');
        let field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        return Failure::new("required", &field, format!("{field} is required"));
    }
    match words.split_once(", expected ") {
        Some((got, expected)) => {
            let got = got.split_once(": ").map_or(got, |(_, got)| got);
            let got = got.split_once('`').map_or(got, |(_, value)| value.trim_end_matches('`'));
            Failure::expected(field, expected, got)
        }
        None => Failure::new("invalid_value", field, format!("{field}: {words}")),
    }
}

impl Customer {
    /// The bounds of the books, before anything is sent.
    pub(super) fn check(&self) -> Result<(), Failure> {
        check_length("customer_key", self.customer_key.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
        check_length("email", self.email.as_deref(), EMAIL_MIN, EMAIL_MAX)
    }
}

impl Checkout {
    /// The bounds of the books, before anything is sent.
    pub(super) fn check(&self) -> Result<(), Failure> {
        check_length("customer_key", Some(&self.customer_key), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
        if self.products.is_empty() && self.transaction.is_none() {
            return Err(Failure::new("required", "products", "a checkout needs products or a transaction"));
        }
        if self.products.len() > CHECKOUT_PRODUCTS_MAX {
            let expected = format!("at most {CHECKOUT_PRODUCTS_MAX} entries");
            return Err(Failure::expected("products", &expected, &self.products.len().to_string()));
        }
        for (at, product) in self.products.iter().enumerate() {
            let field = |name: &str| format!("products[{at}].{name}");
            let key = Some(product.product_book_key.as_str());
            check_length(&field("product_book_key"), key, 1, CUSTOMER_KEY_MAX)?;
            let key = product.external_subscription_key.as_deref();
            check_length(&field("external_subscription_key"), key, 1, CUSTOMER_KEY_MAX)?;
        }
        let key = self.transaction.as_ref().and_then(|claimed| claimed.subscription_key.as_deref());
        check_length("transaction.subscription_key", key, 1, CUSTOMER_KEY_MAX)
    }
}

fn check_length(field: &str, text: Option<&str>, min: usize, max: usize) -> Result<(), Failure> {
    let length = text.map_or(min, |text| text.chars().count());
    if (min..=max).contains(&length) {
        return Ok(());
    }
    Err(Failure::expected(field, &format!("{min} to {max} characters"), &length.to_string()))
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn a_mistake_is_named_by_its_field() {
        let words = "invalid type: floating point `19.99`, expected integer cents";
        let failure = explain("products[1].amount", words);
        assert_eq!(failure.message, "products[1].amount: expected integer cents, got 19.99");
        assert_eq!(failure.field, "products[1].amount");
    }

    #[test]
    fn a_missing_member_is_named_where_it_belongs() {
        let failure = explain("products[0]", "missing field `product_book_key`");
        assert_eq!(
            (failure.code.as_str(), failure.field.as_str()),
            ("required", "products[0].product_book_key")
        );
        assert_eq!(explain("", "missing field `customer_key`").message, "customer_key is required");
    }
}

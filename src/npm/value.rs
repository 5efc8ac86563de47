//! What a page hands over, as a JSON value. One deserializer over serde-wasm-bindgen serves all input, because one for
//! each type would be larger than the rest of the package.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use wasm_bindgen::JsValue;

/// Levels that are read: `products[1].amount` is on the third. What lies deeper is carried unread.
const DEPTH: u8 = 3;

/// One value.
#[derive(Clone)]
pub(super) enum InputValue {
    /// `null`, or absent.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// Any number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list, its entries in their order.
    List(Vec<InputValue>),
    /// An object, its members in their order.
    Object(Vec<(String, InputValue)>),
    /// Something below the levels that are read.
    Deep,
}

impl InputValue {
    /// Reads a value that came out of `JSON.parse`.
    pub(super) fn read(value: JsValue) -> Self {
        let deserializer = serde_wasm_bindgen::Deserializer::from(value);
        Level(DEPTH).deserialize(deserializer).unwrap_or(Self::Deep)
    }

    /// A member of an object; [`InputValue::Nothing`] where there is none.
    pub(super) fn member(&self, name: &str) -> &Self {
        let Self::Object(members) = self else { return &Self::Nothing };
        members.iter().find(|(member, _)| member == name).map_or(&Self::Nothing, |(_, value)| value)
    }

    /// Whether it counts as absent.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Nothing) || self.text() == Some("")
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// How many levels are left to read.
#[derive(Clone, Copy)]
struct Level(u8);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = InputValue;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<InputValue, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = InputValue;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<InputValue, E> {
        Ok(InputValue::Nothing)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<InputValue, E> {
        Ok(InputValue::Flag(flag))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of JavaScript are f64")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<InputValue, E> {
        Ok(InputValue::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of JavaScript are f64")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<InputValue, E> {
        Ok(InputValue::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<InputValue, E> {
        Ok(InputValue::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<InputValue, E> {
        Ok(InputValue::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<InputValue, E> {
        Ok(InputValue::Text(text))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<InputValue, E> {
        Ok(InputValue::Deep)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<InputValue, A::Error> {
        let mut entries = Vec::new();
        if let Some(below) = self.0.checked_sub(1).map(Level) {
            while let Some(entry) = from.next_element_seed(below)? {
                entries.push(entry);
            }
            return Ok(InputValue::List(entries));
        }
        Ok(InputValue::Deep)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<InputValue, A::Error> {
        let mut members = Vec::new();
        if let Some(below) = self.0.checked_sub(1).map(Level) {
            while let Some(name) = from.next_key()? {
                members.push((name, from.next_value_seed(below)?));
            }
            return Ok(InputValue::Object(members));
        }
        Ok(InputValue::Deep)
    }
}

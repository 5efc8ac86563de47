//! Which members a type reads.

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The names of the members that `T` reads; none for a type that is no struct.
pub(super) fn names<'a, T: Deserialize<'a>>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // Always an error: this deserializer has no data, it only notes which members are asked for.
    let _ = T::deserialize(NamesOf { names: &mut names });
    names
}

/// A deserializer without data that notes the members which a type asks for.
struct NamesOf<'n> {
    names: &'n mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for NamesOf<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.names = fields;
        Err(Error::custom("nothing to read"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("nothing to read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

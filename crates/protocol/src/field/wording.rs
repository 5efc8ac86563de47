//! Rewrites serde's messages in the wording of JSON schema, which existing clients know. Names of Rust types never
//! show.

/// The sentence for a value of the member called `name` that serde refused with `text`.
pub(super) fn of(text: &str, name: &str) -> String {
    let said = wrong_type(text, name).or_else(|| wrong_value(text)).or_else(|| unknown_word(text));
    said.unwrap_or_else(|| text.to_owned())
}

/// ``invalid type: floating point `19.99`, expected i64``
fn wrong_type(text: &str, name: &str) -> Option<String> {
    let (got, expected) = text.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    let kind = match expected {
        "a string" | "a borrowed string" => "string",
        "a boolean" => "boolean",
        "f32" | "f64" => "number",
        "a sequence" => "array",
        "a map" => "object",
        _ if range(expected).is_some() => "integer",
        _ if expected.starts_with("struct ") => "object",
        _ => return Some(format!("must be {expected}, got {}", value(got))),
    };
    let unit = if kind == "integer" && name == "amount" { " (minor units, such as cents)" } else { "" };
    Some(format!("{} is not of type '{kind}'{unit}", value(got)))
}

/// ``invalid value: integer `-1`, expected u32``
fn wrong_value(text: &str) -> Option<String> {
    let (got, expected) = text.strip_prefix("invalid value: ")?.rsplit_once(", expected ")?;
    let bound = range(expected)
        .map_or_else(|| expected.to_owned(), |(least, most)| format!("an integer from {least} to {most}"));
    Some(format!("must be {bound}, got {}", value(got)))
}

/// ``unknown variant `paused`, expected one of `trial`, `active` ``
fn unknown_word(text: &str) -> Option<String> {
    let (got, known) = text.strip_prefix("unknown variant `")?.split_once("`, expected ")?;
    // The known words stand between backticks, so every second piece is one.
    let known: Vec<_> = known.split('`').skip(1).step_by(2).map(|word| format!("'{word}'")).collect();
    Some(format!("'{got}' is not one of [{}]", known.join(", ")))
}

/// The least and the greatest value of a Rust integer type, by its name; `None` for any other name.
fn range(expected: &str) -> Option<(i128, i128)> {
    let bits: u32 = expected.strip_prefix(['i', 'u'])?.replace("size", "64").parse().ok()?;
    let signed = u32::from(expected.starts_with('i'));
    let values = 1_i128.checked_shl(bits.checked_sub(signed)?).filter(|_| bits <= 64)?;
    Some((-values * i128::from(signed), values - 1))
}

/// The value as JSON schema shows it; a list or an object by its kind alone.
fn value(got: &str) -> String {
    match got {
        "sequence" => return "a list".to_owned(),
        "map" => return "an object".to_owned(),
        _ => {}
    }
    if let Some(text) = got.strip_prefix("string \"").and_then(|rest| rest.strip_suffix('"')) {
        return format!("'{text}'");
    }
    got.split('`').nth(1).unwrap_or(got).to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        Trial,
        Active,
    }

    fn check<T: serde::de::DeserializeOwned>(json: &str, name: &str, expected: &str) {
        let error = serde_json::from_str::<T>(json).map(|_| ()).unwrap_err().to_string();
        let text = error.split(" at line ").next().unwrap();
        assert_eq!(of(text, name), expected, "{error}");
    }

    #[test]
    fn a_message_never_shows_a_rust_type() {
        check::<i64>("19.99", "amount", "19.99 is not of type 'integer' (minor units, such as cents)");
        check::<i64>("\"12\"", "count", "'12' is not of type 'integer'");
        check::<i64>("1e20", "count", "1e+20 is not of type 'integer'");
        check::<String>("5", "email", "5 is not of type 'string'");
        check::<String>("[1]", "email", "a list is not of type 'string'");
        check::<bool>("null", "test", "null is not of type 'boolean'");
        check::<Vec<u8>>("{\"a\":1}", "rules", "an object is not of type 'array'");
        check::<u32>("-1", "limit", "must be an integer from 0 to 4294967295, got -1");
        check::<u8>("256", "limit", "must be an integer from 0 to 255, got 256");
        check::<i8>("-200", "limit", "must be an integer from -128 to 127, got -200");
        check::<i64>(
            "18446744073709551615",
            "limit",
            "must be an integer from -9223372036854775808 to 9223372036854775807, got 18446744073709551615",
        );
        check::<char>("\"ab\"", "mark", "must be a character, got 'ab'");
    }

    #[test]
    fn an_unknown_word_is_answered_with_those_that_are_known() {
        check::<Status>("\"paused\"", "status", "'paused' is not one of ['trial', 'active']");
        assert!(
            serde_json::from_str::<Status>("\"trial\"").is_ok_and(|status| matches!(status, Status::Trial))
        );
        assert!(
            serde_json::from_str::<Status>("\"active\"").is_ok_and(|status| matches!(status, Status::Active))
        );
    }

    #[test]
    fn a_message_of_our_own_is_not_reworded() {
        assert_eq!(of("currency must be an ISO 4217 code", "currency"), "currency must be an ISO 4217 code");
    }
}

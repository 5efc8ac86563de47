//! Compares what a row says with the object that is there.

use serde_json::{Map, Value};

/// A member of a row whose value an object shows at other places, any of them.
pub(super) type Elsewhere<'a> = (&'a str, &'a [&'a str]);

/// Whether an object shows everything that is said of it.
pub(super) fn shows(object: &Value, said: &Map<String, Value>, elsewhere: &[Elsewhere<'_>]) -> bool {
    said.iter().all(|(name, value)| {
        let places = elsewhere.iter().find(|(member, _)| member == name).map(|(_, places)| *places);
        match places {
            Some(places) => places.iter().any(|place| object.pointer(place) == Some(value)),
            None => has(object.get(name).unwrap_or(&Value::Null), value),
        }
    })
}

/// Whether a value has what is said of it: of an object the members that are named, of a form's answers those too.
fn has(known: &Value, said: &Value) -> bool {
    let Value::Object(members) = said else { return known == said };
    members.iter().all(|(name, value)| match known {
        Value::Array(answers) => {
            answers.iter().any(|answer| answer["api_name"] == name.as_str() && answer["value"] == *value)
        }
        known => known.get(name) == Some(value),
    })
}

/// Adds to an object that a row names what is known of it besides: a column for one member does not take the others
/// away.
pub(super) fn keep_others(said: &mut Map<String, Value>, known: &Value, names: &[&str]) {
    for name in names {
        let Some(Value::Object(members)) = said.get_mut(*name) else { continue };
        match known.get(*name) {
            Some(Value::Object(others)) => {
                for (other, value) in others {
                    members.entry(other.clone()).or_insert_with(|| value.clone());
                }
            }
            Some(Value::Array(answers)) => {
                for answer in answers {
                    let other = answer["api_name"].as_str().unwrap_or_default();
                    members.entry(other).or_insert_with(|| answer["value"].clone());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn only_what_a_row_says_is_compared() {
        let known = json!({"name": "Ada", "meta": {"a": 1, "b": 2}, "fields": [{"api_name": "size", "value": "9"}],
            "group": {"key": "grup_1", "slug": "gold"}});
        let group: &[Elsewhere<'_>] = &[("group_key", &["/group/key", "/group/slug"])];
        for said in [
            json!({}),
            json!({"name": "Ada"}),
            json!({"meta": {"b": 2}}),
            json!({"fields": {"size": "9"}}),
            json!({"group_key": "gold"}),
            json!({"group_key": "grup_1"}),
        ] {
            assert!(shows(&known, &map(&said), group), "{said}");
        }
        for said in [
            json!({"name": "Eve"}),
            json!({"meta": {"c": 1}}),
            json!({"fields": {"size": "8"}}),
            json!({"group_key": "silver"}),
            json!({"email": "a"}),
        ] {
            assert!(!shows(&known, &map(&said), group), "{said}");
        }
    }

    #[test]
    fn members_that_no_column_names_stay() {
        let mut said = map(&json!({"meta": {"a": 2}, "fields": {"size": "8"}}));
        let known = json!({"meta": {"a": 1, "b": 2}, "fields": [{"api_name": "colour", "value": "red"}]});
        keep_others(&mut said, &known, &["meta", "fields", "address"]);
        assert_eq!(
            Value::Object(said),
            json!({"meta": {"a": 2, "b": 2}, "fields": {"size": "8", "colour": "red"}})
        );
    }
}

//! The keys of objects whose rows name none: made from what the row says, so that the same row has the same key in
//! every run.

use headwater_protocol::key::Prefix;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// What marks a key as made from a row.
const MARK: &str = "imp";
/// Bytes of the hash in a key: no two of 10¹² rows share them by chance.
const BYTES: usize = 16;

/// The key of a row: that of its first member of `names` that says anything, else of all that it says.
pub(super) fn of(row: &Map<String, Value>, names: &[&str]) -> String {
    let mut hash = Sha256::new();
    match names.iter().find_map(|name| Some((name, row.get(*name)?))) {
        Some((name, value)) => {
            add(&mut hash, &Value::from(*name));
            add(&mut hash, value);
        }
        None => add_members(&mut hash, row),
    }
    format!("{MARK}{}", hex::encode(&hash.finalize()[..BYTES]))
}

/// The same as a key of ours.
pub(super) fn key(prefix: Prefix, row: &Map<String, Value>, names: &[&str]) -> String {
    format!("{}{}", prefix.text(), of(row, names))
}

fn add(hash: &mut Sha256, value: &Value) {
    if let Value::Object(members) = value {
        return add_members(hash, members);
    }
    hash.update(value.to_string());
    hash.update(b"\n");
}

/// By name, whatever the order of the file's columns.
fn add_members(hash: &mut Sha256, members: &Map<String, Value>) {
    let mut names: Vec<_> = members.keys().collect();
    names.sort();
    for name in names {
        hash.update(name);
        hash.update(b"=");
        add(hash, &members[name]);
    }
    hash.update(b".");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key_of(row: &Value, names: &[&str]) -> String {
        key(Prefix::Reward, row.as_object().unwrap(), names)
    }

    #[test]
    fn a_key_has_the_form_of_ours_and_depends_on_each_cell() {
        let row = json!({"amount": 5, "description": "bonus", "target": {"key": "gk_1", "type": "customer"}});
        let key = key_of(&row, &["key"]);
        assert!(Prefix::Reward.matches(&key), "{key}");
        assert_eq!(key, key_of(&row.clone(), &["key"]));
        for other in [
            json!({"amount": 6, "description": "bonus", "target": {"key": "gk_1", "type": "customer"}}),
            json!({"amount": "5", "description": "bonus", "target": {"key": "gk_1", "type": "customer"}}),
            json!({"amount": 5, "description": "bonus", "target": {"key": "gk_1"}, "type": "customer"}),
            json!({"amount": 5, "description": "bonus"}),
        ] {
            assert_ne!(key, key_of(&other, &["key"]), "{other}");
        }
    }

    #[test]
    fn a_named_row_keeps_its_key_when_other_cells_change() {
        let (first, second) = (json!({"key": "r1", "amount": 5}), json!({"key": "r1", "amount": 6}));
        assert_eq!(key_of(&first, &["key"]), key_of(&second, &["key"]));
        assert_ne!(
            key_of(&first, &["key"]),
            key_of(&json!({"external_key": "r1"}), &["key", "external_key"])
        );
    }
}

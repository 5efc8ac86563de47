//! Answers for people: tables of lists, lines of one object.

use headwater_protocol::{Currency, money};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Columns of the output when it is no terminal, and when the terminal does not say.
const DEFAULT_WIDTH: usize = 120;
/// The widest column of a table.
const COLUMN_MAX: usize = 40;
/// Members that begin a table where they are there.
const FIRST: [&str; 6] = ["key", "customer_key", "partner_key", "name", "email", "status"];

/// The columns that fit on the terminal.
pub(crate) fn width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .map_or(DEFAULT_WIDTH, |size| usize::from(size.ws_col).max(40))
}

/// A list as a table, anything else as lines of names and values.
pub(crate) fn text(data: &Value, columns: Option<&str>, width: usize) -> String {
    match (data["items"].as_array(), data) {
        (Some(items), _) | (None, Value::Array(items)) => table(items, columns, width),
        (None, Value::Object(members)) => lines(members),
        (None, other) => format!("{other}\n"),
    }
}

fn table(items: &[Value], columns: Option<&str>, width: usize) -> String {
    if items.is_empty() {
        return "nothing\n".to_owned();
    }
    let names: Vec<String> = match columns {
        Some(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        None => default_columns(items),
    };
    let mut rows = vec![names.clone()];
    rows.extend(items.iter().map(|item| names.iter().map(|name| cell(item, name)).collect()));
    let widths: Vec<usize> = (0..names.len())
        .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default().min(COLUMN_MAX))
        .collect();
    // Chosen columns are all shown; of the others as many as fit.
    let shown = if columns.is_some() { names.len() } else { fitting(&widths, width) };
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).take(shown);
        let line: Vec<_> = cells.map(|(cell, width)| format!("{:<width$}", cut(cell, *width))).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// How many columns fit side by side; at least one.
fn fitting(widths: &[usize], width: usize) -> usize {
    let mut used = 0;
    let fits = widths.iter().take_while(|one| {
        used += **one + 2;
        used <= width + 2
    });
    fits.count().max(1)
}

/// The members with a plain value in some item, the most telling first.
fn default_columns(items: &[Value]) -> Vec<String> {
    let members = items.iter().filter_map(Value::as_object).flatten();
    let plain =
        members.filter(|(_, value)| !matches!(value, Value::Null | Value::Array(_) | Value::Object(_)));
    let mut names: Vec<String> = Vec::new();
    for (name, _) in plain {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    names
}

/// The text of a member, which may be inside another: `customer.email`.
fn cell(item: &Value, name: &str) -> String {
    let (path, last) = name.rsplit_once('.').map_or((None, name), |(path, last)| (Some(path), last));
    let holder = path.into_iter().flat_map(|path| path.split('.')).fold(item, |place, part| &place[part]);
    let Value::Object(members) = holder else { return String::new() };
    members.get(last).map_or_else(String::new, |value| shown(members, last, value))
}

/// A value for people: times as dates, amounts with their currency.
fn shown(beside: &Map<String, Value>, name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if name.ends_with("_at") => {
            let time = number.as_i64().and_then(|millis| Timestamp::from_millisecond(millis).ok());
            time.map_or_else(|| number.to_string(), |time| time.strftime("%F %T").to_string())
        }
        Value::Number(number) if name == "amount" => {
            let code = beside.get("currency").and_then(Value::as_str);
            let currency = code.and_then(|code| code.parse::<Currency>().ok());
            match (number.as_i64(), currency) {
                (Some(amount), Some(currency)) => money::show(amount, currency),
                _ => number.to_string(),
            }
        }
        other => other.to_string(),
    }
}

/// The members of an object, those of objects inside it too.
fn flatten(members: &Map<String, Value>, below: &str, into: &mut Vec<(String, String)>) {
    for (name, value) in members {
        let full = format!("{below}{name}");
        match value {
            Value::Object(inner) if !inner.is_empty() => flatten(inner, &format!("{full}."), into),
            _ => into.push((full, shown(members, name, value))),
        }
    }
}

fn lines(members: &Map<String, Value>) -> String {
    let mut flat = Vec::new();
    flatten(members, "", &mut flat);
    let width = flat.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line =
        |(name, text): (String, String)| format!("{name:<width$}  {text}").trim_end().to_owned() + "\n";
    flat.into_iter().map(line).collect()
}

/// At most `width` characters; a cut is marked.
fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_with_dates_and_amounts_in_major_units() {
        let list = json!({"items": [
            {"amount": 490, "created_at": 1_775_514_585_000_i64, "currency": "USD", "key": "rwrd_1", "trigger": null},
            {"amount": 120, "created_at": 1_775_514_586_000_i64, "currency": "JPY", "key": "rwrd_22", "trigger": null}
        ], "has_more": false});
        assert_eq!(
            text(&list, None, 100),
            "key      amount    created_at           currency\n\
             rwrd_1   4.90 USD  2026-04-06 22:29:45  USD\n\
             rwrd_22  120 JPY   2026-04-06 22:29:46  JPY\n"
        );
    }

    #[test]
    fn a_narrow_table_leaves_out_the_last_columns_and_chosen_ones_are_all_shown() {
        let list =
            json!({"items": [{"key": "cus_1", "customer": {"email": "ada@site.example"}, "name": "Ada"}]});
        assert_eq!(text(&list, None, 8), "key\ncus_1\n");
        assert_eq!(
            text(&list, Some("name, customer.email"), 8),
            "name  customer.email\nAda   ada@site.example\n"
        );
    }

    #[test]
    fn one_object_is_a_line_for_each_member() {
        let one = json!({"key": "cus_1", "name": null, "group": {"key": "grup_1"}});
        assert_eq!(text(&one, None, 80), "group.key  grup_1\nkey        cus_1\nname\n");
    }

    #[test]
    fn text_that_would_move_the_cursor_is_shown_as_spaces() {
        assert_eq!(cut("a\x1b[2Jb", 20), "a [2Jb");
    }
}

//! The JSON schema of rules, made from the tables that rules are compiled by.

use headwater_protocol::limits::{RULE_DEPTH_MAX, RULE_LEAVES_MAX, RULE_VALUES_MAX};
use headwater_protocol::v2::{Operator, ProductStatus};
use serde_json::{Map, Value, json};

use super::field::{self, ValueKind};
use super::object::Object;
use super::test::{DAYS_MAX, allowed, wire_name};
use crate::window;

/// The JSON schema (2020-12) of a trigger's `rules`. What it refuses does not compile. What it accepts may still be
/// refused for what a schema cannot say well: depth and number of rules, an object the event does not know, a leaf
/// outside `where` without `object`.
pub fn schema() -> Value {
    let mut defs = Map::new();
    let mut nodes = vec![
        json!({"$ref": "#/$defs/all"}),
        json!({"$ref": "#/$defs/any"}),
        json!({"$ref": "#/$defs/where"}),
    ];
    for object in Object::ALL {
        nodes.push(json!({"$ref": format!("#/$defs/{}", object.name())}));
        defs.insert(object.name().to_owned(), leaf(object));
    }
    let list = |min: usize| json!({"type": "array", "items": {"$ref": "#/$defs/rule"}, "minItems": min});
    let only = |name: &str, value: Value| json!({"type": "object", "properties": {name: value}, "required": [name], "additionalProperties": false});
    defs.insert("all".to_owned(), only("all", list(0)));
    defs.insert("any".to_owned(), only("any", list(1)));
    let scope = json!({
        "type": "object",
        "properties": {"object": {"enum": Object::ALL.map(Object::name)}, "rules": list(0)},
        "required": ["object", "rules"],
    });
    defs.insert("where".to_owned(), only("where", scope));
    defs.insert("rule".to_owned(), json!({"anyOf": nodes}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of a trigger",
        "description": format!(
            "At most {RULE_LEAVES_MAX} comparisons, nested at most {RULE_DEPTH_MAX} deep."
        ),
        "$ref": "#/$defs/rule",
        "$defs": defs,
    })
}

/// A comparison of one of an object's fields.
fn leaf(object: Object) -> Value {
    let mut fields: Vec<(Value, ValueKind)> =
        field::of(object).map(|(name, kind)| (json!({"const": name}), kind)).collect();
    if let Some(prefix) = field::members(object) {
        let pattern = format!("^{}.", prefix.replace('.', "\\."));
        fields.push((json!({"type": "string", "pattern": pattern}), ValueKind::Open));
    }
    let each = fields.into_iter().flat_map(|(field, kind)| {
        allowed(kind).iter().map(move |operator| {
            let mut properties = json!({
                "object": {"const": object.name()},
                "field": field,
                "operator": {"const": wire_name(*operator)},
            });
            properties["value"] = value(kind, *operator);
            let mut required = vec!["field", "operator"];
            if *operator != Operator::Exists {
                required.push("value");
            }
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
        })
    });
    json!({"anyOf": each.collect::<Vec<_>>()})
}

/// The schema of the value that an operator compares a field of this kind with.
fn value(kind: ValueKind, operator: Operator) -> Value {
    let number = json!({"type": "number"});
    match operator {
        Operator::Is | Operator::IsNot => single(kind),
        Operator::IsAnyOf | Operator::IsNoneOf => {
            json!({"type": "array", "items": single(kind), "minItems": 1, "maxItems": RULE_VALUES_MAX})
        }
        Operator::Contains | Operator::StartsWith => json!({"type": "string", "minLength": 1}),
        Operator::GreaterThan | Operator::LessThan => number,
        Operator::Between => json!({"type": "array", "items": number, "minItems": 2, "maxItems": 2}),
        Operator::OlderThan | Operator::NewerThan => {
            json!({"type": "integer", "minimum": 0, "maximum": DAYS_MAX, "description": "days"})
        }
        Operator::Within => json!({"type": "string", "pattern": window::PATTERN}),
        Operator::Exists => json!({"type": ["boolean", "null"]}),
    }
}

fn single(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Text | ValueKind::Texts => json!({"type": "string"}),
        ValueKind::Choice => {
            let known = [ProductStatus::Trial, ProductStatus::Active, ProductStatus::Churned]
                .map(ProductStatus::name);
            json!({"type": "string", "pattern": format!("^(?i:{})$", known.join("|")), "examples": known})
        }
        ValueKind::Currency => json!({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
        ValueKind::Number => json!({"type": "number"}),
        ValueKind::Flag => json!({"type": "boolean"}),
        ValueKind::Open => json!({"type": ["string", "number", "boolean"]}),
        // Times take no operator that compares with a single value.
        ValueKind::Time => json!(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{field, schema};
    use crate::rule::compile;
    use crate::rule::object::Object;
    use headwater_protocol::v2::Rule;
    use serde_json::{Value, json};

    /// A value that the schema accepts.
    fn example(of: &Value) -> Value {
        if let Some(value) = of.get("const").or_else(|| of["examples"].get(0)) {
            return value.clone();
        }
        match (of["type"].as_str(), of["pattern"].as_str()) {
            (Some("array"), _) => {
                let count = of["minItems"].as_u64().unwrap_or(1);
                (0..count).map(|_| example(&of["items"])).collect()
            }
            (_, Some("^[A-Za-z]{3}$")) => json!("eur"),
            (_, Some(pattern)) if pattern.contains("rolling") => json!("previous_quarter"),
            (_, Some(pattern)) => json!(pattern.replace(['^', '\\'], "").replace("..", ".plan")),
            (Some("number" | "integer"), _) => json!(7),
            (Some("boolean"), _) => json!(true),
            (Some("string"), _) => json!("Inbox"),
            _ => example(&json!({"type": of["type"][0]})),
        }
    }

    #[test]
    fn what_the_schema_accepts_compiles_and_it_names_every_field_and_no_other_operator() {
        let schema = schema();
        let mut leaves = 0;
        for object in Object::ALL {
            let known = schema["$defs"][object.name()]["anyOf"].as_array().unwrap();
            for (name, _) in field::of(object) {
                let named = known.iter().filter(|leaf| leaf["properties"]["field"]["const"] == name);
                assert!(named.count() >= 3, "{} {name}", object.name());
            }
            let all: Vec<_> =
                schema["$defs"]["product"]["anyOf"].as_array().unwrap().iter().chain(known).collect();
            let operators = all.iter().map(|leaf| leaf["properties"]["operator"]["const"].clone());
            let operators: Vec<_> = operators.collect();
            for leaf in known {
                let parts = &leaf["properties"];
                let mut made: Value = ["object", "field", "operator", "value"]
                    .iter()
                    .map(|name| ((*name).to_owned(), example(&parts[name])))
                    .collect::<serde_json::Map<_, _>>()
                    .into();
                let rule: Rule = serde_json::from_value(made.clone()).unwrap();
                for event in object.events() {
                    let compiled = compile(&rule, *event);
                    assert!(compiled.is_ok(), "{made}: {compiled:?}");
                }
                let same = |other: &Value| other["properties"]["field"] == parts["field"];
                let takes = |operator: &Value| {
                    let mut those = known.iter().filter(|other| same(other));
                    those.any(|other| other["properties"]["operator"]["const"] == *operator)
                };
                for operator in operators.iter().filter(|operator| !takes(operator)) {
                    made["operator"] = operator.clone();
                    let rule: Rule = serde_json::from_value(made.clone()).unwrap();
                    let refused = compile(&rule, object.events()[0]).unwrap_err();
                    assert_eq!(refused.field, "rules.operator", "{made}");
                }
                leaves += 1;
            }
        }
        assert!(leaves > 150, "{leaves}");
    }
}

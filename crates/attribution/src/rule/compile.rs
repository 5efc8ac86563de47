//! From the wire's rule tree to typed checks. What a rule may say is decided here, with an error that names the
//! place in the tree and what is allowed.

use protocol::v2::{Operator, ProductStatus, Rule, RuleLeaf};
use protocol::{Currency, FieldError, limits};
use serde_json::Value;

use super::check::Check;
use super::{Compiled, Field, Leaf, Node, Object};
use crate::window::Window;

/// What kind of value a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Status,
    CurrencyCode,
    Number,
    Time,
}

/// Compiles a tree.
pub fn compile(rule: &Rule) -> Result<Compiled, FieldError> {
    let mut compiler = Compiler { leaves: 0 };
    let root = compiler.node(rule, None, "rules", 0)?;
    Ok(Compiled { root })
}

struct Compiler {
    leaves: usize,
}

impl Compiler {
    fn node(
        &mut self,
        rule: &Rule,
        scope: Option<Object>,
        path: &str,
        depth: usize,
    ) -> Result<Node, FieldError> {
        if depth >= limits::RULE_DEPTH_MAX {
            let max = limits::RULE_DEPTH_MAX;
            return Err(FieldError::new("out_of_range", path, format!("{path}: rules may nest {max} deep")));
        }
        match rule {
            Rule::All(rules) => Ok(Node::All(self.nodes(rules, scope, &format!("{path}.all"), depth)?)),
            Rule::Any(rules) => Ok(Node::Any(self.nodes(rules, scope, &format!("{path}.any"), depth)?)),
            Rule::Where(inner) => {
                let object = object(&inner.object, &format!("{path}.where.object"))?;
                let nodes = self.nodes(&inner.rules, Some(object), &format!("{path}.where.rules"), depth)?;
                // There is one transaction, one customer and one partnership: only products need the scope.
                Ok(if object == Object::Product { Node::OneProduct(nodes) } else { Node::All(nodes) })
            }
            Rule::Leaf(leaf) => {
                self.leaves += 1;
                if self.leaves > limits::RULE_LEAVES_MAX {
                    let max = limits::RULE_LEAVES_MAX;
                    return Err(FieldError::new(
                        "out_of_range",
                        path,
                        format!("{path}: a trigger may have {max} rules"),
                    ));
                }
                compile_leaf(leaf, scope, path).map(Node::Leaf)
            }
        }
    }

    fn nodes(
        &mut self,
        rules: &[Rule],
        scope: Option<Object>,
        path: &str,
        depth: usize,
    ) -> Result<Vec<Node>, FieldError> {
        rules
            .iter()
            .enumerate()
            .map(|(at, rule)| self.node(rule, scope, &format!("{path}[{at}]"), depth + 1))
            .collect()
    }
}

fn object(name: &str, path: &str) -> Result<Object, FieldError> {
    Ok(match name {
        "product" => Object::Product,
        "transaction" => Object::Transaction,
        "customer" => Object::Customer,
        "partnership" => Object::Partnership,
        _ => {
            let message =
                format!("{path} must be one of product, transaction, customer, partnership, got '{name}'");
            return Err(FieldError::new("invalid_value", path, message));
        }
    })
}

fn compile_leaf(leaf: &RuleLeaf, scope: Option<Object>, path: &str) -> Result<Leaf, FieldError> {
    let object = match (&leaf.object, scope) {
        (Some(name), _) => object(name, &format!("{path}.object"))?,
        (None, Some(scope)) => scope,
        (None, None) => return Err(FieldError::required(&format!("{path}.object"))),
    };
    let (field, kind) = field(object, &leaf.field, &format!("{path}.field"))?;
    let check = check(kind, leaf.operator, &leaf.value, &format!("{path}.value"))?;
    let word = match object {
        Object::Product => "product",
        Object::Transaction => "transaction",
        Object::Customer => "customer",
        Object::Partnership => "partnership",
    };
    Ok(Leaf { object, name: format!("{word}.{}", leaf.field), field, check })
}

fn field(object: Object, name: &str, path: &str) -> Result<(Field, Kind), FieldError> {
    let allowed = match (object, name) {
        (Object::Product, "name") => return Ok((Field::ProductName, Kind::Text)),
        (Object::Product, "product_book_key") => return Ok((Field::ProductBookKey, Kind::Text)),
        (Object::Product, "status") => return Ok((Field::ProductStatus, Kind::Status)),
        (Object::Product, "created") => return Ok((Field::ProductCreated, Kind::Time)),
        (Object::Product, _) => "name, product_book_key, status, created",
        (Object::Transaction, "amount") => return Ok((Field::Amount, Kind::Number)),
        (Object::Transaction, "currency") => return Ok((Field::Currency, Kind::CurrencyCode)),
        (Object::Transaction, "category_key") => return Ok((Field::CategoryKey, Kind::Text)),
        (Object::Transaction, "product_key") => return Ok((Field::ProductKey, Kind::Text)),
        (Object::Transaction, "created") => return Ok((Field::TransactionCreated, Kind::Time)),
        (Object::Transaction, other) => match other.strip_prefix("metadata.") {
            Some(entry) if !entry.is_empty() => return Ok((Field::Metadata(entry.to_owned()), Kind::Text)),
            _ => "amount, currency, category_key, product_key, created, metadata.<name>",
        },
        (Object::Customer, "created") => return Ok((Field::CustomerCreated, Kind::Time)),
        (Object::Customer, "transactions") => return Ok((Field::CustomerTransactions, Kind::Number)),
        (Object::Customer, "test") => return Ok((Field::CustomerTest, Kind::Text)),
        (Object::Customer, _) => "created, transactions, test",
        (Object::Partnership, "group") => return Ok((Field::Group, Kind::Text)),
        (Object::Partnership, "tags") => return Ok((Field::Tags, Kind::Text)),
        (Object::Partnership, "joined") => return Ok((Field::Joined, Kind::Time)),
        (Object::Partnership, _) => "group, tags, joined",
    };
    Err(FieldError::new("invalid_value", path, format!("{path} must be one of {allowed}, got '{name}'")))
}

fn check(kind: Kind, operator: Operator, value: &Value, path: &str) -> Result<Check, FieldError> {
    let refuse = |allowed: &str| {
        let field = path.replace(".value", ".operator");
        Err(FieldError::new(
            "invalid_value",
            &field,
            format!("{field} must be one of {allowed} for this field"),
        ))
    };
    match (kind, operator) {
        (_, Operator::Exists) => Ok(Check::Exists),
        (Kind::Number, Operator::Is | Operator::IsAnyOf) => Ok(Check::NumberAnyOf(numbers(value, path)?)),
        (Kind::Number, Operator::IsNot | Operator::IsNoneOf) => {
            Ok(Check::NumberNoneOf(numbers(value, path)?))
        }
        (Kind::Number, Operator::GreaterThan) => number(value, path).map(Check::Greater),
        (Kind::Number, Operator::LessThan) => number(value, path).map(Check::Less),
        (Kind::Number, Operator::Between) => match numbers(value, path)?.as_slice() {
            [low, high] if low <= high => Ok(Check::Between(*low, *high)),
            _ => Err(FieldError::new(
                "invalid_value",
                path,
                format!("{path} must be [low, high] with low at most high"),
            )),
        },
        (Kind::Number, _) => {
            refuse("is, is_not, is_any_of, is_none_of, greater_than, less_than, between, exists")
        }
        (Kind::Time, Operator::OlderThan) => Ok(Check::OlderThan { days: days(value, path)? }),
        (Kind::Time, Operator::NewerThan) => Ok(Check::NewerThan { days: days(value, path)? }),
        (Kind::Time, Operator::Is | Operator::Within) => {
            let name = value.as_str().unwrap_or_default();
            let window = Window::parse(name).ok_or_else(|| {
                let message = format!("{path} must be current_ or previous_ day, week, month, quarter or year, or rolling_N_days, got {value}");
                FieldError::new("invalid_value", path, message)
            })?;
            Ok(Check::Within(name.to_owned(), window))
        }
        (Kind::Time, _) => refuse("within, older_than, newer_than, exists"),
        (_, Operator::Is | Operator::IsAnyOf) => Ok(Check::AnyOf(texts(kind, value, path)?)),
        (_, Operator::IsNot | Operator::IsNoneOf) => Ok(Check::NoneOf(texts(kind, value, path)?)),
        (Kind::Text, Operator::Contains) => text(value, path).map(Check::Contains),
        (Kind::Text, Operator::StartsWith) => text(value, path).map(Check::StartsWith),
        (Kind::Text, _) => refuse("is, is_not, is_any_of, is_none_of, contains, starts_with, exists"),
        (Kind::Status | Kind::CurrencyCode, _) => refuse("is, is_not, is_any_of, is_none_of, exists"),
    }
}

fn list<'v>(value: &'v Value, path: &str) -> Result<&'v [Value], FieldError> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if values.is_empty() || values.len() > limits::RULE_VALUES_MAX {
        let max = limits::RULE_VALUES_MAX;
        return Err(FieldError::new(
            "out_of_range",
            path,
            format!("{path} must hold 1 to {max} values, got {}", values.len()),
        ));
    }
    Ok(values)
}

fn texts(kind: Kind, value: &Value, path: &str) -> Result<Vec<String>, FieldError> {
    list(value, path)?
        .iter()
        .map(|value| {
            let given = text(value, path)?;
            match kind {
                // The dashboard writes "Active", the API "active".
                Kind::Status => ProductStatus::from_name(&given.to_ascii_lowercase())
                    .map(|status| status.name().to_owned())
                    .ok_or_else(|| {
                        FieldError::new(
                            "invalid_value",
                            path,
                            format!("{path} must be trial, active or churned, got '{given}'"),
                        )
                    }),
                Kind::CurrencyCode => given
                    .parse::<Currency>()
                    .map(|currency| currency.code().to_owned())
                    .map_err(|error| FieldError { field: path.to_owned(), ..error }),
                _ => Ok(given),
            }
        })
        .collect()
}

fn text(value: &Value, path: &str) -> Result<String, FieldError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(FieldError::new("wrong_type", path, format!("{path} must be text, got {other}"))),
    }
}

fn numbers(value: &Value, path: &str) -> Result<Vec<i64>, FieldError> {
    list(value, path)?.iter().map(|value| number(value, path)).collect()
}

fn number(value: &Value, path: &str) -> Result<i64, FieldError> {
    value
        .as_i64()
        .ok_or_else(|| FieldError::new("wrong_type", path, format!("{path} must be an integer, got {value}")))
}

fn days(value: &Value, path: &str) -> Result<i64, FieldError> {
    let days = number(value, path)?;
    let message = format!("{path} must be 1 to 36500 days, got {days}");
    (1..=36_500).contains(&days).then_some(days).ok_or_else(|| FieldError::new("out_of_range", path, message))
}

//! Operators with their values, checked against the field's type.

use headwater_protocol::field::FieldError;
use headwater_protocol::limits::RULE_VALUES_MAX;
use headwater_protocol::v2::{Operator, ProductStatus, RuleLeaf};
use headwater_protocol::{Currency, Millis};
use rust_decimal::Decimal;
use serde_json::Value;

use super::field::{Field, FieldValue, ValueKind, number};
use crate::window::{self, Window};

/// Days that `older_than` and `newer_than` accept: a century.
pub(super) const DAYS_MAX: i64 = 36_525;

/// One comparison, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Comparison {
    AnyOf(Vec<Operand>),
    NoneOf(Vec<Operand>),
    Contains(String),
    StartsWith(String),
    Greater(Decimal),
    Less(Decimal),
    Between(Decimal, Decimal),
    /// Milliseconds.
    Older(i64),
    /// Milliseconds.
    Newer(i64),
    Within(Window),
    Exists(bool),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Number(Decimal),
    Flag(bool),
}

impl Operand {
    fn equals(&self, seen: &FieldValue<'_>) -> bool {
        match (self, seen) {
            (Self::Text(wanted), FieldValue::Text(text)) => wanted == text,
            (Self::Text(wanted), FieldValue::Texts(texts)) => texts.contains(&wanted.as_str()),
            (Self::Number(wanted), FieldValue::Number(number)) => wanted == number,
            (Self::Flag(wanted), FieldValue::Flag(flag)) => wanted == flag,
            // Sites store numbers as text, and texts as numbers, so both forms of one number are equal.
            (Self::Number(wanted), FieldValue::Text(text)) => text.parse() == Ok(*wanted),
            (Self::Text(wanted), FieldValue::Number(number)) => wanted.parse() == Ok(*number),
            _ => false,
        }
    }
}

/// Operators a kind of field takes.
pub(super) fn allowed(kind: ValueKind) -> &'static [Operator] {
    use Operator as Op;
    match kind {
        ValueKind::Text => {
            &[Op::Is, Op::IsNot, Op::IsAnyOf, Op::IsNoneOf, Op::Contains, Op::StartsWith, Op::Exists]
        }
        ValueKind::Choice | ValueKind::Currency | ValueKind::Texts => {
            &[Op::Is, Op::IsNot, Op::IsAnyOf, Op::IsNoneOf, Op::Exists]
        }
        ValueKind::Number => &[
            Op::Is,
            Op::IsNot,
            Op::IsAnyOf,
            Op::IsNoneOf,
            Op::GreaterThan,
            Op::LessThan,
            Op::Between,
            Op::Exists,
        ],
        ValueKind::Time => &[Op::OlderThan, Op::NewerThan, Op::Within, Op::Exists],
        ValueKind::Flag => &[Op::Is, Op::IsNot, Op::Exists],
        ValueKind::Open => &[
            Op::Is,
            Op::IsNot,
            Op::IsAnyOf,
            Op::IsNoneOf,
            Op::Contains,
            Op::StartsWith,
            Op::GreaterThan,
            Op::LessThan,
            Op::Between,
            Op::Exists,
        ],
    }
}

pub(super) fn wire_name(operator: Operator) -> String {
    serde_json::to_value(operator).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Comparison {
    /// Checks operator and value of a leaf at `path`.
    pub(super) fn compile(field: &Field, leaf: &RuleLeaf, path: &str) -> Result<Self, FieldError> {
        let kind = field.kind;
        if !allowed(kind).contains(&leaf.operator) {
            let names: Vec<_> = allowed(kind).iter().map(|operator| wire_name(*operator)).collect();
            let message = format!(
                "operator of {} must be {}, got '{}'",
                leaf.field,
                names.join(", "),
                wire_name(leaf.operator)
            );
            return Err(FieldError::new("unknown_operator", &format!("{path}.operator"), message));
        }
        let reader = OperandReader { kind, path: format!("{path}.value") };
        let value = &leaf.value;
        Ok(match leaf.operator {
            Operator::Is => Self::AnyOf(vec![reader.operand(value)?]),
            Operator::IsNot => Self::NoneOf(vec![reader.operand(value)?]),
            Operator::IsAnyOf => Self::AnyOf(reader.operands(value)?),
            Operator::IsNoneOf => Self::NoneOf(reader.operands(value)?),
            Operator::Contains => Self::Contains(reader.text(value)?),
            Operator::StartsWith => Self::StartsWith(reader.text(value)?),
            Operator::GreaterThan => Self::Greater(reader.number(value)?),
            Operator::LessThan => Self::Less(reader.number(value)?),
            Operator::Between => reader.between(value)?,
            Operator::OlderThan => Self::Older(reader.days(value)?),
            Operator::NewerThan => Self::Newer(reader.days(value)?),
            Operator::Within => Self::Within(reader.window(value)?),
            Operator::Exists => Self::Exists(match value {
                Value::Null => true,
                Value::Bool(flag) => *flag,
                _ => return Err(reader.wrong("true, false or left out", value)),
            }),
        })
    }

    /// Whether a value passes. One that is absent passes «is not», «is none of» and «exists: false» only.
    pub(super) fn holds(&self, seen: &FieldValue<'_>, now: Millis) -> bool {
        let seen_number = || match seen {
            FieldValue::Number(number) => Some(*number),
            FieldValue::Text(text) => text.parse().ok(),
            _ => None,
        };
        let seen_age = || if let FieldValue::Time(time) = seen { Some(now.since(*time)) } else { None };
        match self {
            Self::AnyOf(wanted) => wanted.iter().any(|operand| operand.equals(seen)),
            Self::NoneOf(wanted) => !wanted.iter().any(|operand| operand.equals(seen)),
            Self::Contains(part) => matches!(seen, FieldValue::Text(text) if text.contains(part)),
            Self::StartsWith(part) => matches!(seen, FieldValue::Text(text) if text.starts_with(part)),
            Self::Greater(bound) => seen_number().is_some_and(|number| number > *bound),
            Self::Less(bound) => seen_number().is_some_and(|number| number < *bound),
            Self::Between(low, high) => seen_number().is_some_and(|number| (low..=high).contains(&&number)),
            Self::Older(span) => seen_age().is_some_and(|age| age > *span),
            Self::Newer(span) => seen_age().is_some_and(|age| age < *span),
            Self::Within(window) => matches!(seen, FieldValue::Time(time) if window.holds(*time, now)),
            Self::Exists(wanted) => (*seen != FieldValue::Absent) == *wanted,
        }
    }
}

/// Reads a leaf's value as its field's type.
struct OperandReader {
    kind: ValueKind,
    path: String,
}

impl OperandReader {
    fn wrong(&self, expected: &str, got: &Value) -> FieldError {
        let got: String = got.to_string().chars().take(80).collect();
        FieldError::new("wrong_value", &self.path, format!("value must be {expected}, got {got}"))
    }

    fn operand(&self, value: &Value) -> Result<Operand, FieldError> {
        match (self.kind, value) {
            (ValueKind::Text | ValueKind::Texts | ValueKind::Open, Value::String(text)) => {
                Ok(Operand::Text(text.clone()))
            }
            (ValueKind::Choice, Value::String(text)) => ProductStatus::from_name(&text.to_ascii_lowercase())
                .map(|status| Operand::Text(status.name().to_owned()))
                .ok_or_else(|| self.wrong("trial, active or churned", value)),
            (ValueKind::Currency, Value::String(text)) => text
                .parse::<Currency>()
                .map(|currency| Operand::Text(currency.code().to_owned()))
                .map_err(|_| self.wrong("an ISO 4217 code such as USD", value)),
            (ValueKind::Number | ValueKind::Open, Value::Number(_)) => {
                self.number(value).map(Operand::Number)
            }
            (ValueKind::Flag | ValueKind::Open, Value::Bool(flag)) => Ok(Operand::Flag(*flag)),
            (ValueKind::Choice, _) => Err(self.wrong("trial, active or churned", value)),
            (ValueKind::Number, _) => Err(self.wrong("a number", value)),
            (ValueKind::Flag, _) => Err(self.wrong("true or false", value)),
            _ => Err(self.wrong("text", value)),
        }
    }

    fn operands(&self, value: &Value) -> Result<Vec<Operand>, FieldError> {
        let Value::Array(values) = value else { return Err(self.wrong("a list", value)) };
        if !(1..=RULE_VALUES_MAX).contains(&values.len()) {
            let message = format!("value must have 1 to {RULE_VALUES_MAX} entries, got {}", values.len());
            return Err(FieldError::new("out_of_range", &self.path, message));
        }
        let one = |(at, value)| Self { kind: self.kind, path: format!("{}[{at}]", self.path) }.operand(value);
        values.iter().enumerate().map(one).collect()
    }

    fn text(&self, value: &Value) -> Result<String, FieldError> {
        let text = value.as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.wrong("text that is not empty", value))
    }

    fn number(&self, value: &Value) -> Result<Decimal, FieldError> {
        number(value).ok_or_else(|| self.wrong("a number", value))
    }

    fn between(&self, value: &Value) -> Result<Comparison, FieldError> {
        let bounds = match value.as_array().map(Vec::as_slice) {
            Some([low, high]) => (self.number(low)?, self.number(high)?),
            _ => return Err(self.wrong("a list of two numbers, [low, high]", value)),
        };
        if bounds.0 > bounds.1 {
            return Err(self.wrong("[low, high] with low not above high", value));
        }
        Ok(Comparison::Between(bounds.0, bounds.1))
    }

    /// Days, as milliseconds.
    fn days(&self, value: &Value) -> Result<i64, FieldError> {
        let days = value.as_i64().filter(|days| (0..=DAYS_MAX).contains(days));
        days.map(|days| days * Millis::DAY)
            .ok_or_else(|| self.wrong(&format!("a whole number of days from 0 to {DAYS_MAX}"), value))
    }

    fn window(&self, value: &Value) -> Result<Window, FieldError> {
        let window = value.as_str().and_then(|name| Window::parse(&name.to_ascii_lowercase()));
        window.ok_or_else(|| self.wrong(window::ALLOWED, value))
    }
}

//! The fields rules may name, their types, and how each is read from the facts.

use headwater_protocol::Millis;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::object::Object;
use crate::facts::{Facts, PartnershipFacts, ProductFacts, RecordFacts};

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) object: Object,
    pub(super) kind: ValueKind,
    name: FieldName,
}

/// What a field is, apart from its object: several objects have a name in common.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FieldName {
    Created,
    /// Whole days since `created`.
    Age,
    Status,
    Name,
    Key,
    BookKey,
    Amount,
    Currency,
    CategoryKey,
    ProductKey,
    /// A member of the object's own map.
    Member(String),
    TotalRevenue,
    TransactionCount,
    Test,
    Group,
    Tags,
    Tier,
    Kind,
    Value,
    Slug,
    Dest,
}

/// Every field but members of maps: object, name on the wire, field, kind.
const FIELDS: &[(Object, &str, FieldName, ValueKind)] = &[
    (Object::Product, "name", FieldName::Name, ValueKind::Text),
    (Object::Product, "status", FieldName::Status, ValueKind::Choice),
    (Object::Product, "created", FieldName::Created, ValueKind::Time),
    (Object::Product, "product_book_key", FieldName::BookKey, ValueKind::Text),
    (Object::Transaction, "amount", FieldName::Amount, ValueKind::Number),
    (Object::Transaction, "currency", FieldName::Currency, ValueKind::Currency),
    (Object::Transaction, "category_key", FieldName::CategoryKey, ValueKind::Text),
    (Object::Transaction, "product_key", FieldName::ProductKey, ValueKind::Text),
    (Object::Transaction, "created", FieldName::Created, ValueKind::Time),
    (Object::Customer, "created", FieldName::Created, ValueKind::Time),
    (Object::Customer, "age", FieldName::Age, ValueKind::Number),
    (Object::Customer, "total_revenue", FieldName::TotalRevenue, ValueKind::Number),
    (Object::Customer, "transaction_count", FieldName::TransactionCount, ValueKind::Number),
    (Object::Customer, "test", FieldName::Test, ValueKind::Flag),
    (Object::Partnership, "group", FieldName::Group, ValueKind::Texts),
    (Object::Partnership, "tags", FieldName::Tags, ValueKind::Texts),
    (Object::Partnership, "tier", FieldName::Tier, ValueKind::Texts),
    (Object::Partnership, "created", FieldName::Created, ValueKind::Time),
    (Object::Partnership, "age", FieldName::Age, ValueKind::Number),
    (Object::Action, "type", FieldName::Kind, ValueKind::Text),
    (Object::Action, "value", FieldName::Value, ValueKind::Number),
    (Object::Action, "created", FieldName::Created, ValueKind::Time),
    (Object::Deal, "stage", FieldName::Status, ValueKind::Text),
    (Object::Deal, "amount", FieldName::Amount, ValueKind::Number),
    (Object::Deal, "currency", FieldName::Currency, ValueKind::Currency),
    (Object::Deal, "created", FieldName::Created, ValueKind::Time),
    (Object::Lead, "status", FieldName::Status, ValueKind::Text),
    (Object::Lead, "amount", FieldName::Amount, ValueKind::Number),
    (Object::Lead, "created", FieldName::Created, ValueKind::Time),
    (Object::Link, "key", FieldName::Key, ValueKind::Text),
    (Object::Link, "slug", FieldName::Slug, ValueKind::Text),
    (Object::Link, "dest", FieldName::Dest, ValueKind::Text),
];

/// What kind of values a field has; decides which operators it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// Text, compared exactly.
    Text,
    /// One of a few words, compared in any case.
    Choice,
    Currency,
    Number,
    Time,
    Flag,
    /// Several texts: a comparison holds when it holds for one.
    Texts,
    /// Text or number, as the site kept it.
    Open,
}

/// A value as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldValue<'a> {
    Absent,
    Text(&'a str),
    Number(Decimal),
    Time(Millis),
    Flag(bool),
    Texts(Vec<&'a str>),
}

/// The prefix of the members of an object's map, as `metadata.`.
pub(super) fn members(object: Object) -> Option<&'static str> {
    match object {
        Object::Transaction => Some("metadata."),
        Object::Customer | Object::Deal | Object::Lead => Some("fields."),
        _ => None,
    }
}

/// The names and kinds of an object's fields, without members of its map.
pub(super) fn of(object: Object) -> impl Iterator<Item = (&'static str, ValueKind)> {
    FIELDS.iter().filter(move |(of, ..)| *of == object).map(|(_, name, _, kind)| (*name, *kind))
}

/// The names of an object's fields, for messages.
pub(super) fn names(object: Object) -> String {
    let mut names: Vec<String> = of(object).map(|(name, _)| name.to_owned()).collect();
    names.extend(members(object).map(|prefix| format!("{prefix}NAME")));
    let last = names.pop().unwrap_or_default();
    format!("{} or {last}", names.join(", "))
}

impl Field {
    pub(super) fn parse(object: Object, name: &str) -> Option<Self> {
        let named = FIELDS.iter().find(|(of, wire, ..)| (*of, *wire) == (object, name));
        if let Some((_, _, name, kind)) = named {
            return Some(Self { object, kind: *kind, name: name.clone() });
        }
        let member = name.strip_prefix(members(object)?).filter(|rest| !rest.is_empty())?;
        Some(Self { object, kind: ValueKind::Open, name: FieldName::Member(member.to_owned()) })
    }

    /// Whether it is a sum over the customer's payments.
    pub(super) fn is_history(&self) -> bool {
        matches!(self.name, FieldName::TotalRevenue | FieldName::TransactionCount)
    }

    /// Reads the field; it is absent if its record is.
    pub(super) fn read<'a>(
        &self,
        facts: &'a Facts,
        product: Option<&'a ProductFacts>,
        now: Millis,
    ) -> FieldValue<'a> {
        match self.object {
            Object::Product => product.and_then(|product| self.of_product(product)),
            Object::Transaction => self.of_transaction(facts),
            Object::Customer => self.of_customer(facts, now),
            Object::Partnership => self.of_partnership(&facts.partnership, now),
            Object::Action | Object::Deal | Object::Lead | Object::Link => {
                facts.record.as_ref().and_then(|record| self.of_record(record))
            }
        }
        .unwrap_or(FieldValue::Absent)
    }

    fn of_product<'a>(&self, product: &'a ProductFacts) -> Option<FieldValue<'a>> {
        Some(match self.name {
            FieldName::Created => FieldValue::Time(product.created_at),
            FieldName::Status => FieldValue::Text(product.status.name()),
            FieldName::Name => FieldValue::Text(&product.name),
            FieldName::BookKey => FieldValue::Text(&product.product_book_key),
            _ => return None,
        })
    }

    fn of_transaction<'a>(&self, facts: &'a Facts) -> Option<FieldValue<'a>> {
        let transaction = facts.transaction.as_ref()?;
        Some(match &self.name {
            FieldName::Amount => FieldValue::Number(transaction.amount.into()),
            FieldName::Currency => FieldValue::Text(transaction.currency.code()),
            FieldName::CategoryKey => FieldValue::Text(transaction.category_key.as_deref()?),
            FieldName::ProductKey => FieldValue::Text(transaction.product_key.as_deref()?),
            FieldName::Member(name) => open(transaction.metadata.get(name)?),
            FieldName::Created => FieldValue::Time(transaction.created_at),
            _ => return None,
        })
    }

    fn of_customer<'a>(&self, facts: &'a Facts, now: Millis) -> Option<FieldValue<'a>> {
        let customer = facts.customer.as_ref()?;
        Some(match &self.name {
            FieldName::Created => FieldValue::Time(customer.created_at),
            FieldName::Age => FieldValue::Number(days(customer.created_at, now)),
            FieldName::Member(name) => open(customer.fields.get(name)?),
            FieldName::TotalRevenue => FieldValue::Number(customer.total_revenue.into()),
            FieldName::TransactionCount => FieldValue::Number(customer.transaction_count.into()),
            FieldName::Test => FieldValue::Flag(customer.test),
            _ => return None,
        })
    }

    fn of_partnership<'a>(&self, partner: &'a PartnershipFacts, now: Millis) -> Option<FieldValue<'a>> {
        let both = |named: &'a Option<(String, String)>| {
            named.as_ref().map(|(key, name)| FieldValue::Texts(vec![key, name]))
        };
        match self.name {
            FieldName::Group => both(&partner.group),
            FieldName::Tier => both(&partner.tier),
            FieldName::Tags if partner.tags.is_empty() => None,
            FieldName::Tags => Some(FieldValue::Texts(partner.tags.iter().map(String::as_str).collect())),
            FieldName::Created => Some(FieldValue::Time(partner.created_at)),
            FieldName::Age => Some(FieldValue::Number(days(partner.created_at, now))),
            _ => None,
        }
    }

    fn of_record<'a>(&self, record: &'a RecordFacts) -> Option<FieldValue<'a>> {
        match (self.object, record) {
            (Object::Action, RecordFacts::Action(action)) => match self.name {
                FieldName::Kind => Some(FieldValue::Text(&action.kind)),
                FieldName::Value => Some(FieldValue::Number(action.value.into())),
                FieldName::Created => Some(FieldValue::Time(action.created_at)),
                _ => None,
            },
            (Object::Deal, RecordFacts::Deal(deal)) => match &self.name {
                FieldName::Status => deal.stage.as_deref().map(FieldValue::Text),
                FieldName::Amount => deal.amount.map(|amount| FieldValue::Number(amount.into())),
                FieldName::Currency => deal.currency.map(|currency| FieldValue::Text(currency.code())),
                FieldName::Member(name) => Some(open(deal.fields.get(name)?)),
                FieldName::Created => Some(FieldValue::Time(deal.created_at)),
                _ => None,
            },
            (Object::Lead, RecordFacts::Lead(lead)) => match &self.name {
                FieldName::Status => lead.status.as_deref().map(FieldValue::Text),
                FieldName::Amount => lead.amount.map(|amount| FieldValue::Number(amount.into())),
                FieldName::Member(name) => Some(open(lead.fields.get(name)?)),
                FieldName::Created => Some(FieldValue::Time(lead.created_at)),
                _ => None,
            },
            (Object::Link, RecordFacts::Link(link)) => match self.name {
                FieldName::Key => Some(FieldValue::Text(&link.key)),
                FieldName::Slug => Some(FieldValue::Text(&link.slug)),
                FieldName::Dest => Some(FieldValue::Text(&link.dest)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whole days from a moment to now.
fn days(since: Millis, now: Millis) -> Decimal {
    Decimal::from(now.since(since).div_euclid(Millis::DAY))
}

fn open(value: &Value) -> FieldValue<'_> {
    match value {
        Value::String(text) => FieldValue::Text(text),
        Value::Bool(flag) => FieldValue::Flag(*flag),
        Value::Number(_) => number(value).map_or(FieldValue::Absent, FieldValue::Number),
        Value::Null | Value::Array(_) | Value::Object(_) => FieldValue::Absent,
    }
}

/// A JSON number as a decimal, parsed from its text so that no float is involved.
pub(super) fn number(value: &Value) -> Option<Decimal> {
    let Value::Number(number) = value else { return None };
    let text = number.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

impl FieldValue<'_> {
    /// The value for an explanation.
    pub(super) fn show(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Text(text) => json!(text),
            Self::Number(number) => i64::try_from(*number)
                .ok()
                .filter(|whole| Decimal::from(*whole) == *number)
                .map_or_else(|| json!(number.to_string()), |whole| json!(whole)),
            Self::Time(time) => json!(time.0),
            Self::Flag(flag) => json!(flag),
            Self::Texts(texts) => json!(texts),
        }
    }
}

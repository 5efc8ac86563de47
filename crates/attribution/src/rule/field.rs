//! The fields rules may name, their types, and how each is read from the facts.

use headwater_protocol::Millis;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::facts::{Facts, ProductFacts};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Product,
    Transaction,
    Customer,
    Partnership,
}

impl Object {
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Product, Self::Transaction, Self::Customer, Self::Partnership]
            .into_iter()
            .find(|object| object.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Transaction => "transaction",
            Self::Customer => "customer",
            Self::Partnership => "partnership",
        }
    }

    /// The fields it has, for messages.
    pub(super) fn fields(self) -> &'static str {
        match self {
            Self::Product => "name, status, created or product_book_key",
            Self::Transaction => "amount, currency, category_key, product_key, metadata.NAME or created",
            Self::Customer => "created, fields.NAME, total_revenue, transaction_count or test",
            Self::Partnership => "group, tags or created",
        }
    }
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    ProductCreated,
    ProductStatus,
    ProductName,
    ProductBookKey,
    Amount,
    Currency,
    CategoryKey,
    ProductKey,
    Metadata(String),
    TransactionCreated,
    CustomerCreated,
    Custom(String),
    TotalRevenue,
    TransactionCount,
    CustomerTest,
    Group,
    Tags,
    PartnershipCreated,
}

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

impl Field {
    pub(super) fn parse(object: Object, name: &str) -> Option<Self> {
        let below =
            |prefix: &str| name.strip_prefix(prefix).filter(|rest| !rest.is_empty()).map(str::to_owned);
        match (object, name) {
            (Object::Product, "created") => Some(Self::ProductCreated),
            (Object::Product, "status") => Some(Self::ProductStatus),
            (Object::Product, "name") => Some(Self::ProductName),
            (Object::Product, "product_book_key") => Some(Self::ProductBookKey),
            (Object::Transaction, "amount") => Some(Self::Amount),
            (Object::Transaction, "currency") => Some(Self::Currency),
            (Object::Transaction, "category_key") => Some(Self::CategoryKey),
            (Object::Transaction, "product_key") => Some(Self::ProductKey),
            (Object::Transaction, "created") => Some(Self::TransactionCreated),
            (Object::Transaction, _) => below("metadata.").map(Self::Metadata),
            (Object::Customer, "created") => Some(Self::CustomerCreated),
            (Object::Customer, "total_revenue") => Some(Self::TotalRevenue),
            (Object::Customer, "transaction_count") => Some(Self::TransactionCount),
            (Object::Customer, "test") => Some(Self::CustomerTest),
            (Object::Customer, _) => below("fields.").map(Self::Custom),
            (Object::Partnership, "group") => Some(Self::Group),
            (Object::Partnership, "tags") => Some(Self::Tags),
            (Object::Partnership, "created") => Some(Self::PartnershipCreated),
            _ => None,
        }
    }

    pub(super) fn object(&self) -> Object {
        match self {
            Self::ProductCreated | Self::ProductStatus | Self::ProductName | Self::ProductBookKey => {
                Object::Product
            }
            Self::Amount
            | Self::Currency
            | Self::CategoryKey
            | Self::ProductKey
            | Self::Metadata(_)
            | Self::TransactionCreated => Object::Transaction,
            Self::CustomerCreated
            | Self::Custom(_)
            | Self::TotalRevenue
            | Self::TransactionCount
            | Self::CustomerTest => Object::Customer,
            Self::Group | Self::Tags | Self::PartnershipCreated => Object::Partnership,
        }
    }

    pub(super) fn kind(&self) -> ValueKind {
        match self {
            Self::ProductName | Self::ProductBookKey | Self::CategoryKey | Self::ProductKey => {
                ValueKind::Text
            }
            Self::ProductStatus => ValueKind::Choice,
            Self::Currency => ValueKind::Currency,
            Self::Amount | Self::TotalRevenue | Self::TransactionCount => ValueKind::Number,
            Self::ProductCreated
            | Self::TransactionCreated
            | Self::CustomerCreated
            | Self::PartnershipCreated => ValueKind::Time,
            Self::CustomerTest => ValueKind::Flag,
            Self::Group | Self::Tags => ValueKind::Texts,
            Self::Metadata(_) | Self::Custom(_) => ValueKind::Open,
        }
    }

    /// Whether it is a sum over the customer's payments.
    pub(super) fn is_history(&self) -> bool {
        matches!(self, Self::TotalRevenue | Self::TransactionCount)
    }

    /// Reads the field; it is absent if the product or the payment is.
    pub(super) fn read<'a>(&self, facts: &'a Facts, product: Option<&'a ProductFacts>) -> FieldValue<'a> {
        self.read_product(product)
            .or_else(|| self.read_transaction(facts))
            .or_else(|| self.read_people(facts))
            .unwrap_or(FieldValue::Absent)
    }

    fn read_product<'a>(&self, product: Option<&'a ProductFacts>) -> Option<FieldValue<'a>> {
        let product = product?;
        Some(match self {
            Self::ProductCreated => FieldValue::Time(product.created_at),
            Self::ProductStatus => FieldValue::Text(product.status.name()),
            Self::ProductName => FieldValue::Text(&product.name),
            Self::ProductBookKey => FieldValue::Text(&product.product_book_key),
            _ => return None,
        })
    }

    fn read_transaction<'a>(&self, facts: &'a Facts) -> Option<FieldValue<'a>> {
        let transaction = facts.transaction.as_ref()?;
        Some(match self {
            Self::Amount => FieldValue::Number(transaction.amount.into()),
            Self::Currency => FieldValue::Text(transaction.currency.code()),
            Self::CategoryKey => FieldValue::Text(transaction.category_key.as_deref()?),
            Self::ProductKey => FieldValue::Text(transaction.product_key.as_deref()?),
            Self::Metadata(name) => open(transaction.metadata.get(name)?),
            Self::TransactionCreated => FieldValue::Time(transaction.created_at),
            _ => return None,
        })
    }

    fn read_people<'a>(&self, facts: &'a Facts) -> Option<FieldValue<'a>> {
        let (customer, partnership) = (&facts.customer, &facts.partnership);
        Some(match self {
            Self::CustomerCreated => FieldValue::Time(customer.created_at),
            Self::Custom(name) => open(customer.fields.get(name)?),
            Self::TotalRevenue => FieldValue::Number(customer.total_revenue.into()),
            Self::TransactionCount => FieldValue::Number(customer.transaction_count.into()),
            Self::CustomerTest => FieldValue::Flag(customer.test),
            Self::Group => {
                let (key, slug) = partnership.group.as_ref()?;
                FieldValue::Texts(vec![key, slug])
            }
            Self::Tags if partnership.tags.is_empty() => FieldValue::Absent,
            Self::Tags => FieldValue::Texts(partnership.tags.iter().map(String::as_str).collect()),
            Self::PartnershipCreated => FieldValue::Time(partnership.created_at),
            _ => return None,
        })
    }
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

//! Rules: compiled once into typed checks, then held against facts.
//!
//! Source: triggers.md. `where` scopes its rules to one record: "Name is any of [Inbox], nested: Status is any
//! of [active]" holds when one product satisfies both. Without a linked product every product rule is false.

mod check;
mod compile;

use protocol::Millis;
use protocol::v2::ProductStatus;

use crate::facts::{Facts, ProductFacts};
use check::{Check, Seen};

pub use compile::compile;

/// A compiled tree of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    root: Node,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Product,
    Transaction,
    Customer,
    Partnership,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    /// Holds when one product satisfies all.
    OneProduct(Vec<Node>),
    Leaf(Leaf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Leaf {
    object: Object,
    /// The field's name, for explanations.
    name: String,
    field: Field,
    check: Check,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    ProductName,
    ProductBookKey,
    ProductStatus,
    ProductCreated,
    Amount,
    Currency,
    CategoryKey,
    ProductKey,
    Metadata(String),
    TransactionCreated,
    CustomerCreated,
    CustomerTransactions,
    CustomerTest,
    Group,
    Tags,
    Joined,
}

/// The first rule that failed, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// As `product.status`.
    pub rule: String,
    /// What was asked, as `is any of [active]`.
    pub wanted: String,
    /// What was there.
    pub found: String,
}

impl Compiled {
    /// Whether the rules hold.
    pub fn holds(&self, facts: &Facts, now: Millis) -> bool {
        self.root.failure(facts, None, now).is_none()
    }

    /// Why the rules do not hold; `None` when they do.
    pub fn failure(&self, facts: &Facts, now: Millis) -> Option<Failure> {
        self.root.failure(facts, None, now)
    }
}

impl Node {
    fn failure(&self, facts: &Facts, product: Option<&ProductFacts>, now: Millis) -> Option<Failure> {
        match self {
            Self::All(nodes) => nodes.iter().find_map(|node| node.failure(facts, product, now)),
            Self::Any(nodes) => {
                let mut first = None;
                for node in nodes {
                    let failure = node.failure(facts, product, now)?;
                    first.get_or_insert(failure);
                }
                Some(first.unwrap_or_else(|| Failure::of("any", "one of its rules", "no rule")))
            }
            Self::OneProduct(nodes) => {
                // The record that fails last says most: it satisfied the rules before.
                let mut last = Failure::of("product", "a product linked by subscription_key", "none");
                for candidate in &facts.products {
                    match nodes.iter().find_map(|node| node.failure(facts, Some(candidate), now)) {
                        None => return None,
                        Some(failure) => last = failure,
                    }
                }
                Some(last)
            }
            Self::Leaf(leaf) => leaf.failure(facts, product, now),
        }
    }
}

impl Failure {
    fn of(rule: &str, wanted: &str, found: &str) -> Self {
        Self { rule: rule.to_owned(), wanted: wanted.to_owned(), found: found.to_owned() }
    }
}

impl Leaf {
    fn failure(&self, facts: &Facts, product: Option<&ProductFacts>, now: Millis) -> Option<Failure> {
        let failure =
            |found: String| Failure { rule: self.name.clone(), wanted: self.check.to_string(), found };
        if self.object != Object::Product {
            let seen = self.see(facts, product);
            return (!self.check.holds(&seen, now)).then(|| failure(seen.to_string()));
        }
        let mut found = "no product".to_owned();
        for candidate in product.map_or(facts.products.as_slice(), std::slice::from_ref) {
            let seen = self.see(facts, Some(candidate));
            if self.check.holds(&seen, now) {
                return None;
            }
            found = seen.to_string();
        }
        Some(failure(found))
    }

    fn see<'f>(&self, facts: &'f Facts, product: Option<&'f ProductFacts>) -> Seen<'f> {
        let text = |text: Option<&'f str>| text.map_or(Seen::Nothing, |text| Seen::Texts(vec![text]));
        let transaction = facts.transaction.as_ref();
        match &self.field {
            Field::ProductName => text(product.map(|product| product.name.as_str())),
            Field::ProductBookKey => text(product.map(|product| product.product_book_key.as_str())),
            Field::ProductStatus => text(product.map(|product| ProductStatus::name(product.status))),
            Field::ProductCreated => product.map_or(Seen::Nothing, |product| Seen::Time(product.created)),
            Field::Amount => transaction.map_or(Seen::Nothing, |paid| Seen::Number(paid.amount)),
            Field::Currency => text(transaction.map(|paid| paid.currency.code())),
            Field::CategoryKey => text(transaction.and_then(|paid| paid.category_key.as_deref())),
            Field::ProductKey => text(transaction.and_then(|paid| paid.product_key.as_deref())),
            Field::Metadata(name) => text(transaction.and_then(|paid| {
                paid.metadata.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
            })),
            Field::TransactionCreated => transaction.map_or(Seen::Nothing, |paid| Seen::Time(paid.created)),
            Field::CustomerCreated => Seen::Time(facts.customer.created),
            Field::CustomerTransactions => Seen::Number(facts.customer.transactions),
            Field::CustomerTest => text(Some(if facts.customer.test { "true" } else { "false" })),
            Field::Group => facts
                .partnership
                .group
                .as_ref()
                .map_or(Seen::Nothing, |(key, slug)| Seen::Texts(vec![key, slug])),
            Field::Tags if facts.partnership.tags.is_empty() => Seen::Nothing,
            Field::Tags => Seen::Texts(facts.partnership.tags.iter().map(String::as_str).collect()),
            Field::Joined => Seen::Time(facts.partnership.joined),
        }
    }
}

#[cfg(test)]
mod tests;

//! Filters of a list: a parameter of the query, and what it asks of the rows.

/// A filter that a list takes.
pub(crate) struct ListFilter {
    /// The parameter's name.
    pub(crate) name: &'static str,
    /// A sentence for the API's documentation.
    pub(crate) about: &'static str,
    /// What it asks.
    pub(crate) by: FilterBy,
    /// Whether it is the vendor's alone: it names what a partner may not know of.
    pub(crate) vendor_only: bool,
}

/// What a filter asks. Texts are left sides of conditions, such as `customer.email =`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FilterBy {
    /// Equal to the given text.
    Text(&'static str),
    /// Equal to the given text inside a bracket that the left side opens.
    Within(&'static str),
    /// Equal to one of these words, which are listed when another is given.
    Word(&'static str, &'static [&'static str]),
    /// True adds the condition; false does not filter.
    Flag(&'static str),
    /// The condition beside this word; the words are listed when another is given.
    Case(&'static [(&'static str, &'static str)]),
    /// Contains the given text, compared in lower case.
    Contains(&'static str),
    /// True or false.
    Bool(&'static str),
    /// The number of the record that the given text names, or the text itself where it names none.
    RecordOrText(NamedRecord, &'static str, &'static str),
    /// The number of the record that the given text names. A name of nobody matches nothing.
    Record(NamedRecord, &'static str),
}

/// What a filter's text is a name of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NamedRecord {
    /// A customer: our key or the site's own; in a partner's view our key only.
    Customer,
    /// A customer by another system's id.
    ExternalCustomer,
    /// A partnership: our key, its partner key or its address.
    Partnership,
    /// A group: our key or its slug.
    Group,
    /// A transaction by its key.
    Transaction,
    /// A product by our key.
    Product,
    /// A tier by its key.
    Tier,
    /// A collection of tiers by its key.
    TiersCollection,
    /// An invoice by its key; in a partner's view one of their own.
    Invoice,
}

impl ListFilter {
    /// A filter that partners may use too, where they may use the list.
    pub(crate) const fn new(name: &'static str, about: &'static str, by: FilterBy) -> Self {
        Self { name, about, by, vendor_only: false }
    }

    /// A filter for the vendor alone.
    pub(crate) const fn vendor(name: &'static str, about: &'static str, by: FilterBy) -> Self {
        Self { name, about, by, vendor_only: true }
    }
}

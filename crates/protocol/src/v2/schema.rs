//! JSON schemas, for the document of the API, of the types whose schema cannot be derived.

use std::borrow::Cow;
use std::sync::LazyLock;

use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Envelope, List, Rule, RuleLeaf, RuleScope, Warning};
use crate::{Currency, Millis};

impl PartialSchema for Millis {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("Milliseconds since 1970-01-01 UTC."))
            .into()
    }
}

impl ToSchema for Millis {}

/// Every code, in capitals and in small letters.
static CURRENCIES: LazyLock<String> = LazyLock::new(|| {
    let codes: Vec<_> = Currency::all().map(Currency::code).collect();
    let codes = codes.join("|");
    format!("^({codes}|{})$", codes.to_ascii_lowercase())
});

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(CURRENCIES.as_str()))
            .description(Some("An ISO 4217 code, read in either case and written in capitals."))
            .into()
    }
}

impl ToSchema for Currency {}

fn array(of: impl Into<RefOr<Schema>>) -> ArrayBuilder {
    ArrayBuilder::new().items(of.into())
}

/// The schemas that a type refers to, and its own.
fn with_own<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

// The derived schemas of generic types have one name for all their arguments.

impl<T: ToSchema> PartialSchema for Envelope<T> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).description(Some("A sentence for people."));
        let status = ObjectBuilder::new().schema_type(Type::Integer).description(Some("The HTTP status."));
        ObjectBuilder::new()
            .property("data", Ref::from_schema_name(T::name()))
            .property("message", text)
            .property("status", status)
            .property("warnings", array(Ref::from_schema_name(Warning::name())))
            .required("data")
            .required("message")
            .required("status")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Envelope<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Answer", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        with_own::<T>(schemas);
        with_own::<Warning>(schemas);
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("The last item's key: `starting_after` of the next page."));
        let total = ObjectBuilder::new().schema_type(Type::Integer).description(Some(
            "Items of the whole list: in a partner's lists and in those of actions, counted up to 10,000.",
        ));
        ObjectBuilder::new()
            .property("items", array(Ref::from_schema_name(T::name())))
            .property("has_more", ObjectBuilder::new().schema_type(Type::Boolean))
            .property("ending_cursor", cursor)
            .property("total", total)
            .required("items")
            .required("has_more")
            .required("ending_cursor")
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        with_own::<T>(schemas);
    }
}

/// A node has one of `all`, `any` and `where`, or is a leaf.
impl PartialSchema for Rule {
    fn schema() -> RefOr<Schema> {
        let rules = || array(Ref::from_schema_name(Self::name()));
        let node =
            |name: &str, below: RefOr<Schema>| ObjectBuilder::new().property(name, below).required(name);
        OneOfBuilder::new()
            .item(node("all", rules().into()))
            .item(node("any", rules().into()))
            .item(node("where", Ref::from_schema_name(RuleScope::name()).into()))
            .item(Ref::from_schema_name(RuleLeaf::name()))
            .description(Some("A tree of rules (triggers.md section 1)."))
            .into()
    }
}

impl ToSchema for Rule {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Rule")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        with_own::<RuleLeaf>(schemas);
        // The scope's own schema names this one, so its parts are not asked for: that would not end.
        schemas.push((RuleScope::name().into_owned(), RuleScope::schema()));
    }
}

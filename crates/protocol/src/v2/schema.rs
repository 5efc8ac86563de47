//! JSON schemas of the types that write themselves (OpenAPI 3.1). All other wire types derive theirs.

use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Rule, RuleLeaf, RuleScope};
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

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z]{3}$"))
            .description(Some("An ISO 4217 code, read in either case and written in capitals."))
            .into()
    }
}

impl ToSchema for Currency {}

/// A node has one of `all`, `any` and `where`, or is a leaf.
impl PartialSchema for Rule {
    fn schema() -> RefOr<Schema> {
        let rules = || ArrayBuilder::new().items(Ref::from_schema_name("Rule"));
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
        schemas.push((RuleLeaf::name().into_owned(), RuleLeaf::schema()));
        RuleLeaf::schemas(schemas);
        // The scope's own schema names this one, so its parts are not asked for: that would not end.
        schemas.push((RuleScope::name().into_owned(), RuleScope::schema()));
    }
}

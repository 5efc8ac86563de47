//! What a handler's types say about its operation: credentials, parameters, body and answer. OpenAPI is written from
//! this, so it cannot differ from what a handler reads and answers.

use std::future::Future;

use axum::extract::State;
use axum::handler::Handler;
use headwater_protocol::v2::Envelope;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use super::envelope::ApiResult;
use crate::Ledger;

/// Who may call an operation: the names of OpenAPI's security schemes.
pub(crate) const VENDOR: &str = "vendor";
/// A partner's token.
pub(crate) const PARTNER: &str = "partner";
/// The administrator's token.
pub(crate) const ADMIN: &str = "admin";
/// The tracking token of the conversion API.
pub(crate) const TRACKING: &str = "tracking";

/// What the types of one handler have said so far.
#[derive(Default)]
pub(crate) struct OperationTypes {
    /// Names of security schemes, any of which is enough; none for a public operation.
    pub(crate) callers: Vec<&'static str>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RefOr<Schema>>,
    /// The body's media type, when it is not JSON.
    pub(crate) media: Option<&'static str>,
    pub(crate) answer: Option<RefOr<Schema>>,
    /// Every named schema that the others refer to.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

impl OperationTypes {
    /// A reference to the schema of a wire type, which is kept with the document's others.
    fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name()).into()
    }

    /// A parameter of the query.
    pub(crate) fn query(&mut self, name: &str, about: &str, schema: impl Into<RefOr<Schema>>) {
        self.parameters.push(parameter(ParameterIn::Query, name, about, Required::False, schema));
    }
}

/// The keys that a path's template names, as parameters.
pub(crate) fn keys(path: &str) -> impl Iterator<Item = Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let about = match name {
            "key" => "The object's key, or another of its names.",
            "kind" => "What the rows are.",
            _ => "The key of what it names.",
        };
        parameter(ParameterIn::Path, name, about, Required::True, text())
    })
}

fn parameter(
    place: ParameterIn,
    name: &str,
    about: &str,
    required: Required,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .description(Some(about))
        .required(required)
        .schema(Some(schema))
        .build()
}

/// The schema of a plain text.
pub(crate) fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// The schema of a parameter that is true or false.
pub(crate) fn flag() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Boolean).into()
}

/// An argument of a handler.
pub(crate) trait Input {
    /// Adds what it says.
    fn describe(types: &mut OperationTypes);
}

impl Input for State<Ledger> {
    fn describe(_: &mut OperationTypes) {}
}

// The keys in a path are described by the path itself.

impl Input for super::body::Key {
    fn describe(_: &mut OperationTypes) {}
}

impl<const N: usize> Input for super::body::Keys<N> {
    fn describe(_: &mut OperationTypes) {}
}

impl Input for super::body::KeyBelow {
    fn describe(types: &mut OperationTypes) {
        super::body::Key::describe(types);
        types.parameters.push(parameter(
            ParameterIn::Path,
            "below",
            "The key of the object below it.",
            Required::True,
            text(),
        ));
    }
}

impl<T: ToSchema> Input for super::body::Posted<T> {
    fn describe(types: &mut OperationTypes) {
        types.body = Some(types.refer::<T>());
    }
}

/// A handler whose types describe its operation. `T` is the tuple of its arguments, as in [`Handler`].
pub(crate) trait Typed<T>: Handler<T, Ledger> {
    /// Everything that its types say.
    fn types() -> OperationTypes;
}

macro_rules! typed {
    ($($argument:ident),+) => {
        impl<F, Answering, Data, M, $($argument),+> Typed<(M, $($argument,)+)> for F
        where
            F: Handler<(M, $($argument,)+), Ledger> + FnOnce($($argument),+) -> Answering,
            Answering: Future<Output = ApiResult<Data>>,
            Data: ToSchema,
            $($argument: Input,)+
        {
            fn types() -> OperationTypes {
                let mut types = OperationTypes::default();
                $($argument::describe(&mut types);)+
                types.answer = Some(types.refer::<Envelope<Data>>());
                types
            }
        }
    };
}

typed!(A1, A2);
typed!(A1, A2, A3);
typed!(A1, A2, A3, A4);
typed!(A1, A2, A3, A4, A5);

//! The OpenAPI 3.1 document of the API, written from the operations' types.

use std::collections::{BTreeMap, BTreeSet};

use headwater_protocol::limits::IDEMPOTENCY_KEY_MAX;
use headwater_protocol::v2::ErrorBody;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema as _, ToSchema};

use super::bounds;
use super::operation::{ADMIN, OperationTypes, PARTNER, TRACKING, VENDOR, keys};
use super::routes::Operation;

/// The document of these operations.
pub(crate) fn document(operations: &[Operation]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    let mut below = Vec::new();
    ErrorBody::schemas(&mut below);
    let mut ids = BTreeSet::new();
    for operation in operations {
        let mut types = (operation.types)();
        below.append(&mut types.schemas);
        let id = id(operation, &mut ids);
        let Operation { method, path, .. } = &operation;
        paths = paths.path(path, PathItem::new(method.clone(), describe(operation, types, id)));
    }
    schemas.extend(below);
    let missed = bounds::write(&mut schemas);
    debug_assert!(missed.is_empty(), "bounds of members that are not there: {missed:?}");
    let mut components = ComponentsBuilder::new().schemas_from_iter(schemas);
    for (name, about) in [
        (VENDOR, "A key pair: public key as user, secret key as password."),
        (PARTNER, "A partner's token: the partner's own view."),
        (ADMIN, "The token of the program's administrator."),
        (TRACKING, "The tracking token of the conversion API."),
    ] {
        let scheme = if name == VENDOR { HttpAuthScheme::Basic } else { HttpAuthScheme::Bearer };
        let mut scheme = Http::new(scheme);
        scheme.description = Some(about.to_owned());
        components = components.security_scheme(name, SecurityScheme::Http(scheme));
    }
    let info = InfoBuilder::new()
        .title("Headwater")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Partner attribution: PartnerStack's API v2, and what Headwater adds to it."));
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components.build())).build()
}

fn describe(operation: &Operation, types: OperationTypes, id: String) -> utoipa::openapi::path::Operation {
    let mut described = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(operation.summary.as_ref()))
        .tag(operation.tag)
        .parameters(Some(keys(&operation.path).chain(types.parameters)));
    if let Some(body) = types.body {
        if matches!(operation.method, HttpMethod::Post) && types.media.is_none() {
            described = described.parameter(idempotency_key());
        }
        let body = Content::new(Some(body));
        described = described.request_body(Some(
            RequestBodyBuilder::new()
                .content(types.media.unwrap_or("application/json"), body)
                .required(Some(Required::True))
                .build(),
        ));
    }
    for status in operation.statuses {
        let answer = Content::new(types.answer.clone());
        let success = ResponseBuilder::new().description("Success").content("application/json", answer);
        described = described.response(status.to_string(), success);
    }
    for (range, about) in [("4XX", "The request was refused."), ("5XX", "The ledger cannot do this now.")] {
        let body = Content::new(Some(Ref::from_schema_name(ErrorBody::name())));
        let error = ResponseBuilder::new().description(about).content("application/json", body);
        described = described.response(range, error);
    }
    let none: [&str; 0] = [];
    for caller in types.callers {
        described = described.security(SecurityRequirement::new(caller, none));
    }
    described.build()
}

fn idempotency_key() -> utoipa::openapi::path::Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("A repeated request with the same key gets the answer of the first."))
        .required(Required::False)
        .schema(Some(text.max_length(Some(IDEMPOTENCY_KEY_MAX))))
        .build()
}

/// The operation's name for generated clients: `List rewards` is `listRewards`.
fn id(operation: &Operation, taken: &mut BTreeSet<String>) -> String {
    let summary = operation.summary.replace(['\'', ',', '-'], " ");
    let words = summary.split_whitespace().filter(|word| !matches!(*word, "a" | "an" | "the" | "s"));
    let mut id = String::new();
    for word in words {
        let mut letters = word.chars();
        let first = letters.next().into_iter();
        if id.is_empty() {
            id.extend(first.flat_map(char::to_lowercase));
        } else {
            id.extend(first.flat_map(char::to_uppercase));
        }
        id.extend(letters);
    }
    if matches!(operation.method, HttpMethod::Put) {
        id.push_str("ByPut");
    }
    // An alias of a path has the summary of the path that it stands for.
    while !taken.insert(id.clone()) {
        id.push_str("Alias");
    }
    id
}

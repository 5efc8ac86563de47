//! The operations of the API, read from the OpenAPI document that this version's ledger serves.

use std::collections::BTreeSet;

use serde_json::Value;

/// The reviewed document, which a test of the ledger compares with the served one.
const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

/// One operation as a command.
pub(crate) struct ApiOperation {
    /// The command, such as `customers`.
    pub(crate) resource: String,
    /// The subcommand, such as `list`.
    pub(crate) verb: String,
    /// In capitals.
    pub(crate) method: String,
    /// With `{name}` for each part that an argument gives.
    pub(crate) path: String,
    pub(crate) summary: String,
    /// Who may call it, by the names of the document's security schemes.
    pub(crate) callers: Vec<String>,
    /// Parameters of the query.
    pub(crate) query: Vec<ApiOption>,
    /// Members of the body; `None` when the operation takes no body.
    pub(crate) body: Option<Vec<ApiOption>>,
}

/// A parameter or a member of a body.
pub(crate) struct ApiOption {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) kind: OptionKind,
    pub(crate) required: bool,
}

/// How an option's text becomes JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OptionKind {
    Text,
    /// One of these words.
    Word(Vec<String>),
    Whole,
    Flag,
    /// Given several times.
    Texts,
    /// Anything else, written as JSON.
    Json,
}

impl ApiOperation {
    /// Whether it answers with pages of a list.
    pub(crate) fn is_list(&self) -> bool {
        self.query.iter().any(|member| member.name == "starting_after")
    }

    /// The names in the path that arguments give, in their order.
    pub(crate) fn path_names(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Every operation of the document. An alias of a path is left out, and so is PUT, which is PATCH by another name.
pub(crate) fn all() -> Vec<ApiOperation> {
    let document: Value = serde_json::from_str(DOCUMENT).expect("a test of the ledger has read it");
    let mut taken = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, operations)| {
        let methods = operations.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let operations = operations.filter(|(_, method, _)| *method != "put");
    let read = operations.filter_map(|(path, method, operation)| {
        let mut read = read(&document, path, method, operation)?;
        if !taken.insert((read.resource.clone(), read.verb.clone())) {
            // The same words with another method, such as reading and adding files.
            read.verb = format!("{}-{}", verb_of(method, path), read.verb);
            if !taken.insert((read.resource.clone(), read.verb.clone())) {
                return None;
            }
        }
        Some(read)
    });
    read.collect()
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Option<ApiOperation> {
    let below = ["/api/v2/", "/api/", "/"].iter().find_map(|prefix| path.strip_prefix(prefix))?;
    let mut parts = below.split('/').filter(|part| !part.starts_with('{'));
    let resource = parts.next()?.replace('_', "-");
    let rest: Vec<_> = parts.collect();
    let parent = path.rsplit_once("/{").map(|(parent, _)| parent).filter(|_| path.ends_with('}'));
    let nested = parent.is_some_and(|parent| parent.contains('{') && document["paths"].get(parent).is_some());
    let verb = match (rest.join("-"), method) {
        (rest, _) if rest.is_empty() => verb_of(method, path).to_owned(),
        // A deletion says so in its name: the short one would read like showing the object.
        (rest, "delete") => format!("delete-{rest}"),
        // One object below another, such as a webhook's delivery; without a verb it would be called like their list.
        (rest, _) if nested => format!("{rest}-{}", verb_of(method, path)),
        (rest, _) => rest,
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let query = operation["parameters"].as_array().into_iter().flatten();
    let query = query.filter(|parameter| parameter["in"] == "query").map(|parameter| ApiOption {
        name: text(&parameter["name"]),
        about: text(&parameter["description"]),
        kind: kind(document, &parameter["schema"]),
        required: false,
    });
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let callers = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
    Some(ApiOperation {
        callers: callers.flat_map(|scheme| scheme.keys().cloned()).collect(),
        resource,
        verb: verb.replace('_', "-"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        query: query.collect(),
        body: (!body.is_null()).then(|| members(document, body)),
    })
}

/// What a method does to a collection, or to one object of it.
fn verb_of(method: &str, path: &str) -> &'static str {
    match (method, path.ends_with('}')) {
        ("get", false) if path.ends_with("/program") => "get",
        ("get", false) => "list",
        ("get", true) => "get",
        ("post", _) => "create",
        ("patch", false) if !path.ends_with("/program") => "update-many",
        ("patch", _) => "update",
        _ => "delete",
    }
}

/// The schema that a reference names, or the schema itself.
fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let name = schema["$ref"].as_str().and_then(|text| text.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn members(document: &Value, body: &Value) -> Vec<ApiOption> {
    let schema = resolve(document, body);
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let member = |(name, property): (&String, &Value)| {
        let about = property["description"].as_str().unwrap_or_default();
        ApiOption {
            name: name.clone(),
            about: about.split('\n').next().unwrap_or_default().to_owned(),
            kind: kind(document, property),
            required: required.iter().any(|required| *required == name),
        }
    };
    properties.map(member).collect()
}

fn kind(document: &Value, schema: &Value) -> OptionKind {
    // What may be null is the other alternative.
    if let Some(one) = schema["oneOf"].as_array() {
        let mut others = one.iter().filter(|one| one["type"] != "null");
        return match (others.next(), others.next()) {
            (Some(only), None) => kind(document, only),
            _ => OptionKind::Json,
        };
    }
    let schema = resolve(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        return OptionKind::Word(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        one => one.as_str(),
    };
    match types {
        Some("string") => OptionKind::Text,
        Some("integer") => OptionKind::Whole,
        Some("boolean") => OptionKind::Flag,
        Some("array") if kind(document, &schema["items"]) == OptionKind::Text => OptionKind::Texts,
        _ => OptionKind::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_one_command_with_a_name_of_its_own() {
        let operations = all();
        let names: BTreeSet<_> =
            operations.iter().map(|one| format!("{} {}", one.resource, one.verb)).collect();
        assert_eq!(names.len(), operations.len());
        for name in [
            "customers list",
            "customers get",
            "customers create",
            "customers update",
            "customers delete",
            "customers attribution",
            "transactions refund",
            "transactions explain",
            "product-book create",
            "program get",
            "program keys-rotate",
            "conversion xid",
            "webhooks deliveries",
            "webhooks deliveries-get",
            "webhooks deliveries-resend",
            "deals assignment",
            "deals delete-file",
            "deals file",
            "partnerships update",
            "partnerships update-many",
            "applications update",
            "applications update-many",
        ] {
            assert!(names.contains(name), "{name} is not among {names:?}");
        }
    }

    #[test]
    fn an_option_has_the_type_of_its_member() {
        let operations = all();
        let kind = |resource: &str, verb: &str, name: &str| {
            let found = operations.iter().find(|one| one.resource == resource && one.verb == verb).unwrap();
            let members = found.body.iter().flatten().chain(&found.query);
            members.filter(|member| member.name == name).map(|member| member.kind.clone()).next()
        };
        assert_eq!(kind("transactions", "create", "amount"), Some(OptionKind::Whole));
        assert_eq!(kind("transactions", "create", "currency"), Some(OptionKind::Text));
        assert_eq!(kind("transactions", "create", "metadata"), Some(OptionKind::Json));
        assert_eq!(kind("transactions", "create", "created_at"), Some(OptionKind::Whole));
        assert_eq!(kind("partnerships", "create", "tags"), Some(OptionKind::Texts));
        assert_eq!(kind("transactions", "list", "unmatched"), Some(OptionKind::Flag));
        let words = ["trial", "active", "churned"].map(str::to_owned).to_vec();
        assert_eq!(kind("products", "update", "status"), Some(OptionKind::Word(words)));
    }
}

//! The operations of the API, read from the OpenAPI document that this version's ledger serves.

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

/// Names of commands whose path does not read as one: what a person would type.
const NAMES: &[(&str, &str, &str)] = &[
    ("post", "/api/deals/{key}/assignment/{partnership_key}/{stack_key}", "assign"),
    ("get", "/api/deals/{key}/file/{file_key}", "get-file"),
    ("delete", "/api/deals/{key}/file/{file_key}", "delete-file"),
    ("post", "/api/v2/deals/{key}/files", "add-file"),
    ("post", "/api/v2/customers/{key}/attribution", "reattribute"),
    ("get", "/api/v2/customers/{key}/history", "history"),
    ("get", "/api/v2/products/{key}/history", "history"),
    ("get", "/api/v2/links/partnership/{key}", "list-of-partner"),
    ("post", "/api/v2/partnerships/{key}/member", "add-member"),
    ("patch", "/api/v2/partnerships/{key}/tags", "tag"),
    ("post", "/api/v2/partnerships/{key}/token", "create-token"),
    ("get", "/api/v2/program", "get"),
    ("patch", "/api/v2/program", "update"),
    ("post", "/api/v2/program/keys/rotate", "rotate-key"),
    ("post", "/api/v2/sales-cycles/{key}/stages", "create-stage"),
    ("get", "/api/v2/test_clock", "get"),
    ("post", "/api/v2/test_clock", "advance"),
    ("get", "/api/v2/webhooks/{key}/deliveries/{below}", "get-delivery"),
    ("post", "/api/v2/webhooks/{key}/deliveries/{below}/resend", "resend-delivery"),
    ("post", "/conversion/xid", "create"),
];

/// Every operation of the document. An alias of a path is left out, and so is PUT, which is PATCH by another name.
pub(crate) fn all() -> Vec<ApiOperation> {
    let document: Value = serde_json::from_str(DOCUMENT).expect("a test of the ledger has read it");
    let paths = document["paths"].as_object().into_iter().flatten();
    let alias = |path: &str| path.contains('-') && document["paths"].get(path.replace('-', "_")).is_some();
    let operations = paths.filter(|(path, _)| !alias(path)).flat_map(|(path, operations)| {
        let methods = operations.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let operations = operations.filter(|(_, method, _)| *method != "put");
    operations.filter_map(|(path, method, operation)| read(&document, path, method, operation)).collect()
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Option<ApiOperation> {
    let below = ["/api/v2/", "/api/", "/"].iter().find_map(|prefix| path.strip_prefix(prefix))?;
    let mut parts = below.split('/').filter(|part| !part.starts_with('{'));
    let resource = parts.next()?.replace('_', "-");
    let rest = parts.collect::<Vec<_>>().join("-");
    let own = NAMES.iter().find(|(named, of, _)| *named == method && *of == path).map(|(.., name)| *name);
    let paged = operation["parameters"].as_array().into_iter().flatten();
    let paged = paged.into_iter().any(|parameter| parameter["name"] == "starting_after");
    let verb = match (own, rest, method) {
        (Some(name), ..) => name.to_owned(),
        (None, rest, _) if rest.is_empty() => verb_of(method, path).to_owned(),
        // Objects below another, such as a webhook's deliveries.
        (None, rest, "get") if paged => format!("list-{rest}"),
        (None, rest, _) => rest,
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let query = operation["parameters"].as_array().into_iter().flatten();
    let query = query.filter(|parameter| parameter["in"] == "query").map(|parameter| ApiOption {
        name: text(&parameter["name"]),
        about: text(&parameter["description"]),
        kind: kind(document, &parameter["schema"]),
        required: false,
    });
    let content = operation["requestBody"]["content"].as_object();
    // A body that is no JSON is a file, for which there is a command of its own.
    if content.is_some_and(|content| !content.contains_key("application/json")) {
        return None;
    }
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
        ("get", false) => "list",
        ("get", true) => "get",
        ("post", _) => "create",
        ("patch", false) => "update-many",
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
    use std::collections::BTreeSet;

    use super::*;

    fn names() -> Vec<String> {
        all().iter().map(|one| format!("{} {}", one.resource, one.verb)).collect()
    }

    #[test]
    fn every_operation_is_one_command_with_a_name_of_its_own() {
        let names = names();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().filter(|(path, _)| !path.contains("/product-book"));
        let methods = operations.flat_map(|(_, methods)| methods.as_object().unwrap());
        // `headwater import` sends files.
        let takes_file = |one: &Value| one["requestBody"]["content"].get("text/csv").is_some();
        let methods = methods.filter(|(method, one)| *method != "put" && !takes_file(one));
        assert_eq!(methods.count(), names.len());
        for (method, path, name) in NAMES {
            assert!(paths[*path].get(method).is_some(), "{name} is of no operation");
        }
    }

    #[test]
    fn a_name_is_of_small_letters_and_says_no_word_twice() {
        for name in names() {
            let words: Vec<_> = name.split([' ', '-']).collect();
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{name}");
            assert!(
                words.iter().all(|word| word.bytes().all(|letter| letter.is_ascii_lowercase())),
                "{name}"
            );
        }
    }

    #[test]
    fn every_command_of_seed_004s_client_exists() {
        let names = names();
        let client = [
            ("partnerships", "list get create update"),
            ("customers", "list get create update delete"),
            ("transactions", "list get create delete"),
            // Its `deals archive` is an alias of `delete`.
            ("deals", "list get create update delete"),
            ("actions", "list create"),
            ("rewards", "list create"),
            ("leads", "list get create update"),
            ("groups", "list"),
            ("webhooks", "list get create delete"),
        ];
        for (resource, verbs) in client {
            for verb in verbs.split(' ') {
                assert!(names.contains(&format!("{resource} {verb}")), "{resource} {verb}");
            }
        }
    }

    #[test]
    fn a_command_is_called_what_a_person_would_type() {
        let names = names();
        for name in [
            "customers reattribute",
            "transactions refund",
            "transactions explain",
            "triggers dry-run",
            "product-book create",
            "product-book list",
            "program get",
            "program update",
            "program rotate-key",
            "test-clock get",
            "test-clock advance",
            "conversion create",
            "webhooks list-deliveries",
            "webhooks get-delivery",
            "webhooks resend-delivery",
            "deals assign",
            "deals list-files",
            "deals add-file",
            "deals list-form-templates",
            "partnerships update",
            "partnerships update-many",
            "applications update-many",
            "sales-cycles list-stages",
        ] {
            assert!(names.iter().any(|one| one == name), "{name} is not among {names:?}");
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

//! The API client of the npm package, `headwater/api`: what is written from docs/openapi.json. `src/npm/api/index.js`
//! sends the requests.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Map, Value};

/// `operations.js`: each operation's method, path, and whether it takes a body.
pub(super) fn operations(document: &str) -> anyhow::Result<String> {
    let document: Value = serde_json::from_str(document).context("docs/openapi.json")?;
    let mut text = "// Written from docs/openapi.json.\nexport const operations = {\n".to_owned();
    for operation in all(&document) {
        let PackageOperation { name, method, path, .. } = &operation;
        let _ = writeln!(text, "  {name}: ['{method}', '{path}', {}],", operation.body().is_some());
    }
    text.push_str("};\n");
    Ok(text)
}

/// `index.d.ts`: the schemas as types, and a method for each operation.
pub(super) fn types(document: &str) -> anyhow::Result<String> {
    let document: Value = serde_json::from_str(document).context("docs/openapi.json")?;
    let mut text = HEAD.to_owned();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        comment(&mut text, schema, "");
        let _ = writeln!(text, "export type {name} = {};\n", of(schema, ""));
    }
    text.push_str(CLASS);
    for operation in all(&document) {
        let _ = writeln!(text, "  /** {}. */\n  {}", operation.summary, operation.signature());
    }
    text.push_str("}\n");
    Ok(text)
}

const HEAD: &str = "// Written from docs/openapi.json.\n\n/** What a call may set besides. */\n\
    export interface CallOptions {\n  idempotencyKey?: string;\n  signal?: AbortSignal;\n}\n\n";

const CLASS: &str = "/** A request that was refused, or that got no answer the API gives. */\n\
    export class HeadwaterError extends Error {\n  status: number;\n  code: string;\n  field: string | null;\n  \
    hint: string | null;\n  /** Seconds to wait, where the server said so. */\n  retryAfter: number | null;\n}\n\n\
    /** A client of the API. Keep secret keys on servers: a page may hold a partner's token at most. */\n\
    export class Headwater {\n  constructor(options: {\n    url: string;\n    publicKey?: string;\n    secretKey?: string;\n    \
    token?: string;\n    fetch?: typeof fetch;\n    /** How often what may succeed later is sent again; 3 if absent. */\n    \
    retries?: number;\n  });\n  /** Every item of a list, page after page. */\n  \
    all<Item = any>(list: string, query?: object): AsyncGenerator<Item>;\n  \
    /** Any request; `path` begins with a slash and is encoded. */\n  \
    request<Answer = any>(\n    method: string,\n    path: string,\n    options?: CallOptions & { query?: object; body?: unknown },\n  \
    ): Promise<Answer>;\n";

struct PackageOperation<'d> {
    name: &'d str,
    method: String,
    path: &'d str,
    summary: &'d str,
    described: &'d Value,
}

/// Every operation but PUT, which is PATCH by another name.
fn all(document: &Value) -> impl Iterator<Item = PackageOperation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let is_file = |described: &Value| {
        let content = described["requestBody"]["content"].as_object();
        content.is_some_and(|content| !content.contains_key("application/json"))
    };
    paths.flat_map(move |(path, operations)| {
        let operations = operations.as_object().into_iter().flatten().filter(|(method, _)| *method != "put");
        // Files are sent by programs of the company, not by this client.
        let operations = operations.filter(move |(_, described)| !is_file(described));
        operations.map(move |(method, described)| PackageOperation {
            name: described["operationId"].as_str().unwrap_or_default(),
            method: method.to_uppercase(),
            path,
            summary: described["summary"].as_str().unwrap_or_default(),
            described,
        })
    })
}

impl PackageOperation<'_> {
    fn body(&self) -> Option<&Value> {
        self.described["requestBody"]["content"]["application/json"].get("schema")
    }

    fn signature(&self) -> String {
        let mut arguments: Vec<String> = self
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| format!("{name}: string"))
            .collect();
        arguments.extend(self.body().map(|body| format!("body: {}", of(body, "  "))));
        let parameters = self.described["parameters"].as_array().into_iter().flatten();
        let query: Vec<_> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|one| format!("{}?: {}", one["name"].as_str().unwrap_or_default(), of(&one["schema"], "  ")))
            .collect();
        let query = if query.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", query.join("; ")) };
        arguments.push(format!("query?: {query}"));
        arguments.push("options?: CallOptions".to_owned());
        let answers = self.described["responses"].as_object().into_iter().flatten();
        let answer = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer).next();
        let answer = answer.map_or_else(
            || "unknown".to_owned(),
            |answer| of(&answer["content"]["application/json"]["schema"], "  "),
        );
        format!("{}({}): Promise<{answer}>;", self.name, arguments.join(", "))
    }
}

/// A schema as a type of TypeScript. `indent` is that of the line it begins on.
fn of(schema: &Value, indent: &str) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for member in ["oneOf", "anyOf"] {
        if let Some(ones) = schema[member].as_array() {
            return ones.iter().map(|one| of(one, indent)).collect::<Vec<_>>().join(" | ");
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().map(|part| format!("({})", of(part, indent))).collect::<Vec<_>>().join(" & ");
    }
    match &schema["type"] {
        Value::Array(types) => {
            let one =
                |name: &Value| of(&serde_json::json!({ "type": name, "items": schema["items"] }), indent);
            types.iter().map(one).collect::<Vec<_>>().join(" | ")
        }
        Value::String(name) => match name.as_str() {
            "integer" | "number" => "number".to_owned(),
            "array" => format!("Array<{}>", of(&schema["items"], indent)),
            "object" => schema["properties"].as_object().map_or_else(
                || "{ [name: string]: unknown }".to_owned(),
                |properties| object(schema, properties, indent),
            ),
            other => other.to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value, properties: &Map<String, Value>, indent: &str) -> String {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let mut text = "{\n".to_owned();
    let below = format!("{indent}  ");
    for (name, property) in properties {
        comment(&mut text, property, &below);
        let mark = if required.iter().any(|one| *one == name) { "" } else { "?" };
        let _ = writeln!(text, "{below}{name}{mark}: {};", of(property, &below));
    }
    text.push_str(indent);
    text.push('}');
    text
}

/// The schema's description as a comment.
fn comment(text: &mut String, schema: &Value, indent: &str) {
    let about = schema["description"].as_str().or(schema["oneOf"][0]["description"].as_str());
    if let Some(about) = about {
        let about = about.replace("*/", "* /").replace('\n', " ");
        let _ = writeln!(text, "{indent}/** {about} */");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r##"{"paths": {"/api/v2/rewards/{key}": {
        "get": {"operationId": "getReward", "summary": "Get a reward",
            "parameters": [{"in": "path", "name": "key"}, {"in": "query", "name": "full", "schema": {"type": "boolean"}}],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Reward"}}}}}},
        "put": {"operationId": "updateRewardByPut"},
        "patch": {"operationId": "updateReward", "summary": "Change a reward",
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Reward"}}}},
            "responses": {}}}},
        "components": {"schemas": {"Reward": {"type": "object", "required": ["key"], "properties": {
            "key": {"type": "string", "description": "Its key."},
            "names": {"type": ["array", "null"], "items": {"type": "string"}},
            "status": {"enum": ["paid", "hold"]}}}}}}"##;

    #[test]
    fn an_operation_is_a_method_with_its_path_its_body_and_its_query() {
        let types = types(DOCUMENT).unwrap();
        for wanted in [
            "getReward(key: string, query?: { full?: boolean }, options?: CallOptions): Promise<Reward>;",
            "updateReward(key: string, body: Reward, query?: {}, options?: CallOptions): Promise<unknown>;",
            "/** Its key. */\n  key: string;\n  names?: Array<string> | null;\n  status?: \"paid\" | \"hold\";\n}",
        ] {
            assert!(types.contains(wanted), "{wanted}\nis not in\n{types}");
        }
        assert!(!types.contains("ByPut"), "{types}");
    }

    #[test]
    fn the_table_of_operations_says_which_take_a_body() {
        let table = operations(DOCUMENT).unwrap();
        assert!(table.contains("getReward: ['GET', '/api/v2/rewards/{key}', false],"), "{table}");
        assert!(table.contains("updateReward: ['PATCH', '/api/v2/rewards/{key}', true],"), "{table}");
    }
}

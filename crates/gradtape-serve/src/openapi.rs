//! A description of the service for programs, in the form of OpenAPI 3.1.

use serde_json::{Value, json};

use crate::batch::Queue;
use crate::models::Models;

/// The description, with the columns of each model.
pub(crate) fn description(models: &Models) -> Value {
    let mut paths = serde_json::Map::new();
    let whole = models.all().take(1).map(|(name, queue)| ("/predict".to_string(), name, queue));
    let own = models.all();
    let own = own.map(|(name, queue)| (format!("/models/{name}/predict"), name, queue));
    for (path, name, queue) in whole.chain(own) {
        paths.insert(path, predict(name, queue));
    }
    let told = |what: &str, kind: &str| json!({"get": {"summary": what, "responses": {"200": {"description": "OK", "content": {kind: {}}}}}});
    paths
        .insert("/models".into(), told("The models: columns, target, classes", "application/json"));
    paths.insert("/health".into(), told("Whether the service is there", "application/json"));
    paths.insert("/metrics".into(), told("Counts and times for Prometheus", "text/plain"));
    json!({
        "openapi": "3.1.0",
        "info": {"title": "gradtape", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
    })
}

fn predict(name: &str, queue: &Queue) -> Value {
    let predictor = queue.predictor();
    let columns = predictor.columns();
    let any = json!({"type": ["number", "string", "boolean", "null"]});
    let properties: serde_json::Map<String, Value> =
        columns.iter().map(|column| (column.to_string(), any.clone())).collect();
    let row = json!({"type": "object", "properties": properties, "required": columns});
    let answer = match predictor.classes() {
        Some(classes) => json!({"type": "object", "properties": {
            "class": {"type": "string", "enum": classes},
            "probabilities": {"type": "array", "items": {"type": "number"}},
        }}),
        None => json!({"type": "number"}),
    };
    let failure = json!({"type": "object", "properties": {"error": {"type": "string"}}});
    let refused = |what: &str| json!({"description": what, "content": {"application/json": {"schema": failure}}});
    json!({"post": {
        "summary": format!("{} of rows, by the model {name}", predictor.target()),
        "parameters": [{
            "name": "strict", "in": "query", "allowEmptyValue": true, "schema": {"type": "string"},
            "description": "Refuse categories that were not trained on, and cells that are no numbers among numbers",
        }],
        "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"oneOf": [{"type": "array", "items": row}, row]}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        }},
        "responses": {
            "200": {"description": "Answers, row by row", "content": {
                "application/json": {"schema": {"type": "object", "properties": {
                    "target": {"type": "string"},
                    "classes": {"type": "array", "items": {"type": "string"}},
                    "rows": {"type": "array", "items": answer},
                    "notes": {"type": "array", "items": {"type": "string"}},
                }}},
                "text/csv": {"schema": {"type": "string"}},
            }, "headers": {"gradtape-notes": {
                "description": "What is to be told of rows of CSV, an array of JSON; not there where there is nothing",
                "schema": {"type": "string"},
            }}},
            "400": refused("The body cannot be read, columns are missing, or strict and a cell does not fit"),
            "408": refused("The body did not arrive in time"),
            "413": refused("The body, or what its rows become, is too large"),
            "415": refused("The body is neither JSON nor CSV"),
            "422": refused("The network has no finite answer for a row"),
            "500": refused("The network failed"),
            "503": refused("Too many requests wait"),
        },
    }})
}

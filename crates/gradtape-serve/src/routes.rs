//! What is answered under which path.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gradtape::data::{CsvOptions, Table};
use gradtape::{Error, Kind, Tensor};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::batch::{Queue, Refusal};
use crate::metrics::Metrics;
use crate::{Options, answer, openapi};

/// What all requests share.
pub(crate) struct Shared {
    models: BTreeMap<String, Queue>,
    first: String,
    metrics: Metrics,
    body_bytes: usize,
    numbers: usize,
    timeout: Duration,
}

impl Shared {
    pub(crate) fn new(models: BTreeMap<String, Queue>, first: String, options: &Options) -> Shared {
        let &Options { body_bytes, numbers, timeout, .. } = options;
        Shared { models, first, metrics: Metrics::default(), body_bytes, numbers, timeout }
    }
}

pub(crate) fn router(shared: Shared) -> Router {
    let page =
        || async { ([(CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("page.html")) };
    Router::new()
        .route("/", get(page))
        .route("/health", get(|| async { json_text(StatusCode::OK, r#"{"status":"ok"}"#.into()) }))
        .route("/metrics", get(metrics))
        .route("/models", get(models))
        .route("/openapi.json", get(description))
        .route("/predict", post(predict_first))
        .route("/models/{name}/predict", post(predict_named))
        .fallback(|| async {
            refusal(
                StatusCode::NOT_FOUND,
                "there is nothing under this path; / shows what there is",
            )
        })
        .method_not_allowed_fallback(|| async {
            refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "predictions are asked for by POST, all else by GET",
            )
        })
        .with_state(Arc::new(shared))
}

async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], shared.metrics.text())
}

async fn description(State(shared): State<Arc<Shared>>) -> Response {
    json_text(StatusCode::OK, openapi::description(&shared.models, &shared.first).to_string())
}

async fn models(State(shared): State<Arc<Shared>>) -> Response {
    let all: Vec<Value> = shared
        .models
        .iter()
        .map(|(name, queue)| {
            let own = queue.predictor();
            json!({
                "name": name,
                "target": own.target(),
                "columns": own.columns(),
                "classes": own.classes(),
            })
        })
        .collect();
    json_text(StatusCode::OK, Value::from(all).to_string())
}

async fn predict_first(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let name = shared.first.clone();
    predict(shared, &name, &headers, body).await
}

async fn predict_named(
    State(shared): State<Arc<Shared>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match name {
        Ok(Path(name)) => predict(shared, &name, &headers, body).await,
        Err(_) => refusal(StatusCode::NOT_FOUND, "the name of the model is no UTF-8"),
    }
}

async fn predict(shared: Arc<Shared>, name: &str, headers: &HeaderMap, body: Body) -> Response {
    let start = Instant::now();
    let response = match answered(&shared, name, headers, body).await {
        Ok(response) => response,
        Err((status, message)) => refusal(status, &message),
    };
    shared.metrics.request(response.status().as_u16(), start.elapsed());
    response
}

type Refused = (StatusCode, String);

async fn answered(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let Some(queue) = shared.models.get(name) else {
        let known: Vec<&str> = shared.models.keys().map(String::as_str).collect();
        return Err((
            StatusCode::NOT_FOUND,
            format!("there is no model {name:?}, there are {known:?}"),
        ));
    };
    let given = kind(headers)?;
    let bytes = whole(shared, body).await?;
    let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'[' | b'{'));
    if given == Given::Json && !is_json {
        let message = "a body of JSON is an array of objects, or objects one a line";
        return Err((StatusCode::BAD_REQUEST, message.into()));
    }
    let wanted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let csv = wanted.contains("text/csv") || !is_json && !wanted.contains("application/json");
    let inputs = inputs(queue, bytes, shared.numbers).await?;
    let rows = inputs.shape()[0];
    let answers = queue.answer(inputs).await.map_err(|refusal| match refusal {
        Refusal::Full => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many requests wait; try again".into())
        }
        Refusal::Failed(error) if error.kind() == Kind::Value => {
            (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        Refusal::Failed(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    })?;
    shared.metrics.answered(rows);
    let predictor = queue.predictor();
    Ok(match csv {
        true => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], answer::csv(predictor, &answers))
            .into_response(),
        false => json_text(StatusCode::OK, answer::json(predictor, &answers)),
    })
}

/// What a request says of its body.
#[derive(PartialEq)]
enum Given {
    Json,
    Csv,
    /// Nothing; the body tells what it is.
    Open,
}

/// What kind of body is said to come. Refuses those that there is nothing for.
fn kind(headers: &HeaderMap) -> Result<Given, Refused> {
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let packed = of(CONTENT_ENCODING);
    if !packed.is_empty() && packed != "identity" {
        let message = format!("a body compressed by {packed:?}; send it as it is");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let kind = of(CONTENT_TYPE).split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/csv" => Ok(Given::Csv),
        "application/json" | "application/x-ndjson" => Ok(Given::Json),
        // What curl sends where nothing is said.
        "" | "application/x-www-form-urlencoded" => Ok(Given::Open),
        _ => {
            let message =
                format!("a body of type {kind:?}; there are application/json and text/csv");
            Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
        }
    }
}

/// The whole body, if it is not too large and comes in time.
async fn whole(shared: &Shared, body: Body) -> Result<Bytes, Refused> {
    let collected = Limited::new(body, shared.body_bytes).collect();
    let bytes = match tokio::time::timeout(shared.timeout, collected).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) => {
            let message = format!("a body of more than {} bytes", shared.body_bytes);
            return Err(match error.is::<http_body_util::LengthLimitError>() {
                true => (StatusCode::PAYLOAD_TOO_LARGE, message),
                false => (StatusCode::BAD_REQUEST, "the body ended before its end".into()),
            });
        }
        Err(_) => {
            return Err((StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time".into()));
        }
    };
    match bytes.starts_with(&[0x1f, 0x8b]) {
        // A small body could become a large one.
        true => Err((
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is compressed; send it as it is".into(),
        )),
        false => Ok(bytes),
    }
}

/// Bodies from this size on are read beside the threads that answer.
const LARGE: usize = 1 << 16;

async fn inputs(queue: &Queue, bytes: Bytes, most: usize) -> Result<Tensor, Refused> {
    let predictor = queue.predictor().clone();
    let large = bytes.len() >= LARGE;
    let bad = |error: Error| (StatusCode::BAD_REQUEST, error.to_string());
    let read = move || -> Result<Tensor, Refused> {
        let table = Table::from_csv(&bytes[..], "the body", &CsvOptions::default()).map_err(bad)?;
        let width = predictor.preprocessing().width();
        if table.len().saturating_mul(width) > most {
            let rows = most / width.max(1);
            let message = format!(
                "{} rows, at most {rows} at once; send them in several requests",
                table.len()
            );
            return Err((StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        predictor.preprocessing().inputs(&table).map_err(bad)
    };
    match large {
        true => tokio::task::spawn_blocking(read).await.map_err(|_| {
            (StatusCode::INTERNAL_SERVER_ERROR, "the body could not be read".to_string())
        })?,
        false => read(),
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    json_text(status, answer::failure(message))
}

fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

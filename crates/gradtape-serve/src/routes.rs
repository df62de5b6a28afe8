//! What is answered under which path.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gradtape::data::{CsvOptions, PreparedRows, Table};
use gradtape::train::Predictor;
use gradtape::{Error, Kind};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::batch::{Queue, Refusal};
use crate::metrics::Metrics;
use crate::models::Models;
use crate::{Options, answer, openapi};

/// What all requests share.
pub(crate) struct Shared {
    models: Models,
    metrics: Metrics,
    body_bytes: usize,
    numbers: usize,
    timeout: Duration,
    strict: bool,
}

impl Shared {
    pub(crate) fn new(models: Models, options: &Options) -> Shared {
        let &Options { body_bytes, numbers, timeout, strict, .. } = options;
        Shared { models, metrics: Metrics::default(), body_bytes, numbers, timeout, strict }
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
    json_text(StatusCode::OK, openapi::description(&shared.models).to_string())
}

async fn models(State(shared): State<Arc<Shared>>) -> Response {
    let all: Vec<Value> = shared
        .models
        .all()
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

async fn predict_first(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    predict(&shared, shared.models.first(), "", request).await
}

async fn predict_named(
    State(shared): State<Arc<Shared>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match name {
        Ok(Path(name)) => predict(&shared, shared.models.get(&name), &name, request).await,
        Err(_) => refusal(StatusCode::NOT_FOUND, "the name of the model is no UTF-8"),
    }
}

async fn predict(shared: &Shared, model: Option<&Queue>, name: &str, request: Request) -> Response {
    let start = Instant::now();
    let response = match model {
        Some(queue) => answered(shared, queue, request).await,
        None => {
            let known: Vec<&str> = shared.models.all().map(|(name, _)| name).collect();
            let message = format!("there is no model {name:?}, there are {known:?}");
            Err((StatusCode::NOT_FOUND, message))
        }
    };
    let response = response.unwrap_or_else(|(status, message)| refusal(status, &message));
    shared.metrics.request(response.status().as_u16(), start.elapsed());
    response
}

type Refused = (StatusCode, String);

async fn answered(shared: &Shared, queue: &Queue, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let given = kind(&head.headers)?;
    let bytes = whole(shared, body).await?;
    let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'[' | b'{'));
    if given == Given::Json && !is_json {
        let message = "a body of JSON is an array of objects, or objects one a line";
        return Err((StatusCode::BAD_REQUEST, message.into()));
    }
    let wanted = head.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let csv = wanted.contains("text/csv") || !is_json && !wanted.contains("application/json");
    let limits = Limits { numbers: shared.numbers, strict: shared.strict || strict(&head.uri) };
    let PreparedRows { inputs, notes } = inputs(queue, bytes, limits).await?;
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
    if !csv {
        return Ok(json_text(StatusCode::OK, answer::json(predictor, &answers, &notes)));
    }
    let text = answer::csv(predictor, &answers);
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    if !notes.is_empty()
        && let Ok(told) = answer::header(&notes).try_into()
    {
        response.headers_mut().insert("gradtape-notes", told);
    }
    Ok(response)
}

/// Whether the end of a path asks for rows to be refused that have what was not learned.
fn strict(uri: &Uri) -> bool {
    let asks = |part: &str| matches!(part, "strict" | "strict=true" | "strict=1");
    uri.query().is_some_and(|query| query.split('&').any(asks))
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

/// What rows may be.
#[derive(Clone, Copy)]
struct Limits {
    /// The most numbers that they become.
    numbers: usize,
    /// Whether they may have only what was learned.
    strict: bool,
}

async fn inputs(queue: &Queue, bytes: Bytes, limits: Limits) -> Result<PreparedRows, Refused> {
    if bytes.len() < LARGE {
        return read(queue.predictor(), &bytes, limits);
    }
    let predictor = queue.predictor().clone();
    let read = tokio::task::spawn_blocking(move || read(&predictor, &bytes, limits));
    read.await.map_err(|_| {
        (StatusCode::INTERNAL_SERVER_ERROR, "the body could not be read".to_string())
    })?
}

fn read(predictor: &Predictor, bytes: &[u8], limits: Limits) -> Result<PreparedRows, Refused> {
    let bad = |error: Error| (StatusCode::BAD_REQUEST, error.to_string());
    let reader = predictor.reader();
    // Where there is nothing to tell, there is nothing to refuse either.
    if let Some(rows) = reader.read_at_once(bytes, limits.numbers)
        && (!limits.strict || rows.notes.is_empty())
    {
        return Ok(rows);
    }
    let table = Table::from_csv(bytes, "the body", &CsvOptions::default()).map_err(bad)?;
    let width = reader.preprocessing().width();
    if table.len().saturating_mul(width) > limits.numbers {
        let rows = limits.numbers / width.max(1);
        let message =
            format!("{} rows, at most {rows} at once; send them in several requests", table.len());
        return Err((StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    if limits.strict {
        reader.preprocessing().strict(&table).map_err(bad)?;
    }
    reader.read_table(&table).map_err(bad)
}

fn refusal(status: StatusCode, message: &str) -> Response {
    json_text(status, answer::failure(message))
}

fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

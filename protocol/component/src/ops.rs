use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder, Registry, TextEncoder};
use tokio::sync::watch;

/// `/healthz`, `/readyz`, `/metrics` and `/debug/state` of a component.
///
/// `ready` holds what is still missing; the component is ready when that is empty. `debug` must give nothing private.
pub fn ops_router<S: Clone + Send + Sync + 'static>(
    registry: Registry,
    ready: watch::Receiver<String>,
    debug: impl Fn() -> serde_json::Value + Clone + Send + Sync + 'static,
) -> Router<S> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(move || async move { readiness(&ready.borrow()) }))
        .route("/metrics", get(move || async move { metrics(&registry) }))
        .route("/debug/state", get(move || async move { axum::Json(debug()) }))
}

fn readiness(missing: &str) -> Response {
    if missing.is_empty() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {missing}\n")).into_response()
    }
}

fn metrics(registry: &Registry) -> Response {
    let (encoder, mut text) = (TextEncoder::new(), Vec::new());
    match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

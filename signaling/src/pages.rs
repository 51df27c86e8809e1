//! The pages, built by `web-client` and carried in the binary.

use crate::hub::Hub;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::sync::Arc;
use tandem_protocol::CompanyId;
use tandem_protocol::api::Embedding;

#[derive(RustEmbed)]
#[folder = "../web-client/dist"]
#[allow_missing = true]
struct Files;

/// Everything from here, nothing inline; pictures may come as data, and the connection to `/ws` is ours. Who may put a frame around it follows.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors";

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/agent")))
        .route("/c/{company}", get(customer))
        .route("/agent", get(agent))
        .route("/admin", get(async || page("admin.html")))
        .route("/api/docs", get(async || page("docs.html")))
        .route("/embed.js", get(async || file("embed.js", "public, max-age=300")))
        .route("/assets/{*path}", get(asset))
        .with_state(hub)
}

#[derive(Default, Deserialize)]
struct Framed {
    /// Whose settings say who may put the console in a frame.
    company: Option<CompanyId>,
}

async fn agent(State(hub): State<Arc<Hub>>, query: Result<Query<Framed>, QueryRejection>) -> Response {
    let company = query.ok().and_then(|query| query.0.company);
    let embedding: Embedding = match company {
        Some(company) => hub.store.document(&company).await.unwrap_or_default(),
        None => Embedding::default(),
    };
    framed("agent.html", "no-store", &embedding.console)
}

async fn customer(State(hub): State<Arc<Hub>>, Path(company): Path<String>) -> Response {
    let known = match company.parse() {
        Ok(company) => hub.store.company(&company).await.ok().flatten().is_some(),
        Err(_) => false,
    };
    if known {
        page("customer.html")
    } else {
        (StatusCode::NOT_FOUND, "There is no such company here.\n").into_response()
    }
}

/// Its name holds a hash of its content, so it never changes.
async fn asset(Path(path): Path<String>) -> Response {
    file(&format!("assets/{path}"), "public, max-age=31536000, immutable")
}

fn page(name: &str) -> Response {
    file(name, "no-store")
}

fn file(name: &str, cache: &'static str) -> Response {
    framed(name, cache, &[])
}

/// A file that pages of these origins may put in a frame.
fn framed(name: &str, cache: &'static str, ancestors: &[String]) -> Response {
    let Some(file) = Files::get(name) else {
        let message = "This page is not in this build: build the pages first (make pages).\n";
        return (StatusCode::NOT_FOUND, message).into_response();
    };
    let kind =
        HeaderValue::from_str(file.metadata.mimetype()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") };
    let policy = HeaderValue::from_str(&format!("{CONTENT_POLICY} {ancestors}"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static("default-src 'none'"))),
    ];
    (headers, file.data).into_response()
}

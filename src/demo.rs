//! The demo shop: something to co-browse where there is no internet.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

#[derive(RustEmbed)]
#[folder = "web-client/demo"]
struct Files;

/// What the shop's pages say where the help button comes from, and what is put there instead.
const EMBED_HOST: &str = "http://127.0.0.1:8080";

pub struct Demo {
    pub address: SocketAddr,
    embed_host: Arc<OnceLock<String>>,
}

impl Demo {
    pub async fn start(listen: SocketAddr, shutdown: CancellationToken) -> Result<Demo> {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen} cannot be listened on for the demo shop"))?;
        let (address, embed_host) = (listener.local_addr()?, Arc::default());
        let router = Router::new().fallback(file).with_state(Arc::clone(&embed_host));
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).into_future());
        Ok(Demo { address, embed_host })
    }

    /// Once it is known where Tandem is.
    pub fn set_embed_host(&self, url: &str) {
        self.embed_host.get_or_init(|| url.to_owned());
    }
}

async fn file(State(embed_host): State<Arc<OnceLock<String>>>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Files::get(path) else {
        return (StatusCode::NOT_FOUND, "The shop has no such page.\n").into_response();
    };
    let kind = file.metadata.mimetype().to_owned();
    let data = match (embed_host.get(), std::str::from_utf8(&file.data)) {
        (Some(host), Ok(text)) if kind == "text/html" => text.replace(EMBED_HOST, host).into_bytes(),
        _ => file.data.into_owned(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store".to_owned())], data).into_response()
}

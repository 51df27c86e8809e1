//! Signalling, the control plane: who may join what, which node and which SFU serve a session, the API and the pages.

#[expect(clippy::result_large_err, reason = "an error here is the answer itself, made once a request")]
mod api;
mod components;
mod control;
mod entrances;
mod hub;
mod mailbox;
mod metrics;
mod pages;
mod passwords;
mod rates;
mod sign_ins;
mod store;
mod tokens;
mod ws;

use anyhow::{Context, Result};
use hub::{Hub, Outlets};
use passwords::Passwords;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tandem_component::Secret;
use tandem_protocol::SessionId;
use tandem_protocol::signal::SessionState;
use tandem_session::Limits;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What signalling is told.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// How people's browsers reach it, without a slash at the end; by its listening address when unset.
    pub public_url: Option<String>,
    /// Where its database is.
    pub data: PathBuf,
    /// What nodes and SFUs show to register.
    pub control_key: Secret,
    /// The API key of the demo company, which exists only when this is set.
    pub demo_key: Option<Secret>,
    pub limits: Limits,
    /// How long a PIN can be redeemed.
    pub pin_life: Duration,
}

/// Running signalling.
pub struct Signaling {
    pub address: SocketAddr,
    pub public_url: String,
    /// What it still lacks to be ready; empty when it is.
    pub ready: watch::Receiver<String>,
    /// The demo agent's e-mail address and password.
    pub demo: Option<(String, String)>,
    /// Ends when the server has ended.
    pub task: tokio::task::JoinHandle<Result<()>>,
}

impl Signaling {
    /// Opens the store and serves until `shutdown`. Must be called within a tokio runtime.
    pub async fn start(
        config: Config,
        registry: prometheus::Registry,
        shutdown: CancellationToken,
    ) -> Result<Signaling> {
        let store = store::Store::open(&config.data).await?;
        let passwords = Passwords::default();
        let demo = match &config.demo_key {
            Some(key) => Some(store.open_demo(key, &passwords).await?),
            None => {
                store.close_demo().await?;
                None
            }
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", config.listen))?;
        let address = listener.local_addr()?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let metrics = metrics::Metrics::new(&registry)?;
        let (hub, Outlets { ready, records }) =
            Hub::new(config, public_url.clone(), store, passwords, metrics, shutdown.clone());
        let router = api::router(hub.clone())
            .merge(pages::router(hub.clone()))
            .merge(ws::router(hub.clone()))
            .merge(control::router(hub.clone()))
            .merge(ops(&hub, registry, ready.clone()));
        tokio::spawn(watch_the_clock(hub.clone(), shutdown.clone()));
        let recorder = tokio::spawn(record(hub.store.clone(), records, shutdown.clone()));
        let task = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned()).await?;
            recorder.await?;
            hub.store.close().await;
            Ok(())
        });
        Ok(Signaling { address, public_url, ready, demo, task })
    }
}

fn ops(hub: &Arc<Hub>, registry: prometheus::Registry, ready: watch::Receiver<String>) -> axum::Router {
    let hub = hub.clone();
    tandem_component::ops_router(registry, ready, move || hub.debug_state())
}

/// Keeps what state sessions are in, in the order in which they came into it.
async fn record(
    store: store::Store,
    mut records: mpsc::UnboundedReceiver<(SessionId, SessionState)>,
    shutdown: CancellationToken,
) {
    loop {
        let next = tokio::select! {
            biased;
            next = records.recv() => next,
            () = shutdown.cancelled() => None,
        };
        let Some((id, state)) = next else { return };
        if let Err(error) = store.record(&id, state).await {
            tracing::error!(session = %id, "a session's state is not recorded: {error:#}");
        }
    }
}

/// Ends what is overdue, and lets go of components that no longer answer.
async fn watch_the_clock(hub: Arc<Hub>, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => hub.tick(),
        }
    }
}

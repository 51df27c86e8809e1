//! An SFU on its own. It dials signalling, which it finds by address and key.

use anyhow::{Context, Result};
use clap::Parser;
use std::net::{IpAddr, SocketAddr};
use tandem_component::{ControlConfig, Secret};
use tandem_protocol::NodeName;
use tandem_protocol::control::Component;
use tandem_sfu::{Config, Sfu, SfuMetrics};
use tokio_util::sync::CancellationToken;

/// Forwards the pictures and channels of Tandem's sessions.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The UDP port of all media
    #[arg(long, env = "TANDEM_MEDIA_PORT", default_value_t = 8443)]
    media_port: u16,

    /// Addresses to offer, by commas [default: the host's]
    #[arg(long, env = "TANDEM_MEDIA_ADDRESSES", value_delimiter = ',')]
    media_addresses: Vec<IpAddr>,

    /// Signalling's address for components
    #[arg(long, env = "TANDEM_CONTROL_URL", default_value = "ws://127.0.0.1:8080/control")]
    control_url: String,

    /// The key that signalling and its components share; by environment only
    #[arg(env = "TANDEM_CONTROL_KEY", value_name = "TANDEM_CONTROL_KEY", hide_env_values = true)]
    control_key: Secret,

    /// This SFU's name, unlike any other's
    #[arg(long, env = "TANDEM_NAME", default_value = "sfu-1")]
    name: NodeName,

    /// Where health, metrics and state are served
    #[arg(long, env = "TANDEM_OPS_LISTEN", default_value = "127.0.0.1:9102")]
    ops_listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tandem_component::init_logs();
    let shutdown = CancellationToken::new();
    let registry = prometheus::Registry::new();
    let Arguments { media_port, media_addresses, control_url: url, control_key: key, name, .. } = arguments;
    let control = ControlConfig { url, key, name, component: Component::Sfu };
    let metrics = SfuMetrics::new(&registry)?;
    let counts = metrics.clone();
    let sfu = Sfu::start(Config { media_port, media_addresses, control }, metrics, shutdown.clone())?;
    let Sfu { port, ready, mut task } = sfu;
    tracing::info!(port, "forwarding");
    let debug = move || serde_json::json!({ "rooms": counts.rooms.get(), "peers": counts.peers.get() });
    let listener = tokio::net::TcpListener::bind(arguments.ops_listen)
        .await
        .with_context(|| format!("{} cannot be listened on", arguments.ops_listen))?;
    let router: axum::Router = tandem_component::ops_router(registry, ready, debug);
    tokio::select! {
        outcome = &mut task => return Ok(outcome??),
        served = axum::serve(listener, router) => served?,
        signal = tandem_component::termination() => signal?,
    }
    shutdown.cancel();
    Ok(task.await??)
}

//! A browser node on its own. It dials signalling, which it finds by address and key.

use anyhow::{Context, Result};
use clap::Parser;
use std::net::SocketAddr;
use tandem_browser_node::config::BrowserArguments;
use tandem_browser_node::launcher::{Launcher, become_user};
use tandem_browser_node::metrics::NodeMetrics;
use tandem_browser_node::node::Node;
use tandem_component::{ControlConfig, Secret};
use tandem_protocol::NodeName;
use tandem_protocol::control::Component;
use tokio_util::sync::CancellationToken;

/// Hosts cloud browsers for Tandem: one isolated Chromium a session.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    browsers: BrowserArguments,

    /// Signalling's address for components
    #[arg(long, env = "TANDEM_CONTROL_URL", default_value = "ws://127.0.0.1:8080/control")]
    control_url: String,

    /// The key that signalling and its components share; by environment only
    #[arg(env = "TANDEM_CONTROL_KEY", value_name = "TANDEM_CONTROL_KEY", hide_env_values = true)]
    control_key: Secret,

    /// This node's name, unlike any other's
    #[arg(long, env = "TANDEM_NAME", default_value = "node-1")]
    name: NodeName,

    /// Where health, metrics and state are served
    #[arg(long, env = "TANDEM_OPS_LISTEN", default_value = "127.0.0.1:9101")]
    ops_listen: SocketAddr,
}

fn main() -> Result<()> {
    if let Some(outcome) = tandem_browser_node::reexecuted(&std::env::args().collect::<Vec<_>>()) {
        return outcome;
    }
    let arguments = Arguments::parse();
    tandem_component::init_logs();
    let launcher = Launcher::start(arguments.browsers.plan()).context("the launcher does not start")?;
    become_user(arguments.browsers.own_user()).context("cannot give up root")?;
    tokio::runtime::Runtime::new()?.block_on(run(arguments, launcher))
}

async fn run(arguments: Arguments, launcher: Launcher) -> Result<()> {
    let shutdown = CancellationToken::new();
    let registry = prometheus::Registry::new();
    let component = Component::Node { slots: arguments.browsers.slots };
    let control =
        ControlConfig { url: arguments.control_url, key: arguments.control_key, name: arguments.name, component };
    let config = arguments.browsers.into_config(control);
    let node = Node::start(config, launcher, NodeMetrics::new(&registry)?, shutdown.clone())?;
    let Node { ready, states, mut task } = node;
    let debug = move || tandem_browser_node::node::debug_state(&states);
    let listener = tokio::net::TcpListener::bind(arguments.ops_listen)
        .await
        .with_context(|| format!("{} cannot be listened on", arguments.ops_listen))?;
    let router: axum::Router = tandem_component::ops_router(registry, ready, debug);
    let serve = axum::serve(listener, router);
    tokio::select! {
        outcome = &mut task => return Ok(outcome??),
        served = serve => served?,
        signal = tandem_component::termination() => signal?,
    }
    shutdown.cancel();
    Ok(task.await??)
}

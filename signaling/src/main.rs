//! Signalling on its own: the API, the pages, and the place where nodes and SFUs register.

use anyhow::Result;
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tandem_component::Secret;
use tandem_session::Limits;
use tandem_signaling::{AccountArguments, Config, Signaling};
use tokio_util::sync::CancellationToken;

/// Tandem's control plane.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the API and the pages are served
    #[arg(long, env = "TANDEM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// How people's browsers reach it, such as https://help.example [default: the listening address]
    #[arg(long, env = "TANDEM_PUBLIC_URL")]
    public_url: Option<String>,

    /// Where the database is
    #[arg(long, env = "TANDEM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The key that nodes and SFUs show; by environment only
    #[arg(env = "TANDEM_CONTROL_KEY", value_name = "TANDEM_CONTROL_KEY", hide_env_values = true)]
    control_key: Secret,

    #[command(flatten)]
    accounts: AccountArguments,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { listen, public_url, data, control_key, accounts } = Arguments::parse();
    tandem_component::init_logs();
    let (limits, pin_life) = (Limits::default(), Duration::from_secs(600));
    let config = Config {
        listen,
        control_listen: accounts.control_listen(),
        tls: accounts.tls(),
        public_url,
        trusted_proxies: accounts.trusted_proxies(),
        data,
        database: accounts.database(),
        control_key,
        demo_key: None,
        demo_site: None,
        admin: accounts.first_admin(),
        limits,
        pin_life,
    };
    let shutdown = CancellationToken::new();
    let mut signaling = Signaling::start(config, prometheus::Registry::new(), shutdown.clone()).await?;
    tracing::info!(address = %signaling.address, control = %signaling.control_url, "serving");
    if let Some(administrator) = &signaling.administrator {
        println!("{administrator}");
    }
    tokio::select! {
        outcome = &mut signaling.task => return outcome?,
        signal = tandem_component::termination() => signal?,
    }
    shutdown.cancel();
    signaling.task.await?
}

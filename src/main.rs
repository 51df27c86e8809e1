//! Tandem, all in one process: signalling, an SFU, a browser node and the demo shop. Composition only.

mod demo;

use anyhow::{Context, Result};
use clap::Parser;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tandem_browser_node::config::BrowserArguments;
use tandem_browser_node::launcher::{Launcher, become_user};
use tandem_browser_node::metrics::NodeMetrics;
use tandem_browser_node::node::{self, Node};
use tandem_component::{ControlConfig, Secret};
use tandem_protocol::control::Component;
use tandem_sfu::{Sfu, SfuMetrics};
use tandem_signaling::{AccountArguments, Signaling};
use tokio_util::sync::CancellationToken;

/// Co-browsing through a cloud browser: everything in one process, with a demo shop.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the API and the pages are served
    #[arg(long, env = "TANDEM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// How people's browsers reach it, such as https://help.example [default: the listening address]
    #[arg(long, env = "TANDEM_PUBLIC_URL")]
    public_url: Option<String>,

    /// Where the demo shop is served
    #[arg(long, env = "TANDEM_DEMO_LISTEN", default_value = "127.0.0.1:8081")]
    demo_listen: SocketAddr,

    /// The UDP port of all media
    #[arg(long, env = "TANDEM_MEDIA_PORT", default_value_t = 8443)]
    media_port: u16,

    /// Addresses to offer for media, by commas [default: the host's]
    #[arg(long, env = "TANDEM_MEDIA_ADDRESSES", value_delimiter = ',')]
    media_addresses: Vec<IpAddr>,

    /// Where the database is; deleting it resets everything
    #[arg(long, env = "TANDEM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The demo company's API key, by environment only [default: random]
    #[arg(env = "TANDEM_DEMO_KEY", hide_env_values = true)]
    demo_key: Option<Secret>,

    #[command(flatten)]
    accounts: AccountArguments,

    #[command(flatten)]
    browsers: BrowserArguments,
}

fn main() -> Result<()> {
    if let Some(outcome) = tandem_browser_node::reexecuted(&std::env::args().collect::<Vec<_>>()) {
        return outcome;
    }
    let arguments = Arguments::parse();
    tandem_component::init_logs();
    let launcher = Launcher::start(arguments.browsers.plan()).context("the launcher does not start")?;
    give_up_root(&arguments.data, arguments.browsers.own_user())?;
    tokio::runtime::Runtime::new()?.block_on(run(arguments, launcher))
}

/// Only the launcher keeps root. The data directory goes to the user that everything else runs as.
fn give_up_root(data: &Path, user: u32) -> Result<()> {
    if nix::unistd::Uid::effective().is_root() {
        std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
        let owned = |path: &Path| nix::unistd::chown(path, Some(user.into()), Some(user.into()));
        owned(data)?;
        for entry in std::fs::read_dir(data)? {
            owned(&entry?.path())?;
        }
    }
    become_user(user).context("cannot give up root")
}

async fn run(arguments: Arguments, launcher: Launcher) -> Result<()> {
    let shutdown = CancellationToken::new();
    let registry = prometheus::Registry::new();
    let demo = demo::Demo::start(arguments.demo_listen, shutdown.clone()).await?;
    let (control_key, demo_key) = (Secret::random(), arguments.demo_key.unwrap_or_else(Secret::random));
    let config = tandem_signaling::Config {
        listen: arguments.listen,
        control_listen: arguments.accounts.control_listen(),
        tls: arguments.accounts.tls(),
        public_url: arguments.public_url,
        trusted_proxies: arguments.accounts.trusted_proxies(),
        data: arguments.data,
        database: arguments.accounts.database(),
        control_key: control_key.clone(),
        demo_key: Some(demo_key.clone()),
        demo_site: Some(format!("http://{}/", demo.address)),
        admin: arguments.accounts.first_admin(),
        limits: tandem_session::Limits::default(),
        pin_life: Duration::from_secs(600),
    };
    let mut signaling = Signaling::start(config, registry.clone(), shutdown.clone()).await?;
    demo.set_embed_host(&signaling.public_url);

    // The parts dial in over loopback, as they do from other machines.
    let url = signaling.control_url.clone();
    let control = |name: &str, component| -> Result<ControlConfig> {
        Ok(ControlConfig { url: url.clone(), key: control_key.clone(), name: name.parse()?, component })
    };
    let (media_port, media_addresses) = (arguments.media_port, arguments.media_addresses);
    let sfu_config = tandem_sfu::Config { media_port, media_addresses, control: control("sfu", Component::Sfu)? };
    let mut sfu = Sfu::start(sfu_config, SfuMetrics::new(&registry)?, shutdown.clone())?;
    let mut browsers = arguments.browsers;
    // The demo shop is on this machine, where the cloud browser may otherwise reach nothing.
    browsers.allow_private.push(demo.address.to_string());
    let component = Component::Node { slots: browsers.slots };
    let node_config = browsers.into_config(control("node", component)?);
    let Node { ready, states, task: mut node } =
        Node::start(node_config, launcher, NodeMetrics::new(&registry)?, shutdown.clone())?;

    let links = async {
        let (mut node_ready, mut all_ready) = (ready.clone(), signaling.ready.clone());
        if node_ready.wait_for(String::is_empty).await.is_ok() && all_ready.wait_for(String::is_empty).await.is_ok() {
            print_links(&signaling, &demo, demo_key.reveal());
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = links => {}
        outcome = &mut sfu.task => outcome?.context("the SFU ended")?,
        outcome = &mut node => outcome?.context("the browser node ended")?,
        signal = tandem_component::termination() => signal?,
    }
    tracing::info!(slots = %node::debug_state(&states), "ending");
    shutdown.cancel();
    if !node.is_finished() {
        node.await??;
    }
    if !sfu.task.is_finished() {
        sfu.task.await??;
    }
    (&mut signaling.task).await?
}

fn print_links(signaling: &Signaling, demo: &demo::Demo, key: &str) {
    let url = &signaling.public_url;
    println!("customer: {url}/c/demo");
    // The first of them may do everything.
    let known = signaling.demo.as_ref().and_then(|people| Some((people.emails.first()?, people)));
    let known = known.map(|(email, people)| format!("  (e-mail {email}, password {})", people.password));
    let known = known.unwrap_or_default();
    println!("agent: {url}/agent{known}");
    println!("admin: {url}/admin{known}");
    println!("demo: http://{}/  (API key {key})", demo.address);
}

//! Signalling, the control plane: who may join what, which node and which SFU serve a session, the API and the pages.

#[expect(clippy::result_large_err, reason = "an error here is the answer itself, made once a request")]
mod api;
mod arguments;
mod calls;
mod components;
mod control;
mod entrances;
mod fetch;
mod files;
mod hub;
mod mailbox;
mod metrics;
mod oidc;
mod pages;
mod passwords;
mod pins;
mod proxies;
mod rates;
mod retention;
mod serve;
mod sign_ins;
mod store;
mod tls;
mod tokens;
mod totp;
mod words;
mod ws;

pub use arguments::AccountArguments;
pub use proxies::Network;
pub use tls::Tls;

use anyhow::{Context, Result};
use hub::{Hub, Outlets, ToRecord};
use passwords::Passwords;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Entry, Store};
use tandem_component::Secret;
use tandem_protocol::CompanyId;
use tandem_protocol::api::{Action, Actor};
use tandem_session::Limits;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What could not be recorded is tried again after so long.
const RECORD_AGAIN: Duration = Duration::from_secs(1);

/// What signalling is told.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// Where nodes and SFUs reach `/control` without TLS, when people's browsers need it.
    pub control_listen: SocketAddr,
    pub tls: Option<Tls>,
    /// How people's browsers reach it, without a slash at the end; by its listening address when unset.
    pub public_url: Option<String>,
    /// Proxies whose word for where a request comes from is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where its database is, unless `database` says.
    pub data: PathBuf,
    /// The address of a PostgreSQL server's database. It holds a password.
    pub database: Option<Secret>,
    /// What nodes and SFUs show to register.
    pub control_key: Secret,
    /// The API key of the demo company, which exists only when this is set.
    pub demo_key: Option<Secret>,
    /// Where the demo company's sessions begin.
    pub demo_site: Option<String>,
    pub admin: FirstAdmin,
    pub limits: Limits,
    /// How long a PIN can be redeemed.
    pub pin_life: Duration,
}

/// The administrator of a database in which nobody can sign in yet.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    pub company: CompanyId,
    pub email: String,
    /// Without it the administrator sets one, by a link that is good once.
    pub password: Option<Secret>,
}

/// Whoever can sign in for the first time, to be told once.
#[derive(Debug, Clone)]
pub struct Administrator {
    pub email: String,
    /// Sets the password; unset when there is one.
    pub link: Option<String>,
}

impl std::fmt::Display for Administrator {
    /// As it is printed when it all begins.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.link {
            Some(link) => write!(f, "administrator: {link}  (e-mail {}; the link sets the password, once)", self.email),
            None => write!(f, "administrator: e-mail {}, with the password that was given", self.email),
        }
    }
}

/// People of the demo: their e-mail addresses and the password of all.
#[derive(Debug, Clone)]
pub struct DemoPeople {
    pub emails: Vec<String>,
    pub password: String,
}

/// Running signalling.
pub struct Signaling {
    pub address: SocketAddr,
    pub public_url: String,
    /// Where components on this machine register.
    pub control_url: String,
    /// What it still lacks to be ready; empty when it is.
    pub ready: watch::Receiver<String>,
    pub demo: Option<DemoPeople>,
    pub administrator: Option<Administrator>,
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
        let store = Store::open(&config.data, config.database.as_ref()).await?;
        let passwords = Passwords::default();
        let demo = match &config.demo_key {
            Some(key) => {
                let people = store.open_demo(key, &passwords).await?;
                if let Some(site) = &config.demo_site {
                    store.set_demo_site(site).await?;
                }
                Some(people)
            }
            None => {
                store.close_demo().await?;
                None
            }
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", config.listen))?;
        let address = listener.local_addr()?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
        let metrics = metrics::Metrics::new(&registry)?;
        let proxies = config.trusted_proxies.clone();
        let (tls, data, control_listen, first) =
            (config.tls.clone(), config.data.clone(), config.control_listen, config.admin.clone());
        let (hub, Outlets { ready, records }) =
            Hub::new(config, public_url.clone(), store, passwords, metrics, shutdown.clone());
        let administrator = first_admin(&hub, &first).await?;
        let people = api::router(hub.clone())
            .merge(pages::router(hub.clone()))
            .merge(ws::router(hub.clone()))
            .merge(ops(&hub, registry, ready.clone()));
        let control = control::router(hub.clone()).merge(files::router(hub.clone()));
        let control_address = address;
        tokio::spawn(watch_the_clock(hub.clone(), shutdown.clone()));
        tokio::spawn(retention::keep(hub.store.clone(), shutdown.clone()));
        let recorder = tokio::spawn(record(hub.store.clone(), records, shutdown.clone()));
        let (server, control_address) = match tls {
            None => (
                serve::plain(listener, serve::guarded(people.merge(control), &proxies, false), shutdown),
                control_address,
            ),
            Some(tls) => {
                let own = TcpListener::bind(control_listen)
                    .await
                    .with_context(|| format!("{control_listen} cannot be listened on for nodes and SFUs"))?;
                let own_address = own.local_addr()?;
                let names = serve::names(&public_url, address);
                let encrypted = tls::TlsListener::start(listener, &tls, &data, names, shutdown.clone())?;
                let inside = serve::plain(own, control, shutdown.clone());
                (serve::encrypted(encrypted, serve::guarded(people, &proxies, true), inside, shutdown), own_address)
            }
        };
        let task = tokio::spawn(async move {
            server.await?;
            recorder.await?;
            hub.store.close().await;
            Ok(())
        });
        let demo = demo.map(|(emails, password)| DemoPeople { emails, password });
        let control_url = format!("ws://127.0.0.1:{}/control", control_address.port());
        Ok(Signaling { address, public_url, control_url, ready, demo, administrator, task })
    }
}

/// As long as nobody can sign in, each start makes a new link for the first administrator.
async fn first_admin(hub: &Hub, first: &FirstAdmin) -> Result<Option<Administrator>> {
    let Some(person) = hub.store.first_admin(&first.company, &first.email).await? else { return Ok(None) };
    let link = match &first.password {
        Some(password) => {
            let hash = hub.passwords.hash(password.reveal().to_owned()).await?;
            let entry =
                Entry::new(&Actor::Tandem, Action::PasswordSet, format!("of {}, at the first start", person.name));
            hub.store.set_password(&person, &hash, &entry).await?;
            None
        }
        None => {
            let entry = Entry::new(&Actor::Tandem, Action::PasswordLinkMade, format!("for {}", person.name));
            Some(hub.new_password_link(&person, &entry).await?.url.into_inner())
        }
    };
    Ok(Some(Administrator { email: person.email, link }))
}

fn ops(hub: &Arc<Hub>, registry: prometheus::Registry, ready: watch::Receiver<String>) -> axum::Router {
    let hub = hub.clone();
    tandem_component::ops_router(registry, ready, move || hub.debug_state())
}

/// Keeps what happened in sessions, in its order. What the database does not take now, on a full disk for example, waits.
async fn record(store: Store, mut records: mpsc::UnboundedReceiver<ToRecord>, shutdown: CancellationToken) {
    loop {
        let next = tokio::select! {
            biased;
            next = records.recv() => next,
            () = shutdown.cancelled() => None,
        };
        let Some(next) = next else { return };
        while let Err(error) = keep(&store, &next).await {
            tracing::error!("what happened in a session is not recorded yet: {error:#}");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(RECORD_AGAIN) => {}
            }
        }
    }
}

async fn keep(store: &Store, what: &ToRecord) -> Result<()> {
    match what {
        ToRecord::State { session, state } => store.record(session, *state).await,
        ToRecord::Joined { session, who } => store.record_participant(session, who).await,
        ToRecord::Audit { company, entry } => store.audit(company, entry).await,
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

//! TLS of what people's browsers reach: a company's own certificate, or one that is made here for development.

use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// Who takes longer to shake hands is not waited for.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; each costs about a millisecond of a core.
const AT_ONCE: usize = 256;
/// Files are looked at so often.
const LOOK: Duration = Duration::from_secs(5);

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum Tls {
    /// PEM files: the certificate with its chain, and its key. They are read again when they change.
    Files { certificate: PathBuf, key: PathBuf },
    /// Made at the first start for these names and kept in the data directory. Browsers warn of it.
    SelfSigned,
}

/// The one implementation of cryptography in the process.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What the two files hold.
fn read(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    Ok((read(certificate)?, read(key)?))
}

fn certified((certificate, key): &(Vec<u8>, Vec<u8>)) -> Result<Arc<CertifiedKey>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
    anyhow::ensure!(!chain.is_empty(), "there is no certificate in TANDEM_TLS_CERT");
    let key = PrivateKeyDer::from_pem_slice(key).context("there is no key in TANDEM_TLS_KEY")?;
    let certified = CertifiedKey::from_der(chain, key, &provider()).context("the key is not the certificate's")?;
    Ok(Arc::new(certified))
}

/// Makes a certificate where there is none yet, and says where it is.
fn self_signed(directory: &Path, names: Vec<String>) -> Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (directory.join("certificate.pem"), directory.join("certificate-key.pem"));
    if !certificate.exists() || !key.exists() {
        let made = rcgen::generate_simple_self_signed(names).context("no certificate can be made")?;
        let write = |path: &Path, text: &str| {
            let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            let written = opened.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
            written.with_context(|| format!("{} cannot be written", path.display()))
        };
        write(&key, &made.signing_key.serialize_pem())?;
        write(&certificate, &made.cert.pem())?;
    }
    Ok((certificate, key))
}

/// Takes connections and shakes hands, several at once: one that is slow holds up nobody.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    pub(crate) fn start(
        listener: TcpListener,
        tls: &Tls,
        directory: &Path,
        names: Vec<String>,
        shutdown: CancellationToken,
    ) -> Result<TlsListener> {
        let (certificate, key) = match tls {
            Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
            Tls::SelfSigned => self_signed(directory, names)?,
        };
        let files = read(&certificate, &key)?;
        let shown = Arc::new(Shown(RwLock::new(certified(&files)?)));
        tokio::spawn(watch(shown.clone(), certificate, key, files, shutdown.clone()));
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_cert_resolver(shown);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (address, (give, ready)) = (listener.local_addr()?, mpsc::channel(AT_ONCE));
        tokio::spawn(shake_hands(listener, TlsAcceptor::from(Arc::new(config)), give, shutdown));
        Ok(TlsListener { address, ready })
    }
}

async fn shake_hands(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    give: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    shutdown: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, from) = tokio::select! {
            () = shutdown.cancelled() => return,
            // Axum's own way of taking connections knows which errors pass.
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
        };
        let (acceptor, give) = (acceptor.clone(), give.clone());
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // It fails only when the process is ending.
                let _ = give.send((stream, from)).await;
            }
            drop(place);
        });
    }
}

/// Keeps what is shown the same as what is in the files; files that are no certificate change nothing.
async fn watch(
    shown: Arc<Shown>,
    certificate: PathBuf,
    key: PathBuf,
    mut files: (Vec<u8>, Vec<u8>),
    shutdown: CancellationToken,
) {
    let mut every = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let now = match read(&certificate, &key) {
            Ok(now) if now != files => now,
            Ok(_) | Err(_) => continue,
        };
        match certified(&now) {
            Ok(certified) => {
                *shown.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
                tracing::info!("the certificate changed");
            }
            Err(error) => tracing::warn!("the certificate's files changed, and are not taken: {error:#}"),
        }
        files = now;
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

//! Asking other servers: the companies' own providers of identities. HTTPS, or plain HTTP on this machine.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// A provider answers within this, with at most so many bytes.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the address is neither https nor on this machine")]
    Address,
    #[error("no connection: {0}")]
    Connection(#[from] std::io::Error),
    #[error("no answer in HTTP")]
    Http(#[from] hyper::Error),
    #[error("the answer is too large or broke off")]
    Body,
    #[error("no answer in time")]
    Late,
}

/// Opens connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Fetcher {
    tls: TlsConnector,
}

impl Fetcher {
    /// Trusts whom this machine trusts.
    pub(crate) fn new() -> Fetcher {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(crate::tls::provider()).with_safe_default_protocol_versions();
        let config = config.expect("ring speaks TLS 1.2 and 1.3").with_root_certificates(roots).with_no_client_auth();
        Fetcher { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// One request, one answer; redirects are not followed. `request` names the path alone.
    pub(crate) async fn fetch(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        tokio::time::timeout(PATIENCE, self.exchange(url, request)).await.map_err(|_| FetchError::Late)?
    }

    async fn exchange(&self, url: &Url, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), FetchError> {
        let (host, port) = (url.host().ok_or(FetchError::Address)?, url.port_or_known_default());
        let port = port.ok_or(FetchError::Address)?;
        let is_here = match host {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => name == "localhost",
        };
        let named = url.host_str().ok_or(FetchError::Address)?;
        match url.scheme() {
            "https" => {
                let tcp = TcpStream::connect((named.trim_matches(['[', ']']), port)).await?;
                let name = ServerName::try_from(named.trim_matches(['[', ']']).to_owned());
                let stream = self.tls.connect(name.map_err(|_| FetchError::Address)?, tcp).await?;
                answer(stream, url, request).await
            }
            "http" if is_here => {
                answer(TcpStream::connect((named.trim_matches(['[', ']']), port)).await?, url, request).await
            }
            _ => Err(FetchError::Address),
        }
    }
}

async fn answer(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    url: &Url,
    mut request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), FetchError> {
    let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let authority = HeaderValue::from_str(&authority).map_err(|_| FetchError::Address)?;
    request.headers_mut().insert(HOST, authority);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|_| FetchError::Body)?;
        Ok((status, body.to_bytes()))
    };
    let answer = answer.await;
    connection.abort();
    answer
}

//! How the routes are served: headers that every answer has, plainly or by TLS.

use crate::proxies::{self, Network};
use crate::tls::TlsListener;
use anyhow::Result;
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::IncomingStream;
use futures_util::future::BoxFuture;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

/// A year: who has come by TLS once comes by nothing else (RFC 6797).
const STRICT: &str = "max-age=31536000";

/// Puts what holds for every answer around the routes.
pub(crate) fn guarded(routes: Router, trusted: &[Network], is_encrypted: bool) -> Router {
    let named = routes.layer(middleware::from_fn_with_state(trusted.into(), proxies::resolve));
    named.layer(middleware::map_response(move |mut response: Response| async move {
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if is_encrypted {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT));
        }
        response
    }))
}

type Server = BoxFuture<'static, Result<()>>;

pub(crate) fn plain(listener: TcpListener, routes: Router, shutdown: CancellationToken) -> Server {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    Box::pin(async move {
        axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned()).await?;
        Ok(())
    })
}

/// Who is at the other end of an encrypted connection.
#[derive(Clone, Copy)]
struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Peer(*stream.remote_addr())
    }
}

/// Serves people by TLS, and components as `inside` does.
pub(crate) fn encrypted(listener: TlsListener, routes: Router, inside: Server, shutdown: CancellationToken) -> Server {
    // Handlers ask for the address alone, however the connection came.
    let named = routes.layer(middleware::from_fn(
        async |ConnectInfo(Peer(from)): ConnectInfo<Peer>, mut request: Request, next: Next| {
            request.extensions_mut().insert(ConnectInfo(from));
            next.run(request).await
        },
    ));
    let service = named.into_make_service_with_connect_info::<Peer>();
    Box::pin(async move {
        let people = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
        let (people, inside) = tokio::join!(people.into_future(), inside);
        people?;
        inside
    })
}

/// The names that a certificate made here is for.
pub(crate) fn names(public_url: &str, listen: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let public =
        Url::parse(public_url).ok().and_then(|url| url.host_str().map(|host| host.trim_matches(['[', ']']).into()));
    let listening = Some(listen.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string());
    for name in public.into_iter().chain(listening) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

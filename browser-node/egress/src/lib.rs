//! The only way out of a session's browser: a SOCKS 5 proxy on loopback that resolves names itself, judges every address
//! and connects to the very address it judged, so that a name cannot change its mind in between.
//!
//! Chromium is started with [`flags`]. Who is asked for is never logged, and counted by a closed set of reasons only.

mod address;
mod owner;
mod refusals;
mod rules;
mod socks;

pub use address::is_public;
pub use refusals::Refusals;
pub use rules::{Authority, AuthorityError, Refused, Rules, decide};

use owner::Sockets;
use rules::Host;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_buf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Connections of one session at a time.
pub const MAX_CONNECTIONS: usize = 512;
/// Names resolved at a time. Each takes a thread for as long as DNS takes.
const MAX_LOOKUPS: usize = 16;
const HANDSHAKE: Duration = Duration::from_secs(10);
const LOOKUP: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(20);
/// What an address has before the next one is tried beside it (RFC 8305 section 8).
const HEAD_START: Duration = Duration::from_millis(250);
/// What the other direction has left when one has ended; else a server that never closes would keep its connection for ever.
const HALF_CLOSED: Duration = Duration::from_secs(300);
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Bytes read from the browser and from the internet before they are passed on.
const UP: usize = 8 * 1024;
const DOWN: usize = 32 * 1024;

/// A running proxy. Dropped, it stops and closes every connection.
pub struct Egress {
    port: u16,
    refusals: Refusals,
    _accepting: AbortOnDropHandle<()>,
}

/// What every connection shares.
struct Shared<C> {
    count: C,
    sockets: Sockets,
    lookups: Arc<Semaphore>,
    refusals: Refusals,
    port: u16,
}

impl Egress {
    /// Listens on a port of 127.0.0.1 that the system chooses, for the processes of its own user. Each connection is
    /// counted once: made, or refused and why. Connections that new rules do not allow are closed.
    ///
    /// # Errors
    /// When it cannot listen, or the kernel does not say whose a connection is.
    pub async fn start(
        rules: watch::Receiver<Rules>,
        count: impl Fn(Result<(), Refused>) + Send + Sync + 'static,
    ) -> io::Result<Egress> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let lookups = Arc::new(Semaphore::new(MAX_LOOKUPS));
        let refusals = Refusals::default();
        let shared = Arc::new(Shared { count, sockets: Sockets::open()?, lookups, refusals: refusals.clone(), port });
        Ok(Egress { port, refusals, _accepting: AbortOnDropHandle::new(tokio::spawn(accept(listener, rules, shared))) })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Why hosts could not be reached.
    pub fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }
}

/// What Chromium must be started with, so that whatever it does goes through the proxy on this port.
pub fn flags(port: u16) -> [String; 5] {
    [
        format!("--proxy-server=socks5://127.0.0.1:{port}"),
        // Loopback goes through the proxy as well.
        "--proxy-bypass-list=<-loopback>".into(),
        // Chromium itself resolves nothing: prefetched names, DNS over HTTPS and what else does not ask the proxy.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1".into(),
        // WebRTC uses no UDP, since this proxy has none, and tells no page the node's addresses.
        "--webrtc-ip-handling-policy=disable_non_proxied_udp".into(),
        "--disable-quic".into(),
    ]
}

async fn accept<C>(listener: TcpListener, rules: watch::Receiver<Rules>, shared: Arc<Shared<C>>)
where
    C: Fn(Result<(), Refused>) + Send + Sync + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(_) if connections.len() >= MAX_CONNECTIONS => (shared.count)(Err(Refused::Limit)),
            Ok((client, from)) => drop(connections.spawn(serve(client, from, rules.clone(), shared.clone()))),
            // Out of descriptors: the next try would say so again at once.
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "egress accepts no connection");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn serve<C>(mut client: TcpStream, from: SocketAddr, rules: watch::Receiver<Rules>, shared: Arc<Shared<C>>)
where
    C: Fn(Result<(), Refused>),
{
    let (host, port, server) = match open(&mut client, from, &rules, &shared).await {
        Ok(opened) => opened,
        Err(refused) => return (shared.count)(Err(refused)),
    };
    (shared.count)(Ok(()));
    let Ok(to) = server.peer_addr() else { return };
    if socks::reply(&mut client, socks::SUCCEEDED).await.is_ok() {
        tokio::select! {
            () = tunnel(client, server) => {}
            () = revoked(rules, &host, port, to.ip()) => {}
        }
    }
}

/// From a client's first byte to a connection that is allowed, or the refusal, answered.
async fn open<C>(
    client: &mut TcpStream,
    from: SocketAddr,
    rules: &watch::Receiver<Rules>,
    shared: &Shared<C>,
) -> Result<(Host, u16, TcpStream), Refused> {
    let SocketAddr::V4(peer) = from else { return Err(Refused::Protocol) };
    let here = SocketAddrV4::new(Ipv4Addr::LOCALHOST, shared.port);
    if shared.sockets.owner(peer, here) != Some(nix::unistd::geteuid().as_raw()) {
        return Err(Refused::Protocol);
    }
    // Small answers must not wait for acknowledgements.
    let _ = client.set_nodelay(true);
    let (host, port) = timeout(HANDSHAKE, socks::request(client)).await.unwrap_or(Err(Refused::Limit))?;
    let reached = reach(&host, port, rules, &shared.lookups).await;
    shared.refusals.note(&host, reached.as_ref().err().copied());
    match reached {
        Ok(server) => Ok((host, port, server)),
        Err(refused) => {
            let _ = socks::reply(client, socks::code(refused)).await;
            Err(refused)
        }
    }
}

async fn reach(
    host: &Host,
    port: u16,
    rules: &watch::Receiver<Rules>,
    lookups: &Arc<Semaphore>,
) -> Result<TcpStream, Refused> {
    rules.borrow().check(host, port)?;
    let resolved = timeout(LOOKUP, resolve(host, lookups)).await.unwrap_or_default();
    let rules = rules.borrow().clone();
    let mut addresses = rules.decide(host, port, &resolved)?;
    addresses.retain(|address| rules.opens(host, port, address.ip()) || !is_ours(address.ip()));
    if addresses.is_empty() {
        return Err(Refused::Private);
    }
    timeout(CONNECT, connect(addresses)).await.ok().flatten().ok_or(Refused::Connect)
}

async fn resolve(host: &Host, lookups: &Arc<Semaphore>) -> Vec<IpAddr> {
    if let Some(ip) = host.ip() {
        return vec![ip];
    }
    if host.is_localhost() {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let (name, permit) = (host.as_str().to_owned(), lookups.clone().acquire_owned().await);
    let lookup = tokio::task::spawn_blocking(move || {
        // A lookup that nobody waits for any more still holds its thread, and so its permit.
        let _permit = permit;
        (name, 0).to_socket_addrs().map(|addresses| addresses.map(|address| address.ip()).collect()).unwrap_or_default()
    });
    lookup.await.unwrap_or_default()
}

/// Whether an address is this machine's own, though it may be a public one: then the kernel would connect from it to itself.
/// Connecting a UDP socket sends nothing.
fn is_ours(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((ip, 9)).and_then(|()| socket.local_addr()));
    from.is_ok_and(|from| from.ip() == ip)
}

/// The first that answers; the next starts when one has failed or taken too long.
async fn connect(addresses: Vec<SocketAddr>) -> Option<TcpStream> {
    let mut attempts = JoinSet::new();
    for address in addresses {
        attempts.spawn(TcpStream::connect(address));
        if let Ok(Some(Ok(Ok(server)))) = timeout(HEAD_START, attempts.join_next()).await {
            return Some(server);
        }
    }
    while let Some(attempt) = attempts.join_next().await {
        if let Ok(Ok(server)) = attempt {
            return Some(server);
        }
    }
    None
}

/// Returns when the rules do not allow the connection any more.
async fn revoked(mut rules: watch::Receiver<Rules>, host: &Host, port: u16, ip: IpAddr) {
    while rules.changed().await.is_ok() {
        if rules.borrow_and_update().decide(host, port, &[ip]).is_err() {
            return;
        }
    }
    // Whoever made the rules has gone; the last ones stay.
    std::future::pending().await
}

/// Copies both ways until both have ended, one way after the other has ended in order.
async fn tunnel(mut client: TcpStream, mut server: TcpStream) {
    let _ = server.set_nodelay(true);
    if relay(&mut client, &mut server).await.is_err() {
        // What broke off must not look like an orderly end, or half an answer would pass for a whole one.
        let _ = client.set_zero_linger().and(server.set_zero_linger());
    }
}

async fn relay(client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    let (up, down) = (pump(from_client, to_server, UP), pump(from_server, to_client, DOWN));
    tokio::pin!(up, down);
    tokio::select! {
        ended = &mut up => { ended?; timeout(HALF_CLOSED, down).await? }
        ended = &mut down => { ended?; timeout(HALF_CLOSED, up).await? }
    }
}

async fn pump(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, buffer: usize) -> io::Result<()> {
    copy_buf(&mut BufReader::with_capacity(buffer, from), &mut to).await?;
    to.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_own_addresses_are_its_own() {
        assert!(is_ours([127, 0, 0, 1].into()));
        assert!(!is_ours([8, 8, 8, 8].into()));
    }
}

//! The proxy over real sockets, and a real Chromium behind it.

mod chromium;

use std::io::ErrorKind;
use std::net::SocketAddr;
use tandem_egress::{Authority, Egress, MAX_CONNECTIONS, Refused, Rules};
use tandem_protocol::policy::Sites;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy, what it counted, and a server on loopback that it may reach.
struct World {
    egress: Egress,
    rules: watch::Sender<Rules>,
    counts: watch::Receiver<Counts>,
    server: TcpListener,
}

#[derive(Debug, Default)]
struct Counts {
    made: usize,
    refused: Vec<Refused>,
}

impl Counts {
    fn of(&self, refused: Refused) -> usize {
        self.refused.iter().filter(|counted| **counted == refused).count()
    }
}

impl World {
    async fn new() -> World {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open: Authority = server.local_addr().unwrap().to_string().parse().unwrap();
        let (rules, receiver) = watch::channel(Rules { allow_private: vec![open], sites: Sites::default() });
        let (counter, counts) = watch::channel(Counts::default());
        let count = move |result| {
            counter.send_modify(|counts| match result {
                Ok(()) => counts.made += 1,
                Err(refused) => counts.refused.push(refused),
            });
        };
        World { egress: Egress::start(receiver, count).await.unwrap(), rules, counts, server }
    }

    fn port(&self) -> u16 {
        self.server.local_addr().unwrap().port()
    }

    /// A connection to the proxy on which these bytes have been sent.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(("127.0.0.1", self.egress.port())).await.unwrap();
        client.write_all(bytes).await.unwrap();
        client
    }

    /// The reply code to a request to connect.
    async fn ask(&self, host: &str, port: u16) -> (TcpStream, u8) {
        let mut client = self.send(&[5, 1, 0]).await;
        client.write_all(&connect_to(host, port)).await.unwrap();
        let mut answer = [0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!((&answer[..3], &answer[4..]), (&[5, 0, 5][..], &[0, 1, 0, 0, 0, 0, 0, 0][..]));
        (client, answer[3])
    }

    /// Both ends of a connection through the proxy.
    async fn through(&self) -> (TcpStream, TcpStream) {
        let (asked, accepted) = tokio::join!(self.ask("localhost", self.port()), self.server.accept());
        assert_eq!(asked.1, 0);
        (asked.0, accepted.unwrap().0)
    }
}

fn connect_to(host: &str, port: u16) -> Vec<u8> {
    [&[5, 1, 0, 3, u8::try_from(host.len()).unwrap()], host.as_bytes(), &port.to_be_bytes()].concat()
}

/// Whether nobody ever connected.
fn untouched(listener: &std::net::TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Everything until the end; a reset is an end too.
async fn rest(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match client.read_to_end(&mut bytes).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    bytes
}

#[tokio::test]
async fn bytes_pass_both_ways_and_each_way_ends_by_itself() {
    let world = World::new().await;
    for client_ends_first in [true, false] {
        let (client, server) = world.through().await;
        let (mut first, mut second) = if client_ends_first { (client, server) } else { (server, client) };
        let large = vec![7; 1_000_000];
        let (sent, received) = tokio::join!(
            async {
                first.write_all(&large).await.unwrap();
                first.shutdown().await
            },
            rest(&mut second)
        );
        sent.unwrap();
        assert_eq!(received.len(), large.len());
        second.write_all(b"and back").await.unwrap();
        second.shutdown().await.unwrap();
        assert_eq!(rest(&mut first).await, b"and back");
    }
    assert_eq!(world.counts.borrow().made, 2);
}

#[tokio::test]
async fn a_connection_that_breaks_off_does_not_look_whole() {
    let world = World::new().await;
    let (mut client, mut server) = world.through().await;
    server.write_all(b"half").await.unwrap();
    client.read_exact(&mut [0; 4]).await.unwrap();
    server.set_zero_linger().unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_is_not_allowed_is_answered_and_never_reached() {
    let world = World::new().await;
    let secret = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sites = Sites { allowed: vec!["*".into()], blocked: vec!["evil.example".into()] };
    let allow_private = [world.server.local_addr().unwrap(), closed].map(|open| open.to_string().parse().unwrap());
    world.rules.send_replace(Rules { allow_private: allow_private.into(), sites });
    let port = secret.local_addr().unwrap().port();
    let rows = [
        ("127.0.0.1", port, 2, Refused::Private),
        ("localhost", port, 2, Refused::Private),
        ("127.1", port, 2, Refused::Private),
        ("2130706433", port, 2, Refused::Private),
        ("0x7f.1", port, 2, Refused::Private),
        ("0177.0.0.1", port, 2, Refused::Private),
        ("127.0.0.1.", port, 2, Refused::Private),
        ("::1", port, 2, Refused::Private),
        ("::ffff:127.0.0.1", port, 2, Refused::Private),
        ("::", port, 2, Refused::Private),
        ("0.0.0.0", port, 2, Refused::Private),
        ("169.254.169.254", 80, 2, Refused::Private),
        ("www.evil.example", 443, 2, Refused::Site),
        ("127.0.0.1", 25, 2, Refused::Port),
        ("127.0.0.1", closed.port(), 5, Refused::Connect),
        ("nothing.invalid", 443, 4, Refused::Resolve),
        ("%6cocalhost", port, 1, Refused::Protocol),
        ("fe80::1%lo", port, 1, Refused::Protocol),
    ];
    for (host, port, code, refused) in rows {
        let (mut client, answered) = world.ask(host, port).await;
        assert_eq!(answered, code, "{host}");
        assert_eq!(rest(&mut client).await, b"", "{host}");
        assert_eq!(world.counts.borrow().refused.last(), Some(&refused), "{host}");
    }
    assert!(untouched(&secret));
    assert_eq!(world.counts.borrow().made, 0);
}

#[tokio::test]
async fn garbage_costs_only_its_sender() {
    let world = World::new().await;
    let rows: [(&[u8], &[u8]); 12] = [
        (b"", b""),
        (b"\x05", b""),
        (b"\x05\xff\x00", b""),
        (b"\x05\x00", b"\x05\xff"),
        (b"\x05\x01\x02", b"\x05\xff"),
        (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b"\x05\xff"),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", b"\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"),
        (b"\x05\x01\x00\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50", b"\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"),
        (b"\x05\x01\x00\x05\x01\x00\x09\x00", b"\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"),
        (b"\x05\x01\x00\x05\x01\x00\x03\x02\xff\xfe\x00\x50", b"\x05\x00\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00"),
        (b"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50", b"\x05\x00\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00"),
    ];
    for (sent, answer) in rows {
        let mut client = world.send(sent).await;
        client.shutdown().await.unwrap();
        let received = rest(&mut client).await;
        // What was sent in vain resets the connection, which may overtake the answer.
        assert!(received == answer || received.is_empty(), "{sent:?} -> {received:?}");
    }
    world.counts.clone().wait_for(|counts| counts.of(Refused::Protocol) == rows.len()).await.unwrap();
    world.through().await;
}

#[tokio::test]
async fn a_flood_is_cut_off_and_leaves_nothing_behind() {
    let (_, most) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, most, most).unwrap();
    let world = World::new().await;
    let mut counts = world.counts.clone();
    let mut flood = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let mut client = world.send(&[5, 1, 0]).await;
        client.read_exact(&mut [0; 2]).await.unwrap();
        flood.push(client);
    }
    assert_eq!(rest(&mut world.send(&[]).await).await, b"");
    counts.wait_for(|counts| counts.of(Refused::Limit) == 1).await.unwrap();
    drop(flood);
    counts.wait_for(|counts| counts.of(Refused::Protocol) == MAX_CONNECTIONS).await.unwrap();
    world.through().await;
}

#[tokio::test]
async fn new_rules_close_what_they_do_not_allow() {
    let world = World::new().await;
    let (mut client, mut server) = world.through().await;
    world.rules.send_modify(|rules| rules.sites.blocked.push("evil.example".into()));
    server.write_all(b"still here").await.unwrap();
    client.read_exact(&mut [0; 10]).await.unwrap();
    world.rules.send_modify(|rules| rules.sites.blocked.push("localhost".into()));
    assert_eq!((rest(&mut client).await, rest(&mut server).await), (vec![], vec![]));
    assert_eq!(world.ask("localhost", world.port()).await.1, 2);
}

#[tokio::test]
async fn its_end_is_the_end_of_every_connection() {
    let world = World::new().await;
    let (mut client, mut server) = world.through().await;
    let address = SocketAddr::from(([127, 0, 0, 1], world.egress.port()));
    drop(world.egress);
    assert_eq!((rest(&mut client).await, rest(&mut server).await), (vec![], vec![]));
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

/// Only root can become somebody else; for others there is nothing to try.
#[tokio::test]
async fn another_user_gets_no_answer() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let world = World::new().await;
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{}; printf '\\5\\1\\0' >&3; cat <&3 | wc -c", world.egress.port());
    let output = tokio::process::Command::new("bash").args(["-c", &script]).uid(65534).output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    assert_eq!(world.counts.borrow().refused, [Refused::Protocol]);
}

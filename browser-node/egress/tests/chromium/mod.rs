//! What a real Chromium asks of the proxy, and what it cannot reach.

use super::{World, untouched};
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tandem_egress::Refused;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The page tries every address, and everything that is no request, and then reports.
const PAGE: &str = r#"<script>
const outcome = url => fetch(url, {mode: 'no-cors'}).then(() => 'loaded', () => 'refused');
const gathered = new Promise(done => {
    const urls = ['turn:127.0.0.1:UDP', 'turn:127.0.0.1:SECRET?transport=tcp', 'turns:127.0.0.1:SECRET?transport=tcp'];
    const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:UDP'}, {urls, username: 'a', credential: 'b'}]});
    peer.onicegatheringstatechange = () => peer.iceGatheringState == 'complete' && done();
    peer.createDataChannel('x');
    peer.createOffer().then(offer => peer.setLocalDescription(offer));
});
const socket = () => new Promise(done => {
    const socket = new WebSocket('ws://127.0.0.1:SECRET');
    socket.onopen = () => done('loaded');
    socket.onerror = () => done('refused');
});
const quic = async () => new WebTransport('https://127.0.0.1:UDP').ready.then(() => 'loaded', () => 'refused');
(async () => {
    const outcomes = [await outcome('/again')];
    for (const host of HOSTS) outcomes.push(await outcome(`http://${host}:SECRET/`));
    outcomes.push(await socket());
    outcomes.push(await quic().catch(() => 'refused'));
    await gathered;
    fetch('/result/' + outcomes.join());
})();
</script>"#;

const HOSTS: [&str; 12] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "localhost",
    "a.localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "nothing.invalid",
];

/// A headless Chromium in a process group of its own, and its profile; dropped, both go.
struct Browser {
    process: Child,
    profile: PathBuf,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
        self.process.wait().unwrap();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

fn start(proxy_port: u16, url: &str) -> Browser {
    let profile = PathBuf::from(format!("/dev/shm/tandem-egress-{proxy_port}"));
    let mut command = Command::new("/usr/lib/chromium/chromium");
    command.args(["--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]);
    command.arg(format!("--user-data-dir={}", profile.display())).args(tandem_egress::flags(proxy_port));
    if nix::unistd::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command.arg(url).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    Browser { process: command.spawn().expect("Chromium is installed"), profile }
}

/// Answers every request with the page until one reports. The connections are served side by side, as Chromium opens
/// some ahead of need and leaves them idle, and a broken one is its own loss.
async fn report(server: &TcpListener, page: &str) -> String {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = server.accept() => {
                connections.spawn(answer(accepted.unwrap().0, page.to_owned()));
            }
            Some(answered) = connections.join_next() => {
                if let Some(result) = answered.unwrap() {
                    return result;
                }
            }
        }
    }
}

/// Answers one request with the page; what it reports, if it is the report.
async fn answer(client: TcpStream, page: String) -> Option<String> {
    let mut client = BufReader::new(client);
    let mut request = String::new();
    client.read_line(&mut request).await.ok()?;
    let result = request.strip_prefix("GET /result/").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    let mut header = String::new();
    while client.read_line(&mut header).await.is_ok_and(|read| read > "\r\n".len()) {
        header.clear();
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    // Whether Chromium waits for it is its own matter; what it asked is known.
    let _ = client.write_all((head + &page).as_bytes()).await;
    result
}

#[tokio::test]
async fn chromium_reaches_what_is_allowed_and_nothing_else() {
    let world = World::new().await;
    let secret = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = secret.local_addr().unwrap().port();
    // Without IPv6 there is nothing to be reached there.
    let secret_v6 = std::net::TcpListener::bind(("::1", port)).ok();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_nonblocking(true).unwrap();
    let page = PAGE
        .replace("HOSTS", &format!("{HOSTS:?}"))
        .replace("SECRET", &port.to_string())
        .replace("UDP", &udp.local_addr().unwrap().port().to_string());
    let _browser = start(world.egress.port(), &format!("http://{}/", world.server.local_addr().unwrap()));
    let outcomes = timeout(Duration::from_secs(60), report(&world.server, &page)).await.expect("the page reports");
    assert_eq!(outcomes, format!("loaded{}", ",refused".repeat(HOSTS.len() + 2)));
    for listener in [Some(&secret), secret_v6.as_ref()].into_iter().flatten() {
        assert!(untouched(listener), "a private address was reached");
    }
    assert_eq!(udp.recv(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock, "a datagram went past the proxy");
    // It is the proxy that refused them, not Chromium: all but the name without an address, and the web socket.
    assert!(world.counts.borrow().of(Refused::Private) >= HOSTS.len(), "{:?}", world.counts.borrow());
}

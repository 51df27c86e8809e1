//! Signalling over the wire: a browser, an API client and components speak to it as strangers would.

mod accounts;
mod audit;
mod clock;
mod disk;
mod files;
mod live;
mod postgres;
mod process;
mod provider;
mod settings;
mod tls;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tandem_component::Secret;
use tandem_session::Limits;
use tandem_signaling::{Config, FirstAdmin, Signaling};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

const API_KEY: &str = "a-key-of-the-demo-company-0123456789abcdef";
const CONTROL_KEY: &str = "a-key-of-components-0123456789abcdef0123";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    signaling: Signaling,
    shutdown: CancellationToken,
    data: Option<tempfile::TempDir>,
}

/// What is told when nothing else is said.
fn config(data: &std::path::Path) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        control_listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        public_url: None,
        trusted_proxies: Vec::new(),
        data: data.join("data"),
        database: None,
        control_key: Secret::new(CONTROL_KEY).unwrap(),
        demo_key: Some(Secret::new(API_KEY).unwrap()),
        demo_site: None,
        admin: FirstAdmin { company: "main".parse().unwrap(), email: "admin@main.example".into(), password: None },
        limits: Limits::default(),
        pin_life: Duration::from_secs(60),
    }
}

impl World {
    async fn new() -> World {
        World::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> World {
        World::again(tempfile::tempdir().unwrap(), change).await
    }

    /// With what an earlier one left.
    async fn again(data: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> World {
        let shutdown = CancellationToken::new();
        let mut config = config(data.path());
        change(&mut config);
        let signaling = Signaling::start(config, prometheus::Registry::new(), shutdown.clone()).await.unwrap();
        World { signaling, shutdown, data: Some(data) }
    }

    /// Ends it, and leaves what is on disk.
    async fn end(mut self) -> tempfile::TempDir {
        self.shutdown.cancel();
        (&mut self.signaling.task).await.unwrap().unwrap();
        self.data.take().unwrap()
    }

    async fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let answer = self.raw(method, path, headers, body).await;
        (answer.status, answer.json())
    }

    async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.signaling.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.signaling.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Answer::read(stream).await
    }

    async fn api(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let headers = format!("Authorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n");
        self.http(method, &format!("/api/v1{path}"), &headers, &body.to_string()).await
    }

    async fn socket(&self, path: &str, key: Option<&str>) -> Result<Socket, u16> {
        let mut request = format!("ws://{}{path}", self.signaling.address).into_client_request().unwrap();
        if let Some(key) = key {
            request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn page(&self) -> Socket {
        self.socket("/ws", None).await.unwrap()
    }

    /// A component that has registered.
    async fn component(&self, name: &str, component: Value) -> Socket {
        let mut socket = self.socket("/control", Some(CONTROL_KEY)).await.unwrap();
        let protocol = tandem_protocol::PROTOCOL_VERSION;
        socket.say(json!({ "type": "register", "protocol": protocol, "name": name, "component": component })).await;
        socket
    }

    /// A node with two slots and an SFU, both ready.
    async fn components(&self) -> (Socket, Socket) {
        let mut sfu = self.component("sfu", json!({ "kind": "sfu" })).await;
        sfu.hears("registered").await;
        let mut node = self.component("node", json!({ "kind": "node", "slots": 2 })).await;
        node.hears("registered").await;
        node.say(json!({ "type": "node", "report": { "type": "slots", "total": 2, "free": 2, "ready": 1 } })).await;
        self.signaling.ready.clone().wait_for(String::is_empty).await.unwrap();
        (node, sfu)
    }

    /// A session that `node` gives its browser.
    async fn session(&self, node: &mut Socket) -> Value {
        let wanted = json!({ "company": "demo", "start_url": "https://shop.example/" });
        let claim = async {
            let order = node.hears("node").await["order"].clone();
            assert_eq!(order["type"], "claim");
            node.say(json!({ "type": "node", "report": { "type": "claimed", "session": order["session"] } })).await;
        };
        let ((status, made), ()) = tokio::join!(self.api("POST", "/sessions", wanted), claim);
        assert_eq!(status, 201, "{made}");
        made
    }
}

/// An answer in HTTP.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    async fn read(mut stream: impl tokio::io::AsyncRead + Unpin) -> Answer {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answer = String::from_utf8_lossy(&bytes);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// All headers of this name.
    fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or none when the other end is done.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("an answer in time") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message of this type.
    async fn hears(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await.unwrap_or_else(|| panic!("it ended before {kind}"));
            if message["type"] == kind {
                return message;
            }
        }
    }

    async fn join_by(&mut self, url: &Value) -> Value {
        let token = url.as_str().unwrap().split_once("#t=").unwrap().1;
        self.say(json!({ "type": "join", "credential": { "kind": "token", "token": token }, "take_over": false }))
            .await;
        loop {
            let answer = self.next().await.expect("an answer");
            if answer["type"] == "joined" || answer["type"] == "refused" {
                return answer;
            }
        }
    }
}

#[tokio::test]
async fn components_show_the_key_the_version_and_a_name_of_their_own() {
    let world = World::new().await;
    assert_eq!(world.socket("/control", None).await.err(), Some(401));
    assert_eq!(world.socket("/control", Some("another key")).await.err(), Some(401));
    let mut old = world.socket("/control", Some(CONTROL_KEY)).await.unwrap();
    let register = json!({ "type": "register", "protocol": 0, "name": "old", "component": { "kind": "sfu" } });
    old.say(register).await;
    assert!(old.hears("refused").await["message"].as_str().unwrap().contains("version"));
    let mut first = world.component("sfu", json!({ "kind": "sfu" })).await;
    first.hears("registered").await;
    // Whoever holds the name answers a ping, so the second is refused and the first stays.
    let alive = tokio::spawn(async move { first.next().await });
    let mut second = world.component("sfu", json!({ "kind": "sfu" })).await;
    assert_eq!(second.hears("refused").await["message"], "the name sfu is in use");
    assert!(!alive.is_finished());
    alive.abort();
}

#[tokio::test]
async fn a_session_from_link_to_end() {
    let world = World::new().await;
    let wanted = json!({ "company": "demo", "start_url": "https://shop.example/" });
    let (status, refused) = world.api("POST", "/sessions", wanted).await;
    assert_eq!((status, &refused["code"]), (503, &json!("no_capacity")), "nobody has registered");
    let (mut node, mut sfu) = world.components().await;
    let made = world.session(&mut node).await;

    let mut customer = world.page().await;
    let joined = customer.join_by(&made["customer_url"]).await;
    assert_eq!((&joined["type"], &joined["role"]), (&json!("joined"), &json!("customer")));
    let mut thief = world.page().await;
    assert_eq!(thief.join_by(&made["customer_url"]).await["reason"], "invalid_link", "a link is used up by joining");
    customer.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    assert_eq!(customer.hears("refused").await["reason"], "not_yet", "no picture before the customer accepted");
    customer.say(json!({ "type": "accept" })).await;
    customer.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    let order = node.hears("node").await["order"].clone();
    assert_eq!((&order["type"], &order["role"]), (&json!("admit"), &json!("customer")), "the node knows whom to obey");
    assert_eq!(sfu.hears("sfu").await["order"]["peer"]["role"], "customer");

    // A reload: the window goes, and comes back by its key.
    drop(customer);
    let mut customer = world.page().await;
    let resume = json!({ "kind": "resume", "key": joined["resume"] });
    customer.say(json!({ "type": "join", "credential": resume, "take_over": false })).await;
    assert_eq!(customer.hears("joined").await["participant"], joined["participant"]);

    let path = format!("/sessions/{}", made["id"].as_str().unwrap());
    assert_eq!(world.api("GET", &path, Value::Null).await.1["state"], "live");
    assert_eq!(world.api("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(customer.hears("ended").await["reason"], "api");
    while node.hears("node").await["order"]["type"] != "release" {}
    assert_eq!(world.api("GET", &path, Value::Null).await.1["state"], "ended");
    let again = world.api("POST", &format!("{path}/navigate"), json!({ "url": "https://shop.example/" })).await;
    assert_eq!((again.0, &again.1["code"]), (409, &json!("over")));
}

#[tokio::test]
async fn a_node_that_goes_takes_its_sessions_along_and_one_that_knows_of_others_lets_them_go() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let mut customer = world.page().await;
    customer.join_by(&made["customer_url"]).await;
    let mut second = world.component("second", json!({ "kind": "node", "slots": 1 })).await;
    second.hears("registered").await;
    second.say(json!({ "type": "node", "report": { "type": "claimed", "session": made["id"] } })).await;
    let order = second.hears("node").await["order"].clone();
    assert_eq!((&order["type"], &order["session"]), (&json!("release"), &made["id"]), "a second node for a session");
    node.say(json!({ "type": "node", "report": { "type": "ended", "session": made["id"], "reason": "node" } })).await;
    assert_eq!(customer.hears("ended").await["reason"], "node");
}

#[tokio::test]
async fn what_is_no_message_of_ours_costs_its_sender_alone() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let mut customer = world.page().await;
    customer.join_by(&made["customer_url"]).await;
    for nonsense in ["", "{", "[]", r#"{"type":"nothing"}"#, r#"{"type":"offer","sdp":"","more":1}"#] {
        let mut stranger = world.page().await;
        stranger.0.send(Message::text(nonsense)).await.unwrap();
        assert_eq!(stranger.hears("refused").await["reason"], "malformed", "{nonsense}");
    }
    let mut large = world.page().await;
    large.0.send(Message::text("x".repeat(tandem_protocol::limits::SIGNAL + 1))).await.unwrap();
    assert_eq!(large.hears("refused").await["reason"], "malformed");
    let mut flood = world.page().await;
    for _ in 0..200 {
        // It may be cut off before it has said all of it.
        if flood.0.send(Message::text(r#"{"type":"accept"}"#)).await.is_err() {
            break;
        }
    }
    let mut reasons = Vec::new();
    while let Some(message) = flood.next().await {
        reasons.push(message["reason"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(reasons.last().map(String::as_str), Some("too_many"));
    customer.say(json!({ "type": "accept" })).await;
    // The others go on.
    while customer.hears("state").await["state"] != "live" {}
}

/// The document and the routes are one.
#[tokio::test]
async fn the_open_api_document_is_true() {
    let world = World::new().await;
    let (status, document) = world.http("GET", "/api/v1/openapi.json", "", "").await;
    assert_eq!(status, 200);
    let paths = document["paths"].as_object().unwrap();
    let routes: Vec<_> =
        include_str!("../../src/api.rs").split(".route(\"").skip(1).map(|r| r.split('"').next().unwrap()).collect();
    assert_eq!(paths.len(), routes.len());
    assert_eq!(document["components"]["schemas"]["Policy"]["additionalProperties"], false);
    assert!(document["components"]["schemas"]["MaskRule"].is_object(), "what a policy is made of is there too");
    for (path, methods) in paths {
        assert!(routes.contains(&path.as_str()), "{path}");
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            let at = path.replace("{company}", "demo").replace("{id}", &"a".repeat(26));
            let (status, body) = world.api(&method.to_uppercase(), &at, json!({ "not": "a body" })).await;
            assert_ne!(status, 405, "{method} {path}");
            assert_ne!(body["message"], "there is nothing here", "{method} {path}");
        }
    }
}

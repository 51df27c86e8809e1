//! Files between a customer's page and a node, which meet here by a ticket each.

use super::{Answer, Socket, World};
use serde_json::{Value, json};
use tandem_protocol::files::FILE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DOWNLOAD: &str = r#"{"kind":"download","download":1}"#;
const UPLOAD: &str = r#"{"kind":"upload","chooser":1,"place":0}"#;

/// A session that the customer has accepted.
struct Shared {
    world: World,
    node: Socket,
    made: Value,
    customer: Socket,
}

/// Where page and node meet for one file.
struct Tickets {
    page: String,
    node: String,
}

impl Shared {
    async fn new() -> Shared {
        let world = World::new().await;
        let (mut node, sfu) = world.components().await;
        // It is not what this is about, and is to stay.
        tokio::spawn(async move {
            let mut sfu = sfu;
            while sfu.next().await.is_some() {}
        });
        let made = world.session(&mut node).await;
        let mut customer = world.page().await;
        customer.join_by(&made["customer_url"]).await;
        customer.say(json!({ "type": "accept" })).await;
        while customer.hears("state").await["state"] != "live" {}
        Shared { world, node, made, customer }
    }

    async fn ask(&mut self, transfer: &str) -> Option<Tickets> {
        let transfer: Value = serde_json::from_str(transfer).unwrap();
        self.customer.say(json!({ "type": "file", "transfer": transfer })).await;
        let told = self.customer.hears("ticket").await;
        assert_eq!(told["transfer"], transfer);
        let page = told["ticket"].as_str()?.to_owned();
        let order = self.node.hears("node").await["order"].clone();
        assert_eq!(
            (&order["type"], &order["session"], &order["transfer"]),
            (&json!("file"), &self.made["id"], &transfer)
        );
        Some(Tickets {
            page: format!("/api/v1/files/{page}"),
            node: format!("/control/files/{}", order["ticket"].as_str().unwrap()),
        })
    }

    /// A request of which only the head is sent.
    async fn begin(&self, method: &str, path: &str, length: u64) -> TcpStream {
        let mut stream = TcpStream::connect(self.world.signaling.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n",
            self.world.signaling.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn status(&self, method: &str, path: &str) -> u16 {
        self.world.raw(method, path, "", "").await.status
    }
}

async fn status(stream: TcpStream) -> u16 {
    Answer::read(stream).await.status
}

#[tokio::test]
async fn bytes_go_through_either_way_once() {
    let mut shared = Shared::new().await;
    for (transfer, is_upload) in [(UPLOAD, true), (DOWNLOAD, false)] {
        let Tickets { page, node } = shared.ask(transfer).await.unwrap();
        let (from, to) = if is_upload { (&page, &node) } else { (&node, &page) };
        let body = "the bytes of a file\n".repeat(20_000);
        let (sent, fetched) =
            tokio::join!(shared.world.raw("PUT", from, "", &body), shared.world.raw("GET", to, "", ""));
        assert_eq!((sent.status, fetched.status), (204, 200));
        assert!(fetched.body == body);
        assert_eq!(fetched.headers("content-length").next(), Some(body.len().to_string().as_str()));
        assert_eq!(fetched.headers("content-disposition").next(), Some("attachment"), "nobody here knows its name");
        assert_eq!((shared.status("PUT", from).await, shared.status("GET", to).await), (404, 404), "once");
    }
    // An empty file is one too.
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let (sent, fetched) = tokio::join!(shared.status("PUT", &page), shared.status("GET", &node));
    assert_eq!((sent, fetched), (204, 200));
}

#[tokio::test]
async fn a_ticket_is_its_holders_alone_and_for_one_thing() {
    let mut shared = Shared::new().await;
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let swapped = |path: &str| match path.strip_prefix("/api/v1/files/") {
        Some(ticket) => format!("/control/files/{ticket}"),
        None => path.replace("/control/files/", "/api/v1/files/"),
    };
    assert_eq!(shared.status("PUT", &swapped(&page)).await, 404, "a page's ticket does not make it a node");
    assert_eq!(shared.status("GET", &node).await, 410, "and is used up by trying");
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    assert_eq!(shared.status("GET", &page).await, 404, "who sends does not fetch");
    assert_eq!(shared.status("GET", &node).await, 410);
    let foreign = shared.ask(UPLOAD).await.unwrap();
    let refused = shared.world.raw("PUT", &foreign.page, "Origin: https://phishing.example\r\n", "x").await;
    assert_eq!(refused.status, 403);
    assert_eq!(shared.status("GET", "/api/v1/files/nonsense").await, 404);
}

#[tokio::test]
async fn files_are_the_customers_alone_and_of_a_session_that_is_on() {
    let mut shared = Shared::new().await;
    let mut agent = shared.world.page().await;
    agent.join_by(&shared.made["agent_url"]).await;
    let transfer: Value = serde_json::from_str(DOWNLOAD).unwrap();
    agent.say(json!({ "type": "file", "transfer": transfer })).await;
    assert_eq!(agent.hears("refused").await["reason"], "not_allowed");
    let Tickets { page, node } = shared.ask(DOWNLOAD).await.unwrap();
    let sending = shared.begin("PUT", &node, 100).await;
    let path = format!("/sessions/{}", shared.made["id"].as_str().unwrap());
    assert_eq!(shared.world.api("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(status(sending).await, 410, "what is under way ends with the session");
    assert_eq!(shared.status("GET", &page).await, 404);
    while shared.node.hears("node").await["order"]["type"] != "release" {}
    let made = shared.world.session(&mut shared.node).await;
    let mut other = shared.world.page().await;
    other.join_by(&made["customer_url"]).await;
    other.say(json!({ "type": "file", "transfer": transfer })).await;
    assert_eq!(other.hears("refused").await["reason"], "not_yet", "nothing goes before the customer has accepted");
}

#[tokio::test]
async fn one_end_that_breaks_off_takes_the_other_along() {
    let mut shared = Shared::new().await;
    // The sender dies in the middle.
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let mut sender = shared.begin("PUT", &page, 1_000).await;
    sender.write_all(&[b'x'; 500]).await.unwrap();
    let mut fetcher = shared.begin("GET", &node, 0).await;
    let mut head = vec![0; 64];
    fetcher.read_exact(&mut head).await.unwrap();
    drop(sender);
    let mut rest = Vec::new();
    let _ = fetcher.read_to_end(&mut rest).await;
    assert!(rest.len() < 900, "it is not whole, and does not say so: {}", rest.len());
    // The fetcher dies.
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let mut sender = shared.begin("PUT", &page, FILE).await;
    let mut fetcher = shared.begin("GET", &node, 0).await;
    sender.write_all(&[b'x'; 500]).await.unwrap();
    fetcher.read_exact(&mut head).await.unwrap();
    drop(fetcher);
    // It is told while it still sends, or finds nobody there any more.
    while sender.write_all(&[b'x'; 65_536]).await.is_ok() {}
    // The node does not want it.
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let sender = shared.begin("PUT", &page, 1_000).await;
    assert_eq!(shared.status("DELETE", &node).await, 204);
    assert_eq!(status(sender).await, 410);
}

#[tokio::test]
async fn who_sends_waits_for_who_fetches() {
    let mut shared = Shared::new().await;
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let mut sender = shared.begin("PUT", &page, FILE).await;
    let mut fetcher = shared.begin("GET", &node, 0).await;
    let mut head = vec![0; 64];
    let piece = vec![b'x'; 1 << 20];
    sender.write_all(&piece).await.unwrap();
    fetcher.read_exact(&mut head).await.unwrap();
    // The fetcher reads nothing more: what the sender gets rid of is what lies in buffers on the way, a small part of the whole.
    let mut written = 0;
    loop {
        tokio::select! {
            biased;
            all = sender.write_all(&piece) => { all.unwrap(); written += piece.len(); }
            () = tokio::time::sleep(std::time::Duration::from_secs(2)) => break,
        }
        assert!((written as u64) < FILE / 2, "nothing holds it back");
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_many_is_refused() {
    let mut shared = Shared::new().await;
    let Tickets { page, node } = shared.ask(UPLOAD).await.unwrap();
    let said = shared.begin("PUT", &page, FILE + 1).await;
    let (said, fetched) = tokio::join!(status(said), shared.status("GET", &node));
    assert_eq!((said, fetched), (413, 410));
    // Each is held by its other end.
    let mut held = Vec::new();
    while let Some(tickets) = shared.ask(DOWNLOAD).await {
        held.push(tickets);
        assert!(held.len() <= 4);
    }
    assert_eq!(held.len(), 4);
    assert_eq!(shared.status("DELETE", &held[0].node).await, 204);
    assert_eq!(shared.status("GET", &held[0].page).await, 410);
    assert!(shared.ask(DOWNLOAD).await.is_some(), "there is room again");
}

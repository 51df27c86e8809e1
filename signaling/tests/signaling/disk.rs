//! A disk that is full: what cannot be kept is refused in plain words, what was acknowledged is there afterwards, and the audit's chain holds.

use super::accounts::Person;
use super::{Answer, CONTROL_KEY};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const PASSWORD: &str = "a long evening by the lake";
/// What a file may hold: a little more than a new database takes (blocks of 512 bytes).
const FEW_BLOCKS: u32 = 3000;

/// The binary itself, since the limit is a process's. It ends with this value.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(data: &Path, limit: Option<u32>) -> Server {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let limit = limit.map_or(String::new(), |blocks| format!("ulimit -f {blocks};"));
        // A file that may not grow is an error of the write, as on a full disk, once the signal for it is ignored.
        let script = format!("trap '' XFSZ; {limit} exec \"$0\"");
        let mut process = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_tandem-signaling")])
            .env("TANDEM_LISTEN", address.to_string())
            .env("TANDEM_DATA", data)
            .env("TANDEM_CONTROL_KEY", CONTROL_KEY)
            .env("TANDEM_ADMIN_EMAIL", "admin@main.example")
            .env("TANDEM_ADMIN_PASSWORD", PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(log.any(|line| line.contains("serving")), "it ended before it served");
        // What it says later must not fill the pipe.
        std::thread::spawn(move || log.for_each(drop));
        Server { process, address }
    }

    async fn say(&self, method: &str, path: &str, headers: &str, body: &Value) -> Answer {
        let (address, body) = (self.address, body.to_string());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Answer::read(stream).await
    }

    async fn admin(&self) -> Person {
        let body = json!({ "email": "admin@main.example", "password": PASSWORD });
        let answer = self.say("POST", "/sign-in", "", &body).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        Person::of(&answer)
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_kept_and_what_cannot_be_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Some(FEW_BLOCKS));
    let admin = server.admin().await.header();
    let mut kept = Vec::new();
    let refused = loop {
        let email = format!("person{}@main.example", kept.len());
        let body = json!({ "name": format!("Person {}", "x".repeat(40)), "email": email, "role": "agent" });
        let answer = server.say("POST", "/companies/main/people", &admin, &body).await;
        match answer.status {
            201 => kept.push(email),
            _ => break answer,
        }
        assert!(kept.len() < 5_000, "the disk is never full");
    };
    assert_eq!((refused.status, &refused.json()["code"]), (500, &json!("internal")));
    assert_eq!(refused.json()["message"], "the database did not answer; try again");
    let people = server.say("GET", "/companies/main/people", &admin, &Value::Null).await;
    assert_eq!(people.status, 200, "what is there can still be read");
    drop(server);

    let server = Server::start(data.path(), None);
    let admin = server.admin().await.header();
    let people = server.say("GET", "/companies/main/people", &admin, &Value::Null).await.json()["people"].clone();
    let there: Vec<_> = people.as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap()).collect();
    assert!(
        !kept.is_empty() && kept.iter().all(|email| there.contains(&email.as_str())),
        "{} of {}",
        there.len(),
        kept.len()
    );
    let verdict = server.say("GET", "/companies/main/audit/verify", &admin, &Value::Null).await.json();
    assert_eq!(verdict["intact"], true, "{verdict}");
    let body = json!({ "name": "One more", "email": "more@main.example", "role": "agent" });
    assert_eq!(server.say("POST", "/companies/main/people", &admin, &body).await.status, 201, "and it goes on");
}

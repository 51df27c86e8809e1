//! Signalling as a process of its own, for what belongs to a process: what its files may hold, and what its clock says.

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

/// It ends with this value.
pub struct Server {
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
    /// `script` is a shell's, and runs the binary as `"$0"`.
    pub fn start(data: &Path, script: &str, env: &[(&str, &str)]) -> Server {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut process = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_tandem-signaling")])
            .env("TANDEM_LISTEN", address.to_string())
            .env("TANDEM_DATA", data)
            .env("TANDEM_CONTROL_KEY", CONTROL_KEY)
            .env("TANDEM_ADMIN_EMAIL", "admin@main.example")
            .env("TANDEM_ADMIN_PASSWORD", PASSWORD)
            .envs(env.iter().copied())
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

    pub async fn say(&self, method: &str, path: &str, headers: &str, body: &Value) -> Answer {
        let (address, body) = (self.address, body.to_string());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Answer::read(stream).await
    }

    /// The header of the administrator, newly signed in.
    pub async fn admin(&self) -> String {
        let body = json!({ "email": "admin@main.example", "password": PASSWORD });
        let answer = self.say("POST", "/sign-in", "", &body).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        Person::of(&answer).header()
    }
}

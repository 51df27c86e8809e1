//! Signing in by a company's own provider, which is a real one: `web-client/e2e/provider.mjs` in a process of its own.

use super::accounts::Person;
use super::{Answer, World};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

struct Provider {
    issuer: String,
    process: Child,
    /// It ends when these do.
    _alive: (ChildStdin, Lines<BufReader<ChildStdout>>),
}

impl Provider {
    fn start(world: &World, method: &str, algorithm: &str, claims: &str) -> Provider {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../web-client/e2e/provider.mjs");
        let redirect = format!("{}/api/v1/sign-in/callback", world.signaling.public_url);
        let mut command = Command::new("node");
        command.args([script, &redirect, method, algorithm, claims]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().expect("node is installed");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next().expect("the provider starts (make setup)").unwrap();
        let alive = (process.stdin.take().unwrap(), lines);
        Provider { issuer, process, _alive: alive }
    }

    /// Who is there from now on.
    async fn is_at_it(&self, who: &str) {
        assert_eq!(get(&format!("{}/as/{who}", self.issuer), "").await.status, 200);
    }

    async fn set(&self, world: &World, newcomers: Value) {
        let provider = json!({
            "issuer": self.issuer, "client_id": "tandem", "client_secret": "a secret/with: all + sorts %",
            "domains": ["demo.example"], "newcomers": newcomers
        });
        let (status, set) = world.api("PUT", "/companies/demo/sign-in", json!({ "provider": provider })).await;
        assert_eq!(status, 200, "{set}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

async fn get(url: &str, cookies: &str) -> Answer {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let cookies = if cookies.is_empty() { String::new() } else { format!("Cookie: {cookies}\r\n") };
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{cookies}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    Answer::read(stream).await
}

/// A browser: it keeps cookies by host, and follows where it is sent.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String, String)>,
}

impl Browser {
    async fn step(&mut self, url: &str) -> Answer {
        let host = url.split('/').nth(2).unwrap().to_owned();
        let of_host: Vec<_> = self
            .cookies
            .iter()
            .filter(|(h, ..)| *h == host)
            .map(|(_, name, value)| format!("{name}={value}"))
            .collect();
        let answer = get(url, &of_host.join("; ")).await;
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(h, n, _)| *h != host || n != name);
            self.cookies.push((host.clone(), name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// The addresses that it was sent to, up to one that begins so; gives the last answer, too.
    async fn follow(&mut self, url: &str, until: &str) -> (String, Answer) {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let answer = self.step(&url).await;
            let location =
                answer.headers("location").next().unwrap_or_else(|| panic!("{url}: {} {}", answer.status, answer.body));
            let base = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            let next = if location.starts_with('/') { format!("{base}{location}") } else { location.to_owned() };
            if next.starts_with(until) {
                return (next, answer);
            }
            url = next;
        }
        panic!("it never came to {until}");
    }

    /// From the start to the page; where it ended, and who it is.
    async fn sign_in(&mut self, world: &World) -> (String, Answer) {
        let url = &world.signaling.public_url;
        self.follow(&format!("{url}/api/v1/sign-in/provider?company=demo"), &format!("{url}/agent")).await
    }
}

#[tokio::test]
async fn people_come_by_their_companys_provider() {
    for (method, algorithm, claims) in
        [("client_secret_basic", "RS256", "by-userinfo"), ("client_secret_post", "ES256", "in-token")]
    {
        let world = World::new().await;
        let provider = Provider::start(&world, method, algorithm, claims);
        provider.set(&world, Value::Null).await;
        let (ended, answer) = Browser::default().sign_in(&world).await;
        assert!(ended.ends_with("/agent"), "{method} {algorithm}: {ended}");
        let (_, me) = world.by(&Person::of(&answer), "GET", "/me", Value::Null).await;
        assert_eq!((&me["email"], &me["role"]), (&json!("ben@demo.example"), &json!("agent")), "{me}");

        for (who, refused) in [("newcomer", "not_known"), ("foreign", "not_known"), ("unchecked", "provider_failed")] {
            provider.is_at_it(who).await;
            let (ended, _) = Browser::default().sign_in(&world).await;
            assert!(ended.ends_with(&format!("/agent#refused={refused}")), "{who}: {ended}");
        }
        provider.set(&world, json!("supervisor")).await;
        provider.is_at_it("newcomer").await;
        let (_, answer) = Browser::default().sign_in(&world).await;
        let (_, me) = world.by(&Person::of(&answer), "GET", "/me", Value::Null).await;
        assert_eq!(
            (&me["name"], &me["role"], &me["password"]),
            (&json!("Nora Néw"), &json!("supervisor"), &json!(false))
        );
    }
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let world = World::new().await;
    let provider = Provider::start(&world, "client_secret_basic", "RS256", "by-userinfo");
    provider.set(&world, Value::Null).await;
    let url = &world.signaling.public_url;
    let callback = format!("{url}/api/v1/sign-in/callback");
    let start = format!("{url}/api/v1/sign-in/provider?company=demo");
    let expired = |answer: &Answer| answer.headers("location").next() == Some("/agent#refused=expired");

    // Somebody lures another into their own answer: that browser did not ask.
    let (mut asked, mut lured) = (Browser::default(), Browser::default());
    let (back, _) = asked.follow(&start, &callback).await;
    assert!(expired(&lured.step(&back).await));
    let done = asked.step(&back).await;
    assert_eq!(done.headers("location").next(), Some("/agent"), "{}", done.head);
    assert!(expired(&asked.step(&back).await), "once");

    let mut other = Browser::default();
    let (back, _) = other.follow(&start, &callback).await;
    let (address, query) = back.split_once('?').unwrap();
    let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let made_up = other.step(&format!("{address}?{state}&code=made-up")).await;
    assert_eq!(made_up.headers("location").next(), Some("/agent#refused=provider_failed"));
    assert!(expired(&other.step(&callback).await));
    assert_eq!(get(&format!("{url}/api/v1/sign-in/provider?company=other"), "").await.status, 404);
}

/// The company's own word: passwords are not taken, but for whoever has to be able to repair it.
#[tokio::test]
async fn a_company_may_want_no_passwords() {
    let world = World::new().await;
    let provider = Provider::start(&world, "client_secret_basic", "RS256", "by-userinfo");
    provider.set(&world, Value::Null).await;
    let (_, settings) = world.api("GET", "/companies/demo/sign-in", Value::Null).await;
    let settings = json!({ "password": false, "provider": settings["provider"] });
    assert_eq!(world.api("PUT", "/companies/demo/sign-in", settings).await.0, 200);
    let password = world.signaling.demo.as_ref().unwrap().password.clone();
    assert_eq!(world.sign_in("ben@demo.example", &password).await.json()["code"], "wrong_password");
    world.demo_person("ana").await;
    let (_, answer) = Browser::default().sign_in(&world).await;
    assert_eq!(world.by(&Person::of(&answer), "GET", "/me", Value::Null).await.0, 200, "the secret was kept");
}

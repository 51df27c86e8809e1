//! A clock that is set while the service runs or before it starts: nothing is lost, nobody is locked out, and what was made
//! while it was wrong does not outlive the mistake. The process's clock is moved by Debian's libfaketime.

use super::process::Server;
use serde_json::{Value, json};
use std::path::Path;

/// The monotonic clock goes on as it is, as it does when a clock is set.
const FAKED: &str = "LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 exec \"$0\"";

fn start(data: &Path, clock: &Path) -> Server {
    Server::start(data, FAKED, &[("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())])
}

async fn people(server: &Server, who: &str) -> (u16, usize) {
    let answer = server.say("GET", "/companies/main/people", who, &Value::Null).await;
    (answer.status, if answer.status == 200 { answer.json()["people"].as_array().unwrap().len() } else { 0 })
}

#[tokio::test]
async fn a_clock_that_is_set_loses_nothing_and_locks_nobody_out() {
    let data = tempfile::tempdir().unwrap();
    let clock = data.path().join("clock");
    let set = |offset: &str| std::fs::write(&clock, offset).unwrap();
    set("+0");
    let server = start(data.path(), &clock);
    let early = server.admin().await;
    let body = json!({ "name": "Somebody", "email": "somebody@main.example", "role": "agent" });
    let made = server.say("POST", "/companies/main/people", &early, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);

    set("+3000d");
    assert_eq!(people(&server, &early).await.0, 401, "their time is over");
    let late = server.admin().await;
    assert_eq!(people(&server, &late).await, (200, 2), "who signs in again goes on");
    drop(server);
    // What is kept looks old to a service that starts with such a clock.
    let server = start(data.path(), &clock);
    let verdict = server.say("GET", "/companies/main/audit/verify", &late, &Value::Null).await.json();
    assert_eq!(verdict["intact"], true, "{verdict}");
    let audit = server.say("GET", "/companies/main/audit?action=person_added", &late, &Value::Null).await.json();
    assert_eq!(audit["events"].as_array().unwrap().len(), 2, "nothing is deleted by a clock that jumped: {audit}");

    set("+0");
    assert_eq!(people(&server, &late).await.0, 401, "made by a wrong clock, it would have lasted for years");
    assert_eq!(people(&server, &early).await, (200, 2), "this one has some hours left");
    let again = server.admin().await;
    assert_eq!(people(&server, &again).await, (200, 2));
    let verdict = server.say("GET", "/companies/main/audit/verify", &again, &Value::Null).await.json();
    assert_eq!(verdict["intact"], true, "also where its times go back: {verdict}");
}

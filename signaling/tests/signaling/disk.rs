//! A disk that is full: what cannot be kept is refused in plain words, what was acknowledged is there afterwards, and the audit's chain holds.

use super::process::Server;
use serde_json::{Value, json};

/// What a file may hold: a little more than a new database takes (blocks of 512 bytes).
const FEW_BLOCKS: u32 = 3000;

#[tokio::test]
async fn what_was_acknowledged_is_kept_and_what_cannot_be_is_refused() {
    let data = tempfile::tempdir().unwrap();
    // A file that may not grow is an error of the write, as on a full disk, once the signal for it is ignored.
    let limited = format!("trap '' XFSZ; ulimit -f {FEW_BLOCKS}; exec \"$0\"");
    let server = Server::start(data.path(), &limited, &[]);
    let admin = server.admin().await;
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

    let server = Server::start(data.path(), "exec \"$0\"", &[]);
    let admin = server.admin().await;
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

//! The audit, and the records of sessions.

use super::World;
use super::accounts::scenarios;
use serde_json::{Value, json};

scenarios!(
    what_people_do_is_kept_searched_and_exported,
    sessions_leave_a_record_with_outcome_and_notes,
    nothing_that_was_typed_or_visited_is_in_it,
);

impl World {
    /// Once the audit holds this action; what happens in sessions is written a moment later.
    async fn event(&self, action: &str) -> Value {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            every.tick().await;
            let path = format!("/companies/demo/audit?action={action}");
            let (status, page) = self.api("GET", &path, Value::Null).await;
            assert_eq!(status, 200, "{page}");
            if let Some(event) = page["events"].get(0) {
                return event.clone();
            }
        }
    }
}

async fn what_people_do_is_kept_searched_and_exported(world: World) {
    let ana = world.demo_person("ana").await;
    for n in 0..5 {
        let body = json!({ "name": format!("=Person {n}"), "email": format!("p{n}@demo.example"), "role": "agent" });
        assert_eq!(world.by(&ana, "POST", "/companies/demo/people", body).await.0, 201);
    }
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/approvals", json!({ "control": true })).await.0, 200);
    let (_, page) =
        world.by(&ana, "GET", "/companies/demo/audit?action=person_added&actor=an&limit=2", Value::Null).await;
    let (events, next) = (page["events"].as_array().unwrap(), page["next"].as_i64().unwrap());
    assert_eq!((events.len(), &events[0]["detail"]), (2, &json!("=Person 4 as agent")));
    assert_eq!((&events[0]["actor"]["kind"], &events[0]["actor"]["name"]), (&json!("person"), &json!("Ana")));
    let path = format!("/companies/demo/audit?action=person_added&actor=ANA&before={next}");
    let (_, rest) = world.by(&ana, "GET", &path, Value::Null).await;
    assert_eq!((rest["events"].as_array().unwrap().len(), &rest["next"]), (3, &Value::Null));
    for (search, count) in [
        ("text=person%203", 2),
        ("text=person_3", 0),
        ("text=%25", 0),
        ("from=4000000000", 0),
        ("to=1", 0),
        ("action=settings_changed", 1),
    ] {
        let (_, found) = world.by(&ana, "GET", &format!("/companies/demo/audit?{search}"), Value::Null).await;
        assert_eq!(found["events"].as_array().unwrap().len(), count, "{search}: {found}");
    }
    for wrong in ["action=nothing", "limit=many", "other=1"] {
        assert_eq!(
            world.by(&ana, "GET", &format!("/companies/demo/audit?{wrong}"), Value::Null).await.0,
            422,
            "{wrong}"
        );
    }

    let csv = world.say("GET", "/companies/demo/audit/export?action=person_added", &ana.header(), Value::Null).await;
    assert_eq!(csv.headers("content-type").next(), Some("text/csv; charset=utf-8"));
    assert!(csv.headers("content-disposition").next().unwrap().contains("audit.csv"));
    assert!(csv.body.contains("\"'=Person 4 as agent\"") && csv.body.starts_with("number,at,"), "{}", csv.body);
    let json = world.say("GET", "/companies/demo/audit/export?format=json", &ana.header(), Value::Null).await.json();
    let all = json["events"].as_array().unwrap();
    assert!(all.windows(2).all(|two| two[0]["number"].as_i64() == two[1]["number"].as_i64().map(|n| n + 1)), "{json}");
    assert_eq!(all[0]["action"], "audit_exported", "an export is an event, too");
    let (_, verdict) = world.by(&ana, "GET", "/companies/demo/audit/verify", Value::Null).await;
    assert_eq!(
        (&verdict["intact"], verdict["events"].as_i64().unwrap()),
        (&json!(true), all.len() as i64 + 1),
        "{verdict}"
    );
}

async fn sessions_leave_a_record_with_outcome_and_notes(world: World) {
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let id = made["id"].as_str().unwrap();
    let mut customer = world.page().await;
    customer.join_by(&made["customer_url"]).await;
    let ben = world.demo_person("ben").await;
    let (status, link) = world.by(&ben, "POST", &format!("/sessions/{id}/join"), Value::Null).await;
    assert_eq!(status, 200, "{link}");
    let mut agent = world.page().await;
    assert_eq!(agent.join_by(&link["agent_url"]).await["role"], "agent");
    let sara = world.demo_person("sara").await;
    let (_, link) = world.by(&sara, "POST", &format!("/sessions/{id}/join"), Value::Null).await;
    assert_eq!(world.page().await.join_by(&link["agent_url"]).await["role"], "supervisor", "as her role joins");
    assert_eq!(world.api("DELETE", &format!("/sessions/{id}"), Value::Null).await.0, 204);
    let ended = world.event("session_ended").await;
    assert_eq!((&ended["session"], &ended["detail"]), (&json!(id), &json!("by the API")));

    let path = format!("/sessions/{id}/record");
    let body = json!({ "outcome": "solved", "notes": "Found the order.\nCall back 10 % cheaper" });
    assert_eq!(world.by(&ben, "PATCH", &path, body).await.0, 200);
    let (_, record) = world.by(&ben, "PATCH", &path, json!({ "outcome": "follow_up" })).await;
    assert_eq!((&record["outcome"], &record["state"]), (&json!("follow_up"), &json!("ended")), "{record}");
    assert_eq!(record["notes"], "Found the order.\nCall back 10 % cheaper", "what is left out stays");
    let people: Vec<_> =
        record["people"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!(people, ["Customer", "Ben", "Sara"]);
    for (search, count) in [
        ("text=10%20%25", 1),
        ("text=10%20_", 0),
        ("outcome=follow_up", 1),
        ("outcome=solved", 0),
        ("text=shop.ex", 1),
        ("to=1", 0),
    ] {
        let (_, found) = world.by(&ben, "GET", &format!("/companies/demo/records?{search}"), Value::Null).await;
        assert_eq!(found["records"].as_array().unwrap().len(), count, "{search}: {found}");
    }
    while node.hears("node").await["order"]["type"] != "release" {}
    let second = world.session(&mut node).await;
    let (_, page) = world.by(&ben, "GET", "/companies/demo/records?limit=1", Value::Null).await;
    let path = format!("/companies/demo/records?limit=1&before={}", page["next"].as_str().unwrap());
    let (_, rest) = world.by(&ben, "GET", &path, Value::Null).await;
    let mut both = [&page, &rest].map(|page| page["records"][0]["id"].as_str().unwrap());
    let mut expected = [id, second["id"].as_str().unwrap()];
    both.sort_unstable();
    expected.sort_unstable();
    assert_eq!(both, expected);
    // What is kept can be deleted before its time, by whoever may change settings, and not while it goes on.
    let record = |id: &str| format!("/sessions/{id}/record");
    let (_, kept) = world.by(&ben, "GET", &record(id), Value::Null).await;
    assert_eq!(kept["kept_until"].as_i64().unwrap() - kept["ended_at"].as_i64().unwrap(), 90 * 24 * 3600);
    assert_eq!(world.by(&ben, "DELETE", &record(id), Value::Null).await.0, 403);
    let running = world.api("DELETE", &record(second["id"].as_str().unwrap()), Value::Null).await;
    assert_eq!((running.0, &running.1["code"]), (409, &json!("running")));
    assert_eq!(world.api("DELETE", &record(id), Value::Null).await.0, 204);
    assert_eq!(world.by(&ben, "GET", &record(id), Value::Null).await.0, 404);
    world.event("session_record_deleted").await;
}

async fn nothing_that_was_typed_or_visited_is_in_it(world: World) {
    let (mut node, _sfu) = world.components().await;
    let wanted = json!({ "company": "demo", "start_url": "https://shop.example/canary-path?token=canary-query" });
    let claim = async {
        let order = node.hears("node").await["order"].clone();
        node.say(json!({ "type": "node", "report": { "type": "claimed", "session": order["session"] } })).await;
    };
    let ((_, made), ()) = tokio::join!(world.api("POST", "/sessions", wanted), claim);
    let id = made["id"].as_str().unwrap();
    let body = json!({ "url": "https://shop.example/canary-path" });
    assert_eq!(world.api("POST", &format!("/sessions/{id}/navigate"), body).await.0, 202);
    world.api("PATCH", &format!("/sessions/{id}/record"), json!({ "notes": "canary-notes" })).await;
    let ana = world.demo_person("ana").await;
    world.sign_in("canary@demo.example", "canary-password").await;
    world.sign_in("ana@demo.example", "canary-password").await;
    world.by(&ana, "PUT", "/companies/demo/sign-in", json!({ "provider": { "issuer": "https://login.example", "client_id": "tandem", "client_secret": "canary-secret", "domains": ["acme.example"] } })).await;
    world.event("navigated").await;
    let (_, audit) = world.api("GET", "/companies/demo/audit?limit=200", Value::Null).await;
    assert!(audit["events"].as_array().unwrap().len() > 6 && !audit.to_string().contains("canary"), "{audit}");
}

/// Changes by others than us are found: this looks at the file itself.
#[tokio::test]
async fn a_row_that_was_changed_or_taken_away_is_found() {
    let world = World::new().await;
    let ana = world.demo_person("ana").await;
    for name in ["One", "Two", "Three"] {
        assert_eq!(world.by(&ana, "PUT", "/companies/demo/profile", json!({ "name": name })).await.0, 200);
    }
    let (_, whole) = world.by(&ana, "GET", "/companies/demo/audit/verify", Value::Null).await;
    let count = whole["events"].as_i64().unwrap();
    sqlx::any::install_default_drivers();
    let file = world.data.as_ref().unwrap().path().join("data/tandem.sqlite");
    let pool = sqlx::AnyPool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let change = "UPDATE events SET detail = 'nothing' WHERE company = 'demo' AND number = 3";
    assert!(sqlx::query(change).execute(&pool).await.is_err(), "the database itself refuses");
    sqlx::query("DROP TRIGGER events_stay").execute(&pool).await.unwrap();
    let kept: String = sqlx::query_scalar("SELECT detail FROM events WHERE company = 'demo' AND number = 3")
        .fetch_one(&pool)
        .await
        .unwrap();
    sqlx::query(change).execute(&pool).await.unwrap();
    let (_, verdict) = world.by(&ana, "GET", "/companies/demo/audit/verify", Value::Null).await;
    assert_eq!((&verdict["intact"], &verdict["broken_at"]), (&json!(false), &json!(3)));
    sqlx::query("UPDATE events SET detail = $1 WHERE company = 'demo' AND number = 3")
        .bind(kept)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(world.by(&ana, "GET", "/companies/demo/audit/verify", Value::Null).await.1, whole);
    sqlx::query("DELETE FROM events WHERE company = 'demo' AND number = $1").bind(count).execute(&pool).await.unwrap();
    let (_, verdict) = world.by(&ana, "GET", "/companies/demo/audit/verify", Value::Null).await;
    assert_eq!((&verdict["intact"], &verdict["broken_at"]), (&json!(false), &json!(count)), "the newest is missing");
}

/// What is too old goes at the next start, and the rest of the chain still holds.
#[tokio::test]
async fn what_is_older_than_it_is_kept_is_deleted() {
    let world = World::new().await;
    let (mut node, sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let id = made["id"].as_str().unwrap().to_owned();
    world.api("DELETE", &format!("/sessions/{id}"), Value::Null).await;
    world.event("session_ended").await;
    assert_eq!(
        world.api("PUT", "/companies/demo/retention", json!({ "session_days": 7, "audit_days": 30 })).await.0,
        200
    );
    drop((node, sfu));
    let data = world.end().await;
    sqlx::any::install_default_drivers();
    let file = data.path().join("data/tandem.sqlite");
    let pool = sqlx::AnyPool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let old = "UPDATE sessions SET created_at = created_at - 8 * 86400, ended_at = ended_at - 8 * 86400";
    assert_eq!(sqlx::query(old).execute(&pool).await.unwrap().rows_affected(), 1);
    pool.close().await;

    let world = World::again(data, |_| {}).await;
    let path = format!("/sessions/{id}");
    let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
    while world.api("GET", &path, Value::Null).await.0 != 404 {
        every.tick().await;
    }
    let (_, verdict) = world.api("GET", "/companies/demo/audit/verify", Value::Null).await;
    assert_eq!(verdict["intact"], true, "{verdict}");
}

//! What companies set, and two who set it at once.

use super::World;
use super::accounts::{Person, scenarios};
use base64::Engine;
use serde_json::{Value, json};

scenarios!(
    documents_are_kept_and_shown_to_customers,
    two_admins_at_once_lose_nothing,
    policies_are_kept_in_all_their_versions,
    a_rule_session_tries_rules_and_keeps_nothing,
    a_providers_secret_is_never_told,
);

fn png() -> String {
    let bytes: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().chain([0; 100]).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

async fn documents_are_kept_and_shown_to_customers(world: World) {
    let ana = world.demo_person("ana").await;
    let ben = world.demo_person("ben").await;
    let sites =
        json!({ "sites": [{ "name": "Shop", "host": "shop.example", "start_url": "https://www.shop.example/start" }] });
    let replies = json!({ "replies": [{ "title": "Greeting", "texts": { "en": "Hello!\nHow can I help?", "es": "<b>¡Hola!</b>" } }] });
    let documents = [
        ("sites", sites.clone()),
        ("look", json!({ "logo": { "kind": "png", "data": png() }, "accent": "#1a6b5f" })),
        (
            "texts",
            json!({ "texts": { "de": { "welcome": "Grüß Gott", "consent": ["Eins <b>", "Zwei"], "farewell": "" } } }),
        ),
        ("languages", json!({ "offered": ["de", "en"], "fallback": "de" })),
        ("approvals", json!({ "control": true, "recording": false })),
        ("retention", json!({ "session_days": 1, "audit_days": 3650 })),
        ("embedding", json!({ "console": ["https://desk.example", "http://localhost:3000"] })),
        ("quick-replies", replies.clone()),
        ("profile", json!({ "name": "Läden & Co" })),
    ];
    for (kind, document) in &documents {
        let path = format!("/companies/demo/{kind}");
        let (status, set) = world.by(&ana, "PUT", &path, document.clone()).await;
        assert_eq!((status, &set), (200, document), "{kind}");
        assert_eq!(world.by(&ana, "GET", &path, Value::Null).await.1, *document);
    }
    assert_eq!(world.by(&ben, "GET", "/companies/demo/sites", Value::Null).await.1, sites, "agents choose among them");
    let told = world.by(&ben, "GET", "/companies/demo/quick-replies", Value::Null).await.1;
    assert_eq!(told, replies, "agents write them");
    let refused = world.by(&ben, "PUT", "/companies/demo/quick-replies", json!({ "replies": [] })).await;
    assert_eq!(refused.0, 403, "and set none");

    let public = world.say("GET", "/companies/demo/public", "", Value::Null).await.json();
    assert_eq!((&public["name"], &public["accent"]), (&json!("Läden & Co"), &json!("#1a6b5f")), "{public}");
    assert_eq!(
        (&public["texts"]["de"]["welcome"], &public["approvals"]["control"]),
        (&json!("Grüß Gott"), &json!(true))
    );
    let logo = world.raw("GET", public["logo_url"].as_str().unwrap(), "", "").await;
    assert_eq!((logo.status, logo.headers("content-type").next()), (200, Some("image/png")));
    let framed = world.raw("GET", "/agent?company=demo", "", "").await;
    if framed.status == 200 {
        let policy = framed.headers("content-security-policy").next().unwrap();
        assert!(policy.ends_with("frame-ancestors https://desk.example http://localhost:3000"), "{policy}");
        let alone = world.raw("GET", "/agent", "", "").await;
        assert!(alone.headers("content-security-policy").next().unwrap().ends_with("frame-ancestors 'none'"));
    }
    let reply = |title: &str, language: &str, text: &str| json!({ "replies": [{ "title": title, "texts": { language: text } }] });
    let too_many: Vec<_> = (0..51).map(|n| json!({ "title": n.to_string(), "texts": {} })).collect();
    let wrong = [
        ("quick-replies", reply(" ", "en", "Hello")),
        ("quick-replies", reply("two\nlines", "en", "Hello")),
        ("quick-replies", reply(&"x".repeat(61), "en", "Hello")),
        ("quick-replies", reply("Greeting", "tlh", "nuqneH")),
        ("quick-replies", reply("Greeting", "en", &"ä".repeat(1001))),
        ("quick-replies", reply("Greeting", "en", "bell\u{7}")),
        ("quick-replies", json!({ "replies": too_many })),
        (
            "sites",
            json!({ "sites": [{ "name": "Shop", "host": "shop.example", "start_url": "https://evil.example/" }] }),
        ),
        (
            "sites",
            json!({ "sites": [{ "name": "Shop", "host": "shop.example", "start_url": "https://evilshop.example/" }] }),
        ),
        ("sites", json!({ "sites": [{ "name": "Shop", "host": "shop.example", "start_url": "javascript:alert(1)" }] })),
        ("look", json!({ "logo": { "kind": "jpeg", "data": png() } })),
        ("look", json!({ "logo": { "kind": "svg", "data": png() } })),
        ("look", json!({ "accent": "red; background: url(//evil.example)" })),
        ("texts", json!({ "texts": { "tlh": {} } })),
        ("texts", json!({ "texts": { "de": { "welcome": "x".repeat(401) } } })),
        ("languages", json!({ "offered": ["de"], "fallback": "en" })),
        ("retention", json!({ "session_days": 0, "audit_days": 30 })),
        ("retention", json!({ "session_days": 7, "audit_days": 3651 })),
        ("embedding", json!({ "console": ["https://desk.example/path"] })),
        ("embedding", json!({ "console": ["https://desk.example; script-src *"] })),
        ("approvals", json!({ "control": true, "start": false })),
    ];
    for (kind, document) in wrong {
        let (status, answer) = world.by(&ana, "PUT", &format!("/companies/demo/{kind}"), document.clone()).await;
        assert_eq!((status, &answer["code"]), (422, &json!("invalid")), "{document}");
    }
}

impl World {
    /// A document's `ETag`.
    async fn tag(&self, person: &Person, path: &str) -> String {
        let answer = self.say("GET", path, &person.header(), Value::Null).await;
        answer.headers("etag").next().unwrap().to_owned()
    }

    async fn put_if(&self, person: &Person, path: &str, tag: &str, body: Value) -> (u16, Value) {
        let headers = format!("{}If-Match: {tag}\r\n", person.header());
        let answer = self.say("PUT", path, &headers, body).await;
        (answer.status, answer.json())
    }
}

async fn two_admins_at_once_lose_nothing(world: World) {
    let (ana, bea) = (world.demo_person("ana").await, world.newcomer("bea", "admin").await);
    let changes = [
        (
            "/companies/demo/approvals",
            json!({ "control": true, "recording": true }),
            json!({ "control": true, "recording": false }),
        ),
        ("/companies/demo/profile", json!({ "name": "One" }), json!({ "name": "Two" })),
        (
            "/companies/demo/quick-replies",
            json!({ "replies": [{ "title": "One", "texts": {} }] }),
            json!({ "replies": [{ "title": "Two", "texts": {} }] }),
        ),
        ("/companies/demo/policy", json!({ "agent": { "typing": false } }), json!({ "agent": { "navigate": false } })),
        ("/companies/demo/sign-in", json!({ "totp": false, "password": true }), json!({})),
    ];
    for (path, first, second) in changes {
        let tag = world.tag(&ana, path).await;
        let (status, answer) = world.put_if(&ana, path, &tag, first).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let (status, answer) = world.put_if(&bea, path, &tag, second.clone()).await;
        if path.ends_with("sign-in") {
            // It was changed to what it was.
            assert_eq!(status, 200, "{answer}");
            continue;
        }
        assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "{path}");
        let tag = world.tag(&bea, path).await;
        assert_eq!(world.put_if(&bea, path, &tag, second).await.0, 200, "{path}: after looking again");
    }
    // At the very same time: as many succeed as there are versions.
    let tag = world.tag(&ana, "/companies/demo/policy").await;
    let before = versions(&world, &ana).await.len();
    let change = |n: usize| {
        let (world, ana, tag) = (&world, &ana, &tag);
        async move {
            world
                .put_if(
                    ana,
                    "/companies/demo/policy",
                    tag,
                    json!({ "sites": { "allowed": [format!("s{n}.example")] } }),
                )
                .await
                .0
        }
    };
    let outcomes = futures_util::future::join_all((0..8).map(change)).await;
    assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|status| matches!(status, 200 | 409)), "{outcomes:?}");
    assert_eq!(versions(&world, &ana).await.len(), before + 1);
}

async fn versions(world: &World, person: &Person) -> Vec<Value> {
    let (_, list) = world.by(person, "GET", "/companies/demo/policy/versions", Value::Null).await;
    list["versions"].as_array().unwrap().clone()
}

async fn policies_are_kept_in_all_their_versions(world: World) {
    let ana = world.demo_person("ana").await;
    let (_, first) = world.by(&ana, "GET", "/companies/demo/policy", Value::Null).await;
    let mut second = first.clone();
    second["masking"]["presets"] = json!(["everything"]);
    second["agent"]["typing"] = json!(false);
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/policy", second.clone()).await.0, 200);
    let list = versions(&world, &ana).await;
    assert_eq!((list.len(), &list[0]["changed"]), (2, &json!(["agent.typing", "masking.presets"])));
    assert_eq!((&list[0]["by"]["name"], &list[1]["by"]["kind"]), (&json!("Ana"), &json!("tandem")));
    assert_eq!(world.by(&ana, "GET", "/companies/demo/policy/versions/1", Value::Null).await.1, first);
    assert_eq!(world.by(&ana, "POST", "/companies/demo/policy/versions/1/restore", Value::Null).await.1, first);
    assert_eq!(world.by(&ana, "GET", "/companies/demo/policy", Value::Null).await.1, first);
    assert_eq!(versions(&world, &ana).await.len(), 3, "what is restored is a version of its own");
    assert_eq!(world.by(&ana, "GET", "/companies/demo/policy/versions/9", Value::Null).await.0, 404);
    assert_eq!(world.by(&ana, "GET", "/companies/demo/policy/versions/x", Value::Null).await.0, 400);
    let (_, audit) = world.by(&ana, "GET", "/companies/demo/audit?text=version", Value::Null).await;
    let details: Vec<_> =
        audit["events"].as_array().unwrap().iter().map(|event| event["detail"].as_str().unwrap()).collect();
    let expected =
        ["version 3, as version 1: agent.typing, masking.presets", "version 2: agent.typing, masking.presets"];
    assert_eq!(details, expected);
}

async fn a_rule_session_tries_rules_and_keeps_nothing(world: World) {
    let ana = world.demo_person("ana").await;
    let (mut node, _sfu) = world.components().await;
    let path = "/companies/demo/rule-sessions";
    for url in ["ftp://shop.example/", "shop.example"] {
        let (status, refused) = world.by(&ana, "POST", path, json!({ "start_url": url })).await;
        assert_eq!((status, &refused["code"]), (422, &json!("invalid_url")), "{refused}");
    }
    let claim = async {
        let order = node.hears("node").await["order"].clone();
        assert_eq!(order["type"], "claim");
        node.say(json!({ "type": "node", "report": { "type": "claimed", "session": order["session"] } })).await;
    };
    let wanted = json!({ "start_url": "https://shop.example/", "viewport": { "width": 900, "height": 700 } });
    let ((status, made), ()) = tokio::join!(world.by(&ana, "POST", path, wanted), claim);
    assert_eq!((status, made.get("pin")), (201, None), "{made}");
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    assert_eq!(customer.join_by(&made["customer_url"]).await["role"], "customer");
    assert_eq!(agent.join_by(&made["agent_url"]).await["role"], "agent");
    let id = made["id"].as_str().unwrap();
    let join = world.by(&ana, "POST", &format!("/sessions/{id}/join"), Value::Null).await;
    assert_eq!(join.0, 404, "nobody else comes in");

    let (_, kept) = world.by(&ana, "GET", "/companies/demo/policy", Value::Null).await;
    let rule = json!({ "what": { "by": "element", "element": { "role": "textbox", "label": "City" } }, "hide": true });
    let mut draft = kept.clone();
    draft["masking"]["rules"] = json!([rule]);
    let draft_path = format!("{path}/{id}/policy");
    assert_eq!(world.by(&ana, "PUT", &draft_path, draft).await.0, 202);
    let order = node.hears("node").await["order"].clone();
    assert_eq!((&order["type"], &order["session"]), (&json!("policy"), &made["id"]));
    assert_eq!(order["policy"]["masking"]["rules"][0]["what"]["element"]["label"], "City");
    assert_eq!(world.by(&ana, "GET", "/companies/demo/policy", Value::Null).await.1, kept, "nothing is kept");

    let wrong =
        json!({ "masking": { "rules": [{ "what": { "by": "element", "element": { "label": "1" } }, "hide": true }] } });
    let (status, refused) = world.by(&ana, "PUT", &draft_path, wrong).await;
    assert_eq!((status, &refused["code"]), (422, &json!("invalid_policy")));
    assert!(refused["message"].as_str().unwrap().starts_with("masking.rules[0].what.element.label: "), "{refused}");
    // What the company decides meanwhile leaves the draft alone, which holds in no other session.
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/policy", json!({})).await.0, 200);
    let ordinary = world.session(&mut node).await;
    let ordinary = format!("{path}/{}/policy", ordinary["id"].as_str().unwrap());
    assert_eq!(world.by(&ana, "PUT", &ordinary, json!({})).await.0, 404);
    let (_, audit) = world.by(&ana, "GET", "/companies/demo/audit?action=rule_session_opened", Value::Null).await;
    let event = &audit["events"][0];
    assert_eq!((&event["session"], &event["detail"]), (&made["id"], &json!("at shop.example")), "{audit}");
}

async fn a_providers_secret_is_never_told(world: World) {
    let ana = world.demo_person("ana").await;
    let provider = json!({ "issuer": "https://login.example", "client_id": "tandem", "client_secret": "a-secret-of-ours", "domains": ["acme.example"] });
    let (status, set) = world.by(&ana, "PUT", "/companies/demo/sign-in", json!({ "provider": provider })).await;
    assert_eq!((status, &set["provider"]["client_secret"]), (200, &Value::Null), "{set}");
    let (_, told) = world.by(&ana, "GET", "/companies/demo/sign-in", Value::Null).await;
    assert_eq!(told, set);
    // What was told can be sent back.
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/sign-in", told).await.0, 200);
    let ask = |email: &str| json!({ "email": email });
    let way = world.say("POST", "/sign-in/way", "", ask("Who.Ever@ACME.example")).await.json();
    assert_eq!(way["way"], "provider", "{way}");
    assert!(way["url"].as_str().unwrap().ends_with("/api/v1/sign-in/provider?company=demo"));
    assert_eq!(world.say("POST", "/sign-in/way", "", ask("ana@demo.example")).await.json()["way"], "password");
    let nothing = json!({ "password": false });
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/sign-in", nothing).await.0, 422, "nobody could sign in");
}

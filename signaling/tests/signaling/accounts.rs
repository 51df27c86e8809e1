//! People, roles, keys and signing in.

use super::{Answer, World};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

pub type Scenario = (&'static str, fn(World) -> BoxFuture<'static, ()>);

/// Makes a test of each on SQLite, and a list for the other database.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        pub const ALL: &[$crate::accounts::Scenario] = &[$((stringify!($name), |world| Box::pin($name(world)))),*];

        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name($crate::World::new().await).await;
                }
            )*
        }
    };
}
pub(crate) use scenarios;

scenarios!(
    roles_and_scopes_decide,
    somebody_is_invited_signs_in_and_is_deactivated,
    a_link_sets_one_password,
    guessing_locks_and_tells_nothing,
    a_second_factor,
    a_company_that_wants_one,
    nobody_gives_what_they_lack,
    somebody_stays_who_manages_people,
    keys_are_told_once_and_revoked_at_once,
    other_sites_act_for_nobody,
    another_company_is_not_there,
    whatever_is_sent_is_refused_with_a_word,
);

/// Somebody signed in.
pub struct Person {
    pub cookie: String,
}

impl World {
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.say("POST", "/sign-in", "", json!({ "email": email, "password": password })).await
    }

    pub async fn say(&self, method: &str, path: &str, headers: &str, body: Value) -> Answer {
        let headers = format!("Content-Type: application/json\r\n{headers}");
        self.raw(method, &format!("/api/v1{path}"), &headers, &body.to_string()).await
    }

    pub async fn person(&self, email: &str, password: &str) -> Person {
        let answer = self.sign_in(email, password).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        Person::of(&answer)
    }

    /// One of the demo's people.
    pub async fn demo_person(&self, name: &str) -> Person {
        let people = self.signaling.demo.clone().unwrap();
        self.person(&format!("{name}@demo.example"), &people.password).await
    }

    pub async fn by(&self, person: &Person, method: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = self.say(method, path, &person.header(), body).await;
        (answer.status, answer.json())
    }

    /// Somebody of this role, with a password.
    pub async fn newcomer(&self, name: &str, role: &str) -> Person {
        let email = format!("{name}@demo.example");
        let body = json!({ "name": name, "email": email, "role": role });
        let (status, added) = self.api("POST", "/companies/demo/people", body).await;
        assert_eq!(status, 201, "{added}");
        let token = token_of(&added["link"]["url"]);
        let body = json!({ "token": token, "password": PASSWORD });
        assert_eq!(self.say("POST", "/password/set", "", body).await.status, 204);
        self.person(&email, PASSWORD).await
    }
}

pub const PASSWORD: &str = "a quiet harbour at dawn";

impl Person {
    pub fn of(answer: &Answer) -> Person {
        let cookie = answer.headers("set-cookie").find(|cookie| cookie.starts_with("tandem=")).unwrap();
        Person { cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    pub fn header(&self) -> String {
        format!("Cookie: {}\r\n", self.cookie)
    }
}

pub fn token_of(url: &Value) -> String {
    url.as_str().unwrap().split_once("#set=").unwrap().1.to_owned()
}

/// Every endpoint with what it needs: of people a permission, of programs a scope. `me` is whoever is signed in, `helper` whoever has a key to
/// come back to the session, and nobody else.
const ENDPOINTS: &[(&str, &str, &str, &str)] = &[
    ("GET", "/sessions", "view", "sessions"),
    ("POST", "/sessions", "view", "sessions"),
    ("GET", "/sessions/SESSION", "view", "sessions"),
    ("DELETE", "/sessions/SESSION", "view", "sessions"),
    ("POST", "/sessions/SESSION/navigate", "view", "sessions"),
    ("POST", "/sessions/SESSION/join", "view", "sessions"),
    ("POST", "/sessions/SESSION/invite", "view", "sessions"),
    ("POST", "/sessions/SESSION/hand-over", "view", "sessions"),
    ("GET", "/sessions/SESSION/quick-replies", "helper", ""),
    ("GET", "/colleagues", "view", "sessions"),
    ("POST", "/pins/claim", "view", "sessions"),
    ("GET", "/sessions/SESSION/record", "view", "sessions"),
    ("PATCH", "/sessions/SESSION/record", "view", "sessions"),
    ("DELETE", "/sessions/SESSION/record", "edit_policy", "settings"),
    ("GET", "/companies/demo/records", "view", "sessions"),
    ("GET", "/companies/demo/policy", "view", "policy"),
    ("PUT", "/companies/demo/policy", "edit_policy", "policy"),
    ("GET", "/companies/demo/policy/versions", "edit_policy", "policy"),
    ("GET", "/companies/demo/policy/versions/1", "edit_policy", "policy"),
    ("POST", "/companies/demo/policy/versions/1/restore", "edit_policy", "policy"),
    ("POST", "/companies/demo/rule-sessions", "edit_policy", "policy"),
    ("PUT", "/companies/demo/rule-sessions/SESSION/policy", "edit_policy", "policy"),
    ("GET", "/companies/demo/profile", "edit_policy", "settings"),
    ("PUT", "/companies/demo/profile", "edit_policy", "settings"),
    ("GET", "/companies/demo/sites", "view", "settings"),
    ("PUT", "/companies/demo/sites", "edit_policy", "settings"),
    ("GET", "/companies/demo/look", "edit_policy", "settings"),
    ("PUT", "/companies/demo/look", "edit_policy", "settings"),
    ("GET", "/companies/demo/texts", "edit_policy", "settings"),
    ("PUT", "/companies/demo/texts", "edit_policy", "settings"),
    ("GET", "/companies/demo/languages", "edit_policy", "settings"),
    ("PUT", "/companies/demo/languages", "edit_policy", "settings"),
    ("GET", "/companies/demo/approvals", "edit_policy", "settings"),
    ("PUT", "/companies/demo/approvals", "edit_policy", "settings"),
    ("GET", "/companies/demo/retention", "edit_policy", "settings"),
    ("PUT", "/companies/demo/retention", "edit_policy", "settings"),
    ("GET", "/companies/demo/embedding", "edit_policy", "settings"),
    ("PUT", "/companies/demo/embedding", "edit_policy", "settings"),
    ("GET", "/companies/demo/quick-replies", "view", "settings"),
    ("PUT", "/companies/demo/quick-replies", "edit_policy", "settings"),
    ("GET", "/companies/demo/people", "manage_people", "people"),
    ("POST", "/companies/demo/people", "manage_people", "people"),
    ("PATCH", "/companies/demo/people/PERSON", "manage_people", "people"),
    ("POST", "/companies/demo/people/PERSON/link", "manage_people", "people"),
    ("POST", "/companies/demo/people/PERSON/sign-out", "manage_people", "people"),
    ("GET", "/companies/demo/roles", "manage_people", "people"),
    ("PUT", "/companies/demo/roles/helper", "manage_people", "people"),
    ("DELETE", "/companies/demo/roles/helper", "manage_people", "people"),
    ("GET", "/companies/demo/sign-in", "manage_people", "people"),
    ("PUT", "/companies/demo/sign-in", "manage_people", "people"),
    ("GET", "/companies/demo/audit", "manage_people", "audit"),
    ("GET", "/companies/demo/audit/export", "manage_people", "audit"),
    ("GET", "/companies/demo/audit/verify", "manage_people", "audit"),
    ("GET", "/companies/demo/api-keys", "api", "keys"),
    ("POST", "/companies/demo/api-keys", "api", "keys"),
    ("DELETE", "/companies/demo/api-keys/KEY", "api", "keys"),
    ("GET", "/me", "me", ""),
    ("PATCH", "/me", "me", ""),
    ("POST", "/me/password", "me", ""),
    ("POST", "/me/totp", "me", ""),
    ("POST", "/me/totp/confirm", "me", ""),
    ("POST", "/me/totp/remove", "me", ""),
];

/// Whom nobody has to be.
const OPEN: &[(&str, &str)] = &[
    ("POST", "/pins/redeem"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/way"),
    ("GET", "/sign-in/provider"),
    ("GET", "/sign-in/callback"),
    ("POST", "/sign-out"),
    ("POST", "/password/check"),
    ("POST", "/password/set"),
    ("GET", "/companies/demo/public"),
    ("GET", "/companies/demo/logo"),
    ("PUT", "/files/{ticket}"),
    ("GET", "/files/{ticket}"),
    ("GET", "/policy.schema.json"),
    ("GET", "/openapi.json"),
];

fn whole(path: &str) -> String {
    let id = "a".repeat(26);
    path.replace("SESSION", &id).replace("PERSON", &id).replace("KEY", &id)
}

/// Whether the caller was let through to what they asked for, which may be wrong in itself.
fn is_let_in(status: u16, body: &Value) -> bool {
    let kept_out = ["permission", "scope", "totp_needed"].map(Value::from);
    status != 401 && !(status == 403 && kept_out.contains(&body["code"]))
}

/// Role × endpoint and scope × endpoint.
async fn roles_and_scopes_decide(world: World) {
    for permission in ["view", "edit_policy", "manage_people", "api", "see_recordings"] {
        let role = format!("only-{}", permission.replace('_', "-"));
        let body = json!({ "name": role, "joins_as": "agent", "permissions": [permission] });
        assert_eq!(world.api("PUT", &format!("/companies/demo/roles/{role}"), body).await.0, 200);
        let person = world.newcomer(&role, &role).await;
        for (method, path, needs, _) in ENDPOINTS {
            let (status, body) = world.by(&person, method, &whole(path), json!({ "not": "a body" })).await;
            let expected = *needs == permission || *needs == "me";
            assert_eq!(is_let_in(status, &body), expected, "{permission}: {method} {path}: {body}");
        }
    }
    for scope in ["sessions", "policy", "settings", "people", "audit", "keys"] {
        let body = json!({ "name": scope, "scopes": [scope] });
        let (status, made) = world.api("POST", "/companies/demo/api-keys", body).await;
        assert_eq!(status, 201, "{made}");
        let key = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        for (method, path, _, needs) in ENDPOINTS {
            let answer = world.say(method, &whole(path), &key, json!({ "not": "a body" })).await;
            let is_in = is_let_in(answer.status, &answer.json());
            assert_eq!(is_in, *needs == scope, "{scope}: {method} {path}: {}", answer.body);
        }
    }
    for (method, path, ..) in ENDPOINTS {
        let answer = world.say(method, &whole(path), "", json!({ "not": "a body" })).await;
        assert_eq!(answer.status, 401, "nobody: {method} {path}");
    }
    the_table_is_whole(&world).await;
}

/// Whatever the API has is in one of the two tables.
async fn the_table_is_whole(world: &World) {
    let document = world.say("GET", "/openapi.json", "", Value::Null).await.json();
    let named = |path: &str| {
        let id = if path.contains("sessions") {
            "SESSION"
        } else if path.contains("api-keys") {
            "KEY"
        } else {
            "PERSON"
        };
        let path = path.replace("roles/{id}", "roles/helper").replace("{number}", "1");
        path.replace("{company}", "demo").replace("{id}", id)
    };
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            let (method, path) = (method.to_uppercase(), named(path));
            let is_closed = ENDPOINTS.iter().any(|(m, p, ..)| *m == method && *p == path);
            // It would end the table's own people.
            let is_open = OPEN.iter().any(|(m, p)| *m == method && *p == path) || path == "/me/sign-out-everywhere";
            assert!(is_closed || is_open, "{method} {path} is in no table");
        }
    }
}

async fn somebody_is_invited_signs_in_and_is_deactivated(world: World) {
    let ana = world.demo_person("ana").await;
    let body = json!({ "name": "Carl Öst", "email": " Carl@Demo.Example ", "role": "agent" });
    let (status, added) = world.by(&ana, "POST", "/companies/demo/people", body.clone()).await;
    assert_eq!((status, &added["person"]["standing"]), (201, &json!("invited")), "{added}");
    assert_eq!(added["person"]["email"], "carl@demo.example");
    let (status, taken) = world.by(&ana, "POST", "/companies/demo/people", body).await;
    assert_eq!((status, &taken["code"]), (409, &json!("email_taken")));

    let token = json!({ "token": token_of(&added["link"]["url"]) });
    let checked = world.say("POST", "/password/check", "", token.clone()).await.json();
    assert_eq!((&checked["name"], &checked["company_name"]), (&json!("Carl Öst"), &json!("Demo shop")));
    let set = json!({ "token": token["token"], "password": PASSWORD });
    assert_eq!(world.say("POST", "/password/set", "", set).await.status, 204);
    let carl = world.person("CARL@demo.example", PASSWORD).await;
    let (_, me) = world.by(&carl, "GET", "/me", Value::Null).await;
    assert_eq!((&me["role"], &me["admin"], &me["totp"]), (&json!("agent"), &json!(false), &json!(false)), "{me}");
    assert_eq!(world.by(&carl, "GET", "/companies/demo/people", Value::Null).await.0, 403);

    // A role of one's own counts at once, and so does losing it.
    let path = format!("/companies/demo/people/{}", me["id"].as_str().unwrap());
    let role = json!({ "name": "Team lead", "joins_as": "supervisor", "permissions": ["view", "manage_people"] });
    assert_eq!(world.by(&ana, "PUT", "/companies/demo/roles/lead", role).await.0, 200);
    assert_eq!(world.by(&ana, "PATCH", &path, json!({ "role": "lead" })).await.0, 200);
    assert_eq!(world.by(&carl, "GET", "/companies/demo/people", Value::Null).await.0, 200);
    let (status, in_use) = world.by(&ana, "DELETE", "/companies/demo/roles/lead", Value::Null).await;
    assert_eq!((status, &in_use["code"]), (409, &json!("in_use")));
    assert_eq!(world.by(&ana, "PATCH", &path, json!({ "role": "agent" })).await.0, 200);
    assert_eq!(world.by(&carl, "GET", "/companies/demo/people", Value::Null).await.0, 403);
    assert_eq!(world.by(&ana, "DELETE", "/companies/demo/roles/lead", Value::Null).await.0, 204);

    assert_eq!(world.by(&ana, "PATCH", &path, json!({ "active": false })).await.1["standing"], "deactivated");
    assert_eq!(world.by(&carl, "GET", "/me", Value::Null).await.0, 401, "signed out at once");
    assert_eq!(world.sign_in("carl@demo.example", PASSWORD).await.status, 401);
    assert_eq!(world.by(&ana, "PATCH", &path, json!({ "active": true })).await.1["standing"], "active");
    world.person("carl@demo.example", PASSWORD).await;
}

async fn a_link_sets_one_password(world: World) {
    let ana = world.demo_person("ana").await;
    let dora = world.newcomer("dora", "agent").await;
    let path = format!(
        "/companies/demo/people/{}/link",
        world.by(&dora, "GET", "/me", Value::Null).await.1["id"].as_str().unwrap()
    );
    let first = token_of(&world.by(&ana, "POST", &path, Value::Null).await.1["url"]);
    let second = token_of(&world.by(&ana, "POST", &path, Value::Null).await.1["url"]);
    let set = |token: &str, password: &str| json!({ "token": token, "password": password });
    let answer = world.say("POST", "/password/set", "", set(&first, "another harbour")).await;
    assert_eq!(answer.json()["code"], "invalid_link", "a later link took its place");
    for weak in ["short", "aaaaaaaaaaaaaaaaaa", "dora@demo.example"] {
        let answer = world.say("POST", "/password/set", "", set(&second, weak)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("weak_password")));
    }
    assert_eq!(world.say("POST", "/password/set", "", set(&second, "another harbour")).await.status, 204);
    assert_eq!(world.say("POST", "/password/set", "", set(&second, "a third harbour")).await.status, 404, "once");
    assert_eq!(world.by(&dora, "GET", "/me", Value::Null).await.0, 401, "a new password signs out everywhere");

    let (here, there) = (
        world.person("dora@demo.example", "another harbour").await,
        world.person("dora@demo.example", "another harbour").await,
    );
    let body = json!({ "current": "not this one", "new": "a fourth harbour" });
    assert_eq!(world.by(&here, "POST", "/me/password", body).await.1["code"], "wrong_password");
    let body = json!({ "current": "another harbour", "new": "a fourth harbour" });
    let answer = world.say("POST", "/me/password", &here.header(), body).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(world.by(&Person::of(&answer), "GET", "/me", Value::Null).await.0, 200, "who changed it stays");
    assert_eq!(world.by(&there, "GET", "/me", Value::Null).await.0, 401);
}

/// The answers are the same whether there is such an account or not.
async fn guessing_locks_and_tells_nothing(world: World) {
    let mut told = Vec::new();
    for email in ["ben@demo.example", "nobody@demo.example"] {
        let mut answers = Vec::new();
        for n in 0..12 {
            let answer = world.sign_in(email, &format!("guess number {n}")).await;
            answers.push((answer.status, answer.body));
        }
        told.push(answers);
        if email.starts_with("ben") {
            let right = world.signaling.demo.as_ref().unwrap().password.clone();
            assert_eq!(world.sign_in(email, &right).await.status, 429, "locked, also for the right password");
        }
    }
    let codes = |answers: &[(u16, String)]| answers.iter().map(|(status, _)| *status).collect::<Vec<_>>();
    assert_eq!(codes(&told[0])[..10], [401; 10]);
    assert_eq!(codes(&told[0])[10..], [429; 2]);
    // The second ran into the address's own limit as well, which is the same answer.
    assert_eq!(told[0][0], told[1][0]);
    let (_, audit) = world.api("GET", "/companies/demo/audit?text=ben", Value::Null).await;
    let actions: Vec<_> =
        audit["events"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "sign_in_failed").count(), 9, "{actions:?}");
    assert_eq!(actions.iter().filter(|action| **action == "sign_in_locked").count(), 1);
}

/// As an app shows it (RFC 6238).
fn code(secret: &str, at: i64) -> String {
    let mut bits = 0u128;
    let mut key = Vec::new();
    for (n, digit) in secret.bytes().enumerate() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|letter| *letter == digit).unwrap();
        bits = bits << 5 | value as u128;
        if n % 8 == 7 {
            key.extend_from_slice(&bits.to_be_bytes()[11..]);
            bits = 0;
        }
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let hash = ring::hmac::sign(&key, &(at / 30).to_be_bytes());
    let offset = usize::from(hash.as_ref()[19] & 15);
    let bytes: [u8; 4] = hash.as_ref()[offset..offset + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Sets an app up; gives its secret.
async fn set_up(world: &World, person: &Person) -> String {
    let (status, totp) = world.by(person, "POST", "/me/totp", Value::Null).await;
    assert_eq!(status, 200, "{totp}");
    let secret = totp["secret"].as_str().unwrap().to_owned();
    assert!(totp["uri"].as_str().unwrap().starts_with("otpauth://totp/Demo%20shop:"), "{totp}");
    let wrong = world.by(person, "POST", "/me/totp/confirm", json!({ "code": "000000" })).await;
    assert_eq!(wrong.1["code"], "wrong_code");
    // The step before this one, so that the present one is still good for signing in.
    let confirmed = world.by(person, "POST", "/me/totp/confirm", json!({ "code": code(&secret, now() - 30) })).await;
    assert_eq!(confirmed.0, 204, "{}", confirmed.1);
    secret
}

async fn a_second_factor(world: World) {
    let emil = world.newcomer("emil", "agent").await;
    let secret = set_up(&world, &emil).await;
    let needed = world.sign_in("emil@demo.example", PASSWORD).await;
    assert_eq!((needed.status, &needed.json()["code"]), (401, &json!("code_needed")));
    let with = |code: String| json!({ "email": "emil@demo.example", "password": PASSWORD, "code": code });
    assert_eq!(world.say("POST", "/sign-in", "", with("123".into())).await.json()["code"], "wrong_code");
    let present = code(&secret, now());
    assert_eq!(world.say("POST", "/sign-in", "", with(present.clone())).await.status, 204);
    assert_eq!(
        world.say("POST", "/sign-in", "", with(present)).await.json()["code"],
        "wrong_code",
        "a code is good once"
    );
    assert_eq!(world.by(&emil, "POST", "/me/totp", Value::Null).await.1["code"], "totp_on");
    // Whoever lost it is helped by somebody who manages people.
    let ana = world.demo_person("ana").await;
    let id = world.by(&emil, "GET", "/me", Value::Null).await.1["id"].as_str().unwrap().to_owned();
    let (_, changed) = world.by(&ana, "PATCH", &format!("/companies/demo/people/{id}"), json!({ "totp": false })).await;
    assert_eq!(changed["totp"], false, "{changed}");
    world.person("emil@demo.example", PASSWORD).await;
}

async fn a_company_that_wants_one(world: World) {
    let fay = world.newcomer("fay", "agent").await;
    let (status, set) = world.api("PUT", "/companies/demo/sign-in", json!({ "totp": true })).await;
    assert_eq!(status, 200, "{set}");
    let (status, refused) = world.by(&fay, "GET", "/sessions", Value::Null).await;
    assert_eq!((status, &refused["code"]), (403, &json!("totp_needed")));
    assert_eq!(world.by(&fay, "GET", "/me", Value::Null).await.1["totp_needed"], true);
    set_up(&world, &fay).await;
    assert_eq!(world.by(&fay, "GET", "/sessions", Value::Null).await.0, 200);
}

async fn nobody_gives_what_they_lack(world: World) {
    let role = json!({ "name": "People", "joins_as": "agent", "permissions": ["view", "manage_people"] });
    assert_eq!(world.api("PUT", "/companies/demo/roles/people", role).await.0, 200);
    let gil = world.newcomer("gil", "people").await;
    let body = json!({ "name": "Hana", "email": "hana@demo.example", "role": "admin" });
    assert_eq!(world.by(&gil, "POST", "/companies/demo/people", body).await.1["code"], "beyond");
    let own = world.by(&gil, "GET", "/me", Value::Null).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/companies/demo/people/{own}");
    assert_eq!(world.by(&gil, "PATCH", &path, json!({ "role": "admin" })).await.1["code"], "beyond");
    let role = json!({ "name": "People", "joins_as": "agent", "permissions": ["view", "manage_people", "api"] });
    assert_eq!(world.by(&gil, "PUT", "/companies/demo/roles/people", role).await.1["code"], "beyond");
    // Nor by somebody else's account.
    let (_, people) = world.by(&gil, "GET", "/companies/demo/people", Value::Null).await;
    let ana = people["people"].as_array().unwrap().iter().find(|person| person["name"] == "Ana").unwrap();
    let ana = format!("/companies/demo/people/{}", ana["id"].as_str().unwrap());
    assert_eq!(world.by(&gil, "POST", &format!("{ana}/link"), Value::Null).await.1["code"], "beyond");
    assert_eq!(world.by(&gil, "PATCH", &ana, json!({ "email": "gil2@demo.example" })).await.1["code"], "beyond");
    // Nor by a provider that says who people are.
    let provider =
        json!({ "issuer": "https://gil.example", "client_id": "x", "domains": ["demo.example"], "newcomers": "admin" });
    assert_eq!(
        world.by(&gil, "PUT", "/companies/demo/sign-in", json!({ "provider": provider })).await.1["code"],
        "beyond"
    );
    // Nor by a key.
    let body = json!({ "name": "Directory", "scopes": ["people"] });
    let (_, made) = world.api("POST", "/companies/demo/api-keys", body).await;
    let key = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
    for (role, status) in [("agent", 201), ("admin", 403), ("people", 403)] {
        let body = json!({ "name": role, "email": format!("{role}@by-key.example"), "role": role });
        let answer = world.say("POST", "/companies/demo/people", &key, body).await;
        assert_eq!(answer.status, status, "{role}: {}", answer.body);
    }
    assert_eq!(world.say("POST", &format!("{ana}/link"), &key, Value::Null).await.json()["code"], "beyond");
}

async fn somebody_stays_who_manages_people(world: World) {
    let ana = world.demo_person("ana").await;
    let path =
        format!("/companies/demo/people/{}", world.by(&ana, "GET", "/me", Value::Null).await.1["id"].as_str().unwrap());
    for change in [json!({ "active": false }), json!({ "role": "agent" })] {
        let (status, refused) = world.by(&ana, "PATCH", &path, change).await;
        assert_eq!((status, &refused["code"]), (409, &json!("last_admin")));
    }
    for fixed in ["admin", "customer"] {
        let role = json!({ "name": "Other", "joins_as": "agent", "permissions": [] });
        let (status, refused) = world.by(&ana, "PUT", &format!("/companies/demo/roles/{fixed}"), role).await;
        assert_eq!((status, &refused["code"]), (409, &json!("fixed")));
    }
    world.newcomer("ida", "admin").await;
    assert_eq!(world.by(&ana, "PATCH", &path, json!({ "role": "agent" })).await.0, 200);
}

async fn keys_are_told_once_and_revoked_at_once(world: World) {
    let ana = world.demo_person("ana").await;
    let body = json!({ "name": "Desk", "scopes": ["sessions"], "expires_at": now() + 60 });
    let (_, made) = world.by(&ana, "POST", "/companies/demo/api-keys", body).await;
    let key = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
    assert_eq!(world.say("GET", "/sessions", &key, Value::Null).await.status, 200);
    let (_, keys) = world.by(&ana, "GET", "/companies/demo/api-keys", Value::Null).await;
    assert!(!keys.to_string().contains(made["key"].as_str().unwrap()), "the key itself is told once");
    let desk = keys["keys"].as_array().unwrap().iter().find(|key| key["name"] == "Desk").unwrap();
    assert!(
        desk["last_used"].is_number() && made["key"].as_str().unwrap().starts_with(desk["begins"].as_str().unwrap())
    );
    let path = format!("/companies/demo/api-keys/{}", desk["id"].as_str().unwrap());
    assert_eq!(world.by(&ana, "DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(world.say("GET", "/sessions", &key, Value::Null).await.status, 401);
    assert_eq!(world.by(&ana, "DELETE", &path, Value::Null).await.0, 404);
    let past = json!({ "name": "Old", "scopes": ["sessions"], "expires_at": now() - 1 });
    assert_eq!(world.by(&ana, "POST", "/companies/demo/api-keys", past).await.0, 422);
}

async fn other_sites_act_for_nobody(world: World) {
    let ana = world.demo_person("ana").await;
    let evil = format!("{}Origin: https://evil.example\r\n", ana.header());
    for (method, path) in
        [("PUT", "/companies/demo/policy"), ("POST", "/me/totp"), ("POST", "/sign-out"), ("POST", "/sign-in")]
    {
        let answer = world.say(method, path, &evil, json!({ "email": "a", "password": "b" })).await;
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("origin")), "{method} {path}");
    }
    let answer = world.sign_in("ana@demo.example", &world.signaling.demo.as_ref().unwrap().password).await;
    let cookie = answer.headers("set-cookie").next().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let own = format!("{}Origin: http://{}\r\n", ana.header(), world.signaling.address);
    assert_eq!(world.say("POST", "/sign-out", &own, Value::Null).await.status, 204);
    assert_eq!(world.by(&ana, "GET", "/me", Value::Null).await.0, 401);
}

async fn another_company_is_not_there(world: World) {
    let ana = world.demo_person("ana").await;
    for path in ["people", "roles", "policy", "audit", "sites", "api-keys", "policy/versions/1"] {
        for company in ["main", "other", "DEMO", "demo%2f"] {
            let (status, _) = world.by(&ana, "GET", &format!("/companies/{company}/{path}"), Value::Null).await;
            assert_eq!(status, 404, "{company} {path}");
        }
    }
}

/// Empty, huge, script, SQL, control characters, the wrong kind: a clear word, never a failure of ours.
async fn whatever_is_sent_is_refused_with_a_word(world: World) {
    let ana = world.demo_person("ana").await;
    let texts = ["", " ", "\u{0}", "a\u{0}b", "\u{1b}[31m", &"x".repeat(100_000), "a\nb", "'; DROP TABLE people; --"];
    for text in texts {
        let bodies = [
            ("POST", "/companies/demo/people", json!({ "name": text, "email": "x@demo.example", "role": "nobody" })),
            ("POST", "/companies/demo/people", json!({ "name": "X", "email": text, "role": "agent" })),
            ("POST", "/companies/demo/people", json!({ "name": "X", "email": "x@demo.example", "role": text })),
            ("PUT", "/companies/demo/roles/helper", json!({ "name": text, "joins_as": "customer", "permissions": [] })),
            ("POST", "/companies/demo/api-keys", json!({ "name": text, "scopes": [] })),
            ("PUT", "/companies/demo/look", json!({ "accent": text })),
            ("PUT", "/companies/demo/look", json!({ "logo": { "kind": "png", "data": text } })),
            ("PUT", "/companies/demo/sites", json!({ "sites": [{ "name": "Shop", "host": text, "start_url": text }] })),
            ("PUT", "/companies/demo/embedding", json!({ "console": [text] })),
            (
                "PUT",
                "/companies/demo/quick-replies",
                json!({ "replies": [{ "title": text, "texts": { text: text } }] }),
            ),
            ("PUT", "/companies/demo/languages", json!({ "offered": [text], "fallback": "en" })),
            (
                "PUT",
                "/companies/demo/sign-in",
                json!({ "provider": { "issuer": text, "client_id": text, "domains": [text] } }),
            ),
            ("PUT", "/companies/demo/policy", json!({ "sites": { "allowed": [text] }, "version": 7 })),
            ("POST", "/password/set", json!({ "token": text, "password": text })),
            ("POST", "/me/totp/confirm", json!({ "code": text })),
        ];
        for (method, path, body) in bodies {
            let (status, answer) = world.by(&ana, method, path, body).await;
            assert!((400..500).contains(&status), "{method} {path} {text:.20}: {status} {answer}");
            assert!(answer["code"].is_string() && answer["message"].is_string(), "{method} {path}: {answer}");
        }
        let escaped: String = text.bytes().take(2000).map(|byte| format!("%{byte:02x}")).collect();
        for path in
            ["audit?text=", "audit?actor=", "audit?session=", "records?text=", "audit?limit=", "records?before="]
        {
            let (status, answer) =
                world.by(&ana, "GET", &format!("/companies/demo/{path}{escaped}"), Value::Null).await;
            assert!(status < 500, "{path}{text:.20}: {status} {answer}");
        }
    }
    for body in ["", "{", "[]", "null", "\u{feff}{}", "{\"name\":\"\\ud800\"}"] {
        let headers = format!("{}Content-Type: application/json\r\n", ana.header());
        let answer = world.raw("POST", "/api/v1/companies/demo/people", &headers, body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
    }
    let large = json!({ "notes": "x".repeat(2 << 20) });
    let answer = world.say("PATCH", &format!("/sessions/{}/record", "a".repeat(26)), &ana.header(), large).await;
    assert_eq!(answer.status, 413);
    // Whoever is there is still there.
    assert_eq!(world.by(&ana, "GET", "/companies/demo/people", Value::Null).await.0, 200);
}

/// Where nobody can sign in yet, one can who is told so at each start, until they have.
#[tokio::test]
async fn the_first_administrator() {
    let world = World::with(|config| config.demo_key = None).await;
    let first = world.signaling.administrator.clone().unwrap();
    let data = world.end().await;
    let world = World::again(data, |config| config.demo_key = None).await;
    let second = world.signaling.administrator.clone().unwrap();
    assert_eq!((&*first.email, &first.email), ("admin@main.example", &second.email));
    let set = |link: &Option<String>| json!({ "token": token_of(&json!(link)), "password": PASSWORD });
    assert_eq!(
        world.say("POST", "/password/set", "", set(&first.link)).await.status,
        404,
        "a later one took its place"
    );
    assert_eq!(world.say("POST", "/password/set", "", set(&second.link)).await.status, 204);
    let admin = world.person("admin@main.example", PASSWORD).await;
    let (_, me) = world.by(&admin, "GET", "/me", Value::Null).await;
    assert_eq!((&me["company"], &me["role"], &me["admin"]), (&json!("main"), &json!("admin"), &json!(true)), "{me}");
    let data = world.end().await;
    let world = World::again(data, |config| config.demo_key = None).await;
    assert!(world.signaling.administrator.is_none(), "there is one");
    assert_eq!(world.by(&admin, "GET", "/me", Value::Null).await.0, 200, "and is still signed in");
    // Nothing of the demo opens anything where there is none.
    assert_eq!(world.api("GET", "/sessions", Value::Null).await.0, 401);

    let password = tandem_component::Secret::new("given by whoever started it").unwrap();
    let world = World::with(|config| (config.demo_key, config.admin.password) = (None, Some(password.clone()))).await;
    assert!(world.signaling.administrator.as_ref().unwrap().link.is_none());
    world.person("admin@main.example", password.reveal()).await;
}

/// A page of another site gets no socket, whoever looks at it.
#[tokio::test]
async fn sockets_are_for_our_own_pages() {
    let world = World::new().await;
    for (origin, status) in [("https://evil.example", Some(403)), (&*world.signaling.public_url, None)] {
        let mut request = format!("ws://{}/ws", world.signaling.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let refused = match tokio_tungstenite::connect_async(request).await {
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
            answer => answer.map(|_| None).unwrap(),
        };
        assert_eq!(refused, status, "{origin}");
    }
}

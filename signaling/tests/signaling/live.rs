//! PINs of both kinds, check words, pause, control, handing over and rights, as people's pages and the components hear of them.

use super::accounts::Person;
use super::{Socket, World};
use serde_json::{Value, json};

impl World {
    /// A customer who shows a PIN, and what they were told.
    async fn caller(&self, company: &str, key: Value) -> (Socket, Value) {
        let mut page = self.page().await;
        let viewport = json!({ "width": 390, "height": 700, "scale": 2.0 });
        page.say(json!({ "type": "call", "company": company, "language": "de-AT", "viewport": viewport, "key": key }))
            .await;
        let waiting = page.hears("waiting").await;
        (page, waiting)
    }

    /// Somebody enters a PIN in the console; the node gives the session its browser.
    async fn claim(&self, by: &Person, node: &mut Socket, pin: &Value) -> (Value, Value) {
        let body = json!({ "pin": pin, "start_url": "https://shop.example/" });
        let claimed = async {
            let order = node.hears("node").await["order"].clone();
            node.say(json!({ "type": "node", "report": { "type": "claimed", "session": order["session"] } })).await;
            order["claim"].clone()
        };
        let ((status, claimed), claim) = tokio::join!(self.by(by, "POST", "/pins/claim", body), claimed);
        assert_eq!(status, 201, "{claimed}");
        (claimed, claim)
    }

    async fn redeem(&self, company: &str, pin: &str) -> (u16, Value) {
        let body = json!({ "company": company, "pin": pin }).to_string();
        self.http("POST", "/api/v1/pins/redeem", "Content-Type: application/json\r\n", &body).await
    }
}

impl Socket {
    async fn state(&mut self, wanted: &str) {
        while self.hears("state").await["state"] != wanted {}
    }

    /// The next order of this kind for the session's node or SFU.
    async fn ordered(&mut self, component: &str, kind: &str) -> Value {
        loop {
            let order = self.hears(component).await["order"].clone();
            if order["type"] == kind {
                return order;
            }
        }
    }
}

#[tokio::test]
async fn a_customer_reads_a_pin_out_and_an_agent_enters_it() {
    let world = World::new().await;
    let (mut node, mut sfu) = world.components().await;
    let ida = world.newcomer("ida", "agent").await;
    let (page, waiting) = world.caller("demo", Value::Null).await;
    drop(page);
    // A phone call may put the page to sleep: it comes back to the same PIN.
    let (mut customer, again) = world.caller("demo", waiting["key"].clone()).await;
    assert_eq!((&again["pin"], &again["more"]), (&waiting["pin"], &waiting["more"]));
    let wrong = json!({ "pin": "000 000 000", "start_url": "https://shop.example/" });
    let (status, refused) = world.by(&ida, "POST", "/pins/claim", wrong).await;
    assert_eq!((status, &refused["code"]), (404, &json!("invalid_pin")));
    let (claimed, claim) = world.claim(&ida, &mut node, &waiting["pin"]).await;
    assert_eq!((&claim["language"], &claim["viewport"]["width"]), (&json!("de-AT"), &json!(390)));
    let token = customer.hears("called").await["token"].clone();
    customer
        .say(json!({ "type": "join", "credential": { "kind": "token", "token": token }, "take_over": false }))
        .await;
    let check = customer.hears("check").await;
    assert_eq!((&check["yours"], &check["done"]), (&json!(true), &json!(false)));
    let mut agent = world.page().await;
    agent.join_by(&claimed["agent_url"]).await;
    let theirs = agent.hears("check").await;
    assert_eq!((&theirs["words"], &theirs["yours"]), (&check["words"], &json!(false)));
    customer.say(json!({ "type": "accept" })).await;
    agent.say(json!({ "type": "check", "same": true })).await;
    assert_eq!(agent.hears("refused").await["reason"], "not_allowed", "the other one compares");
    agent.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    assert_eq!(agent.hears("refused").await["reason"], "not_yet");
    customer.say(json!({ "type": "check", "same": true })).await;
    agent.state("live").await;
    agent.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    let rights = node.ordered("node", "admit").await["rights"].clone();
    assert_eq!((&rights["view"], &rights["click"]), (&json!(true), &json!(true)));
    sfu.ordered("sfu", "join").await;
    // Used up, like any other that is none.
    let again = json!({ "pin": waiting["pin"], "start_url": "https://shop.example/" });
    assert_eq!(world.by(&ida, "POST", "/pins/claim", again).await.1["code"], "invalid_pin");
    // A pause reaches node and SFU, and so does its end.
    customer.say(json!({ "type": "pause" })).await;
    agent.state("paused").await;
    for (component, kind) in [(&mut node, "node"), (&mut sfu, "sfu")] {
        assert_eq!(component.ordered(kind, "allow").await["rights"]["view"], false);
    }
    customer.say(json!({ "type": "resume" })).await;
    agent.state("live").await;
    assert_eq!(sfu.ordered("sfu", "allow").await["rights"]["view"], true);
}

#[tokio::test]
async fn a_pin_that_could_not_be_served_stays_good() {
    let world = World::new().await;
    let ida = world.newcomer("ida", "agent").await;
    let (mut customer, waiting) = world.caller("demo", Value::Null).await;
    let body = json!({ "pin": waiting["pin"], "start_url": "https://shop.example/" });
    assert_eq!(world.by(&ida, "POST", "/pins/claim", body).await.0, 503, "nobody has registered");
    let (mut node, _sfu) = world.components().await;
    world.claim(&ida, &mut node, &waiting["pin"]).await;
    customer.hears("called").await;
}

#[tokio::test]
async fn an_agents_pin_is_compared_by_the_agent_and_opens_nothing_elsewhere() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let pin = made["pin"].as_str().unwrap();
    let elsewhere = {
        let body = json!({ "company": "demo", "pin": pin }).to_string();
        let headers = "Content-Type: application/json\r\nOrigin: https://phishing.example\r\n";
        world.http("POST", "/api/v1/pins/redeem", headers, &body).await
    };
    let answers = [elsewhere, world.redeem("main", pin).await, world.redeem("demo", "123456789").await];
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.1["code"] == "invalid_pin"), "{answers:?}");
    let (status, redeemed) = world.redeem("demo", pin).await;
    assert_eq!(status, 200, "{redeemed}");
    assert_eq!(world.redeem("demo", pin).await, answers[0], "used is as good as wrong");
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    agent.join_by(&made["agent_url"]).await;
    customer.join_by(&redeemed["customer_url"]).await;
    assert_eq!(customer.hears("check").await["yours"], false);
    assert_eq!(agent.hears("check").await["yours"], true);
    customer.say(json!({ "type": "accept" })).await;
    agent.say(json!({ "type": "check", "same": false })).await;
    assert_eq!(customer.hears("ended").await["reason"], "not_confirmed");
}

#[tokio::test]
async fn a_new_invitation_until_somebody_comes() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let path = format!("/sessions/{}/invite", made["id"].as_str().unwrap());
    let (status, invite) = world.api("POST", &path, Value::Null).await;
    assert_eq!(status, 200, "{invite}");
    let mut customer = world.page().await;
    assert_eq!(customer.join_by(&invite["customer_url"]).await["type"], "joined");
    assert_eq!(world.redeem("demo", made["pin"].as_str().unwrap()).await.0, 404, "the customer is there already");
    assert_eq!(world.api("POST", &path, Value::Null).await.0, 409);
}

#[tokio::test]
async fn control_is_asked_for_where_the_company_wants_it() {
    let world = World::new().await;
    let (mut node, mut sfu) = world.components().await;
    let approvals = json!({ "control": true, "recording": true });
    assert_eq!(world.api("PUT", "/companies/demo/approvals", approvals).await.0, 200);
    let made = world.session(&mut node).await;
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    customer.join_by(&made["customer_url"]).await;
    let who = agent.join_by(&made["agent_url"]).await["participant"].clone();
    customer.say(json!({ "type": "accept" })).await;
    agent.state("live").await;
    agent.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    let peer = sfu.ordered("sfu", "join").await["peer"].clone();
    assert_eq!((&peer["rights"]["point"], &peer["rights"]["click"]), (&json!(true), &json!(false)));
    agent.say(json!({ "type": "ask_control" })).await;
    loop {
        let people = customer.hears("people").await["people"].clone();
        if people.as_array().unwrap().iter().any(|person| person["id"] == who && person["control"] == "asked") {
            break;
        }
    }
    customer.say(json!({ "type": "answer_control", "participant": who, "give": true })).await;
    assert_eq!(sfu.ordered("sfu", "allow").await["rights"]["click"], true);
    assert_eq!(node.ordered("node", "allow").await["rights"]["typing"], true);
    customer.say(json!({ "type": "take_control" })).await;
    assert_eq!(sfu.ordered("sfu", "allow").await["rights"]["click"], false);
}

#[tokio::test]
async fn a_change_of_role_counts_in_running_sessions() {
    let world = World::new().await;
    let (mut node, mut sfu) = world.components().await;
    let ida = world.newcomer("ida", "agent").await;
    let made = world.session(&mut node).await;
    let id = made["id"].as_str().unwrap();
    let link = world.by(&ida, "POST", &format!("/sessions/{id}/join"), Value::Null).await.1["agent_url"].clone();
    // An unused link is worth what the role is worth when it is used.
    let unused = world.by(&ida, "POST", &format!("/sessions/{id}/join"), Value::Null).await.1["agent_url"].clone();
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    customer.join_by(&made["customer_url"]).await;
    agent.join_by(&link).await;
    customer.say(json!({ "type": "accept" })).await;
    agent.state("live").await;
    agent.say(json!({ "type": "offer", "sdp": "v=0" })).await;
    sfu.ordered("sfu", "join").await;
    let shows = json!({ "name": "Agent", "joins_as": "agent", "permissions": ["view", "point"] });
    assert_eq!(world.api("PUT", "/companies/demo/roles/agent", shows).await.0, 200);
    let rights = sfu.ordered("sfu", "allow").await["rights"].clone();
    assert_eq!((&rights["view"], &rights["click"], &rights["navigate"]), (&json!(true), &json!(false), &json!(false)));
    assert_eq!(node.ordered("node", "allow").await["rights"], rights);
    let mut second = world.page().await;
    let joined = second.join_by(&unused).await;
    let people = second.hears("people").await["people"].clone();
    let own = people.as_array().unwrap().iter().find(|person| person["id"] == joined["participant"]).unwrap().clone();
    assert_eq!(own["rights"], rights);
    // Who is deactivated is out at once.
    let people = world.api("GET", "/companies/demo/people", Value::Null).await.1["people"].clone();
    let of_ida = people.as_array().unwrap().iter().find(|person| person["name"] == "ida").unwrap()["id"].clone();
    let path = format!("/companies/demo/people/{}", of_ida.as_str().unwrap());
    assert_eq!(world.api("PATCH", &path, json!({ "active": false })).await.0, 200);
    assert_eq!(agent.hears("ended").await["reason"], "removed");
    assert_eq!(sfu.ordered("sfu", "leave").await["peer"]["kind"], "participant");
}

#[tokio::test]
async fn a_colleague_takes_a_session_over() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let (ida, bob, cem) = (
        world.newcomer("ida", "agent").await,
        world.newcomer("bob", "agent").await,
        world.newcomer("cem", "agent").await,
    );
    let made = world.session(&mut node).await;
    let id = made["id"].as_str().unwrap();
    let join = format!("/sessions/{id}/join");
    let link = world.by(&ida, "POST", &join, Value::Null).await.1["agent_url"].clone();
    let (mut customer, mut first) = (world.page().await, world.page().await);
    customer.join_by(&made["customer_url"]).await;
    first.join_by(&link).await;
    customer.say(json!({ "type": "accept" })).await;
    first.state("live").await;
    let colleagues = world.by(&ida, "GET", "/colleagues", Value::Null).await.1["colleagues"].clone();
    let names: Vec<_> = colleagues.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"bob") && !names.contains(&"ida"), "{names:?}");
    let to_bob = colleagues.as_array().unwrap().iter().find(|one| one["name"] == "bob").unwrap()["id"].clone();
    let offer = format!("/sessions/{id}/hand-over");
    assert_eq!(world.by(&cem, "POST", &offer, json!({})).await.0, 404, "only whoever is in it");
    assert_eq!(world.by(&ida, "POST", &offer, json!({ "to": to_bob })).await.0, 202);
    let summary =
        |sessions: Value| sessions["sessions"].as_array().unwrap().iter().find(|s| s["id"] == id).unwrap().clone();
    let listed = summary(world.by(&bob, "GET", "/sessions", Value::Null).await.1);
    assert_eq!((&listed["wants"]["kind"], &listed["wants"]["from"]), (&json!("colleague"), &json!("ida")));
    // Somebody else who joins takes nothing.
    let link = world.by(&cem, "POST", &join, Value::Null).await.1["agent_url"].clone();
    let mut guest = world.page().await;
    guest.join_by(&link).await;
    let link = world.by(&bob, "POST", &join, Value::Null).await.1["agent_url"].clone();
    let mut second = world.page().await;
    second.join_by(&link).await;
    assert_eq!(first.hears("ended").await["reason"], "handed_over");
    second.say(json!({ "type": "ask_help" })).await;
    second.hears("people").await;
    let listed = summary(world.api("GET", "/sessions", Value::Null).await.1);
    assert_eq!(listed["wants"]["kind"], "help");
}

/// Their key to come back shows who they are, be it that they came by a link alone; it opens nothing else.
#[tokio::test]
async fn whoever_helps_reads_the_companys_quick_replies() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let replies = json!({ "replies": [{ "title": "Greeting", "texts": { "en": "Hello!" } }] });
    assert_eq!(world.api("PUT", "/companies/demo/quick-replies", replies.clone()).await.0, 200);
    let (made, other) = (world.session(&mut node).await, world.session(&mut node).await);
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    let customers = customer.join_by(&made["customer_url"]).await["resume"].clone();
    let agents = agent.join_by(&made["agent_url"]).await["resume"].clone();
    let path = format!("/sessions/{}", made["id"].as_str().unwrap());
    let of = |session: &Value| format!("/sessions/{}/quick-replies", session["id"].as_str().unwrap());
    let reads = async |path: &str, key: &Value| {
        let key = format!("Authorization: Bearer {}\r\n", key.as_str().unwrap());
        let answer = world.say("GET", path, &key, Value::Null).await;
        (answer.status, answer.json())
    };
    assert_eq!(reads(&of(&made), &agents).await, (200, replies));
    for (path, key) in [
        (of(&made), &customers),
        (of(&made), &json!("guessed")),
        (of(&other), &agents),
        (path.clone(), &agents),
        ("/companies/demo/quick-replies".into(), &agents),
    ] {
        assert_eq!(reads(&path, key).await.0, 401, "{path}");
    }
    assert_eq!(world.api("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(reads(&of(&made), &agents).await.0, 401, "it is over");
}

/// What somebody does in a session is in its company's audit, by whoever did it.
#[tokio::test]
async fn what_people_decide_is_kept() {
    let world = World::new().await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let (mut customer, mut agent) = (world.page().await, world.page().await);
    customer.join_by(&made["customer_url"]).await;
    agent.join_by(&made["agent_url"]).await;
    for signal in ["accept", "pause", "resume", "take_control"] {
        customer.say(json!({ "type": signal })).await;
    }
    loop {
        let people = agent.hears("people").await["people"].clone();
        if people.as_array().unwrap().iter().any(|person| person["control"] == "withheld") {
            break;
        }
    }
    agent.say(json!({ "type": "ask_control" })).await;
    loop {
        let people = customer.hears("people").await["people"].clone();
        if people.as_array().unwrap().iter().any(|person| person["control"] == "asked") {
            break;
        }
    }
    customer.say(json!({ "type": "end" })).await;
    agent.hears("ended").await;
    let path = format!("/companies/demo/audit?session={}", made["id"].as_str().unwrap());
    let actions = async || {
        let events = world.api("GET", &path, Value::Null).await.1["events"].clone();
        let action = |event: &Value| event["action"].as_str().unwrap().to_owned();
        events.as_array().unwrap().iter().map(action).collect::<Vec<_>>()
    };
    // It is written behind the session's back.
    while !actions().await.contains(&"session_ended".to_owned()) {
        tokio::task::yield_now().await;
    }
    let kept = actions().await;
    for action in ["consent_given", "paused", "resumed", "control_taken", "control_asked", "pin_issued"] {
        assert!(kept.contains(&action.to_owned()), "{action}: {kept:?}");
    }
}

#[tokio::test]
async fn nobody_waits_without_end_or_measure() {
    let world = World::new().await;
    let (_page, waiting) = world.caller("no-such-company", Value::Null).await;
    assert_eq!(waiting["pin"].as_str().unwrap().len(), 9, "whether there is such a company is not told");
    let mut page = world.page().await;
    let viewport = json!({ "width": 1, "height": 1, "scale": 1.0 });
    let call =
        json!({ "type": "call", "company": "demo", "language": "x".repeat(99), "viewport": viewport, "key": null });
    page.say(call).await;
    assert_eq!(page.hears("refused").await["reason"], "malformed");
    let mut last = Value::Null;
    for _ in 0..25 {
        let mut page = world.page().await;
        page.say(json!({ "type": "call", "company": "demo", "language": "en", "viewport": viewport, "key": null }))
            .await;
        last = page.next().await.unwrap();
    }
    assert_eq!(last["reason"], "too_many", "an address asks for a few");
}

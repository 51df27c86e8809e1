use super::*;
use tandem_protocol::Viewport;
use tandem_protocol::control::{Connection, Peer, PeerName};

pub(crate) const START: Now = Duration::from_secs(1000);

pub(crate) fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}

pub(crate) fn id() -> SessionId {
    SessionId::from_random([7; 16])
}

pub(crate) fn guest(role: Role, name: &str) -> Guest {
    Guest { role, name: name.into(), rights: Rights::ALL, account: None, takes_over: false }
}

pub(crate) fn wanted(nodes: &[&str]) -> Wanted {
    let claim = Claim {
        start_url: "https://shop.example/".into(),
        viewport: Viewport::DEFAULT,
        language: "en".into(),
        policy: Box::default(),
    };
    let nodes = nodes.iter().map(|name| node(name)).collect();
    let (company, company_name) = ("acme".parse().unwrap(), "Acme".into());
    Wanted {
        id: id(),
        company,
        company_name,
        sites: Vec::new(),
        claim,
        asks_for_control: false,
        nodes,
        sfu: node("sfu"),
    }
}

/// A session that a node holds, and what is done with it.
pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) now: Now,
    pub(crate) customer: ParticipantId,
    pub(crate) agent: ParticipantId,
}

pub(crate) const EVA: Window = 1;
pub(crate) const ANA: Window = 2;

impl World {
    pub(crate) fn hosted() -> World {
        let (mut session, _) = Session::new(wanted(&["a", "b"]), Limits::default(), START);
        let customer = session.add(guest(Role::Customer, "Eva")).unwrap();
        let agent = session.add(guest(Role::Agent, "Ana")).unwrap();
        let mut world = World { session, now: START, customer, agent };
        assert_eq!(world.node("a", NodeReport::Claimed { session: id() }), [Effect::Hosted]);
        world
    }

    pub(crate) fn live() -> World {
        let mut world = World::hosted();
        world.join(world.customer, EVA, false);
        world.join(world.agent, ANA, false);
        world.take(Event::Accept { window: EVA });
        assert_eq!(world.session.state(), SessionState::Live);
        world
    }

    pub(crate) fn take(&mut self, event: Event) -> Vec<Effect> {
        self.session.handle(event, self.now)
    }

    pub(crate) fn after(&mut self, wait: Duration) -> Vec<Effect> {
        self.now += wait;
        self.take(Event::Tick)
    }

    pub(crate) fn join(&mut self, who: ParticipantId, window: Window, take_over: bool) -> Vec<Effect> {
        self.take(Event::Join { who, window, take_over, resume: "key".into() })
    }

    fn node(&mut self, name: &str, report: NodeReport) -> Vec<Effect> {
        self.take(Event::Node { node: node(name), report })
    }

    pub(crate) fn sfu(&mut self, report: SfuReport) -> Vec<Effect> {
        self.take(Event::Sfu { sfu: node("sfu"), report })
    }

    pub(crate) fn offer(&mut self, window: Window) -> Vec<Effect> {
        self.take(Event::Offer { window, sdp: "offer".into() })
    }
}

pub(crate) fn refused(window: Window, reason: Refusal) -> Vec<Effect> {
    vec![Effect::Tell { window, signal: ServerSignal::Refused { reason } }]
}

pub(crate) fn ordered(name: &str, order: NodeOrder) -> Effect {
    Effect::Node { node: node(name), order }
}

pub(crate) fn to_sfu(order: SfuOrder) -> Effect {
    Effect::Sfu { sfu: node("sfu"), order }
}

pub(crate) fn told(effects: &[Effect], to: Window) -> Vec<&ServerSignal> {
    let signal = |effect| match effect {
        &Effect::Tell { window, ref signal } if window == to => Some(signal),
        _ => None,
    };
    effects.iter().filter_map(signal).collect()
}

#[test]
fn nobody_sees_anything_before_the_customer_accepts() {
    let mut world = World::hosted();
    world.join(world.agent, ANA, false);
    assert_eq!(world.session.state(), SessionState::Waiting);
    assert_eq!(world.offer(ANA), refused(ANA, Refusal::NotYet));
    let effects = world.join(world.customer, EVA, false);
    assert!(effects.contains(&Effect::Record { state: SessionState::Consent }));
    assert!(matches!(told(&effects, EVA)[0], ServerSignal::Joined { role: Role::Customer, .. }));
    assert_eq!(told(&effects, ANA)[0], &ServerSignal::State { state: SessionState::Consent });
    for window in [EVA, ANA] {
        assert_eq!(world.offer(window), refused(window, Refusal::NotYet));
    }
    assert_eq!(world.take(Event::Accept { window: ANA }), refused(ANA, Refusal::NotAllowed));
    assert_eq!(world.take(Event::Accept { window: 9 }), refused(9, Refusal::NotAllowed));
    world.take(Event::Accept { window: EVA });
    assert_eq!(world.take(Event::Accept { window: EVA }), [], "an impatient finger");
    let (participant, role, rights) = (world.agent, Role::Agent, Rights { hear: false, ..Rights::ALL });
    let peer = Peer::Subscriber { participant, role, rights };
    let expected = [
        ordered("a", NodeOrder::Admit { session: id(), participant, role, rights }),
        to_sfu(SfuOrder::Join { session: id(), peer, sdp: "offer".into() }),
    ];
    assert_eq!(world.offer(ANA), expected);
}

#[test]
fn one_window_a_person_and_the_old_one_acts_no_more() {
    let mut world = World::live();
    world.offer(EVA);
    assert_eq!(world.join(world.customer, 3, false), [Effect::Probe { window: EVA }]);
    assert_eq!(told(&world.take(Event::Alive { window: EVA }), 3), [&ServerSignal::Elsewhere]);
    assert_eq!(world.take(Event::End { window: 3 }), refused(3, Refusal::NotAllowed), "it asked, and is not in");
    let effects = world.join(world.customer, 3, true);
    assert_eq!(told(&effects, EVA), [&ServerSignal::TakenOver]);
    let who = world.customer;
    assert!(effects.contains(&ordered("a", NodeOrder::Dismiss { session: id(), participant: who })));
    assert!(effects.contains(&to_sfu(SfuOrder::Leave { session: id(), peer: PeerName::Participant { id: who } })));
    assert!(matches!(told(&effects, 3)[0], ServerSignal::Joined { .. }));
    assert_eq!(world.take(Event::Leave { window: EVA }), [], "the old window's end is no leaving");
    for event in
        [Event::Accept { window: EVA }, Event::End { window: EVA }, Event::Offer { window: EVA, sdp: "x".into() }]
    {
        assert_eq!(world.take(event), refused(EVA, Refusal::NotAllowed));
    }
    assert_eq!(world.join(world.customer, 3, true), refused(3, Refusal::NotAllowed), "it is in already");
}

#[test]
fn a_connection_that_died_without_a_word_makes_place() {
    let mut world = World::live();
    world.join(world.customer, 3, false);
    assert_eq!(world.after(Duration::ZERO), []);
    let effects = world.after(Limits::default().contest);
    assert!(matches!(told(&effects, 3)[0], ServerSignal::Joined { .. }));
    assert_eq!(told(&effects, EVA), [&ServerSignal::TakenOver]);
    world.join(world.customer, 4, false);
    let effects = world.take(Event::Leave { window: 3 });
    assert!(matches!(told(&effects, 4)[0], ServerSignal::Joined { .. }), "it need not wait for the clock");
}

#[test]
fn a_short_absence_costs_nothing_and_a_long_one_the_picture() {
    let mut world = World::live();
    world.offer(ANA);
    let away = Limits::default().away;
    let effects = world.take(Event::Leave { window: ANA });
    let ServerSignal::People { people } = told(&effects, EVA)[0] else { panic!("{effects:?}") };
    assert!(!people[1].present);
    assert_eq!(world.after(away / 2), []);
    assert!(matches!(told(&world.join(world.agent, 3, false), 3)[0], ServerSignal::Joined { .. }));
    assert_eq!(world.after(away * 2), []);
    world.take(Event::Leave { window: 3 });
    let who = world.agent;
    let cut_off = [
        ordered("a", NodeOrder::Dismiss { session: id(), participant: who }),
        to_sfu(SfuOrder::Leave { session: id(), peer: PeerName::Participant { id: who } }),
    ];
    assert_eq!(world.after(away), cut_off);
    assert_eq!(world.after(away), [], "once");
}

#[test]
fn a_claim_goes_from_node_to_node() {
    let claimed = || NodeReport::Claimed { session: id() };
    let release = |name| ordered(name, NodeOrder::Release { session: id() });
    let (session, effects) = Session::new(wanted(&["a", "b", "c", "d"]), Limits::default(), START);
    assert!(matches!(&effects[..], [Effect::Node { node, order: NodeOrder::Claim { .. } }] if node.as_str() == "a"));
    let mut world = World { session, now: START, customer: ParticipantId(1), agent: ParticipantId(2) };
    assert_eq!(world.node("b", claimed()), [release("b")], "it was not asked");
    let effects = world.node("a", NodeReport::Refused { session: id(), message: "full".into() });
    assert!(matches!(&effects[..], [Effect::Node { node, order: NodeOrder::Claim { .. } }] if node.as_str() == "b"));
    let effects = world.after(Limits::default().claim);
    assert_eq!((&effects[0], effects.len()), (&release("b"), 2));
    world.take(Event::Policy { policy: Box::default() });
    let effects = world.take(Event::NodeLost { node: node("c") });
    assert!(matches!(&effects[..], [Effect::Node { node, order: NodeOrder::Claim { .. } }] if node.as_str() == "d"));
    assert_eq!(world.node("b", claimed()), [release("b")], "too late");
    assert_eq!(world.node("d", claimed()), [Effect::Hosted]);
    assert_eq!(world.node("d", claimed()), [], "it holds it already");
}

#[test]
fn without_a_node_there_is_no_session() {
    let (session, effects) = Session::new(wanted(&[]), Limits::default(), START);
    assert_eq!(
        effects,
        [Effect::Record { state: SessionState::Failed }, to_sfu(SfuOrder::Close { session: id() }), Effect::Forget]
    );
    assert_eq!(session.ended(), Some(EndReason::Node));
}

#[test]
fn a_policy_reaches_the_browser_also_when_it_changes_during_the_claim() {
    let (mut session, _) = Session::new(wanted(&["a"]), Limits::default(), START);
    let policy = Box::new(Policy {
        sites: tandem_protocol::policy::Sites { allowed: vec![], blocked: vec![] },
        ..Policy::default()
    });
    assert_eq!(session.handle(Event::Policy { policy: policy.clone() }, START), []);
    let effects = session.handle(Event::Node { node: node("a"), report: NodeReport::Claimed { session: id() } }, START);
    let order = ordered("a", NodeOrder::Policy { session: id(), policy });
    assert_eq!(effects, [Effect::Hosted, order]);
}

#[test]
fn offers_and_answers_find_their_way() {
    let mut world = World::live();
    let offer = |sdp: &str| NodeReport::Offer { session: id(), sdp: sdp.into() };
    let join = |sdp: &str| to_sfu(SfuOrder::Join { session: id(), peer: Peer::Publisher, sdp: sdp.into() });
    assert_eq!(world.node("a", offer("1")), [join("1")]);
    let leave = to_sfu(SfuOrder::Leave { session: id(), peer: PeerName::Publisher });
    assert_eq!(world.node("a", offer("2")), [leave, join("2")], "the old connection makes place");
    let release = ordered("b", NodeOrder::Release { session: id() });
    assert_eq!(world.node("b", offer("3")), [release], "a second node for the session");
    let answer = |peer| SfuReport::Answer { session: id(), peer, sdp: "answer".into() };
    let passed = ordered("a", NodeOrder::Answer { session: id(), sdp: "answer".into() });
    assert_eq!(world.sfu(answer(PeerName::Publisher)), [passed]);
    let effects = world.sfu(answer(PeerName::Participant { id: world.agent }));
    assert_eq!(told(&effects, ANA), [&ServerSignal::Answer { sdp: "answer".into() }]);
    assert_eq!(world.sfu(answer(PeerName::Participant { id: ParticipantId(9) })), []);
    let foreign = Event::Sfu { sfu: node("other"), report: answer(PeerName::Publisher) };
    assert_eq!(world.take(foreign), [], "another SFU has no say");
}

#[test]
fn what_the_sfu_loses_connects_again() {
    let mut world = World::live();
    let gone = |peer| SfuReport::Connection { session: id(), peer, state: Connection::Gone };
    let reconnect = ordered("a", NodeOrder::Reconnect { session: id() });
    let again = |window| Effect::Tell { window, signal: ServerSignal::Reconnect };
    assert_eq!(world.sfu(gone(PeerName::Publisher)), std::slice::from_ref(&reconnect));
    assert!(world.sfu(gone(PeerName::Participant { id: world.customer })).contains(&again(EVA)));
    let all = [to_sfu(SfuOrder::Close { session: id() }), reconnect.clone(), again(EVA), again(ANA)];
    assert_eq!(world.take(Event::SfuCame { sfu: node("sfu") }), all);
    assert_eq!(world.take(Event::SfuCame { sfu: node("other") }), [], "it has one");
    assert_eq!(world.take(Event::SfuLost { sfu: node("sfu"), other: None }), []);
    assert_eq!(world.offer(EVA), refused(EVA, Refusal::NotYet));
    assert_eq!(world.take(Event::SfuCame { sfu: node("other") }).len(), 4);
    assert_eq!(world.session.sfu(), Some(&node("other")));
    let refusal = SfuReport::Refused { session: id(), peer: PeerName::Publisher, message: String::new() };
    let mut refuse = || world.take(Event::Sfu { sfu: node("other"), report: refusal.clone() });
    assert_eq!((refuse(), refuse()), (vec![reconnect.clone()], vec![reconnect]));
    assert!(refuse().contains(&Effect::Forget), "it will never take it");
    assert_eq!(world.session.state(), SessionState::Failed);
}

#[test]
fn the_end_tells_everybody_and_only_the_customer_where() {
    let mut world = World::live();
    let tab = Tab {
        id: tandem_protocol::TabId(1),
        title: "Cart".into(),
        url: "https://shop.example/…".into(),
        active: true,
        loading: false,
        crashed: false,
        can_go_back: false,
        can_go_forward: false,
    };
    let at = Some("https://shop.example/cart".into());
    world.node("a", NodeReport::Tabs { session: id(), tabs: vec![tab], at });
    let effects = world.take(Event::End { window: ANA });
    let ended = |url: Option<&str>| ServerSignal::Ended { reason: EndReason::Participant, url: url.map(Private::from) };
    assert_eq!(told(&effects, EVA)[1], &ended(Some("https://shop.example/cart")));
    assert_eq!(told(&effects, ANA)[1], &ended(None));
    let last =
        [ordered("a", NodeOrder::Release { session: id() }), to_sfu(SfuOrder::Close { session: id() }), Effect::Forget];
    assert_eq!(effects[effects.len() - 3..], last);
    assert!(world.session.tabs().is_empty());
    let late = world.join(world.customer, 7, false);
    assert_eq!(told(&late, 7), [&ended(None)], "who comes late hears that it is over");
    assert_eq!(world.session.add(guest(Role::Agent, "")), Err(Refusal::InvalidLink));
}

#[test]
fn a_supervisor_leaves_without_ending_it() {
    let mut world = World::live();
    let supervisor = world.session.add(guest(Role::Supervisor, "Sam")).unwrap();
    world.join(supervisor, 5, false);
    let effects = world.take(Event::End { window: 5 });
    assert!(matches!(told(&effects, 5)[..], [ServerSignal::Ended { .. }]));
    assert_eq!(world.session.state(), SessionState::Live);
}

#[test]
fn there_is_one_customer_and_no_crowd() {
    let mut world = World::hosted();
    assert_eq!(world.session.add(guest(Role::Customer, "Other")), Err(Refusal::InvalidLink));
    let mut ids: Vec<_> = (2..MOST_PEOPLE).map(|_| world.session.add(guest(Role::Agent, "")).unwrap()).collect();
    assert_eq!(world.session.add(guest(Role::Agent, "")), Err(Refusal::InvalidLink));
    ids.dedup();
    assert_eq!(ids.len(), MOST_PEOPLE - 2);
    assert!(world.session.people().iter().all(|person| person.colour.0 < 8));
}

#[test]
fn it_ends_when_nobody_is_there_when_nothing_happens_and_in_any_case() {
    let limits = Limits::default();
    let ends = |world: &mut World, wait| {
        let over = world.after(wait).contains(&Effect::Forget);
        assert_eq!(over, world.session.ended().is_some());
        world.session.ended()
    };
    assert_eq!(ends(&mut World::hosted(), limits.empty), Some(EndReason::Idle));
    let mut world = World::live();
    assert_eq!(ends(&mut world, limits.idle - Duration::from_secs(1)), None);
    world.node("a", NodeReport::Active { session: id() });
    assert_eq!(ends(&mut world, limits.idle - Duration::from_secs(1)), None);
    assert_eq!(ends(&mut world, Duration::from_secs(1)), Some(EndReason::Idle));
    let mut world = World::live();
    while world.now - START < limits.longest - limits.idle {
        world.now += limits.idle / 2;
        world.node("a", NodeReport::Active { session: id() });
    }
    world.now = START + limits.longest;
    world.node("a", NodeReport::Active { session: id() });
    assert_eq!(ends(&mut world, Duration::ZERO), Some(EndReason::TooLong));
    let mut world = World::live();
    world.take(Event::NodeLost { node: node("b") });
    assert_eq!(world.session.state(), SessionState::Live, "not its node");
    let effects = world.take(Event::NodeLost { node: node("a") });
    let ended = ServerSignal::Ended { reason: EndReason::Node, url: None };
    assert_eq!((world.session.state(), told(&effects, ANA)[1]), (SessionState::Failed, &ended));
}

//! The customer in charge, and what roles are worth.

use super::tests::{ANA, EVA, World, guest, id, ordered, refused, told, wanted};
use super::*;
use tandem_protocol::Control;
use tandem_protocol::control::{Connection, PeerName};
use tandem_protocol::policy::Permissions;

/// What the policy leaves to an agent as long as nobody has set it.
const MOST: Rights = Rights { hear: false, ..Rights::ALL };

fn shown(world: &World, who: ParticipantId) -> Participant {
    world.session.people().into_iter().find(|person| person.id == who).unwrap()
}

/// What node and SFU are told that somebody may from now on.
fn allowed(effects: &[Effect], who: ParticipantId) -> Vec<Rights> {
    let rights = |effect: &Effect| match effect {
        Effect::Node { order: NodeOrder::Allow { participant, rights, .. }, .. } if *participant == who => {
            Some(*rights)
        }
        Effect::Sfu { order: SfuOrder::Allow { participant, rights, .. }, .. } if *participant == who => Some(*rights),
        _ => None,
    };
    effects.iter().filter_map(rights).collect()
}

fn did(effects: &[Effect]) -> Vec<Action> {
    let action = |effect: &Effect| match effect {
        Effect::Did { action, .. } => Some(*action),
        _ => None,
    };
    effects.iter().filter_map(action).collect()
}

/// Both are served.
fn served() -> World {
    let mut world = World::live();
    world.offer(EVA);
    world.offer(ANA);
    world
}

#[test]
fn a_pause_takes_everything_from_everybody_else_at_once() {
    let mut world = served();
    let (ana, eva) = (world.agent, world.customer);
    let effects = world.take(Event::Pause { window: EVA });
    assert_eq!(allowed(&effects, ana), [Rights::NONE; 2]);
    assert_eq!((allowed(&effects, eva).len(), shown(&world, eva).rights), (0, Rights::ALL));
    let first_told = effects.iter().position(|effect| matches!(effect, Effect::Tell { .. })).unwrap();
    let last_order =
        effects.iter().rposition(|effect| matches!(effect, Effect::Sfu { .. } | Effect::Node { .. })).unwrap();
    assert!(last_order < first_told, "it holds before anybody hears of it");
    assert_eq!(told(&effects, ANA)[0], &ServerSignal::State { state: SessionState::Paused });
    // Whoever connects anew meanwhile gets nothing either.
    assert!(world.offer(ANA).contains(&ordered(
        "a",
        NodeOrder::Admit { session: id(), participant: ana, role: Role::Agent, rights: Rights::NONE }
    )));
    assert_eq!(world.take(Event::Resume { window: ANA }), refused(ANA, Refusal::NotAllowed));
    assert_eq!(world.take(Event::Pause { window: ANA }), refused(ANA, Refusal::NotAllowed));
    let effects = world.take(Event::Resume { window: EVA });
    assert_eq!((allowed(&effects, ana), did(&effects)), (vec![MOST; 2], vec![Action::Resumed]));
}

#[test]
fn a_lost_connection_pauses_and_a_short_loss_ends_by_itself() {
    let away = Limits::default().away;
    let customer = |world: &World| PeerName::Participant { id: world.customer };
    let connection = |peer, state| SfuReport::Connection { session: id(), peer, state };
    let mut world = served();
    world.take(Event::Leave { window: EVA });
    assert_eq!(world.session.state(), SessionState::Paused);
    world.join(world.customer, 5, false);
    assert_eq!(world.session.state(), SessionState::Live, "a reload");
    world.sfu(connection(customer(&world), Connection::Silent));
    assert_eq!(world.session.state(), SessionState::Paused);
    world.sfu(connection(customer(&world), Connection::Connected));
    assert_eq!(world.session.state(), SessionState::Live);
    // After a longer time the customer decides.
    world.take(Event::Leave { window: 5 });
    world.now += away;
    world.join(world.customer, 6, false);
    assert_eq!(world.session.state(), SessionState::Paused);
    world.sfu(connection(customer(&world), Connection::Connected));
    assert_eq!(world.session.state(), SessionState::Paused);
    world.take(Event::Resume { window: 6 });
    assert_eq!(world.session.state(), SessionState::Live);
    // Who pauses means it, whatever their connection does.
    world.take(Event::Pause { window: 6 });
    world.take(Event::Leave { window: 6 });
    world.join(world.customer, 7, false);
    assert_eq!(world.session.state(), SessionState::Paused);
    // The agent's connection is not the customer's.
    world.take(Event::Resume { window: 7 });
    world.sfu(connection(PeerName::Participant { id: world.agent }, Connection::Silent));
    assert_eq!(world.session.state(), SessionState::Live);
}

#[test]
fn control_is_asked_for_given_refused_and_taken_back() {
    let mut wanted = wanted(&["a"]);
    wanted.asks_for_control = true;
    let (session, _) = Session::new(wanted, Limits::default(), tests::START);
    let mut world = World { session, now: tests::START, customer: ParticipantId(1), agent: ParticipantId(2) };
    world.session.add(guest(Role::Customer, "Eva")).unwrap();
    world.session.add(guest(Role::Agent, "Ana")).unwrap();
    world.take(Event::Node { node: tests::node("a"), report: NodeReport::Claimed { session: id() } });
    world.join(world.customer, EVA, false);
    world.join(world.agent, ANA, false);
    world.take(Event::Accept { window: EVA });
    world.offer(ANA);
    let ana = world.agent;
    let watches = MOST.without_control();
    assert_eq!((shown(&world, ana).control, shown(&world, ana).rights), (Control::Withheld, watches));
    let effects = world.take(Event::AskControl { window: ANA });
    assert_eq!((shown(&world, ana).control, did(&effects)), (Control::Asked, vec![Action::ControlAsked]));
    assert_eq!(world.take(Event::AskControl { window: ANA }), [], "once is enough");
    let answer = |give| Event::AnswerControl { window: EVA, participant: ana, give };
    world.take(answer(false));
    assert_eq!((shown(&world, ana).control, shown(&world, ana).rights), (Control::Withheld, watches));
    world.take(Event::AskControl { window: ANA });
    let effects = world.take(answer(true));
    assert_eq!((allowed(&effects, ana), did(&effects)), (vec![MOST; 2], vec![Action::ControlGiven]));
    let effects = world.take(Event::TakeControl { window: EVA });
    assert_eq!((allowed(&effects, ana), did(&effects)), (vec![watches; 2], vec![Action::ControlTaken]));
    for event in [
        Event::AnswerControl { window: ANA, participant: ana, give: true },
        Event::TakeControl { window: ANA },
        Event::AskControl { window: EVA },
    ] {
        let window = if matches!(event, Event::AskControl { .. }) { EVA } else { ANA };
        assert_eq!(world.take(event), refused(window, Refusal::NotAllowed));
    }
    assert_eq!(shown(&world, ana).rights, watches);
}

#[test]
fn nobody_sees_anything_before_the_words_were_compared() {
    let words = || Private::new(["anchor".to_owned(), "violin".to_owned()]);
    for (by, comparer, other) in [(Comparer::Customer, EVA, ANA), (Comparer::Agent, ANA, EVA)] {
        for same in [true, false] {
            let mut world = World::hosted();
            world.join(world.agent, ANA, false);
            world.take(Event::CheckWords { words: words(), by });
            let effects = world.join(world.customer, EVA, false);
            let yours = by == Comparer::Customer;
            assert!(told(&effects, EVA).contains(&&ServerSignal::Check { words: words(), yours, done: false }));
            world.take(Event::Accept { window: EVA });
            assert_eq!(world.session.state(), SessionState::Consent);
            assert_eq!(world.offer(ANA), refused(ANA, Refusal::NotYet));
            assert_eq!(world.take(Event::Check { window: other, same: true }), refused(other, Refusal::NotAllowed));
            let effects = world.take(Event::Check { window: comparer, same });
            if same {
                assert_eq!(did(&effects), [Action::CheckWordsConfirmed]);
                assert_eq!(world.session.state(), SessionState::Live);
            } else {
                assert_eq!(did(&effects), [Action::CheckWordsRefused]);
                assert_eq!(world.session.ended(), Some(EndReason::NotConfirmed));
            }
        }
    }
    let mut world = World::live();
    world.take(Event::CheckWords { words: words(), by: Comparer::Agent });
    assert_eq!(world.session.state(), SessionState::Live, "it is too late to doubt");
}

#[test]
fn a_role_that_changes_counts_at_once_and_one_that_may_not_look_is_out() {
    let mut world = served();
    let ana = world.agent;
    let shows = MOST.without_control();
    let effects = world.take(Event::Grant { who: ana, rights: shows });
    assert_eq!((allowed(&effects, ana), shown(&world, ana).control), (vec![shows; 2], Control::Fixed));
    assert_eq!(
        world.take(Event::AskControl { window: ANA }),
        refused(ANA, Refusal::NotAllowed),
        "not the customer's to give"
    );
    world.take(Event::Grant { who: ana, rights: Rights::ALL });
    // The policy may leave less.
    let agent = Permissions { typing: false, ..Permissions::default() };
    let policy = Box::new(Policy { agent, ..Policy::default() });
    let effects = world.take(Event::Policy { policy });
    assert_eq!(allowed(&effects, ana), [Rights { typing: false, ..MOST }; 2]);
    let agent = Permissions { hear: true, ..Permissions::default() };
    let effects = world.take(Event::Policy { policy: Box::new(Policy { agent, ..Policy::default() }) });
    assert_eq!(allowed(&effects, ana), [Rights::ALL; 2], "nobody hears the page before the policy says so");
    let effects = world.take(Event::Grant { who: ana, rights: Rights::NONE });
    assert_eq!(told(&effects, ANA)[0], &ServerSignal::Ended { reason: EndReason::Removed, url: None });
    assert!(effects.contains(&ordered("a", NodeOrder::Dismiss { session: id(), participant: ana })));
    let late = world.join(ana, 9, false);
    assert_eq!(
        told(&late, 9),
        [&ServerSignal::Ended { reason: EndReason::Removed, url: None }],
        "also by a key to come back"
    );
    world.take(Event::Grant { who: ana, rights: Rights::ALL });
    assert_eq!(shown(&world, ana).rights, Rights::NONE, "out is out");
    world.take(Event::Grant { who: world.customer, rights: Rights::NONE });
    assert_eq!(shown(&world, world.customer).rights, Rights::ALL, "nobody decides about the customer");
}

#[test]
fn who_takes_a_session_over_relieves_who_offered_it() {
    let mut world = served();
    let ana = world.agent;
    assert_eq!(world.session.wants(), None);
    world.take(Event::AskHelp { window: ANA });
    assert_eq!(world.session.wants(), Some(Wants::Help));
    let sam = world.session.add(guest(Role::Supervisor, "Sam")).unwrap();
    world.join(sam, 5, false);
    assert_eq!(world.session.wants(), None, "help has come");
    world.take(Event::HandOver { from: ana, to: None });
    assert!(matches!(world.session.wants(), Some(Wants::Colleague { to: None, .. })));
    let ben = world.session.add(Guest { takes_over: true, ..guest(Role::Agent, "Ben") }).unwrap();
    let effects = world.join(ben, 6, false);
    assert_eq!(told(&effects, ANA).last(), Some(&&ServerSignal::Ended { reason: EndReason::HandedOver, url: None }));
    assert!(effects.contains(&Effect::Did { who: ben, action: Action::HandedOver }));
    assert_eq!((world.session.state(), world.session.wants()), (SessionState::Live, None));
    world.take(Event::Leave { window: 6 });
    assert_eq!(world.session.wants(), Some(Wants::Agent), "the customer is alone");
}

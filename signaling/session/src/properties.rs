//! In whatever order things happen.

use super::tests::{START, guest, id, node, wanted};
use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use tandem_protocol::control::{Connection, Peer, PeerName};
use tandem_protocol::files::Transfer;

const NODES: [&str; 3] = ["a", "b", "c"];
const SFUS: [&str; 2] = ["sfu", "other"];

fn events() -> impl Strategy<Value = Event> {
    let window = || 0..6u64;
    let some_node = || prop::sample::select(&NODES[..]).prop_map(node);
    let some_sfu = || prop::sample::select(&SFUS[..]).prop_map(node);
    let reason = prop::sample::select(vec![EndReason::Node, EndReason::Api]);
    let node_report = prop_oneof![
        4 => Just(NodeReport::Claimed { session: id() }),
        1 => Just(NodeReport::Refused { session: id(), message: String::new() }),
        2 => Just(NodeReport::Offer { session: id(), sdp: "sdp".into() }),
        1 => Just(NodeReport::Tabs { session: id(), tabs: vec![], at: None }),
        2 => Just(NodeReport::Active { session: id() }),
        1 => reason.prop_map(|reason| NodeReport::Ended { session: id(), reason }),
    ];
    let peer = || {
        prop_oneof![Just(PeerName::Publisher), (0..4u32).prop_map(|n| PeerName::Participant { id: ParticipantId(n) })]
    };
    let connection = prop::sample::select(vec![Connection::Connected, Connection::Silent, Connection::Gone]);
    let sfu_report = prop_oneof![
        peer().prop_map(|peer| SfuReport::Answer { session: id(), peer, sdp: "sdp".into() }),
        peer().prop_map(|peer| SfuReport::Refused { session: id(), peer, message: String::new() }),
        (peer(), connection).prop_map(|(peer, state)| SfuReport::Connection { session: id(), peer, state }),
    ];
    prop_oneof![
        6 => (some_node(), node_report).prop_map(|(node, report)| Event::Node { node, report }),
        3 => (some_sfu(), sfu_report).prop_map(|(sfu, report)| Event::Sfu { sfu, report }),
        1 => some_node().prop_map(|node| Event::NodeLost { node }),
        1 => (some_sfu(), prop::option::of(some_sfu())).prop_map(|(sfu, other)| Event::SfuLost { sfu, other }),
        1 => some_sfu().prop_map(|sfu| Event::SfuCame { sfu }),
        8 => (0..5u32, window(), any::<bool>()).prop_map(|(who, window, take_over)| Event::Join {
            who: ParticipantId(who),
            window,
            take_over,
            resume: "key".into()
        }),
        2 => window().prop_map(|window| Event::Alive { window }),
        4 => window().prop_map(|window| Event::Leave { window }),
        6 => window().prop_map(|window| Event::Accept { window }),
        6 => window().prop_map(|window| Event::Offer { window, sdp: "sdp".into() }),
        1 => window().prop_map(|window| Event::End { window }),
        1 => Just(Event::Navigate { url: "https://shop.example/".into() }),
        1 => Just(Event::Policy { policy: Box::default() }),
        1 => any::<bool>().prop_map(|agent| Event::CheckWords {
            words: Private::new(["a".into(), "b".into()]),
            by: if agent { Comparer::Agent } else { Comparer::Customer }
        }),
        4 => (window(), any::<bool>()).prop_map(|(window, same)| Event::Check { window, same }),
        2 => window().prop_map(|window| Event::Pause { window }),
        2 => window().prop_map(|window| Event::Resume { window }),
        2 => window().prop_map(|window| Event::AskControl { window }),
        2 => (window(), 0..5u32, any::<bool>()).prop_map(|(window, who, give)| Event::AnswerControl {
            window,
            participant: ParticipantId(who),
            give
        }),
        1 => window().prop_map(|window| Event::TakeControl { window }),
        1 => window().prop_map(|window| Event::AskHelp { window }),
        1 => window().prop_map(|window| Event::File { window, transfer: Transfer::Download { download: 1 } }),
        1 => (window(), 0..5u32).prop_map(|(window, who)| Event::File {
            window,
            transfer: Transfer::Sent { from: ParticipantId(who), number: 1 }
        }),
        1 => (0..5u32).prop_map(|who| Event::HandOver { from: ParticipantId(who), to: None }),
        1 => (0..5u32, any::<bool>()).prop_map(|(who, all)| Event::Grant {
            who: ParticipantId(who),
            rights: if all { Rights::ALL } else { Rights::NONE }
        }),
        1 => Just(Event::Delete),
        4 => Just(Event::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens(steps in prop::collection::vec((events(), 0u64..90), 1..120)) {
        let (mut session, _) = Session::new(wanted(&NODES), Limits::default(), START);
        let customer = session.add(guest(Role::Customer, "Eva")).unwrap();
        let others = [session.add(guest(Role::Agent, "Ana")).unwrap(), session.add(guest(Role::Supervisor, "Sam")).unwrap()];
        let role = |who| if who == customer { Role::Customer } else if who == others[0] { Role::Agent } else { Role::Supervisor };
        // What node and SFU were told last.
        let (mut at_node, mut at_sfu) = (HashMap::new(), HashMap::new());
        let (mut now, mut accepted, mut compared, mut asked_or_holds) = (START, false, false, HashSet::from([node("a")]));
        for (event, wait) in steps {
            now += Duration::from_secs(wait);
            let over = session.ended().is_some();
            let before = session.state();
            let accept = match event {
                Event::Accept { window } => before == SessionState::Consent && session.window_of(customer) == Some(window),
                _ => false,
            };
            compared |= match (&event, &session.check) {
                (Event::Check { window, same: true }, Some(check)) => {
                    let comparer = if check.by == Comparer::Customer { customer } else { others[0] };
                    session.window_of(comparer) == Some(*window)
                }
                _ => false,
            };
            let told_to_be_there = session.people.iter().filter_map(|p| p.window).chain(window_of(&event)).collect::<HashSet<_>>();
            let waiting = session.people.iter().filter_map(|p| p.waiting.as_ref().map(|w| w.window)).collect::<HashSet<_>>();
            if matches!(event, Event::SfuLost { .. }) {
                // What it was told is lost with it.
                at_sfu.clear();
            }
            let effects = session.handle(event, now);
            accepted |= accept;
            let is_compared = session.check.is_none() || compared;

            prop_assert!(session.state() != SessionState::Live || (accepted && is_compared));
            if over {
                prop_assert_eq!(session.state(), before, "over is over");
            }
            prop_assert_eq!(effects.iter().filter(|e| **e == Effect::Forget).count(), usize::from(!over && session.ended().is_some()));
            let windows: Vec<_> = session.people.iter().filter_map(|p| p.window).collect();
            prop_assert_eq!(session.ended().is_some() && !windows.is_empty(), false, "nobody is in what is over");
            for effect in effects {
                match effect {
                    Effect::Tell { window, .. } | Effect::Probe { window } => {
                        prop_assert!(told_to_be_there.contains(&window) || waiting.contains(&window), "{} knows nothing of it", window);
                    }
                    Effect::Node { order: NodeOrder::Admit { participant, role: admitted, rights, .. }, .. } => {
                        prop_assert!(accepted && !over && admitted == role(participant));
                        at_node.insert(participant, rights);
                    }
                    Effect::Sfu { order: SfuOrder::Join { peer: Peer::Subscriber { participant, role: given, rights }, .. }, .. } => {
                        prop_assert!(accepted && !over && given == role(participant));
                        at_sfu.insert(participant, rights);
                    }
                    Effect::Node { order: NodeOrder::Allow { participant, rights, .. }, .. } => {
                        at_node.entry(participant).and_modify(|known| *known = rights);
                    }
                    Effect::Sfu { order: SfuOrder::Allow { participant, rights, .. }, .. } => {
                        at_sfu.entry(participant).and_modify(|known| *known = rights);
                    }
                    Effect::Did { .. } | Effect::Denied { .. } => {}
                    Effect::Ticket { window, ref other, transfer } => {
                        prop_assert!(!over && accepted && session.window_of(customer) == Some(window), "files are the customer's alone");
                        match (other, transfer) {
                            (End::Node(node), Transfer::Upload { .. } | Transfer::Download { .. }) => prop_assert!(asked_or_holds.contains(node)),
                            (End::Window(theirs), Transfer::Sent { from, .. }) => {
                                prop_assert!(from != customer && session.window_of(from) == Some(*theirs));
                            }
                            _ => prop_assert!(false, "a file comes from whom it was asked of"),
                        }
                    }
                    Effect::Node { node, order: NodeOrder::Claim { .. } } => {
                        prop_assert!(!over);
                        asked_or_holds.insert(node);
                    }
                    Effect::Node { node, order: NodeOrder::Dismiss { .. } | NodeOrder::Answer { .. } | NodeOrder::Reconnect { .. } | NodeOrder::Navigate { .. } | NodeOrder::Policy { .. } | NodeOrder::File { .. } } => {
                        prop_assert!(!over && asked_or_holds.contains(&node));
                    }
                    Effect::Sfu { order: SfuOrder::Leave { peer: PeerName::Participant { id }, .. }, .. } => {
                        prop_assert!(!over);
                        at_sfu.remove(&id);
                    }
                    Effect::Sfu { order: SfuOrder::Join { peer: Peer::Publisher, .. } | SfuOrder::Leave { .. }, .. } => prop_assert!(!over),
                    Effect::Sfu { order: SfuOrder::Close { .. }, .. } => at_sfu.clear(),
                    Effect::Hosted | Effect::Record { .. } => prop_assert!(!over),
                    Effect::Node { order: NodeOrder::Release { .. }, .. } | Effect::Forget => {}
                }
            }
            // Whoever is served is held to exactly what they may, and nobody but the customer may anything unless it is live.
            for person in session.people.iter().filter(|person| person.served && session.ended.is_none()) {
                let (who, rights) = (person.shown.id, person.shown.rights);
                for told in [at_node.get(&who), at_sfu.get(&who)].into_iter().flatten() {
                    prop_assert_eq!(*told, rights, "{:?}", who);
                }
                prop_assert!(who == customer || session.state() == SessionState::Live || rights == Rights::NONE);
            }
        }
    }
}

fn window_of(event: &Event) -> Option<Window> {
    match event {
        Event::Join { window, .. }
        | Event::Alive { window }
        | Event::Leave { window }
        | Event::Accept { window }
        | Event::Offer { window, .. }
        | Event::File { window, .. }
        | Event::Check { window, .. }
        | Event::Pause { window }
        | Event::Resume { window }
        | Event::AskControl { window }
        | Event::AnswerControl { window, .. }
        | Event::TakeControl { window }
        | Event::AskHelp { window }
        | Event::End { window } => Some(*window),
        Event::Node { .. }
        | Event::Sfu { .. }
        | Event::NodeLost { .. }
        | Event::SfuLost { .. }
        | Event::SfuCame { .. }
        | Event::Navigate { .. }
        | Event::Policy { .. }
        | Event::CheckWords { .. }
        | Event::HandOver { .. }
        | Event::Grant { .. }
        | Event::Delete
        | Event::Tick => None,
    }
}

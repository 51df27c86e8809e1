//! The SFU over the wire: nodes and people with real WebRTC connections, signalling's orders, and strangers.

mod world;

use std::net::UdpSocket;
use tandem_protocol::control::{Connection, Demand, Peer, PeerName, SfuOrder};
use tandem_protocol::input::{ControlInput, channel};
use tandem_protocol::{Audience, InputId, ParticipantId, Rights, Role, to_json};
use world::{CHANNELS, DELTA, KEYFRAME, Node, Router, Wire, World, session};

const CUSTOMER: u32 = 1;
const AGENT: u32 = 2;

/// What everybody may send, so that nothing sticks.
const RELEASE: &str = r#"{"type":"release_all"}"#;

/// An input with a text to know it by.
fn said(text: &str) -> String {
    to_json(&ControlInput::Text { id: InputId(1), text: text.into() })
}

fn person(id: u32) -> PeerName {
    PeerName::Participant { id: ParticipantId(id) }
}

#[tokio::test]
async fn each_audience_gets_its_own_track_from_a_keyframe_on() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let mut agent = world.person(&session, AGENT, Role::Agent).await;
    let audiences = [Audience::Customer, Audience::Agent];
    for audience in audiences {
        // Nothing can be shown before a keyframe, and so this one goes to nobody.
        node.publish(audience, DELTA, 0).await;
        node.wire.keyframe_requested().await;
        for (kind, mark) in [(KEYFRAME, 1), (DELTA, 2), (DELTA, 3)] {
            node.publish(audience, kind, mark).await;
        }
    }
    for (person, audience) in [(&mut customer, Audience::Customer), (&mut agent, Audience::Agent)] {
        let mut numbers = Vec::new();
        for mark in 1..=3 {
            let packet = person.packet().await;
            assert_eq!(packet.payload[1..], [audience as u8, mark]);
            numbers.push(packet.header.sequence_number);
        }
        assert!(numbers.windows(2).all(|two| two[0].wrapping_add(1) == two[1]), "{numbers:?}");
    }
    // Who comes late has nothing to begin with, so the node is asked; all others get the same keyframe.
    let mut supervisor = world.person(&session, 3, Role::Supervisor).await;
    node.wire.keyframe_requested().await;
    node.publish(Audience::Customer, KEYFRAME, 4).await;
    node.publish(Audience::Agent, KEYFRAME, 5).await;
    assert_eq!(customer.payload().await, [KEYFRAME, Audience::Customer as u8, 4]);
    assert_eq!(agent.payload().await, [KEYFRAME, Audience::Agent as u8, 5]);
    assert_eq!(supervisor.payload().await, [KEYFRAME, Audience::Agent as u8, 5]);
    // Who lost something asks, and the node hears it.
    agent.ask_for_keyframe().await;
    node.wire.keyframe_requested().await;
    assert_eq!(world.count("packets_received_total", "agent"), 5);
}

#[tokio::test]
async fn the_channel_is_the_identity() {
    let (mut world, session) = (World::new().await, session(1));
    // What is said before the node is there is kept for it.
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    customer.send(channel::CONTROL, &said("early")).await;
    let mut node = world.node(&session).await;
    assert_eq!(node.wire.message("control/1").await, said("early").as_bytes());
    let mut agent = world.person(&session, AGENT, Role::Agent).await;
    for label in CHANNELS {
        let theirs = channel::of(label, ParticipantId(AGENT));
        node.wire.opened(&theirs).await;
        node.wire.send(&theirs, "to the agent alone").await;
        assert_eq!(agent.message(label).await, b"to the agent alone");
        // What goes to the gate has to be an input that they may send.
        let said = match label {
            channel::CONTROL => RELEASE,
            channel::TALK => r#"{"chat":{"type":"typing","typing":true}}"#,
            _ => label,
        };
        agent.send(label, said).await;
        assert_eq!(node.wire.message(&theirs).await, said.as_bytes());
    }
    let demand = loop {
        let demand: Demand = serde_json::from_slice(&node.wire.message(channel::SFU).await).unwrap();
        if demand.audience == Audience::Agent && demand.subscribers > 0 {
            break demand;
        }
    };
    assert_eq!(demand.subscribers, 1, "the node knows how many look");
    // Who goes is let go of by the node, whose other people stay.
    agent.close().await;
    node.wire.closed("control/2").await;
    customer.send(channel::CONTROL, &said("still here")).await;
    assert_eq!(node.wire.message("control/1").await, said("still here").as_bytes());
    world.order(SfuOrder::Leave { session: session.clone(), peer: person(CUSTOMER) }).await;
    node.wire.closed("control/1").await;
    customer.closed(channel::CONTROL).await;
}

/// As if signalling and the node let everything pass.
#[tokio::test]
async fn rights_are_taken_away_and_given_back_at_once() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let mut agent = world.person(&session, AGENT, Role::Agent).await;
    let allow = |rights| SfuOrder::Allow { session: session.clone(), participant: ParticipantId(AGENT), rights };
    let publish = async |node: &mut Node, mark| {
        for audience in [Audience::Customer, Audience::Agent] {
            node.publish(audience, KEYFRAME, mark).await;
        }
    };
    publish(&mut node, 1).await;
    assert_eq!((customer.payload().await[2], agent.payload().await[2]), (1, 1));
    let agents = async |node: &mut Node, subscribers| loop {
        let demand: Demand = serde_json::from_slice(&node.wire.message(channel::SFU).await).unwrap();
        if demand.audience == Audience::Agent && demand.subscribers == subscribers {
            break;
        }
    };
    agents(&mut node, 1).await;
    // A pause: no picture, no word, nothing obeyed, while the customer goes on.
    world.order(allow(Rights::NONE)).await;
    agents(&mut node, 0).await;
    publish(&mut node, 2).await;
    node.wire.send("control/2", "not for you").await;
    agent.send(channel::CONTROL, &said("unheard")).await;
    agent.send(channel::TALK, r#"{"drawing":{"type":"clear"}}"#).await;
    assert_eq!(customer.payload().await[2], 2);
    world.until(|world| world.count("dropped_total", "denied") == 3).await;
    // Given back, there is a new beginning.
    world.order(allow(Rights::ALL.without_control())).await;
    node.wire.keyframe_requested().await;
    publish(&mut node, 3).await;
    assert_eq!(agent.payload().await[2], 3, "what was shown meanwhile is not shown later");
    agent.send(channel::CONTROL, &said("unheard")).await;
    agent.send(channel::CONTROL, RELEASE).await;
    assert_eq!(node.wire.message("control/2").await, RELEASE.as_bytes());
    world.until(|world| world.count("dropped_total", "denied") == 4).await;
    world.order(allow(Rights::ALL)).await;
    // Orders are obeyed in turn, so the first is when the second is.
    world.person(&session, 3, Role::Supervisor).await;
    agent.send(channel::CONTROL, &said("heard")).await;
    assert_eq!(node.wire.message("control/2").await, said("heard").as_bytes());
}

/// As if node and page let everything pass.
#[tokio::test]
async fn the_sound_goes_to_who_asked_for_it_and_may() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let mut agent = world.person(&session, AGENT, Role::Agent).await;
    let allow = |rights| SfuOrder::Allow { session: session.clone(), participant: ParticipantId(AGENT), rights };
    let wants = |on| to_json(&ControlInput::Sound { on });
    let hearers = async |node: &mut Node, audience, hearers| loop {
        let demand: Demand = serde_json::from_slice(&node.wire.message(channel::SFU).await).unwrap();
        if (demand.audience, demand.hearers) == (audience, hearers) {
            break;
        }
    };
    let play = async |node: &mut Node, world: &World, mark| {
        for audience in Audience::ALL {
            node.play(audience, mark).await;
        }
        world.until(|world| world.count("sound_packets_received_total", "agent") == u64::from(mark)).await;
    };
    world.order(allow(Rights { hear: false, ..Rights::ALL })).await;
    // Orders are obeyed in turn, so the first is when the second is.
    world.person(&session, 3, Role::Supervisor).await;
    // Nobody has asked.
    play(&mut node, &world, 1).await;
    agent.send(channel::CONTROL, &wants(true)).await;
    world.until(|world| world.count("dropped_total", "denied") == 1).await;
    customer.send(channel::CONTROL, &wants(true)).await;
    hearers(&mut node, Audience::Customer, 1).await;
    play(&mut node, &world, 2).await;
    let first = customer.sound().await;
    assert_eq!(first.payload[..], [Audience::Customer as u8, 2]);
    // What is allowed now was not asked for before.
    world.order(allow(Rights::ALL)).await;
    world.person(&session, 4, Role::Supervisor).await;
    play(&mut node, &world, 3).await;
    agent.send(channel::CONTROL, &wants(true)).await;
    hearers(&mut node, Audience::Agent, 1).await;
    play(&mut node, &world, 4).await;
    assert_eq!(agent.sound().await.payload[..], [Audience::Agent as u8, 4]);
    // A pause, after which it goes on without being asked for again.
    world.order(allow(Rights::NONE)).await;
    hearers(&mut node, Audience::Agent, 0).await;
    play(&mut node, &world, 5).await;
    world.order(allow(Rights::ALL)).await;
    hearers(&mut node, Audience::Agent, 1).await;
    play(&mut node, &world, 6).await;
    assert_eq!(agent.sound().await.payload[..], [Audience::Agent as u8, 6]);
    agent.send(channel::CONTROL, &wants(false)).await;
    hearers(&mut node, Audience::Agent, 0).await;
    play(&mut node, &world, 7).await;
    let mut last = first;
    for mark in 3..=7 {
        let next = customer.sound().await;
        assert_eq!(next.payload[..], [Audience::Customer as u8, mark]);
        assert_eq!(next.header.sequence_number, last.header.sequence_number.wrapping_add(1));
        last = next;
    }
    assert_eq!(world.count("sound_packets_forwarded_total", "customer"), 6);
    assert_eq!(world.count("sound_packets_forwarded_total", "agent"), 2);
}

#[tokio::test]
async fn a_flood_costs_its_sender_alone() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let agent = world.person(&session, AGENT, Role::Agent).await;
    let large = "x".repeat(tandem_protocol::limits::TALK + 1);
    let chat = |number: u32| format!(r#"{{"chat":{{"type":"say","number":{number},"text":"x"}}}}"#);
    agent.send(channel::TALK, &large).await;
    for number in 0..500 {
        agent.send(channel::TALK, &chat(number)).await;
    }
    customer.send(channel::CONTROL, &said("mine")).await;
    assert_eq!(node.wire.message("control/1").await, said("mine").as_bytes());
    assert_eq!(node.wire.message("talk/2").await, chat(0).as_bytes(), "what is too large is not passed on");
    // What is over the budget is counted as dropped once it has all come.
    world
        .until(|world| world.count("dropped_total", "flood") + world.count("channel_messages_total", "talk") == 500)
        .await;
    assert!(world.count("dropped_total", "flood") > 100);
    assert_eq!(world.count("dropped_total", "denied"), 1, "the one that was too large to be read");
    // The one who flooded can still be heard by the rest of the room.
    agent.send(channel::CONTROL, RELEASE).await;
    assert_eq!(node.wire.message("control/2").await, RELEASE.as_bytes());
}

#[tokio::test]
async fn a_room_has_one_node_and_takes_a_new_one_when_it_is_gone() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let second = Node::offer().await;
    let refused = world.join(&session, Peer::Publisher, &second.wire.offer).await;
    assert_eq!(refused.unwrap_err(), "the room has a browser node already");
    node.publish(Audience::Customer, KEYFRAME, 1).await;
    assert_eq!(customer.payload().await[2], 1, "the first goes on");
    node.wire.close().await;
    world.until(|world| world.peers() == 1).await;
    let mut node = world.node(&session).await;
    node.wire.opened("control/1").await;
    customer.send(channel::CONTROL, &said("to the new one")).await;
    assert_eq!(node.wire.message("control/1").await, said("to the new one").as_bytes());
    node.publish(Audience::Customer, KEYFRAME, 2).await;
    assert_eq!(customer.payload().await[2], 2);
}

#[tokio::test]
async fn rooms_are_apart_and_close_whole() {
    let (mut world, here, there) = (World::new().await, session(1), session(2));
    let (mut node, mut other) = (world.node(&here).await, world.node(&there).await);
    let mut customer = world.person(&here, CUSTOMER, Role::Customer).await;
    // The same number in another room is another person.
    let mut neighbour = world.person(&there, CUSTOMER, Role::Customer).await;
    other.publish(Audience::Customer, KEYFRAME, 1).await;
    node.publish(Audience::Customer, KEYFRAME, 2).await;
    assert_eq!(customer.payload().await[2], 2);
    assert_eq!(neighbour.payload().await[2], 1);
    world.order(SfuOrder::Close { session: here.clone() }).await;
    customer.closed(channel::CONTROL).await;
    node.wire.closed(channel::SFU).await;
    other.publish(Audience::Customer, DELTA, 3).await;
    assert_eq!(neighbour.payload().await[2], 3);
}

#[tokio::test]
async fn whoever_comes_again_replaces_their_earlier_connection() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut before = world.person(&session, CUSTOMER, Role::Customer).await;
    let mut after = world.person(&session, CUSTOMER, Role::Customer).await;
    before.closed(channel::CONTROL).await;
    node.publish(Audience::Customer, DELTA, 0).await;
    node.wire.keyframe_requested().await;
    node.publish(Audience::Customer, KEYFRAME, 1).await;
    assert_eq!(after.payload().await[2], 1);
    after.send(channel::CONTROL, &said("again")).await;
    assert_eq!(node.wire.message("control/1").await, said("again").as_bytes());
}

#[tokio::test]
async fn whoever_gets_another_address_goes_on() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let router = Router::to(&world).await;
    let mut customer = world.person_behind(&router, &session, CUSTOMER, Role::Customer).await;
    for place in 0..3 {
        customer.send(channel::CONTROL, &said(&place.to_string())).await;
        assert_eq!(node.wire.message("control/1").await, said(&place.to_string()).as_bytes());
        node.wire.send("control/1", "answer").await;
        assert_eq!(customer.message(channel::CONTROL).await, b"answer");
        router.moves().await;
    }
}

#[tokio::test]
async fn whoever_is_not_heard_is_silent_until_they_are_heard_again() {
    let (mut world, session) = (World::new().await, session(1));
    let _node = world.node(&session).await;
    let router = Router::to(&world).await;
    let _customer = world.person_behind(&router, &session, CUSTOMER, Role::Customer).await;
    router.is_cut();
    world.hears_that(&session, person(CUSTOMER), Connection::Silent).await;
    router.moves().await;
    world.hears_that(&session, person(CUSTOMER), Connection::Connected).await;
}

#[tokio::test]
async fn what_is_no_offer_and_what_is_no_datagram_of_a_peer_changes_nothing() {
    let (mut world, session) = (World::new().await, session(1));
    let mut node = world.node(&session).await;
    let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
    let guest = Peer::Subscriber { participant: ParticipantId(9), role: Role::Agent, rights: Rights::ALL };
    let whole = Wire::person().await.offer;
    let without_ice: String = whole.lines().filter(|l| !l.starts_with("a=ice-")).map(|l| format!("{l}\r\n")).collect();
    for offer in ["", "v=0", "not SDP at all", &whole[..whole.len() / 2], &without_ice] {
        let refused = world.join(&session, guest, offer).await.unwrap_err();
        assert!(!refused.contains("v=0"), "an offer is not quoted: {refused}");
    }
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    // A check in somebody else's name without their password, something like DTLS, RTP, and rubbish.
    let mut check = vec![0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42];
    check.extend([7; 12]);
    check.extend([0, 6, 0, 4]);
    check.extend(b"a:bb");
    for datagram in [&check[..], &[22, 254, 253, 0], &[0x80, 102, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], &[0xff; 1400]] {
        stranger.send_to(datagram, ("127.0.0.1", world.sfu.port)).unwrap();
    }
    node.publish(Audience::Customer, KEYFRAME, 1).await;
    assert_eq!(customer.payload().await[2], 1);
    assert_eq!(world.count("dropped_total", "stranger"), 4, "they came by the same socket, and before");
    assert_eq!(world.count("dropped_total", "malformed"), 0);
}

/// Every thread that this one starts has no IPv6 either: the kernel says so as on a host without it.
fn do_without_ipv6() {
    use nix::libc;
    let load = |offset| libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: offset };
    let skip_unless = |value: u32, by| libc::sock_filter { code: 0x15, jt: 0, jf: by, k: value };
    let answer = |action| libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: action };
    // `seccomp_data` begins with the number of the call; its first argument is at byte 16.
    let mut program = [
        load(0),
        skip_unless(libc::SYS_socket as u32, 3),
        load(16),
        skip_unless(libc::AF_INET6 as u32, 1),
        answer(libc::SECCOMP_RET_ERRNO | libc::EAFNOSUPPORT as u32),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    nix::sys::prctl::set_no_new_privs().unwrap();
    // SAFETY: the kernel copies the program, which lives until then.
    let outcome = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &filter) };
    assert_eq!(outcome, 0);
}

#[test]
fn a_host_without_ipv6_is_served_by_ipv4() {
    let alone = std::thread::spawn(|| {
        do_without_ipv6();
        let error = UdpSocket::bind("[::]:0").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(nix::libc::EAFNOSUPPORT));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut world, session) = (World::new().await, session(1));
            let mut node = world.node(&session).await;
            let mut customer = world.person(&session, CUSTOMER, Role::Customer).await;
            node.publish(Audience::Customer, KEYFRAME, 1).await;
            assert_eq!(customer.payload().await[2], 1);
        });
    });
    alone.join().unwrap();
}

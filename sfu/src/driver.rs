//! The SFU's thread: sockets in, sockets out, and between them the sans-IO core of each connection.

use crate::metrics::{Dropped, SfuMetrics};
use crate::peer::{Answered, Connection, Direction, answer};
use crate::room::Room;
use crate::session_of;
use crate::socket::Socket;
use crate::stun;
use crate::timers::Timers;
use bytes::BytesMut;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent, RTCTrackEvent};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp::Packet;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tandem_protocol::control::{Connection as State, Peer, PeerName, SfuOrder, SfuReport};
use tandem_protocol::{Audience, ParticipantId, Private, Rights, SessionId};
use tandem_router::{Member, Now, Packet as Routed};

/// A peer that has not connected, or come back, after so long is forgotten.
const PATIENCE: Duration = Duration::from_secs(30);
/// A peer from which no genuine check has come for so long is silent: browsers send one every 2.5 s at least (consent to be sent to,
/// RFC 7675 §5.1).
const SILENCE: Duration = Duration::from_secs(5);
/// Connections on one SFU, at the most.
const MOST_PEERS: usize = 10_000;

pub(crate) enum Command {
    Order(SfuOrder),
    End,
}

/// Names a connection in this SFU.
type Key = (SessionId, PeerName);

/// What can be due.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Due {
    /// The stack of a connection wants to be told the time.
    Stack(Key),
    /// A keyframe was asked for too soon after the last, and is to be asked for now.
    Keyframe(SessionId),
    /// A peer has not connected in time, or has been silent for too long.
    Patience(Key),
    /// Nothing has come from a peer for a while.
    Silence(Key),
}

pub(crate) struct Driver {
    socket: Socket,
    commands: mpsc::Receiver<Command>,
    wake: Arc<EventFd>,
    reports: tokio::sync::mpsc::UnboundedSender<SfuReport>,
    metrics: SfuMetrics,
    rooms: HashMap<SessionId, Room>,
    by_ufrag: HashMap<String, Key>,
    by_address: HashMap<SocketAddr, Key>,
    timers: Timers<Due>,
    /// Connections with something to send or to say.
    touched: HashSet<Key>,
    start: Instant,
}

/// A media packet on its way through a room.
struct Arrived {
    key: Key,
    audience: Audience,
    kind: RtpCodecKind,
    packet: Packet,
    at: Instant,
}

impl Driver {
    pub(crate) fn new(
        socket: Socket,
        commands: mpsc::Receiver<Command>,
        wake: Arc<EventFd>,
        reports: tokio::sync::mpsc::UnboundedSender<SfuReport>,
        metrics: SfuMetrics,
    ) -> Driver {
        let (rooms, by_ufrag, by_address, touched) = Default::default();
        let timers = Timers::default();
        let start = Instant::now();
        Driver { socket, commands, wake, reports, metrics, rooms, by_ufrag, by_address, timers, touched, start }
    }

    fn now(&self, instant: Instant) -> Now {
        instant - self.start
    }

    pub(crate) fn run(mut self) {
        loop {
            self.sleep();
            let _ = self.wake.read();
            while let Ok(command) = self.commands.try_recv() {
                match command {
                    Command::Order(order) => self.order(order),
                    Command::End => return,
                }
            }
            self.receive();
            self.time_out();
            // What one connection is told may touch another, a few times over at the most.
            while !self.touched.is_empty() {
                for key in std::mem::take(&mut self.touched) {
                    self.serve(&key);
                }
            }
        }
    }

    /// Waits for a datagram, an order or the earliest of all time-outs.
    fn sleep(&self) {
        let wait = self.timers.next().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = wait.map(TimeSpec::from_duration);
        let mut fds =
            [PollFd::new(self.socket.fd(), PollFlags::POLLIN), PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
        // An interrupted or failed wait is as good as a short one.
        let _ = ppoll(&mut fds, timeout, None::<SigSet>);
    }

    fn receive(&mut self) {
        let now = Instant::now();
        let mut arrived = Vec::new();
        let Driver { socket, rooms, by_ufrag, by_address, touched, metrics, .. } = self;
        socket.receive(|datagram| {
            // A check names its connection; whatever else comes from where that has been proved to be.
            let named = stun::named(datagram.bytes).and_then(|ufrag| by_ufrag.get(ufrag));
            let Some(key) = named.or_else(|| by_address.get(&datagram.from)).cloned() else {
                metrics.dropped(Dropped::Stranger);
                return;
            };
            let Some(peer) = rooms.get_mut(&key.0).and_then(|room| room.peers.get_mut(&key.1)) else { return };
            let transport = TransportContext {
                local_addr: datagram.to,
                peer_addr: datagram.from,
                ecn: None,
                transport_protocol: TransportProtocol::UDP,
            };
            if !stun::is(datagram.bytes) {
                peer.path = Some(datagram.from);
            }
            let message = TaggedBytesMut { now, transport, message: BytesMut::from(datagram.bytes) };
            if peer.rtc.handle_read(message).is_err() {
                metrics.dropped(Dropped::Malformed);
            }
            touched.insert(key);
        });
        for key in touched.clone() {
            self.read(&key, now, &mut arrived);
        }
        for packet in arrived {
            self.forward(packet);
        }
    }

    /// Hears what happened to a connection. `false` when that was its end.
    fn events(&mut self, key: &Key, at: Instant) -> bool {
        let now = self.now(at);
        let mut gone = false;
        while let Some(event) = self
            .rooms
            .get_mut(&key.0)
            .and_then(|room| room.peers.get_mut(&key.1))
            .and_then(|peer| peer.rtc.poll_event())
        {
            let Some(room) = self.rooms.get_mut(&key.0) else { return false };
            match event {
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => {
                    gone |= self.state_changed(key, state, at)
                }
                RTCPeerConnectionEvent::OnTrack(RTCTrackEvent::OnOpen(track)) => {
                    let audience = track.stream_ids.iter().find_map(|id| Audience::from_name(id));
                    let kind = room.peers.get_mut(&key.1).and_then(|peer| peer.kind_of(track.receiver_id));
                    if let (Some(audience), Some(kind)) = (audience, kind) {
                        room.audiences.insert(track.track_id, (audience, kind));
                    }
                }
                RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                    room.channel_opened(key.1, id, now, at);
                    self.touched.insert((key.0.clone(), PeerName::Publisher));
                }
                RTCPeerConnectionEvent::OnDataChannel(
                    RTCDataChannelEvent::OnClose(id) | RTCDataChannelEvent::OnClosing(id),
                ) => {
                    room.channel_closed(key.1, id);
                    self.touched.insert((key.0.clone(), PeerName::Publisher));
                }
                _ => {}
            }
        }
        let room = self.rooms.get(&key.0);
        let over = room.and_then(|room| room.peers.get(&key.1)).is_some_and(Connection::is_over);
        if gone || over {
            self.remove(key);
        }
        // Who said goodbye needs not be told to come back.
        if gone {
            self.report(key, State::Gone);
        }
        !gone && !over
    }

    /// Takes what a connection has received. A track is announced with its first packet, so what happened comes before
    /// what was received: the first keyframe would find no audience otherwise.
    fn read(&mut self, key: &Key, at: Instant, arrived: &mut Vec<Arrived>) {
        let now = self.now(at);
        if !self.events(key, at) {
            return;
        }
        let Some(room) = self.rooms.get_mut(&key.0) else { return };
        while let Some(message) = room.peers.get_mut(&key.1).and_then(|peer| peer.rtc.poll_read()) {
            match message.message {
                RTCMessage::RtpPacket(track, packet) => {
                    if let (PeerName::Publisher, Some((audience, kind))) = (key.1, room.audiences.get(&track).copied())
                    {
                        if kind == RtpCodecKind::Video {
                            room.ssrcs.insert(audience, packet.header.ssrc);
                        }
                        arrived.push(Arrived { key: key.clone(), audience, kind, packet, at });
                    }
                }
                // Only keyframe requests come so far, and they come from people.
                RTCMessage::RtcpPacket(..) => {
                    if let PeerName::Participant { id } = key.1 {
                        self.metrics.keyframe_requests.with_label_values(&["received"]).inc();
                        if room.peers.get(&key.1).is_some_and(|peer| peer.is_bored(at)) {
                            continue;
                        }
                        for audience in room.tracks.audiences_of(id) {
                            ask_for_keyframe(room, audience, now, at, &self.metrics);
                            self.touched.insert((key.0.clone(), PeerName::Publisher));
                        }
                    }
                }
                RTCMessage::DataChannelMessage(id, message) => {
                    room.message(key.1, id, message, now, at, &self.metrics);
                    self.touched.extend(room.peers.keys().map(|name| (key.0.clone(), *name)));
                }
                _ => {}
            }
        }
    }

    fn forward(&mut self, arrived: Arrived) {
        let Arrived { key, audience, kind, packet, at } = arrived;
        self.metrics.received(audience, kind);
        let now = self.now(at);
        let Some(room) = self.rooms.get_mut(&key.0) else { return };
        let (sequence, payload, tracks) = (packet.header.sequence_number, &packet.payload, &mut room.tracks);
        let to = match (kind, audience) {
            (RtpCodecKind::Audio, Audience::Customer) => tracks.customer.route_sound(&Routed::sound(sequence)),
            (RtpCodecKind::Audio, Audience::Agent) => tracks.agent.route_sound(&Routed::sound(sequence)),
            (_, Audience::Customer) => tracks.customer.route(&Routed::new(sequence, payload)),
            (_, Audience::Agent) => tracks.agent.route(&Routed::new(sequence, payload)),
        };
        let mut sent = 0;
        for (who, sequence) in to {
            let name = PeerName::Participant { id: who };
            let Some(peer) = room.peers.get_mut(&name) else { continue };
            if peer.forward(kind, &packet, sequence, at) {
                sent += 1;
            } else {
                self.metrics.dropped(Dropped::Send);
            }
            self.touched.insert((key.0.clone(), name));
        }
        // Whoever still waits cannot begin with this packet; the gate makes one request of many.
        let waiting = match audience {
            Audience::Customer => room.tracks.customer.is_waiting(),
            Audience::Agent => room.tracks.agent.is_waiting(),
        };
        if waiting && kind == RtpCodecKind::Video {
            ask_for_keyframe(room, audience, now, at, &self.metrics);
            self.touched.insert((key.0.clone(), PeerName::Publisher));
        }
        self.metrics.forwarded(audience, kind, sent);
        self.metrics.forward.observe(at.elapsed().as_secs_f64());
    }

    /// Lets time pass where it is due.
    fn time_out(&mut self) {
        let instant = Instant::now();
        let now = self.now(instant);
        while let Some(due) = self.timers.take_due(instant) {
            match due {
                Due::Stack(key) => {
                    let peer = self.rooms.get_mut(&key.0).and_then(|room| room.peers.get_mut(&key.1));
                    let Some(peer) = peer else { continue };
                    // An error ends the connection, which its events then say.
                    let _ = peer.rtc.handle_timeout(instant);
                    self.touched.insert(key);
                }
                Due::Keyframe(session) => {
                    let Some(room) = self.rooms.get_mut(&session) else { continue };
                    for (audience, due) in [
                        (Audience::Customer, room.tracks.customer.keyframe_due(now)),
                        (Audience::Agent, room.tracks.agent.keyframe_due(now)),
                    ] {
                        if due {
                            send_keyframe_request(room, audience, instant, &self.metrics);
                        }
                    }
                    self.touched.insert((session, PeerName::Publisher));
                }
                Due::Patience(key) => {
                    self.remove(&key);
                    self.report(&key, State::Gone);
                }
                Due::Silence(key) => {
                    let peer = self.rooms.get_mut(&key.0).and_then(|room| room.peers.get_mut(&key.1));
                    let Some(peer) = peer else { continue };
                    peer.is_silent = true;
                    self.timers.set(Due::Patience(key.clone()), Some(instant + PATIENCE));
                    self.report(&key, State::Silent);
                }
            }
        }
    }

    /// Does what a connection asks for after it was touched: events, estimates, datagrams.
    fn serve(&mut self, key: &Key) {
        let at = Instant::now();
        let mut arrived = Vec::new();
        self.read(key, at, &mut arrived);
        for packet in arrived {
            self.forward(packet);
        }
        let Some(room) = self.rooms.get_mut(&key.0) else { return };
        if let (PeerName::Participant { id }, Some(bits)) =
            (key.1, room.peers.get(&key.1).and_then(|peer| peer.estimate()))
        {
            room.tracks.estimate(id, bits);
        }
        room.send_demands(at);
        let keyframe = room.tracks.deadline().map(|at| self.start + at);
        self.timers.set(Due::Keyframe(key.0.clone()), keyframe);
        self.flush(key);
        // Demands go by the node's connection.
        if key.1 != PeerName::Publisher {
            self.flush(&(key.0.clone(), PeerName::Publisher));
        }
    }

    /// Sends what a connection has to send. An address is its own once a check from there was genuine, and only until
    /// another connection proves to be there.
    fn flush(&mut self, key: &Key) {
        let Driver { socket, rooms, by_address, timers, .. } = self;
        let Some(peer) = rooms.get_mut(&key.0).and_then(|room| room.peers.get_mut(&key.1)) else { return };
        let proved = peer.flush(socket);
        let is_back = !proved.is_empty() && std::mem::take(&mut peer.is_silent);
        if !proved.is_empty() && peer.connected {
            timers.set(Due::Silence(key.clone()), Some(Instant::now() + SILENCE));
        }
        for address in proved {
            by_address.insert(address, key.clone());
            if let Some(old) = peer.proved(address)
                && by_address.get(&old) == Some(key)
            {
                by_address.remove(&old);
            }
        }
        timers.set(Due::Stack(key.clone()), peer.rtc.poll_timeout());
        if is_back {
            timers.set(Due::Patience(key.clone()), None);
            self.report(key, State::Connected);
        }
    }

    /// `true` when the connection is gone.
    fn state_changed(&mut self, key: &Key, state: RTCPeerConnectionState, at: Instant) -> bool {
        match state {
            RTCPeerConnectionState::Connected => {
                self.timers.set(Due::Patience(key.clone()), None);
                self.timers.set(Due::Silence(key.clone()), Some(at + SILENCE));
                let now = self.now(at);
                if let Some(room) = self.rooms.get_mut(&key.0) {
                    if let Some(peer) = room.peers.get_mut(&key.1) {
                        peer.connected = true;
                    }
                    match key.1 {
                        PeerName::Publisher => room.node_connected(),
                        PeerName::Participant { id } => {
                            // Only now, so that the keyframe which the node then sends is not spent on a closed door.
                            room.allow(id, None);
                            for audience in room.tracks.audiences_of(id) {
                                ask_for_keyframe(room, audience, now, at, &self.metrics);
                            }
                        }
                    }
                    self.touched.insert((key.0.clone(), PeerName::Publisher));
                }
                self.report(key, State::Connected);
                false
            }
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => true,
            _ => false,
        }
    }

    fn order(&mut self, order: SfuOrder) {
        let session = session_of(&order).clone();
        match order {
            SfuOrder::Join { peer, sdp, .. } => {
                let name = peer.name();
                let report = match self.join(&session, peer, sdp.into_inner()) {
                    Ok(sdp) => SfuReport::Answer { session, peer: name, sdp: Private::new(sdp) },
                    Err(message) => SfuReport::Refused { session, peer: name, message },
                };
                self.send_report(report);
            }
            SfuOrder::Allow { participant, rights, .. } => self.allow(&session, participant, rights),
            SfuOrder::Leave { peer, .. } => self.remove(&(session, peer)),
            SfuOrder::Close { .. } => {
                let names: Vec<PeerName> =
                    self.rooms.get(&session).map(|room| room.peers.keys().copied().collect()).unwrap_or_default();
                for name in names {
                    self.remove(&(session.clone(), name));
                }
                self.rooms.remove(&session);
                self.metrics.rooms.set(self.rooms.len() as i64);
            }
        }
    }

    fn join(&mut self, session: &SessionId, peer: Peer, offer: String) -> Result<String, String> {
        let key = (session.clone(), peer.name());
        let room = self.rooms.entry(session.clone()).or_default();
        let existing = room.peers.get(&key.1);
        if peer == Peer::Publisher && existing.is_some_and(|node| node.connected) {
            return Err("the room has a browser node already".into());
        }
        if existing.is_none() && self.by_ufrag.len() >= MOST_PEERS {
            return Err("this SFU is full".into());
        }
        let direction = if peer == Peer::Publisher { Direction::FromNode } else { Direction::ToPerson };
        let now = Instant::now();
        let answered = answer(offer, direction, &self.socket.addresses, now).map_err(|e| e.to_string());
        let Answered { connection, sdp } = match answered {
            Ok(answered) => answered,
            Err(message) => {
                if room.peers.is_empty() {
                    self.rooms.remove(session);
                }
                return Err(message);
            }
        };
        self.remove(&key);
        let room = self.rooms.entry(session.clone()).or_default();
        self.by_ufrag.insert(connection.ufrag.clone(), key.clone());
        room.peers.insert(key.1, connection);
        if let Peer::Subscriber { participant, role, rights } = peer {
            room.members.insert(participant, Member::new(role, rights));
        }
        self.timers.set(Due::Patience(key.clone()), Some(now + PATIENCE));
        self.touched.insert(key);
        self.metrics.rooms.set(self.rooms.len() as i64);
        self.metrics.peers.set(self.by_ufrag.len() as i64);
        Ok(sdp)
    }

    fn allow(&mut self, session: &SessionId, who: ParticipantId, rights: Rights) {
        let at = Instant::now();
        let now = self.now(at);
        let Some(room) = self.rooms.get_mut(session) else { return };
        if room.allow(who, Some(rights)) {
            for audience in room.tracks.audiences_of(who) {
                ask_for_keyframe(room, audience, now, at, &self.metrics);
            }
        }
        // The node hears how many still look.
        self.touched.insert((session.clone(), PeerName::Publisher));
    }

    /// Forgets a connection, and with the last one its room.
    fn remove(&mut self, key: &Key) {
        for due in [Due::Patience, Due::Silence, Due::Stack] {
            self.timers.set(due(key.clone()), None);
        }
        self.touched.remove(key);
        let Some(room) = self.rooms.get_mut(&key.0) else { return };
        if let Some(mut peer) = room.peers.remove(&key.1) {
            // Its last words (DTLS close) tell the other end at once.
            let _ = peer.rtc.close();
            peer.flush(&self.socket);
            self.by_ufrag.remove(&peer.ufrag);
            for address in &peer.addresses {
                if self.by_address.get(address) == Some(key) {
                    self.by_address.remove(address);
                }
            }
        }
        match key.1 {
            PeerName::Publisher => room.audiences.clear(),
            PeerName::Participant { id } => {
                room.person_left(id);
                self.touched.insert((key.0.clone(), PeerName::Publisher));
            }
        }
        if room.peers.is_empty() {
            self.rooms.remove(&key.0);
            self.timers.set(Due::Keyframe(key.0.clone()), None);
        }
        self.metrics.rooms.set(self.rooms.len() as i64);
        self.metrics.peers.set(self.by_ufrag.len() as i64);
    }

    fn report(&self, key: &Key, state: State) {
        self.send_report(SfuReport::Connection { session: key.0.clone(), peer: key.1, state });
    }

    fn send_report(&self, report: SfuReport) {
        // The other end is gone only when the SFU is ending.
        let _ = self.reports.send(report);
    }
}

fn ask_for_keyframe(room: &mut Room, audience: Audience, now: Now, at: Instant, metrics: &SfuMetrics) {
    let wanted = match audience {
        Audience::Customer => room.tracks.customer.needs_keyframe(now),
        Audience::Agent => room.tracks.agent.needs_keyframe(now),
    };
    if wanted {
        send_keyframe_request(room, audience, at, metrics);
    }
}

fn send_keyframe_request(room: &mut Room, audience: Audience, at: Instant, metrics: &SfuMetrics) {
    let Some(media_ssrc) = room.ssrcs.get(&audience).copied() else { return };
    let Some(node) = room.peers.get_mut(&PeerName::Publisher) else { return };
    let receivers: Vec<_> = node.rtc.get_receivers().collect();
    for receiver in receivers {
        let Some(mut receiver) = node.rtc.rtp_receiver(receiver) else { continue };
        if receiver.track().ssrcs().any(|ssrc| ssrc == media_ssrc) {
            let request = PictureLossIndication { sender_ssrc: 0, media_ssrc };
            if receiver.write_rtcp(at, vec![Box::new(request)]).is_ok() {
                metrics.keyframe_requests.with_label_values(&["sent"]).inc();
            }
        }
    }
}

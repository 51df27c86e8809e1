//! A room: one node, its people, and the channels between them.

use crate::metrics::{Dropped, SfuMetrics};
use crate::peer::Connection;
use rtc::data_channel::{RTCDataChannelId, RTCDataChannelInit, RTCDataChannelMessage};
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;

use std::collections::HashMap;
use std::time::Instant;
use tandem_protocol::control::{Demand, PeerName};
use tandem_protocol::input::channel;
use tandem_protocol::{Audience, ParticipantId, Rights, Role, to_json};
use tandem_router::{Budget, Channel, Member, Now, Sent, Tracks};

/// Messages kept for a node that is not connected yet, for each channel.
const EARLY: usize = 64;

#[derive(Default)]
pub(crate) struct Room {
    pub(crate) tracks: Tracks,
    pub(crate) peers: HashMap<PeerName, Connection>,
    /// What people are and may, and so which track they get and what goes through.
    pub(crate) members: HashMap<ParticipantId, Member>,
    /// The audience of each of the node's tracks and what it carries, by the stack's track id.
    pub(crate) audiences: HashMap<String, (Audience, RtpCodecKind)>,
    /// A keyframe is asked for by the SSRC of the node's picture.
    pub(crate) ssrcs: HashMap<Audience, u32>,
    relays: HashMap<(ParticipantId, Channel), Relay>,
    /// The node's own channel, for demands.
    demand_channel: Option<RTCDataChannelId>,
    pending_demands: Vec<Demand>,
}

/// A person's channel and its twin towards the node.
struct Relay {
    person: RTCDataChannelId,
    node: Option<RTCDataChannelId>,
    node_open: bool,
    early: Vec<RTCDataChannelMessage>,
    budget: Budget,
}

impl Room {
    fn node(&mut self) -> Option<&mut Connection> {
        self.peers.get_mut(&PeerName::Publisher)
    }

    /// A channel opened at one end.
    pub(crate) fn channel_opened(&mut self, peer: PeerName, id: RTCDataChannelId, now: Now, instant: Instant) {
        let Some(connection) = self.peers.get_mut(&peer) else { return };
        let Some(label) = connection.rtc.data_channel(id).map(|c| c.label().to_owned()) else { return };
        match peer {
            PeerName::Publisher if label == channel::SFU => {
                self.demand_channel = Some(id);
                self.send_demands(instant);
            }
            PeerName::Publisher => {
                let relay = self.relays.values_mut().find(|relay| relay.node == Some(id));
                let Some(relay) = relay else { return };
                relay.node_open = true;
                let early = std::mem::take(&mut relay.early);
                for message in early {
                    self.send(PeerName::Publisher, id, message, instant);
                }
            }
            PeerName::Participant { id: who } => {
                let Some(channel) = Channel::from_label(&label) else { return };
                let relay = Relay {
                    person: id,
                    node: None,
                    node_open: false,
                    early: Vec::new(),
                    budget: Budget::new(channel, now),
                };
                self.close_relay(who, channel);
                self.relays.insert((who, channel), relay);
                self.open_towards_node(who, channel);
            }
        }
    }

    fn open_towards_node(&mut self, who: ParticipantId, channel: Channel) {
        let ordered = channel != Channel::Pointer;
        let init = RTCDataChannelInit { ordered, max_retransmits: (!ordered).then_some(0), ..Default::default() };
        let Some(node) = self.node().filter(|node| node.connected) else { return };
        let created = node.rtc.create_data_channel(&channel::of(channel.label(), who), Some(init)).map(|c| c.id());
        if let (Ok(id), Some(relay)) = (created, self.relays.get_mut(&(who, channel))) {
            relay.node = Some(id);
            relay.node_open = false;
        }
    }

    /// The node connected, perhaps anew: everyone's channels open towards it.
    pub(crate) fn node_connected(&mut self) {
        self.tracks.new_publisher();
        self.demand_channel = None;
        let all: Vec<_> = self.relays.keys().copied().collect();
        for (who, channel) in all {
            self.open_towards_node(who, channel);
        }
    }

    /// A message arrived at one end and goes on to the other.
    pub(crate) fn message(
        &mut self,
        from: PeerName,
        id: RTCDataChannelId,
        message: RTCDataChannelMessage,
        now: Now,
        instant: Instant,
        metrics: &SfuMetrics,
    ) {
        match from {
            PeerName::Publisher => {
                let to = self.relays.iter().find(|(_, relay)| relay.node == Some(id));
                if let Some((who, channel, person)) = to.map(|((who, channel), relay)| (*who, *channel, relay.person)) {
                    if !self.members.get(&who).is_some_and(|member| member.may_hear(channel, &message.data)) {
                        metrics.dropped(Dropped::Denied);
                        return;
                    }
                    metrics.messages.with_label_values(&[channel.label()]).inc();
                    self.send(PeerName::Participant { id: who }, person, message, instant);
                }
            }
            PeerName::Participant { id: who } => {
                let relay = self.relays.iter_mut().find(|((whose, _), relay)| *whose == who && relay.person == id);
                let Some(((_, channel), relay)) = relay else { return };
                let sent = self.members.get(&who).map_or(Sent::Nowhere, |member| member.sends(*channel, &message.data));
                if sent == Sent::Nowhere {
                    metrics.dropped(Dropped::Denied);
                    return;
                }
                if !relay.budget.take(message.data.len(), now) {
                    metrics.dropped(Dropped::Flood);
                    return;
                }
                if let Sent::Sound(listens) = sent {
                    self.listen(who, listens);
                    return;
                }
                match relay.node.filter(|_| relay.node_open) {
                    Some(node) => {
                        metrics.messages.with_label_values(&[channel.label()]).inc();
                        self.send(PeerName::Publisher, node, message, instant);
                    }
                    None if *channel != Channel::Pointer && relay.early.len() < EARLY => relay.early.push(message),
                    None => metrics.dropped(Dropped::NoNode),
                }
            }
        }
    }

    fn send(&mut self, to: PeerName, id: RTCDataChannelId, message: RTCDataChannelMessage, now: Instant) {
        let Some(mut channel) = self.peers.get_mut(&to).and_then(|peer| peer.rtc.data_channel(id)) else { return };
        // It fails when the channel is closing; whoever reads it is going.
        let _ = match (message.is_string, std::str::from_utf8(&message.data)) {
            (true, Ok(text)) => channel.send_text(now, text),
            _ => channel.send(now, message.data),
        };
    }

    /// Somebody's channel closed: so does its twin, at which the node lets go of what they held.
    pub(crate) fn channel_closed(&mut self, peer: PeerName, id: RTCDataChannelId) {
        if let PeerName::Participant { id: who } = peer {
            let closed = self
                .relays
                .iter()
                .find(|((whose, _), relay)| *whose == who && relay.person == id)
                .map(|(key, _)| key.1);
            if let Some(channel) = closed {
                self.close_relay(who, channel);
            }
        }
    }

    fn close_relay(&mut self, who: ParticipantId, channel: Channel) {
        let node_channel = self.relays.remove(&(who, channel)).and_then(|relay| relay.node);
        if let (Some(id), Some(node)) = (node_channel, self.node())
            && let Some(mut channel) = node.rtc.data_channel(id)
        {
            // Closed already is as good.
            let _ = channel.close();
        }
    }

    /// Somebody's connection is up, or what they may do has changed: whether they get their track now and did not before.
    pub(crate) fn allow(&mut self, who: ParticipantId, rights: Option<Rights>) -> bool {
        let Some(member) = self.members.get_mut(&who) else { return false };
        member.rights = rights.unwrap_or(member.rights);
        let is_there = self.peers.get(&PeerName::Participant { id: who }).is_some_and(|peer| peer.connected);
        let (may_see, sees) = (member.may_see(), !self.tracks.audiences_of(who).is_empty());
        match (is_there && may_see, sees) {
            (true, false) => self.tracks.subscribe(who, member.role),
            (false, true) => self.tracks.unsubscribe(who),
            (true, true) | (false, false) => {}
        }
        self.tracks.hear(who, member.role, is_there && member.hears_page());
        is_there && may_see && !sees
    }

    /// Somebody wants the sound, or no more.
    fn listen(&mut self, who: ParticipantId, listens: bool) {
        if let Some(member) = self.members.get_mut(&who) {
            member.listens = listens;
            self.allow(who, None);
        }
    }

    /// A person is gone: their track, and their channels at both ends.
    pub(crate) fn person_left(&mut self, who: ParticipantId) {
        self.tracks.unsubscribe(who);
        self.tracks.hear(who, Role::Customer, false);
        self.members.remove(&who);
        Channel::ALL.into_iter().for_each(|channel| self.close_relay(who, channel));
    }

    /// Tells the node what its subscribers need, when that changed.
    pub(crate) fn send_demands(&mut self, now: Instant) {
        self.pending_demands.extend(self.tracks.changed_demands());
        let Some(id) = self.demand_channel else { return };
        for demand in std::mem::take(&mut self.pending_demands) {
            let message = RTCDataChannelMessage { is_string: true, data: to_json(&demand).as_bytes().into() };
            self.send(PeerName::Publisher, id, message, now);
        }
    }
}

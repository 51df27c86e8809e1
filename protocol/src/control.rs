//! What nodes and SFUs say to signalling on `/control`. They dial in, register with a name and keep a lease by answering.

use crate::files::Transfer;
use crate::notice::{Denied, Tab};
use crate::policy::Policy;
use crate::signal::EndReason;
use crate::{Audience, NodeName, ParticipantId, Private, Rights, Role, SessionId, Viewport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A component to signalling. `Register` is the first message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToControl {
    Register {
        protocol: u32,
        name: NodeName,
        component: Component,
    },
    /// Keeps the lease; sent every third of it.
    Alive,
    Node {
        report: NodeReport,
    },
    Sfu {
        report: SfuReport,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Component {
    Node { slots: u32 },
    Sfu,
}

/// Signalling to a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromControl {
    Registered {
        lease_seconds: u32,
    },
    /// Another protocol version, or the name is taken. The component says so and ends.
    Refused {
        message: String,
    },
    Node {
        order: NodeOrder,
    },
    Sfu {
        order: SfuOrder,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum NodeOrder {
    /// Take a slot. Answered by `Claimed` or `Refused`; the node alone knows its slots.
    Claim {
        session: SessionId,
        claim: Claim,
    },
    /// A participant's channels may be obeyed from now on.
    Admit {
        session: SessionId,
        participant: ParticipantId,
        role: Role,
        rights: Rights,
    },
    /// What somebody who was admitted may do from now on.
    Allow {
        session: SessionId,
        participant: ParticipantId,
        rights: Rights,
    },
    Dismiss {
        session: SessionId,
        participant: ParticipantId,
    },
    /// The SFU's answer to the node's offer.
    Answer {
        session: SessionId,
        sdp: Private<String>,
    },
    /// The SFU lost the publisher: make a new offer.
    Reconnect {
        session: SessionId,
    },
    Navigate {
        session: SessionId,
        url: Private<String>,
    },
    Policy {
        session: SessionId,
        policy: Box<Policy>,
    },
    /// The customer sends or fetches a file: its bytes go by HTTP, at `files/{ticket}` below signalling's `/control`, once.
    File {
        session: SessionId,
        transfer: Transfer,
        ticket: Private<String>,
    },
    /// Ends the session and deletes all of it.
    Release {
        session: SessionId,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub start_url: Private<String>,
    pub viewport: Viewport,
    /// BCP 47; becomes the browser's `Accept-Language`.
    pub language: String,
    pub policy: Box<Policy>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum NodeReport {
    /// `ready` slots have a browser that has proved itself, `free` (among them) can be claimed.
    Slots {
        total: u32,
        free: u32,
        ready: u32,
    },
    Claimed {
        session: SessionId,
    },
    Refused {
        session: SessionId,
        message: String,
    },
    /// The publisher's complete SDP offer, for the SFU.
    Offer {
        session: SessionId,
        sdp: Private<String>,
    },
    /// The tabs as agents may know them; `at` is the address of the active one, for the customer alone.
    Tabs {
        session: SessionId,
        tabs: Vec<Tab>,
        at: Option<Private<String>>,
    },
    /// A participant did something: the idle clock starts anew.
    Active {
        session: SessionId,
    },
    /// Inputs of somebody who is not the customer were refused, so often since the last report of the kind.
    Denied {
        session: SessionId,
        participant: ParticipantId,
        reason: Denied,
        times: u32,
    },
    /// The slot is empty again, all traces are deleted.
    Ended {
        session: SessionId,
        reason: EndReason,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SfuOrder {
    /// A connection of the session's node or of a person. An earlier one of the same person is replaced; a second
    /// publisher is refused while the first lives.
    Join {
        session: SessionId,
        peer: Peer,
        sdp: Private<String>,
    },
    /// What somebody who joined may get and send from now on.
    Allow {
        session: SessionId,
        participant: ParticipantId,
        rights: Rights,
    },
    Leave {
        session: SessionId,
        peer: PeerName,
    },
    Close {
        session: SessionId,
    },
}

/// One connection to the SFU, and what it may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Peer {
    Publisher,
    Subscriber { participant: ParticipantId, role: Role, rights: Rights },
}

impl Peer {
    pub fn name(self) -> PeerName {
        match self {
            Peer::Publisher => PeerName::Publisher,
            Peer::Subscriber { participant, .. } => PeerName::Participant { id: participant },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PeerName {
    Publisher,
    Participant { id: ParticipantId },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SfuReport {
    Answer { session: SessionId, peer: PeerName, sdp: Private<String> },
    Refused { session: SessionId, peer: PeerName, message: String },
    Connection { session: SessionId, peer: PeerName, state: Connection },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    Connected,
    /// Nothing heard for a while; it may come back.
    Silent,
    Gone,
}

/// On the `sfu` channel, SFU to node, whenever it changes: what an audience needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    pub audience: Audience,
    pub subscribers: u32,
    /// How many of them want to hear the page, and may.
    pub hearers: u32,
    /// What the slowest of them can take, without retransmissions; none when nothing is known.
    pub bits_per_second: Option<u32>,
}

//! What serves a session: the node with its browser, the SFU with its room.

use crate::{Effect, Now, Session};
use tandem_protocol::control::{Claim, Connection, NodeOrder, NodeReport, Peer, PeerName, SfuOrder, SfuReport};
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal};
use tandem_protocol::{NodeName, Private, SessionId};

/// A node's connection that the SFU refuses so often will never be taken.
const MOST_REFUSALS: u32 = 3;

/// The browser's whereabouts.
#[derive(Debug)]
pub(crate) enum Host {
    None,
    /// A node was asked; when it cannot, the others are.
    Asked {
        node: NodeName,
        until: Now,
        claim: Box<Claim>,
        others: Vec<NodeName>,
        policy: Option<Box<Policy>>,
    },
    Held {
        node: NodeName,
    },
}

impl Host {
    pub(crate) fn node(&self) -> Option<&NodeName> {
        match self {
            Host::None => None,
            Host::Asked { node, .. } | Host::Held { node } => Some(node),
        }
    }
}

impl Session {
    pub(crate) fn ask_next(&mut self, claim: Box<Claim>, mut nodes: Vec<NodeName>, now: Now) {
        if nodes.is_empty() {
            self.host = Host::None;
            return self.end(EndReason::Node);
        }
        let (node, others) = (nodes.remove(0), nodes);
        let order = NodeOrder::Claim { session: self.id.clone(), claim: (*claim).clone() };
        self.effects.push(Effect::Node { node: node.clone(), order });
        self.host = Host::Asked { node, until: now + self.limits.claim, claim, others, policy: None };
    }

    /// Turns to the next node; the one that was asked may have said nothing, and is to forget it.
    fn ask_another(&mut self, now: Now, forget: bool) {
        match std::mem::replace(&mut self.host, Host::None) {
            Host::Asked { node, mut claim, others, policy, .. } => {
                if forget {
                    self.effects.push(Effect::Node { node, order: NodeOrder::Release { session: self.id.clone() } });
                }
                if let Some(policy) = policy {
                    claim.policy = policy;
                }
                self.ask_next(claim, others, now);
            }
            host @ (Host::None | Host::Held { .. }) => self.host = host,
        }
    }

    pub(crate) fn hurry_claim(&mut self, now: Now) {
        if matches!(&self.host, Host::Asked { until, .. } if *until <= now) {
            self.ask_another(now, true);
        }
    }

    pub(crate) fn new_policy(&mut self, policy: Box<Policy>) {
        self.policy = crate::control::leaves(&policy);
        self.change_rights();
        match &mut self.host {
            Host::None => {}
            Host::Asked { policy: newer, .. } => *newer = Some(policy),
            Host::Held { .. } => self.order_node(|session| NodeOrder::Policy { session, policy }),
        }
    }

    /// A node speaks for what it holds, and for nothing else.
    pub(crate) fn node_said(&mut self, node: &NodeName, report: NodeReport, now: Now) {
        let is_asked = matches!(&self.host, Host::Asked { node: asked, .. } if asked == node);
        let is_holder = matches!(&self.host, Host::Held { node: holder } if holder == node);
        match report {
            NodeReport::Claimed { .. } if is_asked => self.hosted(node.clone()),
            NodeReport::Refused { .. } if is_asked => self.ask_another(now, false),
            NodeReport::Ended { .. } if is_asked => self.ask_another(now, false),
            NodeReport::Offer { sdp, .. } if is_holder => self.publish(sdp),
            NodeReport::Tabs { tabs, at, .. } if is_holder => (self.tabs, self.at) = (tabs, at),
            NodeReport::Active { .. } if is_holder => self.active = now,
            NodeReport::Denied { participant: who, reason, times, .. } if is_holder => {
                self.effects.push(Effect::Denied { who, reason, times });
            }
            NodeReport::Ended { reason, .. } if is_holder => self.end(reason),
            // A second node for the session, or one that was given up and has made it after all.
            NodeReport::Claimed { .. } | NodeReport::Offer { .. } if !is_holder => {
                self.effects
                    .push(Effect::Node { node: node.clone(), order: NodeOrder::Release { session: self.id.clone() } });
            }
            NodeReport::Claimed { .. }
            | NodeReport::Refused { .. }
            | NodeReport::Offer { .. }
            | NodeReport::Tabs { .. }
            | NodeReport::Active { .. }
            | NodeReport::Denied { .. }
            | NodeReport::Ended { .. }
            | NodeReport::Slots { .. } => {}
        }
    }

    fn hosted(&mut self, node: NodeName) {
        let asked = std::mem::replace(&mut self.host, Host::Held { node });
        self.effects.push(Effect::Hosted);
        if let Host::Asked { policy: Some(policy), .. } = asked {
            self.order_node(|session| NodeOrder::Policy { session, policy });
        }
    }

    /// The node's connection to the SFU, in place of an earlier one.
    fn publish(&mut self, sdp: Private<String>) {
        if self.published {
            self.order_sfu(|session| SfuOrder::Leave { session, peer: PeerName::Publisher });
        }
        self.published = true;
        self.order_sfu(|session| SfuOrder::Join { session, peer: Peer::Publisher, sdp });
    }

    /// An SFU speaks for the sessions it serves.
    pub(crate) fn sfu_said(&mut self, sfu: &NodeName, report: SfuReport, now: Now) {
        if self.sfu.as_ref() != Some(sfu) {
            return;
        }
        match report {
            SfuReport::Answer { peer: PeerName::Publisher, sdp, .. } => {
                self.refusals = 0;
                self.order_node(|session| NodeOrder::Answer { session, sdp });
            }
            SfuReport::Answer { peer: PeerName::Participant { id }, sdp, .. } => {
                if let Some(window) = self.window_of(id) {
                    self.tell(window, ServerSignal::Answer { sdp });
                }
            }
            SfuReport::Refused { peer: PeerName::Publisher, .. } => {
                self.refusals += 1;
                if self.refusals >= MOST_REFUSALS {
                    self.end(EndReason::Node);
                } else {
                    self.reconnect_node();
                }
            }
            SfuReport::Refused { peer: PeerName::Participant { id }, .. } => {
                if let Some(window) = self.window_of(id) {
                    self.refuse(window, Refusal::Malformed);
                }
            }
            SfuReport::Connection { peer: PeerName::Publisher, state: Connection::Gone, .. } => self.reconnect_node(),
            SfuReport::Connection { peer: PeerName::Publisher, .. } => {}
            SfuReport::Connection { peer: PeerName::Participant { id }, state: Connection::Connected, .. } => {
                self.customer_back(id, now);
            }
            SfuReport::Connection { peer: PeerName::Participant { id }, state: Connection::Silent, .. } => {
                self.customer_lost(id, now);
            }
            SfuReport::Connection { peer: PeerName::Participant { id }, state: Connection::Gone, .. } => {
                self.customer_lost(id, now);
                if let Some(window) = self.window_of(id) {
                    self.tell(window, ServerSignal::Reconnect);
                }
            }
        }
    }

    pub(crate) fn node_lost(&mut self, node: &NodeName, now: Now) {
        match &self.host {
            Host::Asked { node: asked, .. } if asked == node => self.ask_another(now, false),
            Host::Held { node: holder } if holder == node => {
                self.host = Host::None;
                self.end(EndReason::Node);
            }
            Host::None | Host::Asked { .. } | Host::Held { .. } => {}
        }
    }

    pub(crate) fn sfu_lost(&mut self, sfu: &NodeName, other: Option<NodeName>) {
        if self.sfu.as_ref() == Some(sfu) {
            self.sfu = None;
            if let Some(other) = other {
                self.sfu_came(other);
            }
        }
    }

    /// Everybody connects anew. What the SFU still has of the session, after a mere break of its link, would be in the way.
    pub(crate) fn sfu_came(&mut self, sfu: NodeName) {
        if self.sfu.as_ref().is_some_and(|own| *own != sfu) {
            return;
        }
        self.sfu = Some(sfu);
        self.order_sfu(|session| SfuOrder::Close { session });
        self.published = false;
        self.reconnect_node();
        self.tell_all(&ServerSignal::Reconnect);
    }

    fn reconnect_node(&mut self) {
        self.order_node(|session| NodeOrder::Reconnect { session });
    }

    /// Gives up browser and room.
    pub(crate) fn let_go(&mut self) {
        if let Some(node) = self.host.node().cloned() {
            self.effects.push(Effect::Node { node, order: NodeOrder::Release { session: self.id.clone() } });
        }
        self.order_sfu(|session| SfuOrder::Close { session });
        self.host = Host::None;
    }

    /// The node that holds the browser.
    pub(crate) fn holder(&self) -> Option<&NodeName> {
        match &self.host {
            Host::Held { node } => Some(node),
            Host::None | Host::Asked { .. } => None,
        }
    }

    /// Orders something of the node that holds the browser.
    pub(crate) fn order_node(&mut self, order: impl FnOnce(SessionId) -> NodeOrder) {
        if let Host::Held { node } = &self.host {
            self.effects.push(Effect::Node { node: node.clone(), order: order(self.id.clone()) });
        }
    }

    pub(crate) fn order_sfu(&mut self, order: impl FnOnce(SessionId) -> SfuOrder) {
        if let Some(sfu) = &self.sfu {
            self.effects.push(Effect::Sfu { sfu: sfu.clone(), order: order(self.id.clone()) });
        }
    }
}

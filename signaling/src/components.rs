//! The nodes and SFUs that hold a lease.

use crate::mailbox::Mailbox;
use std::collections::HashMap;
use std::time::Duration;
use tandem_protocol::NodeName;
use tandem_protocol::control::{Component, FromControl};
use tandem_session::Now;

/// Orders kept for a component whose link is down for a moment; beyond it the oldest are lost, as if it were gone.
const BACKLOG: usize = 1024;

/// For a component's connection.
#[derive(Debug)]
pub(crate) enum ToComponent {
    Order(FromControl),
    /// Another connection wants its name: is it still there?
    Probe,
}

#[derive(Debug)]
struct Registered {
    component: Component,
    /// None while it dials again; the lease runs on.
    link: Option<(Link, Mailbox<ToComponent>)>,
    backlog: Vec<FromControl>,
    heard: Now,
    free: u32,
    ready: u32,
    /// It has had a usable browser, or an SFU's port.
    proved: bool,
    /// It came back, and has not yet said what it still holds.
    returned: bool,
}

/// Tells a connection of a name from an earlier one.
pub(crate) type Link = u64;

/// What a registration comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    New,
    /// Within its lease: what it held it may still hold.
    Returned,
    /// The name is in use by a component that holds its lease.
    Taken,
}

#[derive(Debug)]
pub(crate) struct Components {
    lease: Duration,
    all: HashMap<NodeName, Registered>,
}

impl Components {
    pub(crate) fn new(lease: Duration) -> Components {
        Components { lease, all: HashMap::new() }
    }

    pub(crate) fn register(
        &mut self,
        name: NodeName,
        component: Component,
        link: Link,
        orders: Mailbox<ToComponent>,
        now: Now,
    ) -> Registration {
        let same_kind =
            |other: &Registered| std::mem::discriminant(&other.component) == std::mem::discriminant(&component);
        match self.all.get_mut(&name) {
            Some(known) if known.link.is_none() && same_kind(known) => {
                let backlog = std::mem::take(&mut known.backlog);
                orders.post_all(backlog);
                (known.component, known.link, known.heard, known.returned) =
                    (component, Some((link, orders)), now, true);
                Registration::Returned
            }
            Some(_) => Registration::Taken,
            None => {
                let proved = component == Component::Sfu;
                let link = Some((link, orders));
                let new = Registered {
                    component,
                    link,
                    backlog: Vec::new(),
                    heard: now,
                    free: 0,
                    ready: 0,
                    proved,
                    returned: false,
                };
                self.all.insert(name, new);
                Registration::New
            }
        }
    }

    /// A connection ended. The lease runs on: the component may be back in a moment.
    pub(crate) fn unlink(&mut self, name: &NodeName, link: Link) {
        if let Some(known) = self.all.get_mut(name).filter(|known| known.is_linked_by(link)) {
            (known.link, known.free, known.ready) = (None, 0, 0);
        }
    }

    pub(crate) fn heard(&mut self, name: &NodeName, link: Link, now: Now) {
        if let Some(known) = self.all.get_mut(name).filter(|known| known.is_linked_by(link)) {
            known.heard = now;
        }
    }

    /// Asks the connection that has this name to show that it lives.
    pub(crate) fn probe(&self, name: &NodeName) {
        if let Some((_, orders)) = self.all.get(name).and_then(|known| known.link.as_ref()) {
            orders.post(ToComponent::Probe);
        }
    }

    /// Whether the name's connection has been heard of after `since`.
    pub(crate) fn is_alive(&self, name: &NodeName, since: Now) -> bool {
        self.all.get(name).is_some_and(|known| known.link.is_some() && known.heard > since)
    }

    /// Cuts the name's connection, so that another can take its place.
    pub(crate) fn cut(&mut self, name: &NodeName) {
        if let Some((_, orders)) = self.all.get_mut(name).and_then(|known| known.link.take()) {
            orders.cut();
        }
    }

    /// What a node says of its slots; `true` when it is the first time since it came back.
    pub(crate) fn set_slots(&mut self, name: &NodeName, total: u32, free: u32, ready: u32) -> bool {
        let Some(known) = self.all.get_mut(name) else { return false };
        (known.free, known.ready) = (free, ready);
        known.proved |= ready > 0 || free < total;
        std::mem::take(&mut known.returned)
    }

    /// Those whose lease has run out; they are forgotten.
    pub(crate) fn expire(&mut self, now: Now) -> Vec<(NodeName, Component)> {
        let lease = self.lease;
        let expired = self.all.extract_if(|_, known| now.saturating_sub(known.heard) >= lease);
        expired.map(|(name, known)| (name, known.component)).collect()
    }

    /// Nodes that could take a session, the best first: most warm browsers, then most room.
    pub(crate) fn nodes(&self) -> Vec<NodeName> {
        let is_free = |known: &Registered| {
            matches!(known.component, Component::Node { .. }) && known.link.is_some() && known.free > 0
        };
        let mut nodes: Vec<_> = self.all.iter().filter(|(_, known)| is_free(known)).collect();
        nodes.sort_by_key(|(name, known)| (std::cmp::Reverse((known.ready, known.free)), *name));
        nodes.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// The SFU that serves the fewest sessions.
    pub(crate) fn sfu(&self, sessions: impl Fn(&NodeName) -> usize) -> Option<NodeName> {
        let sfus = self.all.iter().filter(|(_, known)| known.component == Component::Sfu && known.link.is_some());
        sfus.map(|(name, _)| name).min_by_key(|name| (sessions(name), (*name).clone())).cloned()
    }

    pub(crate) fn order(&mut self, name: &NodeName, order: FromControl) {
        match self.all.get_mut(name) {
            Some(Registered { link: Some((_, orders)), .. }) => orders.post(ToComponent::Order(order)),
            Some(known) if known.backlog.len() < BACKLOG => known.backlog.push(order),
            // Its sessions are being told that it is gone.
            Some(_) | None => {}
        }
    }

    /// What is missing before sessions can be had; empty when nothing is. That all slots are taken is no lack.
    pub(crate) fn missing(&self) -> &'static str {
        let usable = |is: fn(&Component) -> bool| self.all.values().any(|known| is(&known.component) && known.proved);
        match (usable(|c| *c == Component::Sfu), usable(|c| matches!(c, Component::Node { .. }))) {
            (false, _) => "no SFU has registered",
            (true, false) => "no node has a usable browser",
            (true, true) => "",
        }
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        let sfus = self.all.values().filter(|known| known.component == Component::Sfu && known.link.is_some()).count();
        (self.all.values().filter(|known| known.link.is_some()).count() - sfus, sfus)
    }

    /// For `/debug/state`: names are the operator's own.
    pub(crate) fn debug_state(&self) -> serde_json::Value {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|(name, _)| *name);
        let one = |(name, known): (&NodeName, &Registered)| {
            let kind = if known.component == Component::Sfu { "sfu" } else { "node" };
            serde_json::json!({ "name": name, "kind": kind, "linked": known.link.is_some(), "free": known.free, "ready": known.ready })
        };
        all.into_iter().map(one).collect()
    }
}

impl Registered {
    fn is_linked_by(&self, link: Link) -> bool {
        self.link.as_ref().is_some_and(|(own, _)| *own == link)
    }
}

impl Mailbox<ToComponent> {
    fn post_all(&self, orders: Vec<FromControl>) {
        for order in orders {
            self.post(ToComponent::Order(order));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::mailbox;
    use tandem_protocol::SessionId;
    use tandem_protocol::control::NodeOrder;
    use tokio_util::sync::CancellationToken;

    const NODE: Component = Component::Node { slots: 2 };

    fn at(seconds: u64) -> Now {
        Duration::from_secs(seconds)
    }

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    fn orders() -> (Mailbox<ToComponent>, crate::mailbox::Inbox<ToComponent>) {
        mailbox(8, &CancellationToken::new())
    }

    #[test]
    fn a_name_is_used_once_and_freed_with_its_lease() {
        let mut components = Components::new(at(15));
        let (post, _inbox) = orders();
        assert_eq!(components.register(name("n"), NODE, 1, post.clone(), at(0)), Registration::New);
        assert_eq!(components.register(name("n"), NODE, 2, post.clone(), at(14)), Registration::Taken);
        components.heard(&name("n"), 2, at(14));
        assert!(!components.is_alive(&name("n"), at(0)), "only its own connection keeps a lease");
        components.heard(&name("n"), 1, at(14));
        assert!(components.is_alive(&name("n"), at(13)) && components.expire(at(28)).is_empty());
        components.unlink(&name("n"), 2);
        assert_eq!(components.register(name("n"), NODE, 3, post.clone(), at(28)), Registration::Taken);
        components.unlink(&name("n"), 1);
        assert_eq!(
            components.register(name("n"), Component::Sfu, 3, post.clone(), at(28)),
            Registration::Taken,
            "another kind"
        );
        assert_eq!(components.expire(at(29)), [(name("n"), NODE)]);
        assert_eq!(components.register(name("n"), Component::Sfu, 4, post, at(29)), Registration::New);
    }

    #[test]
    fn a_short_break_loses_no_order() {
        let mut components = Components::new(at(15));
        let (post, inbox) = orders();
        components.register(name("n"), NODE, 1, post, at(0));
        components.unlink(&name("n"), 1);
        drop(inbox);
        let session = SessionId::from_random([1; 16]);
        let order = FromControl::Node { order: NodeOrder::Reconnect { session } };
        components.order(&name("n"), order.clone());
        assert_eq!(components.nodes(), [], "no new session goes there meanwhile");
        let (post, mut inbox) = orders();
        assert_eq!(components.register(name("n"), NODE, 2, post, at(5)), Registration::Returned);
        assert!(matches!(inbox.received.try_recv(), Ok(ToComponent::Order(kept)) if kept == order));
        assert!(components.set_slots(&name("n"), 2, 1, 0) && !components.set_slots(&name("n"), 2, 1, 0));
    }

    #[test]
    fn the_warmest_node_and_the_idlest_sfu_come_first() {
        let mut components = Components::new(at(15));
        assert_eq!(components.missing(), "no SFU has registered");
        let inboxes: Vec<_> = [("a", NODE), ("b", NODE), ("c", NODE), ("s", Component::Sfu), ("t", Component::Sfu)]
            .into_iter()
            .zip(1..)
            .map(|((n, component), link)| {
                let (post, inbox) = orders();
                components.register(name(n), component, link, post, at(0));
                inbox
            })
            .collect();
        assert_eq!((components.missing(), inboxes.len()), ("no node has a usable browser", 5));
        components.set_slots(&name("a"), 4, 4, 0);
        components.set_slots(&name("b"), 4, 1, 1);
        components.set_slots(&name("c"), 4, 0, 0);
        assert_eq!(components.nodes(), [name("b"), name("a")]);
        components.set_slots(&name("b"), 1, 0, 0);
        assert_eq!(components.missing(), "", "full is not broken");
        assert_eq!(components.sfu(|sfu| usize::from(sfu.as_str() == "s")), Some(name("t")));
        assert_eq!(components.counts(), (3, 2));
    }
}

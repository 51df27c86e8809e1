//! The nodes and SFUs that are registered now.

use std::collections::HashMap;
use std::time::Duration;
use tandem_protocol::NodeName;
use tandem_protocol::control::{Component, FromControl};
use tandem_session::Now;
use tokio::sync::mpsc;

/// A component that has said nothing for so long is gone.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// Orders that wait for a component; one that does not read them is cut off.
pub(crate) const QUEUE: usize = 1024;

#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) component: Component,
    /// Tells a connection of this name from an earlier one.
    pub(crate) connection: u64,
    orders: mpsc::Sender<FromControl>,
    heard: Now,
    pub(crate) free: u32,
    pub(crate) ready: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Components(HashMap<NodeName, Registered>);

impl Components {
    /// Takes a component in, unless its name is in use.
    pub(crate) fn register(
        &mut self,
        name: NodeName,
        component: Component,
        connection: u64,
        orders: mpsc::Sender<FromControl>,
        now: Now,
    ) -> bool {
        if self.0.get(&name).is_some_and(|other| now.saturating_sub(other.heard) < LEASE && !other.orders.is_closed()) {
            return false;
        }
        self.0.insert(name, Registered { component, connection, orders, heard: now, free: 0, ready: 0 });
        true
    }

    /// A connection ended; `true` when it was the name's current one.
    pub(crate) fn remove(&mut self, name: &NodeName, connection: u64) -> bool {
        let current = self.0.get(name).is_some_and(|c| c.connection == connection);
        if current {
            self.0.remove(name);
        }
        current
    }

    pub(crate) fn heard(&mut self, name: &NodeName, now: Now) {
        if let Some(component) = self.0.get_mut(name) {
            component.heard = now;
        }
    }

    pub(crate) fn set_slots(&mut self, name: &NodeName, free: u32, ready: u32) {
        if let Some(component) = self.0.get_mut(name) {
            (component.free, component.ready) = (free, ready);
        }
    }

    /// Those whose lease has run out; they are forgotten.
    pub(crate) fn expire(&mut self, now: Now) -> Vec<NodeName> {
        self.0.extract_if(|_, c| now.saturating_sub(c.heard) >= LEASE).map(|(name, _)| name).collect()
    }

    /// Nodes that could take a session, the best first: most warm browsers, then most room.
    pub(crate) fn nodes(&self) -> Vec<NodeName> {
        let node = |c: &Registered| matches!(c.component, Component::Node { .. }) && c.free > 0;
        let mut nodes: Vec<_> = self.0.iter().filter(|(_, c)| node(c)).collect();
        nodes.sort_by_key(|(_, c)| std::cmp::Reverse((c.ready, c.free)));
        nodes.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// An SFU for a session.
    pub(crate) fn sfu(&self) -> Option<NodeName> {
        self.0.iter().find(|(_, c)| c.component == Component::Sfu).map(|(name, _)| name.clone())
    }

    pub(crate) fn order(&self, name: &NodeName, order: FromControl) -> bool {
        self.0.get(name).is_some_and(|component| component.orders.try_send(order).is_ok())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_once_and_freed_with_its_lease() {
        let mut components = Components::default();
        let name: NodeName = "node-1".parse().unwrap();
        let (orders, _receiver) = mpsc::channel(1);
        let at = Duration::from_secs;
        assert!(components.register(name.clone(), Component::Node { slots: 1 }, 1, orders.clone(), at(0)));
        assert!(!components.register(name.clone(), Component::Node { slots: 1 }, 2, orders.clone(), at(14)));
        components.heard(&name, at(14));
        assert!(components.expire(at(28)).is_empty());
        assert!(components.register(name.clone(), Component::Sfu, 3, orders, at(29)), "its lease ran out");
        assert!(!components.remove(&name, 1), "an old connection's end is no matter");
        assert_eq!(components.expire(at(44)), [name]);
    }
}

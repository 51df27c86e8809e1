//! What goes to whom in one room: the pure core of the SFU.
//!
//! It knows neither sockets nor clocks nor WebRTC; time is an argument.
//!
//! Architecture invariant: an agent's forwarder takes only packets of the agent's track.
//!
//! ```compile_fail
//! use tandem_router::{Agent, Customer, Forwarder, Packet};
//! fn leak(to: &mut Forwarder<Agent>, clear: &Packet<Customer>) { to.forward(clear); }
//! ```

mod budget;
mod forwarder;
mod keyframes;
mod rights;

pub use budget::{Budget, Channel};
pub use forwarder::{Forwarder, Forwarding, Packet, starts_keyframe};
pub use keyframes::KeyframeGate;
pub use rights::{Member, Sent};

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Duration;
use tandem_protocol::control::Demand;
use tandem_protocol::{Audience, ParticipantId, Role};

/// An audience as a type.
pub trait For: 'static {
    const AUDIENCE: Audience;
}

/// The clear view's.
#[derive(Debug)]
pub enum Customer {}

/// The masked view's: agents, supervisors and the recorder.
#[derive(Debug)]
pub enum Agent {}

impl For for Customer {
    const AUDIENCE: Audience = Audience::Customer;
}

impl For for Agent {
    const AUDIENCE: Audience = Audience::Agent;
}

/// A point on the driver's clock.
pub type Now = Duration;

/// The subscribers of what one audience gets: its picture, and its sound.
#[derive(Debug)]
pub struct Track<A: For> {
    forwarders: HashMap<ParticipantId, Forwarder<A>>,
    hearers: HashMap<ParticipantId, Forwarder<A>>,
    keyframes: KeyframeGate,
    told: Option<Demand>,
    audience: PhantomData<A>,
}

impl<A: For> Default for Track<A> {
    fn default() -> Self {
        let (forwarders, hearers, keyframes) = Default::default();
        Track { forwarders, hearers, keyframes, told: None, audience: PhantomData }
    }
}

impl<A: For> Track<A> {
    /// Where a packet of the picture goes, and under which sequence number.
    pub fn route(&mut self, packet: &Packet<A>) -> Vec<(ParticipantId, u16)> {
        numbered(&mut self.forwarders, packet)
    }

    /// The same for a packet of the sound.
    pub fn route_sound(&mut self, packet: &Packet<A>) -> Vec<(ParticipantId, u16)> {
        numbered(&mut self.hearers, packet)
    }

    fn hear(&mut self, who: ParticipantId, hears: bool) {
        if hears {
            self.hearers.entry(who).or_insert_with(Forwarder::new);
        } else {
            self.hearers.remove(&who);
        }
    }

    /// Whether a subscriber still waits for an IDR to begin with.
    pub fn is_waiting(&self) -> bool {
        self.forwarders.values().any(|forwarder| forwarder.state() == Forwarding::Waiting)
    }

    /// Somebody needs an IDR; whether it is to be asked for now.
    pub fn needs_keyframe(&mut self, now: Now) -> bool {
        self.keyframes.ask(now)
    }

    /// When a keyframe that was asked for meanwhile is due, and asking for it then.
    pub fn keyframe_due(&mut self, now: Now) -> bool {
        self.keyframes.due(now)
    }

    pub fn keyframe_deadline(&self) -> Option<Now> {
        self.keyframes.deadline()
    }

    fn estimate(&mut self, who: ParticipantId, bits_per_second: u32) {
        if let Some(forwarder) = self.forwarders.get_mut(&who) {
            forwarder.estimate = Some(bits_per_second);
        }
    }

    /// What the publisher is to be told, when it is materially another than before.
    fn changed_demand(&mut self) -> Option<Demand> {
        let estimates = self.forwarders.values().filter_map(|f| f.estimate);
        let demand = Demand {
            audience: A::AUDIENCE,
            subscribers: self.forwarders.len() as u32,
            hearers: self.hearers.len() as u32,
            bits_per_second: estimates.min(),
        };
        let alike = |a: Option<u32>, b: Option<u32>| match (a, b) {
            (Some(a), Some(b)) => a.abs_diff(b) <= a.max(b) / 10,
            (a, b) => a == b,
        };
        let same = self.told.is_some_and(|t| {
            (t.subscribers, t.hearers) == (demand.subscribers, demand.hearers)
                && alike(t.bits_per_second, demand.bits_per_second)
        });
        if same {
            return None;
        }
        self.told = Some(demand);
        Some(demand)
    }
}

fn numbered<A: For>(to: &mut HashMap<ParticipantId, Forwarder<A>>, packet: &Packet<A>) -> Vec<(ParticipantId, u16)> {
    to.iter_mut().filter_map(|(who, forwarder)| Some((*who, forwarder.forward(packet)?))).collect()
}

/// What the two audiences of a room get. Which one somebody subscribes is decided by their role and by nothing else.
#[derive(Debug, Default)]
pub struct Tracks {
    pub customer: Track<Customer>,
    pub agent: Track<Agent>,
}

impl Tracks {
    /// Starts forwarding; in place of an earlier connection of the same participant.
    pub fn subscribe(&mut self, who: ParticipantId, role: Role) {
        self.unsubscribe(who);
        match role.audience() {
            Audience::Customer => drop(self.customer.forwarders.insert(who, Forwarder::new())),
            Audience::Agent => drop(self.agent.forwarders.insert(who, Forwarder::new())),
        }
    }

    pub fn unsubscribe(&mut self, who: ParticipantId) {
        self.customer.forwarders.remove(&who);
        self.agent.forwarders.remove(&who);
    }

    /// Starts or stops forwarding the sound.
    pub fn hear(&mut self, who: ParticipantId, role: Role, hears: bool) {
        self.customer.hear(who, hears && role.audience() == Audience::Customer);
        self.agent.hear(who, hears && role.audience() == Audience::Agent);
    }

    /// The tracks that somebody subscribes: one, or none.
    pub fn audiences_of(&self, who: ParticipantId) -> Vec<Audience> {
        let customer = self.customer.forwarders.contains_key(&who).then_some(Audience::Customer);
        customer.into_iter().chain(self.agent.forwarders.contains_key(&who).then_some(Audience::Agent)).collect()
    }

    /// A subscriber's line takes so much.
    pub fn estimate(&mut self, who: ParticipantId, bits_per_second: u32) {
        self.customer.estimate(who, bits_per_second);
        self.agent.estimate(who, bits_per_second);
    }

    /// What is new for the publisher.
    pub fn changed_demands(&mut self) -> Vec<Demand> {
        self.customer.changed_demand().into_iter().chain(self.agent.changed_demand()).collect()
    }

    /// Another publisher has come: it has been told nothing, and its pictures begin anew.
    pub fn new_publisher(&mut self) {
        self.customer.told = None;
        self.agent.told = None;
        let Tracks { customer, agent } = self;
        customer.forwarders.values_mut().chain(customer.hearers.values_mut()).for_each(Forwarder::restart);
        agent.forwarders.values_mut().chain(agent.hearers.values_mut()).for_each(Forwarder::restart);
    }

    pub fn deadline(&self) -> Option<Now> {
        self.customer.keyframe_deadline().into_iter().chain(self.agent.keyframe_deadline()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEYFRAME: [u8; 1] = [7];

    fn packet<A: For>(sequence: u16) -> Packet<A> {
        Packet::new(sequence, &KEYFRAME)
    }

    proptest! {
        /// Whoever comes, goes and comes back in whatever role: the clear track reaches customers and nobody else.
        #[test]
        fn the_clear_track_reaches_customers_alone(steps in prop::collection::vec((0u32..6, 0u8..4, any::<u16>()), 1..100)) {
            let mut tracks = Tracks::default();
            let mut roles = HashMap::new();
            for (who, act, sequence) in steps {
                let who = ParticipantId(who);
                let role = [Role::Customer, Role::Agent, Role::Supervisor].get(usize::from(act)).copied();
                match role {
                    Some(role) => { tracks.subscribe(who, role); tracks.hear(who, role, true); roles.insert(who, role); }
                    None => { tracks.unsubscribe(who); tracks.hear(who, Role::Agent, false); roles.remove(&who); }
                }
                for (who, _) in tracks.customer.route_sound(&Packet::sound(sequence)) {
                    prop_assert_eq!(roles.get(&who), Some(&Role::Customer));
                }
                for (who, _) in tracks.agent.route_sound(&Packet::sound(sequence)) {
                    prop_assert!(matches!(roles.get(&who), Some(Role::Agent | Role::Supervisor)));
                }
                for (who, _) in tracks.customer.route(&packet::<Customer>(sequence)) {
                    prop_assert_eq!(roles.get(&who), Some(&Role::Customer));
                }
                for (who, _) in tracks.agent.route(&packet::<Agent>(sequence)) {
                    prop_assert!(matches!(roles.get(&who), Some(Role::Agent | Role::Supervisor)));
                }
            }
        }
    }

    #[test]
    fn the_publisher_hears_of_demand_when_it_changes_materially() {
        let mut tracks = Tracks::default();
        assert_eq!(tracks.changed_demands().len(), 2, "at first everything is new");
        assert!(tracks.changed_demands().is_empty());
        tracks.subscribe(ParticipantId(1), Role::Agent);
        let demand = tracks.changed_demands();
        assert_eq!(demand, [Demand { audience: Audience::Agent, subscribers: 1, hearers: 0, bits_per_second: None }]);
        tracks.hear(ParticipantId(1), Role::Agent, true);
        assert_eq!(tracks.changed_demands()[0].hearers, 1);
        tracks.estimate(ParticipantId(1), 1_000_000);
        assert_eq!(tracks.changed_demands()[0].bits_per_second, Some(1_000_000));
        tracks.estimate(ParticipantId(1), 1_050_000);
        assert!(tracks.changed_demands().is_empty(), "a twentieth is noise");
        tracks.subscribe(ParticipantId(2), Role::Supervisor);
        tracks.estimate(ParticipantId(2), 300_000);
        assert_eq!(tracks.changed_demands()[0].bits_per_second, Some(300_000), "the slowest counts");
        tracks.new_publisher();
        assert_eq!(tracks.changed_demands().len(), 2);
    }
}

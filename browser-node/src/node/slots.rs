//! The slots of a node: a plain value that says which worker to start and whose a worker is.

use tandem_protocol::SessionId;

/// One place for a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// No process, no files.
    Empty,
    /// Its worker warms up; perhaps for a session that waits for it.
    Starting(Option<SessionId>),
    /// Its browser has proved itself and is free.
    Ready,
    Claimed(SessionId),
    /// Its worker is going, with all traces.
    Ending(Option<SessionId>),
}

impl Slot {
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Slot::Claimed(session) | Slot::Starting(Some(session)) | Slot::Ending(Some(session)) => Some(session),
            Slot::Empty | Slot::Starting(None) | Slot::Ready | Slot::Ending(None) => None,
        }
    }

    /// As it stands in the metrics.
    pub fn state(&self) -> &'static str {
        match self {
            Slot::Empty => "empty",
            Slot::Starting(_) => "starting",
            Slot::Ready => "ready",
            Slot::Claimed(_) => "claimed",
            Slot::Ending(_) => "ending",
        }
    }
}

pub const STATES: [&str; 5] = ["empty", "starting", "ready", "claimed", "ending"];

/// What a claim comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Claimed {
    /// This slot's warm browser is the session's at once.
    Now(usize),
    /// This slot's browser will be, once it is up.
    Soon(usize),
    Full,
    /// The session has a slot already.
    Twice,
}

#[derive(Debug)]
pub struct Slots {
    slots: Vec<Slot>,
    warm: usize,
}

impl Slots {
    /// `warm` browsers are kept ready for the next sessions.
    pub fn new(slots: u32, warm: u32) -> Slots {
        Slots { slots: vec![Slot::Empty; slots as usize], warm: warm as usize }
    }

    pub fn all(&self) -> &[Slot] {
        &self.slots
    }

    pub fn of(&self, session: &SessionId) -> Option<usize> {
        self.slots.iter().position(|slot| slot.session() == Some(session))
    }

    fn count(&self, is: impl Fn(&Slot) -> bool) -> usize {
        self.slots.iter().filter(|slot| is(slot)).count()
    }

    /// Slots that a session can have now or soon.
    pub fn free(&self) -> u32 {
        self.count(|s| matches!(s, Slot::Empty | Slot::Starting(None) | Slot::Ready)) as u32
    }

    pub fn ready(&self) -> u32 {
        self.count(|s| *s == Slot::Ready) as u32
    }

    /// A slot to start a worker in, so that enough are warm. It counts as starting from now on.
    pub fn start_one(&mut self) -> Option<usize> {
        if self.count(|s| matches!(s, Slot::Starting(None) | Slot::Ready)) >= self.warm {
            return None;
        }
        let slot = self.slots.iter().position(|s| *s == Slot::Empty)?;
        self.slots[slot] = Slot::Starting(None);
        Some(slot)
    }

    /// Finds a slot for a session. `Soon` in a slot that was empty means that its worker is to be started.
    pub fn claim(&mut self, session: SessionId) -> (Claimed, bool) {
        if self.of(&session).is_some() {
            return (Claimed::Twice, false);
        }
        let find = |wanted: &Slot| self.slots.iter().position(|slot| slot == wanted);
        if let Some(slot) = find(&Slot::Ready) {
            self.slots[slot] = Slot::Claimed(session);
            return (Claimed::Now(slot), false);
        }
        let (slot, start) = match (find(&Slot::Starting(None)), find(&Slot::Empty)) {
            (Some(slot), _) => (slot, false),
            (None, Some(slot)) => (slot, true),
            (None, None) => return (Claimed::Full, false),
        };
        self.slots[slot] = Slot::Starting(Some(session));
        (Claimed::Soon(slot), start)
    }

    /// A worker's browser is up; gives the session that waited for it.
    pub fn became_ready(&mut self, slot: usize) -> Option<SessionId> {
        match &self.slots[slot] {
            Slot::Starting(None) => {
                self.slots[slot] = Slot::Ready;
                None
            }
            Slot::Starting(Some(session)) => {
                let session = session.clone();
                self.slots[slot] = Slot::Claimed(session.clone());
                Some(session)
            }
            Slot::Empty | Slot::Ready | Slot::Claimed(_) | Slot::Ending(_) => None,
        }
    }

    /// A worker is told to go.
    pub fn end(&mut self, slot: usize) {
        let session = self.slots[slot].session().cloned();
        if self.slots[slot] != Slot::Empty {
            self.slots[slot] = Slot::Ending(session);
        }
    }

    /// Nothing is left in a slot; gives the session that was in it.
    pub fn became_empty(&mut self, slot: usize) -> Option<SessionId> {
        std::mem::replace(&mut self.slots[slot], Slot::Empty).session().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(n: u8) -> SessionId {
        SessionId::from_random([n; 16])
    }

    #[test]
    fn a_warm_browser_is_claimed_at_once_and_another_is_started() {
        let mut slots = Slots::new(3, 1);
        assert_eq!(slots.start_one(), Some(0));
        assert_eq!(slots.start_one(), None, "one is warm enough");
        assert_eq!(slots.became_ready(0), None);
        assert_eq!(slots.claim(session(1)), (Claimed::Now(0), false));
        assert_eq!(slots.claim(session(1)), (Claimed::Twice, false));
        assert_eq!(slots.start_one(), Some(1));
        assert_eq!(slots.claim(session(2)), (Claimed::Soon(1), false), "the one that is starting");
        assert_eq!(slots.claim(session(3)), (Claimed::Soon(2), true), "one more is started for it");
        assert_eq!(slots.claim(session(4)), (Claimed::Full, false));
        assert_eq!(slots.became_ready(1), Some(session(2)));
        assert_eq!((slots.free(), slots.ready()), (0, 0));
    }

    #[test]
    fn a_slot_is_used_again_only_when_it_is_empty() {
        let mut slots = Slots::new(1, 1);
        slots.start_one();
        slots.became_ready(0);
        slots.claim(session(1));
        slots.end(0);
        assert_eq!((slots.start_one(), slots.free()), (None, 0));
        assert_eq!(slots.became_empty(0), Some(session(1)));
        assert_eq!(slots.start_one(), Some(0));
        assert_eq!(slots.became_empty(0), None, "a warm worker that died was nobody's");
    }
}

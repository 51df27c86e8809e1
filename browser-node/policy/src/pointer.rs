//! One pointer and several people: who holds it, and whose hover the page sees.

use crate::Millis;
use std::collections::HashMap;
use tandem_protocol::ParticipantId;
use tandem_protocol::input::MouseButton;

/// A holder from whom nothing came for so long has lost the connection, and lets go.
const HOLD_LIMIT: u64 = 10_000;
/// For so long after the customer moved, nobody else's move becomes hover.
const CUSTOMER_FIRST: u64 = 400;
/// Chromium takes as many fingers at once.
const FINGERS: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Pointer {
    holder: Option<Holder>,
    customer_moved: Option<Millis>,
    /// Seat finger → whose, which of theirs, and where it last was.
    fingers: HashMap<u8, Finger>,
}

#[derive(Debug)]
struct Holder {
    who: ParticipantId,
    buttons: Vec<MouseButton>,
    seen: Millis,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Finger {
    pub(crate) who: ParticipantId,
    pub(crate) theirs: u8,
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl Pointer {
    /// Whether somebody else holds the mouse or has a finger down.
    pub(crate) fn is_busy_for(&self, who: ParticipantId) -> bool {
        self.holder.as_ref().is_some_and(|h| h.who != who) || self.fingers.values().any(|f| f.who != who)
    }

    /// Who else holds the mouse or has a finger down.
    pub(crate) fn others(&self, who: ParticipantId) -> Vec<ParticipantId> {
        let holders = self.holder.iter().map(|h| h.who).chain(self.fingers.values().map(|f| f.who));
        let mut others: Vec<_> = holders.filter(|holder| *holder != who).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// Notes a move and says whether the page sees it as hover or drag.
    pub(crate) fn moves(&mut self, who: ParticipantId, is_customer: bool, now: Millis) -> bool {
        if is_customer {
            self.customer_moved = Some(now);
        }
        if let Some(holder) = self.holder.as_mut().filter(|h| h.who == who) {
            holder.seen = now;
            return true;
        }
        let customer_first = !is_customer && self.customer_moved.is_some_and(|at| now.since(at) < CUSTOMER_FIRST);
        !self.is_busy_for(who) && !customer_first
    }

    /// Takes the pointer; `false` when this button is down already.
    pub(crate) fn press(&mut self, who: ParticipantId, button: MouseButton, now: Millis) -> bool {
        let holder = self.holder.get_or_insert(Holder { who, buttons: vec![], seen: now });
        holder.seen = now;
        let new = !holder.buttons.contains(&button);
        if new {
            holder.buttons.push(button);
        }
        new
    }

    /// Lets a button go; `false` when this person does not hold it.
    pub(crate) fn release(&mut self, who: ParticipantId, button: MouseButton) -> bool {
        let Some(holder) = self.holder.as_mut().filter(|h| h.who == who) else { return false };
        let before = holder.buttons.len();
        holder.buttons.retain(|b| *b != button);
        let released = holder.buttons.len() < before;
        if holder.buttons.is_empty() {
            self.holder = None;
        }
        released
    }

    /// Lets everything of this person go; gives the buttons and fingers to release.
    pub(crate) fn let_go(&mut self, who: ParticipantId) -> (Vec<MouseButton>, Vec<(u8, Finger)>) {
        let buttons = self.holder.take_if(|h| h.who == who).map(|h| h.buttons).unwrap_or_default();
        let fingers = self.fingers.extract_if(|_, f| f.who == who).collect();
        (buttons, fingers)
    }

    /// The holder who has been silent for too long.
    pub(crate) fn lost(&self, now: Millis) -> Option<ParticipantId> {
        self.holder.as_ref().filter(|h| now.since(h.seen) >= HOLD_LIMIT).map(|h| h.who)
    }

    /// When [`Self::lost`] has to be asked again.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.holder.as_ref().map(|h| Millis(h.seen.0 + HOLD_LIMIT))
    }

    pub(crate) fn finger_down(&mut self, finger: Finger) -> Option<u8> {
        if self.finger_of(finger.who, finger.theirs).is_some() {
            return None;
        }
        let slot = (0..FINGERS as u8).find(|slot| !self.fingers.contains_key(slot))?;
        self.fingers.insert(slot, finger);
        Some(slot)
    }

    pub(crate) fn finger_moved(&mut self, finger: Finger) -> Option<u8> {
        let slot = self.finger_of(finger.who, finger.theirs)?;
        self.fingers.insert(slot, finger);
        Some(slot)
    }

    pub(crate) fn finger_up(&mut self, who: ParticipantId, theirs: u8) -> Option<u8> {
        let slot = self.finger_of(who, theirs)?;
        self.fingers.remove(&slot);
        Some(slot)
    }

    fn finger_of(&self, who: ParticipantId, theirs: u8) -> Option<u8> {
        self.fingers.iter().find(|(_, f)| f.who == who && f.theirs == theirs).map(|(slot, _)| *slot)
    }
}

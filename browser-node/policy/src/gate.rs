use crate::bucket::Bucket;
use crate::keyboard::Keyboard;
use crate::keys::Mask;
use crate::pointer::{Finger, Pointer};
use crate::{Action, Millis, Permit};
use std::collections::HashMap;
use tandem_protocol::input::{ControlInput, MouseButton, PointerInput, TouchPhase};
use tandem_protocol::notice::{CursorNotice, Denied};
use tandem_protocol::policy::Policy;
use tandem_protocol::{Act, Device, InputId, ParticipantId, Rights, Role, Viewport};

/// Twice what a 144 Hz mouse makes.
const MOVES_A_SECOND: u64 = 300;
/// Ten times what the fastest typist makes, key up and down.
const ACTS_A_SECOND: u64 = 400;
/// The longest wheel step that is taken (CSS pixels).
const WHEEL_LIMIT: f32 = 4000.0;

/// Decides for everyone in one session.
#[derive(Debug)]
pub struct Gate {
    policy: Policy,
    viewport: Viewport,
    people: HashMap<ParticipantId, Person>,
    pointer: Pointer,
    keyboard: Keyboard,
    guarded: bool,
    asked: bool,
}

#[derive(Debug)]
struct Person {
    role: Role,
    /// What signalling allows them; the policy may allow less.
    rights: Rights,
    modifiers: Mask,
    /// The last move's number, so that a late one is known.
    sequence: Option<u32>,
    moves: Bucket,
    acts: Bucket,
}

/// What comes of one input.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// In the order in which they are to be carried out.
    pub permits: Vec<Permit>,
    /// For everyone else's page.
    pub cursor: Option<CursorNotice>,
    /// A mouse button went down or up: for the ripple of the person's cursor.
    pub press: Option<bool>,
    /// For the sender's page.
    pub denied: Option<Denied>,
    /// Where the sender wants a menu of a page that has no guard (CSS pixels of the viewport). The browser hears nothing of it.
    pub menu: Option<(f32, f32)>,
}

impl Outcome {
    fn denied(reason: Denied) -> Self {
        Outcome { denied: Some(reason), ..Outcome::default() }
    }

    fn acts(actions: impl IntoIterator<Item = Action>) -> Self {
        let permits = actions.into_iter().map(|action| Permit { action, input: None, is_customers: false }).collect();
        Outcome { permits, ..Outcome::default() }
    }

    /// Says whose all of it is.
    fn of(mut self, role: Role) -> Self {
        self.permits.iter_mut().for_each(|permit| permit.is_customers = role == Role::Customer);
        self
    }

    /// The last action answers this input.
    fn answering(mut self, who: ParticipantId, id: InputId) -> Self {
        if let Some(last) = self.permits.last_mut() {
            last.input = Some((who, id));
        }
        self
    }
}

impl Gate {
    pub fn new(policy: Policy, viewport: Viewport) -> Self {
        let (people, pointer, keyboard) = Default::default();
        Gate { policy, viewport, people, pointer, keyboard, guarded: false, asked: false }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Lets this person's input count from now on.
    pub fn admit(&mut self, who: ParticipantId, role: Role, rights: Rights, now: Millis) {
        let (moves, acts) = (Bucket::new(MOVES_A_SECOND, now), Bucket::new(ACTS_A_SECOND, now));
        let person = Person { role, rights, modifiers: Mask::default(), sequence: None, moves, acts };
        let person = self.people.entry(who).or_insert(person);
        (person.role, person.rights) = (role, rights);
    }

    /// Changes what somebody may do. Who may no longer click or type lets go of what they hold.
    pub fn allow(&mut self, who: ParticipantId, rights: Rights) -> Outcome {
        let Some(person) = self.people.get_mut(&who) else { return Outcome::default() };
        person.rights = rights;
        self.silence(who)
    }

    /// This person left or lost the connection: what they hold is let go, and nothing of theirs counts any more.
    pub fn dismiss(&mut self, who: ParticipantId) -> Outcome {
        let outcome = self.let_go(who);
        self.people.remove(&who);
        outcome
    }

    /// Takes a new policy. Whoever may no longer act lets go of what they hold.
    pub fn set_policy(&mut self, policy: Policy) -> Outcome {
        self.policy = policy;
        let people: Vec<_> = self.people.keys().copied().collect();
        let permits = people.into_iter().flat_map(|who| self.silence(who).permits).collect();
        Outcome { permits, ..Outcome::default() }
    }

    fn silence(&mut self, who: ParticipantId) -> Outcome {
        if self.may(who, Act::Click) && self.may(who, Act::Type) { Outcome::default() } else { self.let_go(who) }
    }

    /// Whether the page has a guard, which judges what lies under a press. In one that has none only the customer acts.
    pub fn set_guarded(&mut self, guarded: bool) {
        self.guarded = guarded;
    }

    /// Whether the page waits for an answer. Until then nothing else reaches it, nor a dialog of the browser's own, which would take a
    /// key for the answer.
    pub fn set_asked(&mut self, asked: bool) {
        self.asked = asked;
    }

    /// Whether somebody may hear what pages play.
    pub fn hears(&self, who: ParticipantId) -> bool {
        self.may(who, Act::Hear)
    }

    /// When [`Self::expire`] must be called at the latest.
    pub fn deadline(&self) -> Option<Millis> {
        self.pointer.deadline()
    }

    /// Takes the pointer from someone who holds it and has been silent for too long.
    pub fn expire(&mut self, now: Millis) -> Outcome {
        self.pointer.lost(now).map(|who| self.let_go(who)).unwrap_or_default()
    }

    /// A move of the pointer, by the lossy channel.
    pub fn point(&mut self, who: ParticipantId, input: PointerInput, now: Millis) -> Outcome {
        let Some(person) = self.people.get_mut(&who) else { return Outcome::denied(Denied::Role) };
        if !person.moves.take(now) {
            return Outcome::denied(Denied::Flood);
        }
        // Serial-number arithmetic (RFC 1982), so that the counter may wrap.
        let late = person.sequence.is_some_and(|last| input.sequence.wrapping_sub(last) as i32 <= 0);
        let Some((x, y)) = self.viewport_place(input.x, input.y).filter(|_| !late) else { return Outcome::default() };
        let Some(person) = self.people.get_mut(&who) else { return Outcome::default() };
        person.sequence = Some(input.sequence);
        let (role, modifiers) = (person.role, person.modifiers);
        if !self.may(who, Act::Point) {
            return Outcome::denied(Denied::Role);
        }
        let moves =
            self.may(who, Act::Click) && self.is_judged(role) && self.pointer.moves(who, role == Role::Customer, now);
        let mut outcome = Outcome::acts(moves.then_some(Action::Move { x, y, modifiers })).of(role);
        outcome.cursor = Some(CursorNotice { participant: who, sequence: input.sequence, x, y });
        outcome
    }

    /// Anything that came by the reliable channel.
    pub fn act(&mut self, who: ParticipantId, input: ControlInput, now: Millis) -> Outcome {
        let Some(person) = self.people.get_mut(&who) else { return Outcome::denied(Denied::Role) };
        let role = person.role;
        let lets_go = input.act() == Act::LetGo;
        if !person.acts.take(now) && !lets_go {
            return Outcome::denied(Denied::Flood);
        }
        if !self.may(who, input.act()) {
            return Outcome::denied(Denied::Role);
        }
        let is_for_page = !matches!(
            input,
            ControlInput::Navigate { .. }
                | ControlInput::Tab { .. }
                | ControlInput::NewTab
                | ControlInput::OpenLink { .. }
                | ControlInput::Listen { .. }
                | ControlInput::Sound { .. }
                | ControlInput::Answer { .. }
        );
        if !lets_go && is_for_page && !self.is_judged(role) {
            return Outcome::denied(Denied::Masked);
        }
        if self.asked && !lets_go && is_for_page && !matches!(input, ControlInput::Resize { .. }) {
            return Outcome::denied(Denied::Asked);
        }
        // Nothing in such a page would keep the browser's own menu away.
        if !self.guarded && asks_for_menu(&input) {
            return self.menu_at(&input);
        }
        // The customer's own press always works: whoever holds the pointer lets go.
        let takes = matches!(
            input,
            ControlInput::Button { pressed: true, .. } | ControlInput::Touch { phase: TouchPhase::Start, .. }
        );
        let mut others = if takes && role == Role::Customer { self.pointer.others(who) } else { Vec::new() };
        others.retain(|other| self.people.get(other).is_none_or(|person| person.role != Role::Customer));
        let mut permits: Vec<_> = others.into_iter().flat_map(|other| self.let_go(other).permits).collect();
        let mut outcome = self.permitted(who, input, now).of(role);
        permits.append(&mut outcome.permits);
        Outcome { permits, ..outcome }
    }

    fn permitted(&mut self, who: ParticipantId, input: ControlInput, now: Millis) -> Outcome {
        match input {
            ControlInput::Button { id, x, y, button, pressed } => {
                self.button(who, (x, y), button, pressed, now).answering(who, id)
            }
            ControlInput::Wheel { id, x, y, dx, dy } => self.wheel(who, (x, y), (dx, dy)).answering(who, id),
            ControlInput::Key { id, code, key, pressed, repeat: _, modifiers } => {
                if let Some(person) = self.people.get_mut(&who) {
                    person.modifiers = modifiers.into();
                }
                let actions = match pressed {
                    true => self.keyboard.press(who, code.reveal(), key.reveal(), modifiers),
                    false => Ok(self.keyboard.release(who, code.reveal(), modifiers).into_iter().collect()),
                };
                match actions {
                    Ok(actions) => Outcome::acts(actions).answering(who, id),
                    Err(reason) => Outcome::denied(reason),
                }
            }
            ControlInput::Text { id, text } => Outcome::acts([Action::Text { text }]).answering(who, id),
            ControlInput::Compose { text } => Outcome::acts([Action::Compose { text }]),
            ControlInput::Touch { id, finger, phase, x, y } => {
                self.touch(who, finger, phase, (x, y)).answering(who, id)
            }
            ControlInput::ReleaseAll => self.let_go(who),
            ControlInput::Navigate { to } => Outcome::acts([Action::Navigate { to }]),
            ControlInput::Tab { tab, close } => Outcome::acts([Action::Tab { tab, close }]),
            // The session keeps who listens, and the SFU who wants the sound.
            ControlInput::Listen { .. } | ControlInput::Sound { .. } => Outcome::default(),
            ControlInput::Reach { node } => Outcome::acts([Action::Reach { node }]),
            ControlInput::NewTab => Outcome::acts([Action::NewTab]),
            ControlInput::OpenLink { menu, image } => Outcome::acts([Action::OpenLink { menu, image }]),
            ControlInput::Choose { picker, chosen } => Outcome::acts([Action::Choose { picker, chosen }]),
            ControlInput::Answer { dialog, answer } => Outcome::acts([Action::Answer { dialog, answer }]),
            ControlInput::Find { text, backwards } => Outcome::acts([Action::Find { text, backwards }]),
            ControlInput::File { input } => Outcome::acts([Action::File { input }]),
            ControlInput::Hide { x, y } => Outcome::acts(self.viewport_place(x, y).map(|(x, y)| Action::Hide { x, y })),
            ControlInput::Pick { id, x, y } => {
                Outcome::acts(self.viewport_place(x, y).map(|(x, y)| Action::Pick { id, x, y }))
            }
            ControlInput::Matches => Outcome::acts([Action::Matches]),
            ControlInput::Resize { viewport, device } => {
                self.viewport = viewport.clamped();
                Outcome::acts([Action::Resize { viewport: self.viewport, device: device.map(Device::checked) }])
            }
        }
    }

    fn menu_at(&self, input: &ControlInput) -> Outcome {
        let menu = match input {
            ControlInput::Button { x, y, .. } => self.viewport_place(*x, *y),
            _ => Some((0.0, 0.0)),
        };
        Outcome { menu, ..Outcome::default() }
    }

    fn button(
        &mut self,
        who: ParticipantId,
        place: (f32, f32),
        button: MouseButton,
        pressed: bool,
        now: Millis,
    ) -> Outcome {
        let Some((x, y)) = self.viewport_place(place.0, place.1) else { return Outcome::default() };
        let modifiers = self.modifiers(who);
        if pressed && self.pointer.is_busy_for(who) {
            return Outcome::denied(Denied::Busy);
        }
        let changed = if pressed { self.pointer.press(who, button, now) } else { self.pointer.release(who, button) };
        if !changed {
            return Outcome::default();
        }
        let mut outcome =
            Outcome::acts([Action::Move { x, y, modifiers }, Action::Button { button, pressed, modifiers }]);
        outcome.press = Some(pressed);
        outcome
    }

    fn wheel(&mut self, who: ParticipantId, place: (f32, f32), step: (f32, f32)) -> Outcome {
        if self.pointer.is_busy_for(who) {
            return Outcome::denied(Denied::Busy);
        }
        let Some((x, y)) = self.viewport_place(place.0, place.1) else { return Outcome::default() };
        if !step.0.is_finite() || !step.1.is_finite() {
            return Outcome::default();
        }
        let (dx, dy) = (step.0.clamp(-WHEEL_LIMIT, WHEEL_LIMIT), step.1.clamp(-WHEEL_LIMIT, WHEEL_LIMIT));
        // Control with the wheel would zoom the page for everyone.
        let modifiers = Mask { control: false, ..self.modifiers(who) };
        Outcome::acts([Action::Move { x, y, modifiers }, Action::Wheel { dx, dy, modifiers }])
    }

    fn touch(&mut self, who: ParticipantId, theirs: u8, phase: TouchPhase, place: (f32, f32)) -> Outcome {
        let Some((x, y)) = self.viewport_place(place.0, place.1) else { return Outcome::default() };
        let finger = Finger { who, theirs, x, y };
        let slot = match phase {
            TouchPhase::Start if self.pointer.is_busy_for(who) => return Outcome::denied(Denied::Busy),
            TouchPhase::Start => self.pointer.finger_down(finger),
            TouchPhase::Move => self.pointer.finger_moved(finger),
            TouchPhase::End | TouchPhase::Cancel => self.pointer.finger_up(who, theirs),
        };
        Outcome::acts(slot.map(|slot| Action::Touch { slot, phase, x, y }))
    }

    fn let_go(&mut self, who: ParticipantId) -> Outcome {
        let role = self.people.get_mut(&who).map_or(Role::Agent, |person| {
            person.modifiers = Mask::default();
            person.role
        });
        let (buttons, fingers) = self.pointer.let_go(who);
        let press = (!buttons.is_empty()).then_some(false);
        let buttons =
            buttons.into_iter().map(|button| Action::Button { button, pressed: false, modifiers: Mask::default() });
        let fingers =
            fingers.into_iter().map(|(slot, f)| Action::Touch { slot, phase: TouchPhase::Cancel, x: f.x, y: f.y });
        let keys = self.keyboard.let_go(who);
        Outcome { press, ..Outcome::acts(buttons.chain(fingers).chain(keys)).of(role) }
    }

    fn modifiers(&self, who: ParticipantId) -> Mask {
        self.people.get(&who).map(|p| p.modifiers).unwrap_or_default()
    }

    /// Whether both signalling and the policy let somebody do this.
    fn may(&self, who: ParticipantId, act: Act) -> bool {
        let Some(Person { role, rights, .. }) = self.people.get(&who) else { return false };
        let policy = match role {
            Role::Customer => Rights::ALL,
            Role::Agent => self.policy.agent.into(),
            Role::Supervisor => self.policy.supervisor.into(),
        };
        rights.and(policy).allow(*role, act)
    }

    fn is_judged(&self, role: Role) -> bool {
        self.guarded || role == Role::Customer
    }

    /// The place within the viewport; none for what is no number.
    fn viewport_place(&self, x: f32, y: f32) -> Option<(f32, f32)> {
        let inside = |v: f32, side: u32| v.clamp(0.0, side as f32 - 1.0);
        (x.is_finite() && y.is_finite()).then(|| (inside(x, self.viewport.width), inside(y, self.viewport.height)))
    }
}

/// Whether a browser answers with a context menu.
fn asks_for_menu(input: &ControlInput) -> bool {
    match input {
        ControlInput::Button { button: MouseButton::Right, pressed: true, .. } => true,
        ControlInput::Key { key, pressed: true, .. } => key.reveal() == "ContextMenu",
        _ => false,
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;

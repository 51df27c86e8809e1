//! One session as signalling sees it: who is in it, what state it is in, when it ends. A plain value; time is an argument.

use std::time::Duration;
use tandem_protocol::signal::{EndReason, Refusal, SessionState};
use tandem_protocol::{Colour, Participant, ParticipantId, Private, Role};

/// How long things may last.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nobody is connected.
    pub empty: Duration,
    /// Nobody does anything.
    pub idle: Duration,
    /// In all.
    pub longest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Limits { empty: minutes(5), idle: minutes(15), longest: minutes(120) }
    }
}

/// A point on a clock that never goes back.
pub type Now = Duration;

/// One of a participant's windows; a number that is never used again.
pub type Window = u64;

/// People in one session, at the most: one customer, agents and supervisors.
pub const MOST_PEOPLE: usize = 16;

#[derive(Debug)]
struct Person {
    shown: Participant,
    window: Option<Window>,
}

#[derive(Debug)]
pub struct Session {
    state: SessionState,
    people: Vec<Person>,
    limits: Limits,
    created: Now,
    active: Now,
    /// Since when nobody is connected.
    empty: Option<Now>,
}

/// What becomes of a window that wants to be the participant's.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    Here,
    /// In place of this one, which is told so.
    Instead(Window),
    /// Another is connected, and was not to be taken over.
    Elsewhere,
}

impl Session {
    pub fn new(limits: Limits, now: Now) -> Session {
        Session {
            state: SessionState::Waiting,
            people: Vec::new(),
            limits,
            created: now,
            active: now,
            empty: Some(now),
        }
    }

    pub fn state(&self) -> SessionState {
        self.state
    }

    pub fn people(&self) -> Vec<Participant> {
        self.people.iter().map(|person| person.shown.clone()).collect()
    }

    pub fn role(&self, who: ParticipantId) -> Option<Role> {
        self.people.iter().find(|p| p.shown.id == who).map(|p| p.shown.role)
    }

    fn is_over(&self) -> bool {
        matches!(self.state, SessionState::Ended | SessionState::Failed)
    }

    /// Takes somebody in. A session has one customer.
    pub fn add(&mut self, role: Role, name: String) -> Result<ParticipantId, Refusal> {
        let second_customer = role == Role::Customer && self.people.iter().any(|p| p.shown.role == Role::Customer);
        if self.is_over() || second_customer || self.people.len() >= MOST_PEOPLE {
            return Err(Refusal::InvalidLink);
        }
        let place = self.people.len() as u32;
        let id = ParticipantId(place + 1);
        let shown =
            Participant { id, role, name: Private::new(name), colour: Colour((place % 8) as u8), present: false };
        self.people.push(Person { shown, window: None });
        Ok(id)
    }

    /// A participant's window connects.
    pub fn enter(&mut self, who: ParticipantId, window: Window, take_over: bool, now: Now) -> Result<Entered, Refusal> {
        if self.is_over() {
            return Err(Refusal::InvalidLink);
        }
        let person = self.people.iter_mut().find(|p| p.shown.id == who).ok_or(Refusal::InvalidLink)?;
        let entered = match person.window {
            Some(_) if !take_over => return Ok(Entered::Elsewhere),
            Some(old) => Entered::Instead(old),
            None => Entered::Here,
        };
        person.window = Some(window);
        person.shown.present = true;
        (self.empty, self.active) = (None, now);
        if person.shown.role == Role::Customer && self.state == SessionState::Waiting {
            self.state = SessionState::Consent;
        }
        Ok(entered)
    }

    /// A window is gone; `true` when it was its participant's.
    pub fn leave(&mut self, who: ParticipantId, window: Window, now: Now) -> bool {
        let person = self.people.iter_mut().find(|p| p.shown.id == who && p.window == Some(window));
        let Some(person) = person else { return false };
        person.window = None;
        person.shown.present = false;
        if self.people.iter().all(|p| p.window.is_none()) {
            self.empty = Some(now);
        }
        true
    }

    /// The customer lets the session begin.
    pub fn accept(&mut self, who: ParticipantId) -> Result<(), Refusal> {
        match (self.role(who), self.state) {
            (Some(Role::Customer), SessionState::Consent) => {
                self.state = SessionState::Live;
                Ok(())
            }
            // Said again by an impatient finger.
            (Some(Role::Customer), SessionState::Live) => Ok(()),
            (Some(Role::Customer), _) => Err(Refusal::NotYet),
            _ => Err(Refusal::NotAllowed),
        }
    }

    /// Whether this participant may have a picture now: nobody has one before the customer accepted.
    pub fn may_see(&self, who: ParticipantId, window: Window) -> Result<Role, Refusal> {
        let person =
            self.people.iter().find(|p| p.shown.id == who && p.window == Some(window)).ok_or(Refusal::NotAllowed)?;
        if self.state == SessionState::Live { Ok(person.shown.role) } else { Err(Refusal::NotYet) }
    }

    /// Whether a window is this participant's current one.
    pub fn is_window_of(&self, who: ParticipantId, window: Window) -> bool {
        self.people.iter().any(|p| p.shown.id == who && p.window == Some(window))
    }

    /// Somebody did something.
    pub fn active(&mut self, now: Now) {
        self.active = now;
    }

    /// Ends it, once; `false` when it was over already.
    pub fn end(&mut self, reason: EndReason) -> bool {
        let begins = !self.is_over();
        if begins {
            self.state = if reason == EndReason::Node { SessionState::Failed } else { SessionState::Ended };
        }
        begins
    }

    /// Why it ends now, if it does.
    pub fn overdue(&self, now: Now) -> Option<EndReason> {
        let since = |at: Now| now.saturating_sub(at);
        if self.is_over() {
            None
        } else if since(self.created) >= self.limits.longest {
            Some(EndReason::TooLong)
        } else if self.empty.is_some_and(|at| since(at) >= self.limits.empty) || since(self.active) >= self.limits.idle
        {
            Some(EndReason::Idle)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Now = Duration::from_secs(1000);

    fn session() -> (Session, ParticipantId, ParticipantId) {
        let mut session = Session::new(Limits::default(), START);
        let customer = session.add(Role::Customer, "Eva".into()).unwrap();
        let agent = session.add(Role::Agent, "Ana".into()).unwrap();
        (session, customer, agent)
    }

    #[test]
    fn nobody_sees_anything_before_the_customer_accepts() {
        let (mut session, customer, agent) = session();
        session.enter(agent, 1, false, START).unwrap();
        assert_eq!((session.state(), session.may_see(agent, 1)), (SessionState::Waiting, Err(Refusal::NotYet)));
        assert_eq!(session.accept(customer), Err(Refusal::NotYet), "not here yet");
        session.enter(customer, 2, false, START).unwrap();
        assert_eq!((session.state(), session.may_see(customer, 2)), (SessionState::Consent, Err(Refusal::NotYet)));
        assert_eq!(session.accept(agent), Err(Refusal::NotAllowed));
        session.accept(customer).unwrap();
        session.accept(customer).unwrap();
        assert_eq!((session.may_see(agent, 1), session.may_see(customer, 2)), (Ok(Role::Agent), Ok(Role::Customer)));
    }

    #[test]
    fn one_window_a_person() {
        let (mut session, customer, _) = session();
        assert_eq!(session.enter(customer, 1, false, START), Ok(Entered::Here));
        assert_eq!(session.enter(customer, 2, false, START), Ok(Entered::Elsewhere));
        assert_eq!(session.enter(customer, 2, true, START), Ok(Entered::Instead(1)));
        assert!(!session.leave(customer, 1, START), "the old window's end is no leaving");
        assert!(session.people()[0].present);
        assert!(session.leave(customer, 2, START));
        assert_eq!(session.enter(customer, 3, false, START), Ok(Entered::Here), "a reload comes back");
    }

    #[test]
    fn there_is_one_customer() {
        let (mut session, ..) = session();
        assert_eq!(session.add(Role::Customer, "Other".into()), Err(Refusal::InvalidLink));
    }

    #[test]
    fn it_ends_when_nobody_is_there_when_nothing_happens_and_in_any_case() {
        let limits = Limits::default();
        let (mut session, customer, _) = session();
        assert_eq!(session.overdue(START + limits.empty), Some(EndReason::Idle));
        session.enter(customer, 1, false, START).unwrap();
        assert_eq!(session.overdue(START + limits.empty), None);
        assert_eq!(session.overdue(START + limits.idle), Some(EndReason::Idle));
        session.active(START + limits.idle);
        assert_eq!(session.overdue(START + limits.idle), None);
        assert_eq!(session.overdue(START + limits.longest), Some(EndReason::TooLong));
        assert!(session.end(EndReason::Participant) && !session.end(EndReason::Node));
        assert_eq!((session.state(), session.overdue(START + limits.longest)), (SessionState::Ended, None));
        assert!(session.enter(customer, 2, true, START).is_err() && session.add(Role::Agent, String::new()).is_err());
    }

    proptest! {
        /// In whatever order things happen: live only after the customer accepted, over for ever once over.
        #[test]
        fn whatever_happens(steps in prop::collection::vec((0u8..6, 1u32..4, 0u64..4, any::<bool>(), 0u64..2_000), 1..80)) {
            let (mut session, customer, _) = session();
            let (mut now, mut accepted, mut over) = (START, false, None);
            for (act, who, window, flag, wait) in steps {
                now += Duration::from_secs(wait);
                let who = ParticipantId(who);
                match act {
                    0 => drop(session.enter(who, window, flag, now)),
                    1 => drop(session.leave(who, window, now)),
                    2 => accepted |= session.accept(who).is_ok() && who == customer,
                    3 => session.active(now),
                    4 if flag => drop(session.end(EndReason::Participant)),
                    _ => if let Some(reason) = session.overdue(now) { session.end(reason); },
                }
                prop_assert!(session.state() != SessionState::Live || accepted);
                prop_assert!(session.may_see(who, window).is_err() || accepted);
                if let Some(state) = over { prop_assert_eq!(session.state(), state); }
                if matches!(session.state(), SessionState::Ended | SessionState::Failed) { over = Some(session.state()); }
            }
        }
    }
}

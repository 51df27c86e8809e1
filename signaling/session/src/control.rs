//! Who may do what at this moment: what the customer decides, what the role, the policy and the state of the session allow.

use crate::{Effect, End, Now, Session, Window};
use tandem_protocol::api::Action;
use tandem_protocol::control::{NodeOrder, SfuOrder};
use tandem_protocol::files::Transfer;
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal, SessionState};
use tandem_protocol::{Control, ParticipantId, PersonId, Private, Rights, Role};

/// Whoever did not enter the PIN compares the words, since a stranger may have guessed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparer {
    Customer,
    Agent,
}

#[derive(Debug)]
pub(crate) struct Check {
    words: Private<[String; 2]>,
    pub(crate) by: Comparer,
    done: bool,
}

/// What a session lacks that somebody at the company could give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants<'a> {
    /// The customer is there, and nobody helps.
    Agent,
    /// An agent would like to hand it over, to somebody or to whoever is free.
    Colleague { from: &'a Private<String>, to: Option<&'a PersonId> },
    /// An agent has asked for a supervisor.
    Help,
}

/// The most that a policy leaves to agents and to supervisors.
pub(crate) fn leaves(policy: &Policy) -> [Rights; 2] {
    [policy.agent.into(), policy.supervisor.into()]
}

impl Session {
    /// Who signed in and takes part, for whom it is found out what their role allows.
    pub fn accounts(&self) -> impl Iterator<Item = (ParticipantId, Role, Option<&PersonId>)> {
        self.people.iter().map(|person| (person.shown.id, person.shown.role, person.account.as_ref()))
    }

    pub fn wants(&self) -> Option<Wants<'_>> {
        let here = |role| self.people.iter().any(|p| p.shown.role == role && p.shown.present);
        if self.ended.is_some() {
            None
        } else if let Some((from, to)) = &self.offered
            && let Some(from) = self.people.iter().find(|person| person.shown.id == *from)
        {
            Some(Wants::Colleague { from: &from.shown.name, to: to.as_ref() })
        } else if self.needs_help {
            Some(Wants::Help)
        } else {
            (here(Role::Customer) && !here(Role::Agent)).then_some(Wants::Agent)
        }
    }

    /// What role and policy allow somebody, whatever the customer says.
    fn allowed(&self, place: usize) -> Rights {
        let person = &self.people[place];
        let policy = match person.shown.role {
            Role::Customer => Rights::ALL,
            Role::Agent => self.policy[0],
            Role::Supervisor => self.policy[1],
        };
        let rights = person.granted.and(policy);
        // Without the picture nothing can be done that was meant to be.
        if rights.view { rights } else { Rights::NONE }
    }

    /// What somebody may do now.
    fn rights(&self, place: usize) -> (Rights, Control) {
        let (allowed, person) = (self.allowed(place), &self.people[place]);
        if person.shown.role == Role::Customer {
            return (Rights::ALL, Control::Fixed);
        }
        let control = if allowed.control() { person.control } else { Control::Fixed };
        let rights = match (self.state, control) {
            (SessionState::Live, Control::Given) => allowed,
            (SessionState::Live, Control::Fixed | Control::Withheld | Control::Asked) => allowed.without_control(),
            _ => Rights::NONE,
        };
        (rights, control)
    }

    /// Works out anew what everybody may do, and lets node and SFU hold them to it. Whether anything changed.
    pub(crate) fn settle_rights(&mut self) -> bool {
        let mut changed = false;
        if self.ended.is_some() {
            // Node and SFU let go of all of it.
            return changed;
        }
        for place in 0..self.people.len() {
            let (rights, control) = self.rights(place);
            let person = &mut self.people[place];
            changed |= std::mem::replace(&mut person.shown.control, control) != control;
            if std::mem::replace(&mut person.shown.rights, rights) == rights {
                continue;
            }
            changed = true;
            let participant = person.shown.id;
            if person.served {
                self.order_sfu(|session| SfuOrder::Allow { session, participant, rights });
                self.order_node(|session| NodeOrder::Allow { session, participant, rights });
            }
        }
        changed
    }

    pub(crate) fn change_rights(&mut self) {
        if self.settle_rights() {
            self.tell_people();
        }
    }

    pub(crate) fn did(&mut self, window: Window, action: Action) {
        if let Some(place) = self.place_of(window) {
            self.effects.push(Effect::Did { who: self.people[place].shown.id, action });
        }
    }

    /// The person at this window, who must have this role; anybody else is refused.
    fn only(&mut self, role: Role, window: Window) -> Option<usize> {
        let place = self.place_of(window).filter(|place| self.people[*place].shown.role == role);
        if place.is_none() {
            self.refuse(window, Refusal::NotAllowed);
        }
        place
    }

    /// It goes live once the customer agreed and the words, if there are any, are the same.
    pub(crate) fn begin(&mut self) {
        if self.accepted && self.state == SessionState::Consent && self.check.as_ref().is_none_or(|check| check.done) {
            self.enter_state(SessionState::Live);
        }
    }

    pub(crate) fn check_words(&mut self, words: Private<[String; 2]>, by: Comparer) {
        if matches!(self.state, SessionState::Waiting | SessionState::Consent) && self.check.is_none() {
            self.check = Some(Check { words, by, done: false });
            self.tell_check();
        }
    }

    pub(crate) fn check_for(&self, role: Role) -> Option<ServerSignal> {
        let check = self.check.as_ref()?;
        let yours = match check.by {
            Comparer::Customer => role == Role::Customer,
            Comparer::Agent => role == Role::Agent,
        };
        Some(ServerSignal::Check { words: check.words.clone(), yours, done: check.done })
    }

    fn tell_check(&mut self) {
        let windows: Vec<_> = self.people.iter().filter_map(|p| Some((p.window?, p.shown.role))).collect();
        for (window, role) in windows {
            if let Some(signal) = self.check_for(role) {
                self.tell(window, signal);
            }
        }
    }

    pub(crate) fn compared(&mut self, window: Window, same: bool) {
        let role = match &self.check {
            Some(Check { by: Comparer::Customer, .. }) => Role::Customer,
            Some(Check { by: Comparer::Agent, .. }) => Role::Agent,
            None => return self.refuse(window, Refusal::NotAllowed),
        };
        if self.only(role, window).is_none() {
            return;
        }
        let Some(check) = self.check.as_mut().filter(|check| !check.done) else { return };
        check.done = same;
        self.did(window, if same { Action::CheckWordsConfirmed } else { Action::CheckWordsRefused });
        if same {
            self.tell_check();
            self.begin();
        } else {
            self.end(EndReason::NotConfirmed);
        }
    }

    pub(crate) fn pause_by(&mut self, window: Window) {
        if self.only(Role::Customer, window).is_none() {
            return;
        }
        match self.state {
            SessionState::Live => {
                self.did(window, Action::Paused);
                self.enter_state(SessionState::Paused);
            }
            // It is meant to last, then, whether or not the connection comes back.
            SessionState::Paused => self.lost = None,
            SessionState::Waiting | SessionState::Consent | SessionState::Ended | SessionState::Failed => {
                self.refuse(window, Refusal::NotYet);
            }
        }
    }

    pub(crate) fn resume_by(&mut self, window: Window, now: Now) {
        if self.only(Role::Customer, window).is_some() && self.state == SessionState::Paused {
            (self.lost, self.active) = (None, now);
            self.did(window, Action::Resumed);
            self.enter_state(SessionState::Live);
        }
    }

    /// Nothing goes on behind a customer's back.
    pub(crate) fn customer_lost(&mut self, who: ParticipantId, now: Now) {
        if self.is_customer(who) && self.state == SessionState::Live {
            self.lost = Some(now);
            self.enter_state(SessionState::Paused);
        }
    }

    /// After a moment it goes on by itself; after a longer time the customer decides.
    pub(crate) fn customer_back(&mut self, who: ParticipantId, now: Now) {
        let here = self.window_of(who).is_some();
        if self.is_customer(who) && here && self.state == SessionState::Paused {
            let recently = self.lost.take_if(|at| now.saturating_sub(*at) < self.limits.away);
            if recently.is_some() {
                self.enter_state(SessionState::Live);
            }
        }
    }

    fn is_customer(&self, who: ParticipantId) -> bool {
        self.people.iter().any(|person| person.shown.id == who && person.shown.role == Role::Customer)
    }

    /// Only what the customer could give is asked for.
    pub(crate) fn ask_control(&mut self, window: Window) {
        let place = self.place_of(window).filter(|place| self.people[*place].shown.role != Role::Customer);
        let Some(place) = place.filter(|_| self.state == SessionState::Live) else {
            return self.refuse(window, Refusal::NotAllowed);
        };
        match self.people[place].shown.control {
            Control::Withheld => {
                self.people[place].control = Control::Asked;
                self.did(window, Action::ControlAsked);
                self.change_rights();
            }
            Control::Asked => {}
            Control::Fixed | Control::Given => self.refuse(window, Refusal::NotAllowed),
        }
    }

    pub(crate) fn answer_control(&mut self, window: Window, who: ParticipantId, give: bool) {
        if self.only(Role::Customer, window).is_none() {
            return;
        }
        let Some(person) = self.people.iter_mut().find(|person| person.shown.id == who) else { return };
        person.control = if give { Control::Given } else { Control::Withheld };
        self.did(window, if give { Action::ControlGiven } else { Action::ControlRefused });
        self.change_rights();
    }

    /// From now on everybody has to ask.
    pub(crate) fn take_control(&mut self, window: Window) {
        if self.only(Role::Customer, window).is_none() {
            return;
        }
        self.asks_for_control = true;
        self.people.iter_mut().for_each(|person| person.control = Control::Withheld);
        self.did(window, Action::ControlTaken);
        self.change_rights();
    }

    /// Files are the customer's alone, and pass while they let the session go on.
    pub(crate) fn file(&mut self, window: Window, transfer: Transfer, now: Now) {
        if self.only(Role::Customer, window).is_none() {
            return;
        }
        let node = match self.state {
            SessionState::Live | SessionState::Paused => self.holder().cloned(),
            _ => None,
        };
        let Some(node) = node else { return self.refuse(window, Refusal::NotYet) };
        self.active = now;
        let other = match transfer {
            Transfer::Upload { .. } | Transfer::Download { .. } => Some(End::Node(node)),
            Transfer::Sent { from, .. } => self.sends_files(from).map(End::Window),
        };
        match other {
            Some(other) => self.effects.push(Effect::Ticket { window, other, transfer }),
            None => self.tell(window, ServerSignal::Ticket { transfer, ticket: None }),
        }
    }

    /// The window of somebody who helps, is here, and may send the customer files.
    pub(crate) fn sends_files(&self, who: ParticipantId) -> Option<Window> {
        let person = self.people.iter().find(|person| person.shown.id == who)?;
        let may = person.shown.role != Role::Customer && person.shown.rights.send_files;
        person.window.filter(|_| may)
    }

    pub(crate) fn ask_help(&mut self, window: Window) {
        if self.only(Role::Agent, window).is_some() && !std::mem::replace(&mut self.needs_help, true) {
            self.did(window, Action::HelpAsked);
        }
    }

    pub(crate) fn hand_over(&mut self, from: ParticipantId, to: Option<PersonId>) {
        if self.people.iter().any(|p| p.shown.id == from && p.shown.role != Role::Customer && p.shown.present) {
            self.offered = Some((from, to));
        }
    }

    /// Somebody goes on with it; who offered it is done.
    pub(crate) fn taken_by(&mut self, who: ParticipantId) {
        let Some((from, _)) = self.offered.take().filter(|(from, _)| *from != who) else { return };
        self.effects.push(Effect::Did { who, action: Action::HandedOver });
        self.dismiss(from, EndReason::HandedOver);
    }

    /// A role has changed. Who may not even look any more is out.
    pub(crate) fn grant(&mut self, who: ParticipantId, rights: Rights) {
        let Some(person) =
            self.people.iter_mut().find(|p| p.shown.id == who && p.shown.role != Role::Customer && p.out.is_none())
        else {
            return;
        };
        person.granted = rights;
        if !rights.view {
            return self.dismiss(who, EndReason::Removed);
        }
        self.change_rights();
    }

    /// Somebody takes part no longer, also if they come back.
    fn dismiss(&mut self, who: ParticipantId, reason: EndReason) {
        let Some(place) = self.people.iter().position(|person| person.shown.id == who) else { return };
        let person = &mut self.people[place];
        (person.out, person.granted, person.shown.rights) = (Some(reason), Rights::NONE, Rights::NONE);
        person.shown.present = false;
        let windows = person.window.take().into_iter().chain(person.waiting.take().map(|waiting| waiting.window));
        for window in windows.collect::<Vec<_>>() {
            self.tell(window, ServerSignal::Ended { reason, url: None });
        }
        self.cut_off(place);
        self.tell_people();
    }
}

//! The people of a session and their windows.

use crate::{Effect, Event, Now, Session, Window};
use tandem_protocol::api::Action;
use tandem_protocol::control::{NodeOrder, NodeReport, Peer, PeerName, SfuOrder};
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal, SessionState};
use tandem_protocol::{Colour, Control, Participant, ParticipantId, PersonId, Private, Rights, Role};

/// People in one session, at the most, those who left included: one customer, agents and supervisors.
pub const MOST_PEOPLE: usize = 16;
const COLOURS: usize = 8;

/// Somebody who is to take part.
#[derive(Debug, Clone)]
pub struct Guest {
    pub role: Role,
    pub name: String,
    /// What their role at the company lets them do. Customers may everything.
    pub rights: Rights,
    /// Who signed in.
    pub account: Option<PersonId>,
    /// They take the session over from the colleague who offers it.
    pub takes_over: bool,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) shown: Participant,
    pub(crate) account: Option<PersonId>,
    /// What their role lets them do, whatever else may forbid it.
    pub(crate) granted: Rights,
    /// The customer lets them click and type, or was asked to.
    pub(crate) control: Control,
    takes_over: bool,
    /// Why they take part no longer.
    pub(crate) out: Option<EndReason>,
    pub(crate) window: Option<Window>,
    /// Another window of theirs, until it is known whether the current one is still there.
    pub(crate) waiting: Option<Waiting>,
    /// The SFU and the node were told to serve them.
    pub(crate) served: bool,
    /// Since when they have no window.
    away: Option<Now>,
}

#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) window: Window,
    resume: Private<String>,
    until: Now,
}

impl Session {
    /// Takes somebody in. A session has one customer.
    ///
    /// # Errors
    /// `InvalidLink` when it is over, full, or has its customer already.
    pub fn add(&mut self, guest: Guest) -> Result<ParticipantId, Refusal> {
        let Guest { role, name, rights, account, takes_over } = guest;
        let second_customer = role == Role::Customer && self.people.iter().any(|p| p.shown.role == Role::Customer);
        if self.ended.is_some() || second_customer || self.people.len() >= MOST_PEOPLE {
            return Err(Refusal::InvalidLink);
        }
        // Nobody is ever taken out, so a place is never given twice.
        let place = self.people.len();
        let (id, colour) = (ParticipantId(place as u32 + 1), Colour((place % COLOURS) as u8));
        let name = Private::new(name);
        let control = if self.asks_for_control { Control::Withheld } else { Control::Given };
        let shown =
            Participant { id, role, name, colour, present: false, rights: Rights::NONE, control: Control::Fixed };
        let granted = rights;
        let (out, window, waiting, served, away) = (None, None, None, false, None);
        self.people.push(Person { shown, account, granted, control, takes_over, out, window, waiting, served, away });
        self.settle_rights();
        Ok(id)
    }

    pub(crate) fn place_of(&self, window: Window) -> Option<usize> {
        self.people.iter().position(|person| person.window == Some(window))
    }

    pub(crate) fn window_of(&self, who: ParticipantId) -> Option<Window> {
        self.people.iter().find(|person| person.shown.id == who)?.window
    }

    pub(crate) fn join(
        &mut self,
        who: ParticipantId,
        window: Window,
        take_over: bool,
        resume: Private<String>,
        now: Now,
    ) {
        if let Some(reason) = self.ended {
            return self.tell(window, ServerSignal::Ended { reason, url: None });
        }
        let Some(place) = self.people.iter().position(|person| person.shown.id == who) else {
            return self.refuse(window, Refusal::InvalidLink);
        };
        if self.is_current(window) {
            return self.refuse(window, Refusal::NotAllowed);
        }
        if let Some(reason) = self.people[place].out {
            return self.tell(window, ServerSignal::Ended { reason, url: None });
        }
        match self.people[place].window {
            None => self.enter(place, window, resume, now),
            Some(old) if take_over => {
                self.tell(old, ServerSignal::TakenOver);
                self.cut_off(place);
                self.enter(place, window, resume, now);
            }
            Some(old) => {
                // The current one may be a connection that died without a word, so it is asked first.
                let until = now + self.limits.contest;
                if let Some(earlier) = self.people[place].waiting.replace(Waiting { window, resume, until }) {
                    self.tell(earlier.window, ServerSignal::Elsewhere);
                }
                self.effects.push(Effect::Probe { window: old });
            }
        }
    }

    fn enter(&mut self, place: usize, window: Window, resume: Private<String>, now: Now) {
        let person = &mut self.people[place];
        (person.window, person.away, person.shown.present) = (Some(window), None, true);
        let (participant, role) = (person.shown.id, person.shown.role);
        (self.empty, self.active) = (None, now);
        let (session, company, company_name) = (self.id.clone(), self.company.clone(), self.company_name.clone());
        let (sites, ice_servers) = (self.sites.clone(), Vec::new());
        self.tell(
            window,
            ServerSignal::Joined { session, company, company_name, sites, participant, role, resume, ice_servers },
        );
        if role == Role::Customer && self.state == SessionState::Waiting {
            self.enter_state(SessionState::Consent);
        } else {
            self.tell(window, ServerSignal::State { state: self.state });
        }
        if let Some(signal) = self.check_for(role) {
            self.tell(window, signal);
        }
        self.customer_back(participant, now);
        if role == Role::Supervisor {
            self.needs_help = false;
        }
        self.tell_people();
        if std::mem::take(&mut self.people[place].takes_over) {
            self.taken_by(participant);
        }
    }

    pub(crate) fn alive(&mut self, window: Window) {
        let Some(place) = self.place_of(window) else { return };
        if let Some(waiting) = self.people[place].waiting.take() {
            self.tell(waiting.window, ServerSignal::Elsewhere);
        }
    }

    /// Windows that did not answer make place.
    pub(crate) fn settle_contests(&mut self, now: Now) {
        for place in 0..self.people.len() {
            if self.people[place].waiting.as_ref().is_some_and(|waiting| waiting.until <= now) {
                if let Some(old) = self.people[place].window {
                    self.tell(old, ServerSignal::TakenOver);
                }
                self.let_waiting_in(place, now);
            }
        }
    }

    /// The connection to the SFU, should it still live, is kept: most often the same page came back.
    fn let_waiting_in(&mut self, place: usize, now: Now) -> bool {
        let Some(waiting) = self.people[place].waiting.take() else { return false };
        self.enter(place, waiting.window, waiting.resume, now);
        true
    }

    pub(crate) fn leave(&mut self, window: Window, now: Now) {
        for person in &mut self.people {
            person.waiting.take_if(|waiting| waiting.window == window);
        }
        let Some(place) = self.place_of(window) else { return };
        if self.let_waiting_in(place, now) {
            return;
        }
        let person = &mut self.people[place];
        (person.window, person.away, person.shown.present) = (None, Some(now), false);
        let participant = person.shown.id;
        self.customer_lost(participant, now);
        if self.people.iter().all(|p| p.window.is_none()) {
            self.empty = Some(now);
        }
        self.tell_people();
    }

    /// Those who have been away for long get no picture any more, and nothing that still arrives of them is obeyed.
    pub(crate) fn cut_off_absent(&mut self, now: Now) {
        for place in 0..self.people.len() {
            if self.people[place].away.is_some_and(|at| now.saturating_sub(at) >= self.limits.away) {
                self.cut_off(place);
            }
        }
    }

    pub(crate) fn cut_off(&mut self, place: usize) {
        let person = &mut self.people[place];
        if std::mem::take(&mut person.served) {
            let participant = person.shown.id;
            self.order_node(|session| NodeOrder::Dismiss { session, participant });
            self.order_sfu(|session| SfuOrder::Leave { session, peer: PeerName::Participant { id: participant } });
        }
    }

    /// The customer lets the session begin.
    pub(crate) fn accept(&mut self, window: Window, now: Now) {
        let role = self.place_of(window).map(|place| self.people[place].shown.role);
        match (role, self.state) {
            (Some(Role::Customer), SessionState::Consent) => {
                self.active = now;
                if !std::mem::replace(&mut self.accepted, true) {
                    self.did(window, Action::ConsentGiven);
                }
                self.begin();
            }
            // Said again by an impatient finger.
            (Some(Role::Customer), SessionState::Live | SessionState::Paused) => {}
            (Some(Role::Customer), SessionState::Waiting | SessionState::Ended | SessionState::Failed) => {
                self.refuse(window, Refusal::NotYet);
            }
            (Some(Role::Agent | Role::Supervisor) | None, _) => self.refuse(window, Refusal::NotAllowed),
        }
    }

    /// A page's offer goes to the SFU, after the node knows whom to obey. Nobody has a picture before the customer accepted.
    pub(crate) fn offer(&mut self, window: Window, sdp: Private<String>) {
        let Some(place) = self.place_of(window) else { return self.refuse(window, Refusal::NotAllowed) };
        if !matches!(self.state, SessionState::Live | SessionState::Paused) || self.sfu.is_none() {
            return self.refuse(window, Refusal::NotYet);
        }
        let person = &mut self.people[place];
        person.served = true;
        let Participant { id: participant, role, rights, .. } = person.shown;
        self.order_node(|session| NodeOrder::Admit { session, participant, role, rights });
        let peer = Peer::Subscriber { participant, role, rights };
        self.order_sfu(|session| SfuOrder::Join { session, peer, sdp });
    }

    /// The customer and the agent end the session; a supervisor only leaves it.
    pub(crate) fn end_by(&mut self, window: Window, now: Now) {
        let Some(place) = self.place_of(window) else { return self.refuse(window, Refusal::NotAllowed) };
        match self.people[place].shown.role {
            Role::Customer if !self.accepted => {
                self.did(window, Action::ConsentRefused);
                self.end(EndReason::Participant);
            }
            Role::Customer | Role::Agent => self.end(EndReason::Participant),
            Role::Supervisor => {
                self.tell(window, ServerSignal::Ended { reason: EndReason::Participant, url: None });
                self.cut_off(place);
                self.leave(window, now);
            }
        }
    }

    /// What still arrives when it is over: a page is told so, and a node that has a browser for it lets it go.
    pub(crate) fn stray(&mut self, event: Event) {
        match event {
            Event::Accept { window }
            | Event::Check { window, .. }
            | Event::Pause { window }
            | Event::Resume { window }
            | Event::AskControl { window }
            | Event::AnswerControl { window, .. }
            | Event::TakeControl { window }
            | Event::AskHelp { window }
            | Event::Offer { window, .. }
            | Event::File { window, .. }
            | Event::End { window } => self.refuse(window, Refusal::NotAllowed),
            Event::Node { node, report: NodeReport::Claimed { .. } | NodeReport::Offer { .. } } => {
                self.effects.push(Effect::Node { node, order: NodeOrder::Release { session: self.id.clone() } });
            }
            Event::Node { .. }
            | Event::Sfu { .. }
            | Event::NodeLost { .. }
            | Event::SfuLost { .. }
            | Event::SfuCame { .. }
            | Event::Join { .. }
            | Event::Alive { .. }
            | Event::Leave { .. }
            | Event::Navigate { .. }
            | Event::Policy { .. }
            | Event::CheckWords { .. }
            | Event::HandOver { .. }
            | Event::Grant { .. }
            | Event::Delete
            | Event::Tick => {}
        }
    }

    pub(crate) fn tell_people(&mut self) {
        let people = self.people();
        self.tell_all(&ServerSignal::People { people });
    }
}

//! One session as signalling sees it: who is in it, which node and which SFU serve it, what state it is in, when it ends.
//!
//! A plain value: events and the time go in, [`Effect`]s come out. It does no I/O and makes no secrets.

mod control;
#[cfg(test)]
mod control_tests;
mod hosting;
mod people;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use control::Check;
use hosting::Host;
use people::Person;
use std::time::Duration;
use tandem_protocol::api::{Action, CompanySite};
use tandem_protocol::control::{Claim, NodeOrder, NodeReport, SfuOrder, SfuReport};
use tandem_protocol::files::Transfer;
use tandem_protocol::notice::{Denied, Tab};
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal, SessionState};
use tandem_protocol::{CompanyId, NodeName, Participant, ParticipantId, PersonId, Private, Rights, Role, SessionId};

pub use control::{Comparer, Wants};
pub use people::{Guest, MOST_PEOPLE};

/// How long things may last.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nobody is connected.
    pub empty: Duration,
    /// Nobody does anything.
    pub idle: Duration,
    /// In all.
    pub longest: Duration,
    /// A node may take so long to give a session its browser. Its own limit for a browser that starts is 30 s.
    pub claim: Duration,
    /// Somebody whose page is not connected keeps picture and input for so long, so that a dropped socket costs nothing.
    pub away: Duration,
    /// A window is believed gone when it does not answer for so long while another asks to go on.
    pub contest: Duration,
    /// A node or an SFU that is not heard of for so long is gone, and what it served with it.
    pub lease: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let (seconds, minutes) = (Duration::from_secs, |n: u64| Duration::from_secs(n * 60));
        Limits {
            empty: minutes(5),
            idle: minutes(15),
            longest: minutes(120),
            claim: seconds(35),
            away: seconds(10),
            contest: seconds(2),
            lease: seconds(15),
        }
    }
}

/// A point on a clock that never goes back.
pub type Now = Duration;

/// One of a participant's windows: a number that is never used again in the process.
pub type Window = u64;

/// What a session is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub id: SessionId,
    pub company: CompanyId,
    pub company_name: String,
    /// Where its customers are helped: the address bar proposes them.
    pub sites: Vec<CompanySite>,
    pub claim: Claim,
    /// Agents ask the customer before they click or type.
    pub asks_for_control: bool,
    /// Nodes that may have room, the best first.
    pub nodes: Vec<NodeName>,
    pub sfu: NodeName,
}

/// What happens to a session.
#[derive(Debug, Clone)]
pub enum Event {
    /// A node said something about this session.
    Node {
        node: NodeName,
        report: NodeReport,
    },
    /// An SFU said something about this session.
    Sfu {
        sfu: NodeName,
        report: SfuReport,
    },
    /// A node is gone, or came back without what it held.
    NodeLost {
        node: NodeName,
    },
    /// An SFU is gone; `other` can take its place.
    SfuLost {
        sfu: NodeName,
        other: Option<NodeName>,
    },
    /// An SFU registered, and holds nothing that this session could rely on.
    SfuCame {
        sfu: NodeName,
    },
    /// A window shows that it is this participant's. It is told `resume`, the key to come back with.
    Join {
        who: ParticipantId,
        window: Window,
        take_over: bool,
        resume: Private<String>,
    },
    /// A window answered a [`Effect::Probe`].
    Alive {
        window: Window,
    },
    /// A window's connection is gone.
    Leave {
        window: Window,
    },
    Accept {
        window: Window,
    },
    /// The customer comes by a PIN: nothing begins before these words were compared.
    CheckWords {
        words: Private<[String; 2]>,
        by: Comparer,
    },
    /// Whoever is to compare them did.
    Check {
        window: Window,
        same: bool,
    },
    Pause {
        window: Window,
    },
    Resume {
        window: Window,
    },
    AskControl {
        window: Window,
    },
    AnswerControl {
        window: Window,
        participant: ParticipantId,
        give: bool,
    },
    TakeControl {
        window: Window,
    },
    AskHelp {
        window: Window,
    },
    /// An agent offers the session to a colleague, or to whoever is free.
    HandOver {
        from: ParticipantId,
        to: Option<PersonId>,
    },
    /// What somebody's role lets them do, which has changed; nothing when they may not even look.
    Grant {
        who: ParticipantId,
        rights: Rights,
    },
    Offer {
        window: Window,
        sdp: Private<String>,
    },
    File {
        window: Window,
        transfer: Transfer,
    },
    End {
        window: Window,
    },
    /// By the API.
    Navigate {
        url: Private<String>,
    },
    /// The company decided anew.
    Policy {
        policy: Box<Policy>,
    },
    /// By the API.
    Delete,
    /// Time passed.
    Tick,
}

/// The other end of a file's way, from the customer's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Node(NodeName),
    Window(Window),
}

/// What has to be done about it, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tells a window.
    Tell {
        window: Window,
        signal: ServerSignal,
    },
    /// Asks a window whether it is still there.
    Probe {
        window: Window,
    },
    Node {
        node: NodeName,
        order: NodeOrder,
    },
    Sfu {
        sfu: NodeName,
        order: SfuOrder,
    },
    /// The customer's window and the other end each get a ticket for a file.
    Ticket {
        window: Window,
        other: End,
        transfer: Transfer,
    },
    /// A node has given the session its browser: its links may be given out.
    Hosted,
    /// Somebody did what is to be kept in the audit.
    Did {
        who: ParticipantId,
        action: Action,
    },
    /// What somebody tried was refused, so often.
    Denied {
        who: ParticipantId,
        reason: Denied,
        times: u32,
    },
    /// The state changed.
    Record {
        state: SessionState,
    },
    /// It is over: its tokens and PINs open nothing any more.
    Forget,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    company: CompanyId,
    company_name: String,
    sites: Vec<CompanySite>,
    limits: Limits,
    state: SessionState,
    ended: Option<EndReason>,
    host: Host,
    sfu: Option<NodeName>,
    /// The node has a connection to the SFU, or is about to.
    published: bool,
    /// How often the SFU refused the node's connection since it last took one.
    refusals: u32,
    tabs: Vec<Tab>,
    /// Where the customer is, for the customer alone.
    at: Option<Private<String>>,
    people: Vec<Person>,
    /// The most that the company's policy leaves to agents and to supervisors.
    policy: [Rights; 2],
    asks_for_control: bool,
    /// The customer agreed.
    accepted: bool,
    check: Option<Check>,
    /// Since when the customer's connection is lost, for which the session pauses.
    lost: Option<Now>,
    /// Who offers it to whom.
    offered: Option<(ParticipantId, Option<PersonId>)>,
    needs_help: bool,
    created: Now,
    active: Now,
    /// Since when nobody is connected.
    empty: Option<Now>,
    effects: Vec<Effect>,
}

impl Session {
    /// Begins a session by asking the first node for a browser.
    pub fn new(wanted: Wanted, limits: Limits, now: Now) -> (Session, Vec<Effect>) {
        let Wanted { id, company, company_name, sites, claim, asks_for_control, nodes, sfu } = wanted;
        let mut session = Session {
            id,
            company,
            company_name,
            sites,
            limits,
            state: SessionState::Waiting,
            ended: None,
            host: Host::None,
            sfu: Some(sfu),
            published: false,
            refusals: 0,
            tabs: Vec::new(),
            at: None,
            people: Vec::new(),
            policy: control::leaves(&claim.policy),
            asks_for_control,
            accepted: false,
            check: None,
            lost: None,
            offered: None,
            needs_help: false,
            created: now,
            active: now,
            empty: Some(now),
            effects: Vec::new(),
        };
        session.ask_next(Box::new(claim), nodes, now);
        let effects = std::mem::take(&mut session.effects);
        (session, effects)
    }

    pub fn state(&self) -> SessionState {
        self.state
    }

    /// Why it ended, once it has.
    pub fn ended(&self) -> Option<EndReason> {
        self.ended
    }

    pub fn company(&self) -> &CompanyId {
        &self.company
    }

    pub fn people(&self) -> Vec<Participant> {
        self.people.iter().map(|person| person.shown.clone()).collect()
    }

    /// Whether they take part now, and not as its customer.
    pub fn has_helper(&self, who: ParticipantId) -> bool {
        let helps =
            |person: &Person| person.shown.id == who && person.shown.role != Role::Customer && person.out.is_none();
        self.ended.is_none() && self.people.iter().any(helps)
    }

    pub fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    /// The node that holds its browser, or was asked to.
    pub fn node(&self) -> Option<&NodeName> {
        self.host.node()
    }

    pub fn sfu(&self) -> Option<&NodeName> {
        self.sfu.as_ref()
    }

    /// Whether somebody is in the session by this window.
    pub fn is_current(&self, window: Window) -> bool {
        self.people.iter().any(|person| person.window == Some(window))
    }

    /// Takes an event in. Once the session is over, nothing but a late comer's question changes anything.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        match event {
            Event::Join { who, window, take_over, resume } => self.join(who, window, take_over, resume, now),
            _ if self.ended.is_some() => self.stray(event),
            Event::Node { node, report } => self.node_said(&node, report, now),
            Event::Sfu { sfu, report } => self.sfu_said(&sfu, report, now),
            Event::NodeLost { node } => self.node_lost(&node, now),
            Event::SfuLost { sfu, other } => self.sfu_lost(&sfu, other),
            Event::SfuCame { sfu } => self.sfu_came(sfu),
            Event::Alive { window } => self.alive(window),
            Event::Leave { window } => self.leave(window, now),
            Event::Accept { window } => self.accept(window, now),
            Event::CheckWords { words, by } => self.check_words(words, by),
            Event::Check { window, same } => self.compared(window, same),
            Event::Pause { window } => self.pause_by(window),
            Event::Resume { window } => self.resume_by(window, now),
            Event::AskControl { window } => self.ask_control(window),
            Event::AnswerControl { window, participant, give } => self.answer_control(window, participant, give),
            Event::TakeControl { window } => self.take_control(window),
            Event::AskHelp { window } => self.ask_help(window),
            Event::HandOver { from, to } => self.hand_over(from, to),
            Event::Grant { who, rights } => self.grant(who, rights),
            Event::Offer { window, sdp } => self.offer(window, sdp),
            Event::File { window, transfer } => self.file(window, transfer, now),
            Event::End { window } => self.end_by(window, now),
            Event::Navigate { url } => {
                self.active = now;
                self.order_node(|session| NodeOrder::Navigate { session, url });
            }
            Event::Policy { policy } => self.new_policy(policy),
            Event::Delete => self.end(EndReason::Api),
            Event::Tick => self.tick(now),
        }
        std::mem::take(&mut self.effects)
    }

    fn tick(&mut self, now: Now) {
        self.hurry_claim(now);
        self.settle_contests(now);
        self.cut_off_absent(now);
        if self.people.iter().all(|person| person.window.is_none()) {
            self.empty.get_or_insert(now);
        }
        if let Some(reason) = self.overdue(now) {
            self.end(reason);
        }
    }

    fn overdue(&self, now: Now) -> Option<EndReason> {
        let since = |at: Now| now.saturating_sub(at);
        if self.ended.is_some() {
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

    /// Ends it, wherever it is: its people are told, its browser and its room are let go.
    fn end(&mut self, reason: EndReason) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(reason);
        self.enter_state(match reason {
            EndReason::Node => SessionState::Failed,
            EndReason::Participant
            | EndReason::Api
            | EndReason::Idle
            | EndReason::TooLong
            | EndReason::NotConfirmed
            | EndReason::HandedOver
            | EndReason::Removed => SessionState::Ended,
        });
        let url = self.at.take();
        for person in &mut self.people {
            person.shown.present = false;
            person.shown.rights = Rights::NONE;
            // Where it ended is the customer's to know.
            let url = url.clone().filter(|_| person.shown.role == Role::Customer);
            let windows = person.window.take().into_iter().chain(person.waiting.take().map(|waiting| waiting.window));
            self.effects.extend(windows.map(|window| {
                let signal = ServerSignal::Ended { reason, url: url.clone() };
                Effect::Tell { window, signal }
            }));
        }
        self.tabs.clear();
        self.let_go();
        self.effects.push(Effect::Forget);
    }

    /// What people may do changes with it, and holds before anybody is told.
    fn enter_state(&mut self, state: SessionState) {
        self.state = state;
        self.effects.push(Effect::Record { state });
        let changed = self.settle_rights();
        self.tell_all(&ServerSignal::State { state });
        if changed {
            self.tell_people();
        }
    }

    fn tell(&mut self, window: Window, signal: ServerSignal) {
        self.effects.push(Effect::Tell { window, signal });
    }

    fn refuse(&mut self, window: Window, reason: Refusal) {
        self.tell(window, ServerSignal::Refused { reason });
    }

    fn tell_all(&mut self, signal: &ServerSignal) {
        let windows = self.people.iter().filter_map(|person| person.window);
        self.effects.extend(windows.map(|window| Effect::Tell { window, signal: signal.clone() }));
    }
}

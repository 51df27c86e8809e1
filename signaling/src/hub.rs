//! Everything live: sessions, the pages in them, the components that serve them. One lock, held for no I/O.
//!
//! What happens is decided by `tandem_session`; here its effects are carried out.

use crate::Config;
use crate::calls::Calls;
use crate::components::{Components, Link, Registration, ToComponent};
use crate::entrances::Entrances;
use crate::fetch::Fetcher;
use crate::files::{Files, Side};
use crate::mailbox::Mailbox;
use crate::metrics::Metrics;
use crate::oidc::Asked;
use crate::passwords::Passwords;
use crate::rates::HubRates;
use crate::sign_ins::Lockouts;
use crate::store::{Entry, Store};
use crate::tokens::Expiring;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tandem_protocol::api::{Action, Actor};
use tandem_protocol::control::{Component, FromControl, NodeOrder, NodeReport, SfuOrder, SfuReport};
use tandem_protocol::files::Transfer;
use tandem_protocol::notice::Denied;
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal, SessionState};
use tandem_protocol::{CompanyId, NodeName, Participant, ParticipantId, Private, SessionId};
use tandem_session::{Effect, End, Event, Now, Session, Window};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// What is over is remembered for so long, for whoever asks.
const REMEMBERED: Now = Now::from_secs(600);

/// For a page's connection.
#[derive(Debug)]
pub(crate) enum ToPage {
    Signal(ServerSignal),
    /// Is it still there?
    Probe,
}

pub(crate) struct Live {
    pub(crate) session: Session,
    /// Seconds since 1970 (UTC).
    pub(crate) created_at: i64,
    /// BCP 47, of the cloud browser.
    pub(crate) language: String,
    created: Now,
    pub(crate) windows: HashMap<Window, Mailbox<ToPage>>,
    /// Somebody tries rules in it: it keeps to their draft.
    pub(crate) is_for_rules: bool,
    /// Who waits for a node to take it.
    hosted: Option<oneshot::Sender<()>>,
    ended: Option<Now>,
}

pub(crate) struct State {
    pub(crate) live: HashMap<SessionId, Live>,
    pub(crate) entrances: Entrances,
    pub(crate) calls: Calls,
    pub(crate) components: Components,
    pub(crate) files: Files,
    last: u64,
}

pub(crate) struct Hub {
    pub(crate) config: Config,
    pub(crate) public_url: String,
    pub(crate) store: Store,
    pub(crate) passwords: Passwords,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
    state: Mutex<State>,
    rates: Mutex<HubRates>,
    lockouts: Mutex<Lockouts>,
    /// Who is at their provider to sign in, by the state that comes back.
    asked: Mutex<Expiring<String, (CompanyId, Asked)>>,
    pub(crate) fetcher: Fetcher,
    ready: watch::Sender<String>,
    records: mpsc::UnboundedSender<ToRecord>,
    start: Instant,
}

/// What happened in sessions, to be kept.
#[derive(Debug)]
pub(crate) enum ToRecord {
    State { session: SessionId, state: SessionState },
    Joined { session: SessionId, who: Participant },
    Audit { company: CompanyId, entry: Entry },
}

/// What the hub leaves for others to do.
pub(crate) struct Outlets {
    pub(crate) ready: watch::Receiver<String>,
    /// In order.
    pub(crate) records: mpsc::UnboundedReceiver<ToRecord>,
}

impl Hub {
    pub(crate) fn new(
        config: Config,
        public_url: String,
        store: Store,
        passwords: Passwords,
        metrics: Metrics,
        shutdown: CancellationToken,
    ) -> (Arc<Hub>, Outlets) {
        let components = Components::new(config.limits.lease);
        let (ready, ready_seen) = watch::channel(components.missing().to_owned());
        let (records, recorded) = mpsc::unbounded_channel();
        let (live, entrances, calls, files) = Default::default();
        let state = State { live, entrances, calls, components, files, last: 0 };
        let hub = Hub {
            config,
            public_url,
            store,
            passwords,
            metrics,
            shutdown,
            state: Mutex::new(state),
            rates: Mutex::default(),
            lockouts: Mutex::default(),
            asked: Mutex::default(),
            fetcher: Fetcher::new(),
            ready,
            records,
            start: Instant::now(),
        };
        (Arc::new(hub), Outlets { ready: ready_seen, records: recorded })
    }

    pub(crate) fn now(&self) -> Now {
        self.start.elapsed()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn rates(&self) -> MutexGuard<'_, HubRates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lockouts(&self) -> MutexGuard<'_, Lockouts> {
        self.lockouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Expiring<String, (CompanyId, Asked)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember_asked(&self, company: CompanyId, asked: Asked, life: Duration) {
        let state = asked.state.reveal().clone();
        self.asked().insert(state, (company, asked), self.now() + life);
    }

    /// Once.
    pub(crate) fn take_asked(&self, state: &str) -> Option<(CompanyId, Asked)> {
        self.asked().take(&state.to_owned(), self.now())
    }

    /// Keeps something in the company's audit. It is written in the order in which it is said, and does not wait, so that it may be said under
    /// the lock. `detail` is short and holds nothing that somebody typed, saw or visited.
    pub(crate) fn audit(
        &self,
        company: &CompanyId,
        actor: Actor,
        action: Action,
        session: Option<&SessionId>,
        detail: impl Into<String>,
    ) {
        let entry = Entry { actor, action, session: session.cloned(), detail: detail.into() };
        self.keep(ToRecord::Audit { company: company.clone(), entry });
    }

    /// It fails only when the process is ending.
    pub(crate) fn keep(&self, what: ToRecord) {
        let _ = self.records.send(what);
    }

    /// A number for a connection, never given twice.
    pub(crate) fn next(&self) -> u64 {
        let mut state = self.state();
        state.last += 1;
        state.last
    }

    /// Keeps a new session, and asks for its browser.
    pub(crate) fn begin(&self, id: &SessionId, wanted: tandem_session::Wanted, hosted: oneshot::Sender<()>) {
        let now = self.now();
        let language = wanted.claim.language.clone();
        let (session, effects) = Session::new(wanted, self.config.limits, now);
        let (created_at, windows, hosted) = (crate::store::unix_now(), HashMap::new(), Some(hosted));
        let live =
            Live { session, created_at, language, created: now, windows, is_for_rules: false, hosted, ended: None };
        let mut state = self.state();
        state.live.insert(id.clone(), live);
        self.carry_out(&mut state, id, effects, now);
    }

    /// Lets a session know what happened; `false` when there is none.
    pub(crate) fn handle(&self, id: &SessionId, event: Event) -> bool {
        self.handle_in(&mut self.state(), id, event)
    }

    pub(crate) fn handle_in(&self, state: &mut State, id: &SessionId, event: Event) -> bool {
        let now = self.now();
        let Some(live) = state.live.get_mut(id) else { return false };
        let effects = live.session.handle(event, now);
        self.carry_out(state, id, effects, now);
        true
    }

    /// Lets every session that is not over know.
    fn everywhere(&self, event: &Event) {
        let mut state = self.state();
        let ids: Vec<_> =
            state.live.iter().filter(|(_, live)| live.ended.is_none()).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.handle_in(&mut state, &id, event.clone());
        }
    }

    fn carry_out(&self, state: &mut State, id: &SessionId, effects: Vec<Effect>, now: Now) {
        let Some(live) = state.live.get_mut(id) else { return };
        for effect in effects {
            match effect {
                Effect::Tell { window, signal } => {
                    self.metrics.told(&signal);
                    if let Some(mailbox) = live.windows.get(&window) {
                        mailbox.post(ToPage::Signal(signal));
                    }
                }
                Effect::Probe { window } => {
                    if let Some(mailbox) = live.windows.get(&window) {
                        mailbox.post(ToPage::Probe);
                    }
                }
                Effect::Node { node, order } => state.components.order(&node, FromControl::Node { order }),
                Effect::Sfu { sfu, order } => state.components.order(&sfu, FromControl::Sfu { order }),
                Effect::Ticket { window, other, transfer } => {
                    let side = match other {
                        End::Node(_) => Side::Node,
                        End::Window(_) => Side::Page,
                    };
                    let is_sender = matches!(transfer, Transfer::Upload { .. });
                    let (from, to) = if is_sender { (Side::Page, side) } else { (side, Side::Page) };
                    let (sends, fetches) = state.files.issue(id, from, to, now, &self.shutdown).unzip();
                    let (ticket, theirs) = if is_sender { (sends, fetches) } else { (fetches, sends) };
                    let tell = |window: &Window, ticket: Option<String>| {
                        if let Some(mailbox) = live.windows.get(window) {
                            let signal = ServerSignal::Ticket { transfer, ticket: ticket.map(Private::new) };
                            mailbox.post(ToPage::Signal(signal));
                        }
                    };
                    tell(&window, ticket);
                    match (other, theirs) {
                        (End::Window(other), Some(ticket)) => tell(&other, Some(ticket)),
                        (End::Node(node), Some(ticket)) => {
                            let order = NodeOrder::File { session: id.clone(), transfer, ticket: Private::new(ticket) };
                            state.components.order(&node, FromControl::Node { order });
                        }
                        (_, None) => {}
                    }
                }
                Effect::Hosted => {
                    self.metrics.claim.observe(now.saturating_sub(live.created).as_secs_f64());
                    if let Some(hosted) = live.hosted.take() {
                        // Whoever asked may have given up, and then ends it.
                        let _ = hosted.send(());
                    }
                }
                Effect::Did { who, action } => {
                    if let Some(actor) = participant(&live.session, who) {
                        self.audit(live.session.company(), actor, action, Some(id), "");
                    }
                }
                Effect::Denied { who, reason, times } => {
                    if let (Some(actor), Some(why)) = (participant(&live.session, who), denied_word(reason)) {
                        let detail = format!("{why}, {times} times");
                        self.audit(live.session.company(), actor, Action::InputDenied, Some(id), detail);
                    }
                }
                Effect::Record { state } => {
                    self.keep(ToRecord::State { session: id.clone(), state });
                    if let Some(reason) = live.session.ended() {
                        let company = live.session.company();
                        self.audit(company, Actor::Tandem, Action::SessionEnded, Some(id), end_word(reason));
                    }
                }
                Effect::Forget => {
                    (live.ended, live.hosted) = (Some(now), None);
                    state.entrances.forget(id);
                    state.files.forget(id);
                }
            }
        }
    }

    /// Looks at a session of this company; those of others do not exist.
    pub(crate) fn with_session<T>(
        &self,
        id: &SessionId,
        company: &CompanyId,
        look: impl FnOnce(&Live) -> T,
    ) -> Option<T> {
        self.state().live.get(id).filter(|live| live.session.company() == company).map(look)
    }

    /// Whether somebody is in the session by this window.
    pub(crate) fn is_current(&self, id: &SessionId, window: Window) -> bool {
        self.state().live.get(id).is_some_and(|live| live.session.is_current(window))
    }

    /// A window's connection is gone.
    pub(crate) fn left(&self, id: &SessionId, window: Window) {
        let mut state = self.state();
        self.handle_in(&mut state, id, Event::Leave { window });
        if let Some(live) = state.live.get_mut(id) {
            live.windows.remove(&window);
        }
    }

    pub(crate) fn new_policy(&self, company: &CompanyId, policy: &tandem_protocol::policy::Policy) {
        let mut state = self.state();
        let follows = |live: &Live| live.session.company() == company && !live.is_for_rules;
        let of_company = state.live.iter().filter(|(_, live)| follows(live)).map(|(id, _)| id.clone());
        for id in of_company.collect::<Vec<_>>() {
            self.handle_in(&mut state, &id, Event::Policy { policy: Box::new(policy.clone()) });
        }
    }

    /// Lets one session that is there to try rules go by this policy; `false` for all others.
    pub(crate) fn try_policy(
        &self,
        id: &SessionId,
        company: &CompanyId,
        policy: tandem_protocol::policy::Policy,
    ) -> bool {
        let is_there = |live: &Live| live.is_for_rules && live.ended.is_none();
        self.with_session(id, company, is_there).unwrap_or(false)
            && self.handle(id, Event::Policy { policy: Box::new(policy) })
    }

    pub(crate) fn navigate(&self, id: &SessionId, company: &CompanyId, url: Private<String>) -> bool {
        let is_live = self.with_session(id, company, |live| live.ended.is_none()).unwrap_or(false);
        is_live && self.handle(id, Event::Navigate { url })
    }

    // Components.

    fn change_components<T>(&self, change: impl FnOnce(&mut Components) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state.components);
        let (missing, (nodes, sfus)) = (state.components.missing(), state.components.counts());
        drop(state);
        self.metrics.components(nodes, sfus);
        self.ready.send_if_modified(|before| std::mem::replace(before, missing.into()) != missing);
        result
    }

    pub(crate) fn register(
        &self,
        name: &NodeName,
        component: Component,
        link: Link,
        orders: Mailbox<ToComponent>,
    ) -> Registration {
        let now = self.now();
        let registration = self.change_components(|all| all.register(name.clone(), component, link, orders, now));
        if component == Component::Sfu && registration != Registration::Taken {
            self.everywhere(&Event::SfuCame { sfu: name.clone() });
        }
        registration
    }

    pub(crate) fn unlink(&self, name: &NodeName, link: Link) {
        self.change_components(|all| all.unlink(name, link));
    }

    pub(crate) fn heard(&self, name: &NodeName, link: Link) {
        let now = self.now();
        self.state().components.heard(name, link, now);
    }

    /// A node's report. One about a session that nobody knows, as after a restart, lets that session go.
    pub(crate) fn node_said(&self, name: &NodeName, report: NodeReport) {
        let session = match &report {
            NodeReport::Slots { total, free, ready } => return self.slots(name, *total, *free, *ready),
            NodeReport::Claimed { session }
            | NodeReport::Refused { session, .. }
            | NodeReport::Offer { session, .. }
            | NodeReport::Tabs { session, .. }
            | NodeReport::Active { session }
            | NodeReport::Denied { session, .. }
            | NodeReport::Ended { session, .. } => session.clone(),
        };
        if let NodeReport::Refused { message, .. } = &report {
            tracing::warn!(%name, "claim refused: {message}");
        }
        let held = !matches!(report, NodeReport::Refused { .. } | NodeReport::Ended { .. });
        let mut state = self.state();
        if !self.handle_in(&mut state, &session, Event::Node { node: name.clone(), report }) && held {
            state.components.order(name, FromControl::Node { order: NodeOrder::Release { session } });
        }
    }

    fn slots(&self, name: &NodeName, total: u32, free: u32, ready: u32) {
        let is_back = self.change_components(|all| all.set_slots(name, total, free, ready));
        let held = |live: &Live| live.ended.is_none() && live.hosted.is_none() && live.session.node() == Some(name);
        let ours = self.state().live.values().filter(|live| held(live)).count();
        // A node that was started again has its name, and none of its sessions.
        if is_back && (total.saturating_sub(free) as usize) < ours {
            tracing::warn!(%name, "the node came back without its sessions");
            self.everywhere(&Event::NodeLost { node: name.clone() });
        }
    }

    pub(crate) fn sfu_said(&self, name: &NodeName, report: SfuReport) {
        let session = match &report {
            SfuReport::Answer { session, .. } | SfuReport::Connection { session, .. } => session.clone(),
            SfuReport::Refused { session, message, .. } => {
                tracing::warn!(%name, "connection refused: {message}");
                session.clone()
            }
        };
        let held = matches!(report, SfuReport::Answer { .. });
        let mut state = self.state();
        if !self.handle_in(&mut state, &session, Event::Sfu { sfu: name.clone(), report }) && held {
            state.components.order(name, FromControl::Sfu { order: SfuOrder::Close { session } });
        }
    }

    /// A component's lease ran out.
    fn lost(&self, name: NodeName, component: Component) {
        tracing::warn!(%name, "a component's lease ran out");
        match component {
            Component::Node { .. } => self.everywhere(&Event::NodeLost { node: name }),
            Component::Sfu => {
                let other = self.state().choose_sfu();
                self.everywhere(&Event::SfuLost { sfu: name, other });
            }
        }
    }

    /// Once a second.
    pub(crate) fn tick(&self) {
        let now = self.now();
        self.everywhere(&Event::Tick);
        for (name, component) in self.change_components(|components| components.expire(now)) {
            self.lost(name, component);
        }
        self.lockouts().expire(now);
        self.asked().expire(now);
        let mut state = self.state();
        let State { live, entrances, calls, files, .. } = &mut *state;
        live.retain(|_, live| live.ended.is_none_or(|at| now.saturating_sub(at) < REMEMBERED));
        entrances.expire(now, |session| live.contains_key(session));
        calls.expire(now);
        files.expire(now);
        let states: Vec<_> = live.values().map(|live| live.session.state()).collect();
        self.metrics.sessions(&states);
    }

    /// For `/debug/state`: nothing in it is private.
    pub(crate) fn debug_state(&self) -> serde_json::Value {
        let state = self.state();
        let windows: usize = state.live.values().map(|live| live.windows.len()).sum();
        let running = state.live.values().filter(|live| live.ended.is_none()).count();
        serde_json::json!({
            "sessions": { "running": running, "remembered": state.live.len() - running },
            "windows": windows,
            "components": state.components.debug_state(),
        })
    }

    pub(crate) fn refused(&self, reason: Refusal) -> ServerSignal {
        let signal = ServerSignal::Refused { reason };
        self.metrics.told(&signal);
        signal
    }
}

/// Somebody in a session, as the audit names them.
fn participant(session: &Session, who: ParticipantId) -> Option<Actor> {
    let person = session.people().into_iter().find(|person| person.id == who)?;
    Some(Actor::Participant { role: person.role, name: person.name })
}

/// As the audit tells what was refused; nothing of what is a matter of manners.
fn denied_word(reason: Denied) -> Option<&'static str> {
    match reason {
        Denied::Role => Some("without the right"),
        Denied::Masked => Some("on what is hidden"),
        Denied::Blocked => Some("on what only the customer presses"),
        Denied::Site => Some("a site that is not allowed"),
        Denied::Typing => Some("while the customer typed something hidden"),
        Denied::Busy | Denied::Shortcut | Denied::Address | Denied::Asked | Denied::Tabs | Denied::Flood => None,
    }
}

/// As the audit tells why a session ended.
fn end_word(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Participant => "by somebody in it",
        EndReason::Api => "by the API",
        EndReason::Idle => "nobody was there or did anything",
        EndReason::TooLong => "it took the longest time",
        EndReason::Node => "its browser broke down",
        EndReason::NotConfirmed => "the check words were not the same",
        EndReason::HandedOver | EndReason::Removed => "nobody was left",
    }
}

impl State {
    pub(crate) fn choose_sfu(&self) -> Option<NodeName> {
        let serves =
            |name: &NodeName| self.live.values().filter(|l| l.ended.is_none() && l.session.sfu() == Some(name)).count();
        self.components.sfu(serves)
    }
}

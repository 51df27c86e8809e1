//! Everything live: sessions, the pages in them, the components that serve them. One lock, held for no I/O.

use crate::Config;
use crate::components::Components;
use crate::metrics::Metrics;
use crate::rates::Rates;
use crate::store::{Person, Store};
use crate::tokens::{Expiring, Hashed, hashed, new_pin, new_secret, new_session_id};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tandem_protocol::control::{Claim, FromControl, NodeOrder, Peer, PeerName, SfuOrder};
use tandem_protocol::notice::Tab;
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::{EndReason, Refusal, ServerSignal, SessionState};
use tandem_protocol::{CompanyId, NodeName, ParticipantId, Private, Role, SessionId};
use tandem_session::{Entered, Now, Session, Window};
use tokio::sync::{mpsc, oneshot, watch};

/// How long a link can be used that nobody has.
const TOKEN_LIFE: Duration = Duration::from_secs(2 * 3600);
/// How long a node may take to give a session its browser.
const CLAIM_PATIENCE: Duration = Duration::from_secs(35);
/// How long a signed-in agent stays so.
const COOKIE_LIFE: Duration = Duration::from_secs(12 * 3600);
/// What is over is remembered for so long, for whoever asks.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What a one-time token lets somebody become.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    session: SessionId,
    role: Role,
    name: String,
}

pub(crate) struct Live {
    pub(crate) session: Session,
    pub(crate) company: CompanyId,
    company_name: String,
    node: Option<NodeName>,
    sfu: Option<NodeName>,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) created_at: i64,
    windows: HashMap<Window, mpsc::Sender<ServerSignal>>,
    claim: Option<oneshot::Sender<Result<(), String>>>,
    ended: Option<Now>,
}

#[derive(Default)]
struct State {
    live: HashMap<SessionId, Live>,
    tickets: Expiring<Hashed, Ticket>,
    resumes: Expiring<Hashed, (SessionId, ParticipantId)>,
    pins: Expiring<(CompanyId, String), SessionId>,
    cookies: Expiring<Hashed, Person>,
    components: Components,
    last: u64,
}

pub(crate) struct Hub {
    pub(crate) config: Config,
    pub(crate) public_url: String,
    pub(crate) store: Store,
    pub(crate) metrics: Metrics,
    state: Mutex<State>,
    rates: Mutex<HubRates>,
    ready: watch::Sender<String>,
    start: Instant,
}

struct HubRates {
    pins: Rates<IpAddr>,
    pins_of_company: Rates<CompanyId>,
    sign_ins: Rates<IpAddr>,
    joins: Rates<IpAddr>,
}

/// Why the API could not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no node can take another session now; try again later")]
    NoCapacity,
    #[error("there is no such session")]
    NotFound,
    #[error("invalid PIN")]
    InvalidPin,
    #[error("too many attempts; try again later")]
    TooMany,
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

/// A window that has joined.
pub(crate) struct Joined {
    pub(crate) session: SessionId,
    pub(crate) who: ParticipantId,
}

/// A new session's secrets.
pub(crate) struct Created {
    pub(crate) id: SessionId,
    pub(crate) pin: String,
    pub(crate) customer_url: String,
    pub(crate) agent_url: String,
}

/// What a session is to be.
pub(crate) struct Wanted {
    pub(crate) company: CompanyId,
    pub(crate) company_name: String,
    pub(crate) agent: Option<String>,
    pub(crate) start_host: String,
    pub(crate) claim: Claim,
}

impl Hub {
    pub(crate) fn new(
        config: Config,
        public_url: String,
        store: Store,
        metrics: Metrics,
    ) -> (Arc<Hub>, watch::Receiver<String>) {
        let (ready, seen) = watch::channel("no node and no SFU have registered yet".to_owned());
        let minute = Duration::from_secs(60);
        let rates = HubRates {
            pins: Rates::new(10, minute * 10),
            pins_of_company: Rates::new(100, minute * 10),
            sign_ins: Rates::new(10, minute),
            joins: Rates::new(60, minute),
        };
        let (state, rates) = (Mutex::default(), Mutex::new(rates));
        (Arc::new(Hub { config, public_url, store, metrics, state, rates, ready, start: Instant::now() }), seen)
    }

    pub(crate) fn now(&self) -> Now {
        self.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rates(&self) -> MutexGuard<'_, HubRates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next(&self) -> u64 {
        let mut state = self.state();
        state.last += 1;
        state.last
    }

    /// For `/debug/state`: numbers alone.
    pub(crate) fn debug_state(&self) -> serde_json::Value {
        let state = self.state();
        let windows: usize = state.live.values().map(|live| live.windows.len()).sum();
        serde_json::json!({ "sessions": state.live.len(), "windows": windows, "components": state.components.len() })
    }

    // Sessions.

    /// Creates a session; answers when a node has given it a browser.
    pub(crate) async fn create(&self, wanted: Wanted) -> Result<Created, Failure> {
        let id = new_session_id();
        self.store.add_session(&id, &wanted.company, &wanted.start_host, wanted.agent.as_deref()).await?;
        let (nodes, sfu) = {
            let state = self.state();
            (state.components.nodes(), state.components.sfu())
        };
        let claimed = match sfu {
            Some(sfu) => self.claim_one_of(&id, &wanted, nodes, sfu).await,
            None => Err(Failure::NoCapacity),
        };
        if let Err(failure) = claimed {
            self.store.end_session(&id, SessionState::Failed).await?;
            return Err(failure);
        }
        let (pin, customer, agent) = (new_pin(), new_secret(), new_secret());
        let now = self.now();
        let mut state = self.state();
        state.pins.insert((wanted.company.clone(), pin.clone()), id.clone(), now + self.config.pin_life);
        let ticket = |role, name: &str| Ticket { session: id.clone(), role, name: name.into() };
        state.tickets.insert(hashed(&customer), ticket(Role::Customer, "Customer"), now + TOKEN_LIFE);
        let agent_name = wanted.agent.as_deref().unwrap_or("Agent");
        state.tickets.insert(hashed(&agent), ticket(Role::Agent, agent_name), now + TOKEN_LIFE);
        drop(state);
        let customer_url = self.customer_url(&wanted.company, &customer);
        Ok(Created { id, pin, customer_url, agent_url: self.agent_url(&agent) })
    }

    /// Tokens stand in the fragment: it reaches no server and no log.
    fn customer_url(&self, company: &CompanyId, token: &str) -> String {
        format!("{}/c/{company}#t={token}", self.public_url)
    }

    fn agent_url(&self, token: &str) -> String {
        format!("{}/agent#t={token}", self.public_url)
    }

    async fn claim_one_of(
        &self,
        id: &SessionId,
        wanted: &Wanted,
        nodes: Vec<NodeName>,
        sfu: NodeName,
    ) -> Result<(), Failure> {
        for node in nodes {
            let (answer, answered) = oneshot::channel();
            {
                let mut state = self.state();
                let live = Live {
                    session: Session::new(self.config.limits, self.now()),
                    company: wanted.company.clone(),
                    company_name: wanted.company_name.clone(),
                    node: Some(node.clone()),
                    sfu: Some(sfu.clone()),
                    tabs: Vec::new(),
                    created_at: crate::store::unix_now(),
                    windows: HashMap::new(),
                    claim: Some(answer),
                    ended: None,
                };
                state.live.insert(id.clone(), live);
                let order = NodeOrder::Claim { session: id.clone(), claim: wanted.claim.clone() };
                state.components.order(&node, FromControl::Node { order });
            }
            match tokio::time::timeout(CLAIM_PATIENCE, answered).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(message))) => tracing::warn!(%node, "claim refused: {message}"),
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!(%node, "claim not answered");
                    let order = NodeOrder::Release { session: id.clone() };
                    self.state().components.order(&node, FromControl::Node { order });
                }
            }
            self.state().live.remove(id);
        }
        Err(Failure::NoCapacity)
    }

    /// Looks at a session of this company.
    pub(crate) fn with_session<T>(
        &self,
        id: &SessionId,
        company: &CompanyId,
        look: impl FnOnce(&Live) -> T,
    ) -> Result<T, Failure> {
        let state = self.state();
        state.live.get(id).filter(|live| live.company == *company).map(look).ok_or(Failure::NotFound)
    }

    /// The state of each session that is remembered.
    pub(crate) fn session_state(&self, id: &SessionId) -> Option<SessionState> {
        self.state().live.get(id).map(|live| live.session.state())
    }

    pub(crate) fn navigate(&self, id: &SessionId, company: &CompanyId, url: Private<String>) -> Result<(), Failure> {
        let mut state = self.state();
        let live = state
            .live
            .get_mut(id)
            .filter(|live| live.company == *company && live.ended.is_none())
            .ok_or(Failure::NotFound)?;
        let node = live.node.clone().ok_or(Failure::NotFound)?;
        state.components.order(&node, FromControl::Node { order: NodeOrder::Navigate { session: id.clone(), url } });
        Ok(())
    }

    /// A new link for a signed-in agent into one of the company's sessions.
    pub(crate) fn agent_link(&self, id: &SessionId, company: &CompanyId, name: &str) -> Result<String, Failure> {
        let now = self.now();
        let mut state = self.state();
        state.live.get(id).filter(|live| live.company == *company && live.ended.is_none()).ok_or(Failure::NotFound)?;
        let token = new_secret();
        let ticket = Ticket { session: id.clone(), role: Role::Agent, name: name.into() };
        state.tickets.insert(hashed(&token), ticket, now + TOKEN_LIFE);
        Ok(self.agent_url(&token))
    }

    /// A PIN for the customer's link. Wrong, foreign, used and expired ones get one and the same answer.
    pub(crate) fn redeem(&self, company: &CompanyId, pin: &str, from: IpAddr) -> Result<String, Failure> {
        let now = self.now();
        {
            let mut rates = self.rates();
            if !rates.pins.take(from, now) || !rates.pins_of_company.take(company.clone(), now) {
                return Err(Failure::TooMany);
            }
        }
        let digits: String = pin.chars().filter(char::is_ascii_digit).collect();
        let mut state = self.state();
        let session = state.pins.take(&(company.clone(), digits), now).ok_or(Failure::InvalidPin)?;
        let token = new_secret();
        let ticket = Ticket { session, role: Role::Customer, name: "Customer".into() };
        state.tickets.insert(hashed(&token), ticket, now + TOKEN_LIFE);
        Ok(self.customer_url(company, &token))
    }

    pub(crate) fn new_policy(&self, company: &CompanyId, policy: &Policy) {
        let state = self.state();
        for (id, live) in state.live.iter().filter(|(_, live)| live.company == *company && live.ended.is_none()) {
            if let Some(node) = &live.node {
                let order = NodeOrder::Policy { session: id.clone(), policy: policy.clone() };
                state.components.order(node, FromControl::Node { order });
            }
        }
    }

    // Signed-in people.

    pub(crate) fn may_sign_in(&self, from: IpAddr) -> bool {
        let now = self.now();
        self.rates().sign_ins.take(from, now)
    }

    pub(crate) fn new_cookie(&self, person: Person) -> String {
        let (secret, now) = (new_secret(), self.now());
        self.state().cookies.insert(hashed(&secret), person, now + COOKIE_LIFE);
        secret
    }

    pub(crate) fn of_cookie(&self, secret: &str) -> Option<Person> {
        let now = self.now();
        self.state().cookies.get(&hashed(secret), now).cloned()
    }

    pub(crate) fn forget_cookie(&self, secret: &str) {
        let now = self.now();
        self.state().cookies.take(&hashed(secret), now);
    }

    // Pages.

    pub(crate) fn may_join(&self, from: IpAddr) -> bool {
        let now = self.now();
        self.rates().joins.take(from, now)
    }

    /// Lets a window in, by a token (which is used up) or by its resume key.
    pub(crate) fn join(
        &self,
        token: Option<&str>,
        resume: Option<&str>,
        take_over: bool,
        window: Window,
        to: mpsc::Sender<ServerSignal>,
    ) -> Result<Joined, Refusal> {
        let now = self.now();
        let mut state = self.state();
        let (session, who, key) = match (token, resume) {
            (Some(token), _) => {
                let ticket = state.tickets.take(&hashed(token), now).ok_or(Refusal::InvalidLink)?;
                let live = state.live.get_mut(&ticket.session).ok_or(Refusal::InvalidLink)?;
                let who = live.session.add(ticket.role, ticket.name)?;
                let key = new_secret();
                state.resumes.insert(hashed(&key), (ticket.session.clone(), who), now + self.config.limits.longest);
                (ticket.session, who, key)
            }
            (None, Some(key)) => {
                let (session, who) = state.resumes.get(&hashed(key), now).cloned().ok_or(Refusal::InvalidLink)?;
                (session, who, key.to_owned())
            }
            (None, None) => return Err(Refusal::InvalidLink),
        };
        let live = state.live.get_mut(&session).ok_or(Refusal::InvalidLink)?;
        match live.session.enter(who, window, take_over, now)? {
            Entered::Here => {}
            Entered::Instead(old) => {
                if let Some(old) = live.windows.remove(&old) {
                    let _ = old.try_send(ServerSignal::TakenOver);
                }
            }
            Entered::Elsewhere => {
                let _ = to.try_send(ServerSignal::Elsewhere);
                return Ok(Joined { session, who });
            }
        }
        let joined = ServerSignal::Joined {
            session: session.clone(),
            company: live.company.clone(),
            company_name: live.company_name.clone(),
            participant: who,
            role: live.session.role(who).unwrap_or(Role::Customer),
            resume: key.into(),
            ice_servers: Vec::new(),
        };
        let _ = to.try_send(joined);
        live.windows.insert(window, to);
        live.tell_everyone();
        Ok(Joined { session, who })
    }

    /// A window closed or lost its connection.
    pub(crate) fn leave(&self, joined: &Joined, window: Window) {
        let now = self.now();
        if let Some(live) = self.state().live.get_mut(&joined.session) {
            live.windows.remove(&window);
            if live.session.leave(joined.who, window, now) {
                live.tell_everyone();
            }
        }
    }

    pub(crate) fn accept(&self, joined: &Joined) -> Result<(), Refusal> {
        let now = self.now();
        let mut state = self.state();
        let live = state.live.get_mut(&joined.session).ok_or(Refusal::InvalidLink)?;
        live.session.accept(joined.who)?;
        live.session.active(now);
        live.tell_everyone();
        Ok(())
    }

    /// Passes a page's offer to the SFU, once the node knows whom to obey.
    pub(crate) fn offer(&self, joined: &Joined, window: Window, sdp: Private<String>) -> Result<(), Refusal> {
        let state = self.state();
        let live = state.live.get(&joined.session).ok_or(Refusal::InvalidLink)?;
        let role = live.session.may_see(joined.who, window)?;
        let (Some(node), Some(sfu)) = (&live.node, &live.sfu) else { return Err(Refusal::NoCapacity) };
        let (session, participant) = (joined.session.clone(), joined.who);
        state
            .components
            .order(node, FromControl::Node { order: NodeOrder::Admit { session: session.clone(), participant, role } });
        let order = SfuOrder::Join { session, peer: Peer::Subscriber { participant, role }, sdp };
        if state.components.order(sfu, FromControl::Sfu { order }) { Ok(()) } else { Err(Refusal::NoCapacity) }
    }

    // Components.

    pub(crate) fn components<T>(&self, change: impl FnOnce(&mut Components) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state.components);
        self.metrics.components.set(state.components.len() as i64);
        let missing = match (state.components.nodes().is_empty(), state.components.sfu().is_none()) {
            (_, true) => "no SFU has registered",
            (true, false) => "no node has room for a session",
            (false, false) => "",
        };
        drop(state);
        self.ready.send_if_modified(|before| std::mem::replace(before, missing.into()) != missing);
        result
    }

    /// Passes something on to the SFU of a session.
    pub(crate) fn to_sfu(&self, session: &SessionId, order: SfuOrder) {
        let state = self.state();
        if let Some(sfu) = state.live.get(session).and_then(|live| live.sfu.as_ref()) {
            state.components.order(sfu, FromControl::Sfu { order });
        }
    }

    /// Passes something on to the node of a session.
    pub(crate) fn to_node(&self, session: &SessionId, order: NodeOrder) {
        let state = self.state();
        if let Some(node) = state.live.get(session).and_then(|live| live.node.as_ref()) {
            state.components.order(node, FromControl::Node { order });
        }
    }

    /// Whether this component serves this session: a component speaks for its own sessions alone.
    pub(crate) fn serves(&self, session: &SessionId, name: &NodeName) -> bool {
        let state = self.state();
        state.live.get(session).is_some_and(|live| live.node.as_ref() == Some(name) || live.sfu.as_ref() == Some(name))
    }

    pub(crate) fn claim_answered(&self, session: &SessionId, answer: Result<(), String>) {
        let answered = self.state().live.get_mut(session).and_then(|live| live.claim.take());
        if let Some(claim) = answered {
            // Whoever asked may have given up.
            let _ = claim.send(answer);
        }
    }

    pub(crate) fn tabs(&self, session: &SessionId, tabs: Vec<Tab>) {
        if let Some(live) = self.state().live.get_mut(session) {
            live.tabs = tabs;
        }
    }

    pub(crate) fn is_active(&self, session: &SessionId) {
        let now = self.now();
        if let Some(live) = self.state().live.get_mut(session) {
            live.session.active(now);
        }
    }

    /// Tells one participant's page something.
    pub(crate) fn tell(&self, session: &SessionId, who: ParticipantId, signal: ServerSignal) {
        let state = self.state();
        let Some(live) = state.live.get(session) else { return };
        for (window, to) in &live.windows {
            if live.session.is_window_of(who, *window) {
                let _ = to.try_send(signal.clone());
            }
        }
    }

    /// A component is gone: what it served ends, or looks for another.
    pub(crate) fn lost(&self, name: &NodeName) {
        let mut of_node = Vec::new();
        {
            let state = self.state();
            for (id, live) in state.live.iter().filter(|(_, live)| live.ended.is_none()) {
                if live.node.as_ref() == Some(name) {
                    of_node.push(id.clone());
                }
            }
        }
        for id in of_node {
            self.end(&id, EndReason::Node);
        }
        let mut state = self.state();
        let other = state.components.sfu();
        for live in state.live.values_mut().filter(|live| live.sfu.as_ref() == Some(name)) {
            live.sfu.clone_from(&other);
        }
    }

    /// An SFU came: sessions without one, or of the same name, connect anew.
    pub(crate) fn sfu_came(&self, name: &NodeName) {
        let mut state = self.state();
        let State { live, components, .. } = &mut *state;
        for (id, live) in live.iter_mut().filter(|(_, live)| live.ended.is_none()) {
            if live.sfu.is_none() || live.sfu.as_ref() == Some(name) {
                live.sfu = Some(name.clone());
                if let Some(node) = &live.node {
                    components.order(node, FromControl::Node { order: NodeOrder::Reconnect { session: id.clone() } });
                }
                live.broadcast(&ServerSignal::Reconnect);
            }
        }
    }

    // Ends.

    /// Ends a session, wherever it is: its people are told, its browser and its room deleted, its secrets forgotten.
    pub(crate) fn end(&self, id: &SessionId, reason: EndReason) -> bool {
        let now = self.now();
        let mut state = self.state();
        let State { live: sessions, components, tickets, resumes, pins, .. } = &mut *state;
        let Some(live) = sessions.get_mut(id).filter(|live| live.ended.is_none()) else { return false };
        live.session.end(reason);
        live.ended = Some(now);
        let url = live.tabs.iter().find(|tab| tab.active).map(|tab| tab.url.clone());
        for person in live.session.people() {
            // Where it ended is the customer's to know.
            let url = url.clone().filter(|_| person.role == Role::Customer);
            for (window, to) in &live.windows {
                if live.session.is_window_of(person.id, *window) {
                    let _ = to.try_send(ServerSignal::State { state: live.session.state() });
                    let _ = to.try_send(ServerSignal::Ended { reason, url: url.clone() });
                }
            }
        }
        live.windows.clear();
        live.tabs.clear();
        if let Some(node) = &live.node {
            components.order(node, FromControl::Node { order: NodeOrder::Release { session: id.clone() } });
        }
        if let Some(sfu) = &live.sfu {
            components.order(sfu, FromControl::Sfu { order: SfuOrder::Close { session: id.clone() } });
        }
        tickets.retain(now, |ticket| ticket.session != *id);
        resumes.retain(now, |(session, _)| session != id);
        pins.retain(now, |session| session != id);
        let (store, id, ended) = (self.store.clone(), id.clone(), live.session.state());
        drop(state);
        tokio::spawn(async move {
            if let Err(error) = store.end_session(&id, ended).await {
                tracing::error!(%error, "the end of a session was not recorded");
            }
        });
        true
    }

    /// Once a second.
    pub(crate) fn tick(&self) {
        let now = self.now();
        let overdue: Vec<_> =
            self.state().live.iter().filter_map(|(id, live)| Some((id.clone(), live.session.overdue(now)?))).collect();
        for (id, reason) in overdue {
            self.end(&id, reason);
        }
        for name in self.components(|components| components.expire(now)) {
            tracing::warn!(%name, "a component's lease ran out");
            self.lost(&name);
        }
        let mut state = self.state();
        state.live.retain(|_, live| live.ended.is_none_or(|at| now.saturating_sub(at) < REMEMBERED));
        let states: Vec<_> = state.live.values().map(|live| live.session.state()).collect();
        self.metrics.sessions(&states);
    }

    /// A participant ends the session: the customer always, an agent too.
    pub(crate) fn end_by(&self, joined: &Joined) {
        self.end(&joined.session, EndReason::Participant);
    }

    /// The SFU lost a participant's connection: their page makes another.
    pub(crate) fn reconnect(&self, session: &SessionId, peer: PeerName) {
        match peer {
            PeerName::Publisher => self.to_node(session, NodeOrder::Reconnect { session: session.clone() }),
            PeerName::Participant { id } => self.tell(session, id, ServerSignal::Reconnect),
        }
    }
}

impl Live {
    fn broadcast(&self, signal: &ServerSignal) {
        for to in self.windows.values() {
            // A window that does not read is about to be cut off by its own connection.
            let _ = to.try_send(signal.clone());
        }
    }

    fn tell_everyone(&self) {
        self.broadcast(&ServerSignal::State { state: self.session.state() });
        self.broadcast(&ServerSignal::People { people: self.session.people() });
    }
}

//! How people come into sessions: creating one, links, PINs, and coming back.

use crate::hub::{Hub, Live, State, ToPage, ToRecord};
use crate::mailbox::Mailbox;
use crate::tokens::{Expiring, Hashed, hashed, new_pin, new_secret, new_session_id};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::api::{Action, Actor};
use tandem_protocol::control::Claim;
use tandem_protocol::signal::{Credential, Refusal};
use tandem_protocol::{CompanyId, ParticipantId, Private, Role, SessionId, limits};
use tandem_session::{Event, Now, Window};
use tokio::sync::oneshot;

/// How long a link can be used that nobody has.
const TOKEN_LIFE: Duration = Duration::from_secs(2 * 3600);

/// What opens sessions: hashes only, and only in memory, since a session does not outlive the process.
#[derive(Default)]
pub(crate) struct Entrances {
    tickets: Expiring<Hashed, Ticket>,
    resumes: Expiring<Hashed, (SessionId, ParticipantId)>,
    pins: Expiring<Hashed, SessionId>,
}

/// What a one-time token lets somebody become.
#[derive(Debug, Clone)]
struct Ticket {
    session: SessionId,
    role: Role,
    name: String,
}

impl Entrances {
    /// The session is over. Keys to come back are kept a while, to tell their owners that it is.
    pub(crate) fn forget(&mut self, id: &SessionId) {
        self.tickets.retain(|ticket| ticket.session != *id);
        self.pins.retain(|session| session != id);
    }

    pub(crate) fn expire(&mut self, now: Now, is_known: impl Fn(&SessionId) -> bool) {
        self.tickets.expire(now);
        self.pins.expire(now);
        self.resumes.retain(|(session, _)| is_known(session));
    }

    fn new_ticket(&mut self, session: &SessionId, role: Role, name: &str, now: Now) -> String {
        let token = new_secret();
        let name = name.chars().take(limits::NAME).collect();
        self.tickets.insert(hashed(&token), Ticket { session: session.clone(), role, name }, now + TOKEN_LIFE);
        token
    }

    fn new_pin(&mut self, session: &SessionId, company: &CompanyId, now: Now, life: Duration) -> String {
        loop {
            let pin = new_pin();
            let key = pin_key(company, &pin);
            if self.pins.get(&key, now).is_none() {
                self.pins.insert(key, session.clone(), now + life);
                return pin;
            }
        }
    }
}

/// A PIN opens nothing without its company.
fn pin_key(company: &CompanyId, pin: &str) -> Hashed {
    hashed(&format!("{company}/{pin}"))
}

/// Why the API could not do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no node can take another session now; try again later")]
    NoCapacity,
    #[error("there is no such session")]
    NotFound,
    #[error("the session is over")]
    Over,
    #[error("invalid PIN")]
    InvalidPin,
    #[error("too many attempts; try again later")]
    TooMany,
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

/// What a session is to be.
pub(crate) struct Wanted {
    pub(crate) company: CompanyId,
    pub(crate) company_name: String,
    pub(crate) agent: Option<String>,
    pub(crate) start_host: String,
    pub(crate) claim: Claim,
    /// Whoever asks for it is both people in it, to try rules: nobody comes in by a PIN.
    pub(crate) is_for_rules: bool,
}

/// A new session's secrets.
pub(crate) struct Created {
    pub(crate) id: SessionId,
    pub(crate) pin: String,
    pub(crate) customer_url: String,
    pub(crate) agent_url: String,
}

/// Ends a session that nobody waits for any more: its links were never given out.
struct Unclaimed<'a>(Option<(&'a Hub, SessionId)>);

impl Drop for Unclaimed<'_> {
    fn drop(&mut self) {
        if let Some((hub, id)) = self.0.take() {
            hub.handle(&id, Event::Delete);
        }
    }
}

impl Hub {
    /// Creates a session; answers when a node has given it a browser.
    pub(crate) async fn create(self: &Arc<Self>, wanted: Wanted) -> Result<Created, Failure> {
        let (nodes, sfu) = {
            let state = self.state();
            (state.components.nodes(), state.choose_sfu().ok_or(Failure::NoCapacity)?)
        };
        if nodes.is_empty() {
            return Err(Failure::NoCapacity);
        }
        let id = new_session_id();
        let Wanted { company, company_name, agent, start_host, claim, is_for_rules } = wanted;
        self.store.add_session(&id, &company, &start_host, agent.as_deref()).await?;
        let (hosted, answered) = oneshot::channel();
        let begun =
            tandem_session::Wanted { id: id.clone(), company: company.clone(), company_name, claim, nodes, sfu };
        self.begin(&id, begun, hosted);
        let mut unclaimed = Unclaimed(Some((self, id.clone())));
        answered.await.map_err(|_| Failure::NoCapacity)?;
        let now = self.now();
        let mut state = self.state();
        match state.live.get_mut(&id).filter(|live| live.session.ended().is_none()) {
            Some(live) => live.is_for_rules = is_for_rules,
            None => return Err(Failure::NoCapacity),
        }
        let pin = match is_for_rules {
            true => String::new(),
            false => state.entrances.new_pin(&id, &company, now, self.config.pin_life),
        };
        let customer = state.entrances.new_ticket(&id, Role::Customer, "Customer", now);
        let agent = state.entrances.new_ticket(&id, Role::Agent, agent.as_deref().unwrap_or("Agent"), now);
        drop(state);
        unclaimed.0 = None;
        Ok(Created { id, pin, customer_url: self.customer_url(&company, &customer), agent_url: self.agent_url(&agent) })
    }

    /// Tokens stand in the fragment: it reaches no server and no log, and a preview of the link does not use it up.
    fn customer_url(&self, company: &CompanyId, token: &str) -> String {
        format!("{}/c/{company}#t={token}", self.public_url)
    }

    fn agent_url(&self, token: &str) -> String {
        format!("{}/agent#t={token}", self.public_url)
    }

    /// A new link for an agent into one of the company's sessions.
    pub(crate) fn agent_link(
        &self,
        id: &SessionId,
        company: &CompanyId,
        role: Role,
        name: &str,
    ) -> Result<String, Failure> {
        let now = self.now();
        let mut state = self.state();
        let is_open = |live: &&Live| live.session.ended().is_none() && !live.is_for_rules;
        let live = state.live.get(id).filter(|live| live.session.company() == company).filter(is_open);
        live.ok_or(Failure::NotFound)?;
        let token = state.entrances.new_ticket(id, role, name, now);
        Ok(self.agent_url(&token))
    }

    /// A PIN for the customer's link. Wrong, foreign, used and expired ones get one and the same answer.
    pub(crate) fn redeem(&self, company: &CompanyId, pin: &str, from: IpAddr) -> Result<String, Failure> {
        let now = self.now();
        if !self.rates().may_redeem(from, company, now) {
            return Err(Failure::TooMany);
        }
        let digits: String = pin.chars().filter(char::is_ascii_digit).take(10).collect();
        let mut state = self.state();
        let session = state.entrances.pins.take(&pin_key(company, &digits), now).ok_or(Failure::InvalidPin)?;
        let token = state.entrances.new_ticket(&session, Role::Customer, "Customer", now);
        Ok(self.customer_url(company, &token))
    }

    /// A window asks to join; what becomes of it, it is told. Gives the session it is about.
    pub(crate) fn join(
        &self,
        credential: &Credential,
        take_over: bool,
        window: Window,
        to: Mailbox<ToPage>,
    ) -> Result<SessionId, Refusal> {
        let now = self.now();
        let mut state = self.state();
        let (id, who, resume) = match credential {
            Credential::Token { token } => self.use_up(&mut state, token, now)?,
            Credential::Resume { key } => {
                let (id, who) =
                    state.entrances.resumes.get(&hashed(key.reveal()), now).cloned().ok_or(Refusal::InvalidLink)?;
                (id, who, key.clone())
            }
        };
        let live = state.live.get_mut(&id).ok_or(Refusal::InvalidLink)?;
        live.windows.insert(window, to);
        self.handle_in(&mut state, &id, Event::Join { who, window, take_over, resume });
        Ok(id)
    }

    fn use_up(
        &self,
        state: &mut State,
        token: &Private<String>,
        now: Now,
    ) -> Result<(SessionId, ParticipantId, Private<String>), Refusal> {
        let ticket = state.entrances.tickets.take(&hashed(token.reveal()), now).ok_or(Refusal::InvalidLink)?;
        let live = state.live.get_mut(&ticket.session).ok_or(Refusal::InvalidLink)?;
        let (role, name) = (ticket.role, Private::new(ticket.name.clone()));
        let who = live.session.add(role, ticket.name)?;
        let company = live.session.company();
        let joined = live.session.people().into_iter().find(|person| person.id == who);
        if let Some(who) = joined {
            self.keep(ToRecord::Joined { session: ticket.session.clone(), who });
        }
        self.audit(company, Actor::Participant { role, name }, Action::SessionJoined, Some(&ticket.session), "");
        let key = new_secret();
        state.entrances.resumes.insert(
            hashed(&key),
            (ticket.session.clone(), who),
            now + self.config.limits.longest * 2,
        );
        Ok((ticket.session, who, key.into()))
    }
}

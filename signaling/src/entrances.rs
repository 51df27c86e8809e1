//! How people come into sessions: creating one, links, the agents' PINs, and coming back.

use crate::hub::{Hub, Live, State, ToPage, ToRecord};
use crate::mailbox::Mailbox;
use crate::pins::{Pin, Pins, Place, Refused, Trier};
use crate::tokens::{Expiring, Hashed, hashed, new_secret, new_session_id};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::api::{Action, Actor, CompanySites};
use tandem_protocol::control::Claim;
use tandem_protocol::signal::{Credential, Refusal};
use tandem_protocol::{CompanyId, ParticipantId, PersonId, Private, Rights, Role, SessionId, limits};
use tandem_session::{Comparer, Event, Guest, Now, Window};
use tokio::sync::oneshot;

/// How long a link can be used that nobody has.
const TOKEN_LIFE: Duration = Duration::from_secs(2 * 3600);

/// What opens sessions: hashes only, and only in memory, since a session does not outlive the process.
#[derive(Default)]
pub(crate) struct Entrances {
    tickets: Expiring<Hashed, Ticket>,
    resumes: Expiring<Hashed, (SessionId, ParticipantId)>,
    /// Those that agents read out.
    pins: Pins<SessionId>,
}

/// What a one-time token lets somebody become.
#[derive(Debug, Clone)]
struct Ticket {
    session: SessionId,
    guest: Guest,
}

/// Whoever is to be helped.
pub(crate) fn customer() -> Guest {
    Guest { role: Role::Customer, name: "Customer".into(), rights: Rights::ALL, account: None, takes_over: false }
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

    /// What links that nobody has used yet are worth, when a role has changed.
    pub(crate) fn renew(&mut self, account: &PersonId, rights: Rights) {
        for ticket in self.tickets.values_mut().filter(|ticket| ticket.guest.account.as_ref() == Some(account)) {
            ticket.guest.rights = rights;
        }
    }

    pub(crate) fn new_ticket(&mut self, session: &SessionId, mut guest: Guest, now: Now) -> String {
        let token = new_secret();
        guest.name = guest.name.chars().take(limits::NAME).collect();
        self.tickets.insert(hashed(&token), Ticket { session: session.clone(), guest }, now + TOKEN_LIFE);
        token
    }
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
    #[error("somebody is guessing PINs: enter the further digits as well")]
    MorePin,
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
    pub(crate) asks_for_control: bool,
    pub(crate) claim: Claim,
    /// Whoever asks for it is both people in it, to try rules: nobody comes in by a PIN.
    pub(crate) is_for_rules: bool,
}

/// How a customer comes into a session to which an agent invites them.
pub(crate) struct Invitation {
    pub(crate) pin: Pin,
    pub(crate) customer_url: String,
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
    pub(crate) async fn create(self: &Arc<Self>, wanted: Wanted) -> Result<SessionId, Failure> {
        let (nodes, sfu) = {
            let state = self.state();
            (state.components.nodes(), state.choose_sfu().ok_or(Failure::NoCapacity)?)
        };
        if nodes.is_empty() {
            return Err(Failure::NoCapacity);
        }
        let id = new_session_id();
        let Wanted { company, company_name, agent, start_host, asks_for_control, claim, is_for_rules } = wanted;
        let sites = self.store.document::<CompanySites>(&company).await?.sites;
        self.store.add_session(&id, &company, &start_host, agent.as_deref()).await?;
        let (hosted, answered) = oneshot::channel();
        let begun = tandem_session::Wanted {
            id: id.clone(),
            company,
            company_name,
            sites,
            claim,
            asks_for_control,
            nodes,
            sfu,
        };
        self.begin(&id, begun, hosted);
        let mut unclaimed = Unclaimed(Some((self, id.clone())));
        answered.await.map_err(|_| Failure::NoCapacity)?;
        match self.state().live.get_mut(&id).filter(|live| live.session.ended().is_none()) {
            Some(live) => live.is_for_rules = is_for_rules,
            None => return Err(Failure::NoCapacity),
        }
        unclaimed.0 = None;
        Ok(id)
    }

    /// A PIN and a link for the customer. The PIN is good on the host by which people know us.
    pub(crate) fn invite(&self, id: &SessionId, company: &CompanyId) -> Result<Invitation, Failure> {
        let now = self.now();
        let place = Place { company: company.clone(), host: host_of(&self.public_url) };
        let mut state = self.state();
        let pin = state.entrances.pins.make(&place, id.clone(), now, self.config.pin_life, &mut rand::rng());
        let pin = pin.ok_or(Failure::TooMany)?;
        drop(state);
        Ok(Invitation { pin, customer_url: self.customer_link(id, company) })
    }

    pub(crate) fn customer_link(&self, id: &SessionId, company: &CompanyId) -> String {
        let now = self.now();
        let token = self.state().entrances.new_ticket(id, customer(), now);
        self.customer_url(company, &token)
    }

    /// Tokens stand in the fragment: it reaches no server and no log, and a preview of the link does not use it up.
    fn customer_url(&self, company: &CompanyId, token: &str) -> String {
        format!("{}/c/{company}#t={token}", self.public_url)
    }

    fn agent_url(&self, token: &str) -> String {
        format!("{}/agent#t={token}", self.public_url)
    }

    /// A new link for an agent into one of the company's sessions.
    pub(crate) fn agent_link(&self, id: &SessionId, company: &CompanyId, guest: Guest) -> Result<String, Failure> {
        let now = self.now();
        let mut state = self.state();
        let is_open = |live: &&Live| live.session.ended().is_none();
        let live = state.live.get(id).filter(|live| live.session.company() == company).filter(is_open);
        live.ok_or(Failure::NotFound)?;
        let token = state.entrances.new_ticket(id, guest, now);
        Ok(self.agent_url(&token))
    }

    /// A PIN for the customer's link. Wrong, foreign, used and expired ones get one and the same answer.
    pub(crate) fn redeem(&self, place: &Place, pin: &str, from: IpAddr) -> Result<String, Failure> {
        let now = self.now();
        let mut state = self.state();
        let taken = state.entrances.pins.take(place, pin, Trier::Address(from.into()), now);
        let session = taken.map_err(|refused| self.pin_refused(&place.company, &Actor::Stranger, refused))?;
        let live = state.live.get(&session).ok_or(Failure::InvalidPin)?;
        let words = Private::new(crate::words::two(&live.language));
        self.handle_in(&mut state, &session, Event::CheckWords { words, by: Comparer::Agent });
        let token = state.entrances.new_ticket(&session, customer(), now);
        self.audit(&place.company, Actor::Stranger, Action::PinRedeemed, Some(&session), "the agent's");
        Ok(self.customer_url(&place.company, &token))
    }

    /// Keeps in the audit that somebody entered a wrong one, and what they are told.
    pub(crate) fn pin_refused(&self, company: &CompanyId, by: &Actor, refused: Refused) -> Failure {
        match refused {
            Refused::Invalid { spent } => {
                self.audit(company, by.clone(), Action::PinRefused, None, "");
                if spent {
                    self.audit(company, Actor::Tandem, Action::PinsSpent, None, "further digits are asked for");
                }
                Failure::InvalidPin
            }
            Refused::More => Failure::MorePin,
            Refused::TooMany => Failure::TooMany,
        }
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

    /// The company of a session, for whoever helps in it and has this key to come back to it.
    pub(crate) fn helped(&self, id: &SessionId, key: &str) -> Option<CompanyId> {
        let (state, now) = (self.state(), self.now());
        let (_, who) = state.entrances.resumes.get(&hashed(key), now).filter(|(session, _)| session == id)?;
        let session = &state.live.get(id)?.session;
        session.has_helper(*who).then(|| session.company().clone())
    }

    fn use_up(
        &self,
        state: &mut State,
        token: &Private<String>,
        now: Now,
    ) -> Result<(SessionId, ParticipantId, Private<String>), Refusal> {
        let ticket = state.entrances.tickets.take(&hashed(token.reveal()), now).ok_or(Refusal::InvalidLink)?;
        let live = state.live.get_mut(&ticket.session).ok_or(Refusal::InvalidLink)?;
        let (role, name) = (ticket.guest.role, Private::new(ticket.guest.name.clone()));
        let who = live.session.add(ticket.guest)?;
        let company = live.session.company();
        if role == Role::Customer {
            // A session has one customer: its PIN is used up, however they came.
            state.entrances.pins.retain(|session| *session != ticket.session);
        }
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

/// The host of an address or an origin, with its port.
pub(crate) fn host_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_ascii_lowercase()
}

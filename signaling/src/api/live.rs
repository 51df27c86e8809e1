//! What people do about running sessions: PINs that customers read out, invitations, handing over.

use super::caller::{By, Caller, Sessions, Who};
use super::{Answer, Body, Company, allowed_host, error, internal, session_id};
use crate::entrances::{Failure, Wanted, host_of};
use crate::hub::{Hub, Live};
use crate::pins::{Place, Trier};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use std::sync::Arc;
use tandem_protocol::api::{
    Action, Approvals, ClaimPin, ClaimedPin, Colleague, ColleagueList, CompanySites, HandOver, Invite, Permission,
};
use tandem_protocol::control::Claim;
use tandem_protocol::{CompanyId, ParticipantId, PersonId, Private, Rights, Role, SessionId};
use tandem_session::{Event, Guest};

/// On which host something is done: browsers say it for whatever changes something, and cannot be made to lie.
pub(crate) fn host(headers: &HeaderMap) -> String {
    let named = headers.get(header::ORIGIN).or_else(|| headers.get(header::HOST));
    host_of(named.and_then(|host| host.to_str().ok()).unwrap_or_default())
}

/// What somebody at the company is in a session. A program's agent may what the company lets agents do.
pub(super) async fn guest(hub: &Hub, caller: &Caller) -> Answer<Guest> {
    Ok(match caller.person() {
        Some(person) => Guest {
            role: person.joins_as,
            name: person.name.clone(),
            rights: Rights::of(&person.permissions),
            account: Some(person.id.clone()),
            takes_over: false,
        },
        None => Guest {
            role: Role::Agent,
            name: "Agent".into(),
            rights: hub.agents_rights(&caller.company.id).await.map_err(internal)?,
            account: None,
            takes_over: false,
        },
    })
}

pub(super) async fn asks_for_control(hub: &Hub, caller: &Caller) -> Answer<bool> {
    Ok(hub.store.document::<Approvals>(&caller.company.id).await.map_err(internal)?.control)
}

pub(super) async fn claim(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    headers: HeaderMap,
    Body(body): Body<ClaimPin>,
) -> Answer<(StatusCode, Json<ClaimedPin>)> {
    let start_url = match body.start_url {
        Some(url) => url,
        None => first_site(&hub, &caller).await?,
    };
    let start_host = allowed_host(&start_url, &caller.company)?;
    let trier = match &caller.who {
        Who::Person(person) => Trier::Person(person.id.clone()),
        Who::Key(_) => Trier::Program,
    };
    let (guest, asks_for_control) = (guest(&hub, &caller).await?, asks_for_control(&hub, &caller).await?);
    let Company { id: company, name: company_name, policy, .. } = caller.company.clone();
    let place = Place { company: company.clone(), host: host(&headers) };
    let agent = caller.person().map(|person| person.name.clone());
    let wanted = |language, viewport| Wanted {
        company: company.clone(),
        company_name,
        agent,
        start_host: start_host.clone(),
        asks_for_control,
        is_for_rules: false,
        claim: Claim { start_url, viewport, language, policy: Box::new(policy) },
    };
    let id = hub.answer_call(&place, body.pin.reveal(), trier, caller.actor(), wanted).await?;
    hub.audit(&company, caller.actor(), Action::SessionCreated, Some(&id), format!("at {start_host}"));
    let agent_url = hub.agent_link(&id, &company, guest)?.into();
    Ok((StatusCode::CREATED, Json(ClaimedPin { id, agent_url })))
}

async fn first_site(hub: &Hub, caller: &Caller) -> Answer<Private<String>> {
    let sites = hub.store.document::<CompanySites>(&caller.company.id).await.map_err(internal)?.sites;
    let first = sites.into_iter().next().map(|site| site.start_url.into());
    first.ok_or_else(|| {
        error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_url",
            "the company has no site yet: say where the session begins",
        )
    })
}

/// A running session of the caller's company that no customer has come to.
pub(super) async fn invite(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
) -> Answer<Json<Invite>> {
    let id = session_id(&id)?;
    let company = &caller.company.id;
    let customer = |live: &Live| {
        live.is_for_rules
            || live.session.ended().is_some()
            || live.session.people().iter().any(|person| person.role == Role::Customer)
    };
    if hub.with_session(&id, company, customer).ok_or(Failure::NotFound)? {
        return Err(Failure::Over.into());
    }
    let invitation = hub.invite(&id, company)?;
    hub.audit(company, caller.actor(), Action::PinIssued, Some(&id), "");
    let (pin, more) = (invitation.pin.plain, invitation.pin.more);
    Ok(Json(Invite { pin, more, customer_url: invitation.customer_url.into() }))
}

pub(super) async fn hand_over(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
    Body(body): Body<HandOver>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    let from = caller.person().and_then(|person| {
        let theirs = |live: &Live| {
            live.session.accounts().find(|(.., account)| *account == Some(&person.id)).map(|(who, ..)| who)
        };
        hub.with_session(&id, &caller.company.id, theirs).flatten()
    });
    let from = from.ok_or(Failure::NotFound)?;
    hub.handle(&id, Event::HandOver { from, to: body.to });
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn colleagues(State(hub): State<Arc<Hub>>, caller: By<Sessions>) -> Answer<Json<ColleagueList>> {
    let people = hub.store.people(&caller.company.id).await.map_err(internal)?;
    let own = caller.person().map(|person| person.id.clone());
    let others = people.into_iter().map(|account| account.person).filter(|person| {
        person.active && person.permissions.contains(&Permission::View) && Some(&person.id) != own.as_ref()
    });
    let colleagues = others.map(|person| Colleague { id: person.id, name: person.name.into() }).collect();
    Ok(Json(ColleagueList { colleagues }))
}

impl Hub {
    /// What agents of a company may do whom a program sends.
    async fn agents_rights(&self, company: &CompanyId) -> anyhow::Result<Rights> {
        let roles = self.store.roles(company).await?;
        Ok(roles
            .iter()
            .find(|role| role.id.as_str() == "agent")
            .map_or(Rights::NONE, |role| Rights::of(&role.permissions)))
    }

    /// People or roles of a company have changed: everybody in its sessions may from now on what their role lets them do.
    pub(crate) async fn renew_rights(&self, company: &CompanyId) -> anyhow::Result<()> {
        let agents = self.agents_rights(company).await?;
        for account in self.store.people(company).await? {
            let person = account.person;
            let rights = if person.active { Rights::of(&person.permissions) } else { Rights::NONE };
            self.state().entrances.renew(&person.id, rights);
        }
        for (id, who, account) in self.staff(company) {
            let rights = match account {
                None => agents,
                Some(person) => match self.store.account(company, &person).await? {
                    Some(account) if account.person.active => Rights::of(&account.person.permissions),
                    Some(_) | None => Rights::NONE,
                },
            };
            self.handle(&id, Event::Grant { who, rights });
        }
        Ok(())
    }

    fn staff(&self, company: &CompanyId) -> Vec<(SessionId, ParticipantId, Option<PersonId>)> {
        let state = self.state();
        let running =
            state.live.iter().filter(|(_, live)| live.session.company() == company && live.session.ended().is_none());
        let staff = running.flat_map(|(id, live)| {
            let others = live.session.accounts().filter(|(_, role, _)| *role != Role::Customer);
            others.map(move |(who, _, account)| (id.clone(), who, account.cloned()))
        });
        staff.collect()
    }
}

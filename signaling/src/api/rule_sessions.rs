//! Rule sessions: whoever may change the rules sees a page as its customer and as an agent, and tries rules on it.

use super::caller::{By, SetPolicy};
use super::settings::checked;
use super::{Answer, Body, allowed_host, session_id};
use crate::entrances::{Failure, Wanted};
use crate::hub::Hub;
use crate::store::Company;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use tandem_protocol::api::{Action, Language, OpenRuleSession, RuleSession};
use tandem_protocol::control::Claim;
use tandem_protocol::policy::Policy;
use tandem_protocol::{Rights, Role, Viewport};
use tandem_session::Guest;

pub(super) async fn open(
    State(hub): State<Arc<Hub>>,
    caller: By<SetPolicy>,
    Body(body): Body<OpenRuleSession>,
) -> Answer<(StatusCode, Json<RuleSession>)> {
    let start_host = allowed_host(&body.start_url, &caller.company)?;
    let viewport = body.viewport.unwrap_or(Viewport::DEFAULT).clamped();
    let actor = caller.actor();
    let caller = caller.into_caller();
    // Pages come in the language of whoever looks at them.
    let language = caller.person().and_then(|person| person.language).map_or("en", Language::tag).to_owned();
    let agent = caller.person().map(|person| person.name.clone());
    let Company { id: company, name: company_name, policy, .. } = caller.company;
    let claim = Claim { start_url: body.start_url, viewport, language, policy: Box::new(policy) };
    let detail = format!("at {start_host}");
    let guest = Guest {
        role: Role::Agent,
        name: agent.clone().unwrap_or_else(|| "Agent".into()),
        rights: Rights::ALL,
        account: None,
        takes_over: false,
    };
    let wanted = Wanted {
        company: company.clone(),
        company_name,
        agent,
        start_host,
        asks_for_control: false,
        claim,
        is_for_rules: true,
    };
    let id = hub.create(wanted).await?;
    hub.audit(&company, actor, Action::RuleSessionOpened, Some(&id), detail);
    let customer_url = hub.customer_link(&id, &company).into();
    let agent_url = hub.agent_link(&id, &company, guest)?.into();
    Ok((StatusCode::CREATED, Json(RuleSession { id, customer_url, agent_url })))
}

/// Tries a policy in this session alone. Nothing of it is kept.
pub(super) async fn set_policy(
    State(hub): State<Arc<Hub>>,
    caller: By<SetPolicy>,
    Path((_, id)): Path<(String, String)>,
    Body(policy): Body<Policy>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    let policy = checked(policy)?;
    if hub.try_policy(&id, &caller.company.id, policy) {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Failure::NotFound.into())
    }
}

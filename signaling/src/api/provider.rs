//! Signing in by a company's own OpenID Connect provider.

use super::caller::cookie;
use super::people::is_email;
use super::{Answer, Body, error, internal};
use crate::entrances::Failure;
use crate::hub::Hub;
use crate::oidc::{self, Asked, Identity};
use crate::store::{Changed, Entry, Newcomer, Person, unix_now};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::api::{Action, Actor, AskWay, Provider, SignInSettings, SignInWay};
use tandem_protocol::{CompanyId, PersonId, limits};

/// So long may somebody take at their provider.
const LIFE: Duration = Duration::from_secs(600);
/// Ties the answer to the browser that asked. It has to come along when the provider sends somebody back, so it is not `Strict`.
const COOKIE: &str = "tandem-asked";

#[derive(Deserialize)]
pub(super) struct Start {
    company: CompanyId,
}

#[derive(Deserialize)]
pub(super) struct Back {
    state: Option<String>,
    code: Option<String>,
}

type Query<T> = super::audit::Query<T>;

/// An unknown address is answered like a known one without a provider, and one of a provider's domain like any of that domain.
pub(super) async fn way(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(body): Body<AskWay>,
) -> Answer<Json<SignInWay>> {
    let email = body.email.reveal().trim().to_lowercase();
    // It tells nothing of accounts, so it takes none of the tries to sign in.
    if !hub.rates().may_join(from.ip(), hub.now()) {
        return Err(Failure::TooMany.into());
    }
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let providers = hub.store.providers().await.map_err(internal)?;
    let company = providers.iter().find(|(_, settings)| serves(settings, &domain)).map(|(company, _)| company);
    Ok(Json(match company {
        None => SignInWay::Password,
        Some(company) => {
            SignInWay::Provider { url: format!("{}/api/v1/sign-in/provider?company={company}", hub.public_url) }
        }
    }))
}

fn serves(settings: &SignInSettings, domain: &str) -> bool {
    settings.provider.as_ref().is_some_and(|provider| provider.domains.iter().any(|own| own == domain))
}

pub(super) async fn start(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    query: Query<Start>,
) -> Answer<Response> {
    let none = || error(StatusCode::NOT_FOUND, "not_found", "there is no such provider");
    let company = query.map_err(|_| none())?.0.company;
    if !hub.rates().may_join(from.ip(), hub.now()) {
        return Err(Failure::TooMany.into());
    }
    let settings: SignInSettings = hub.store.document(&company).await.map_err(internal)?;
    let provider = settings.provider.ok_or_else(none)?;
    let asked = Asked::new(format!("{}/api/v1/sign-in/callback", hub.public_url));
    let url = match oidc::address(&hub.fetcher, &provider, &asked).await {
        Ok(url) => url,
        Err(cause) => return Ok(refused(&company, "provider_failed", &cause)),
    };
    let cookie = format!(
        "{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/api/v1/sign-in; Max-Age={}{}",
        asked.state.reveal(),
        LIFE.as_secs(),
        hub.secure()
    );
    hub.remember_asked(company, asked, LIFE);
    Ok(redirect(url.as_str(), &[&cookie]))
}

/// The page says what happened: `/agent#refused=provider_failed`, `not_known` or `expired`.
fn refused(company: &CompanyId, code: &str, cause: &dyn std::fmt::Display) -> Response {
    tracing::warn!(%company, "signing in by the provider: {cause}");
    Redirect::to(&format!("/agent#refused={code}")).into_response()
}

fn redirect(to: &str, cookies: &[&str]) -> Response {
    let mut response = Redirect::to(to).into_response();
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) async fn callback(State(hub): State<Arc<Hub>>, headers: HeaderMap, query: Query<Back>) -> Answer<Response> {
    let expired = || Redirect::to("/agent#refused=expired").into_response();
    let Ok(axum::extract::Query(Back { state: Some(state), code })) = query else { return Ok(expired()) };
    if cookie(&headers, COOKIE).as_deref() != Some(&state) {
        return Ok(expired());
    }
    let Some((company, asked)) = hub.take_asked(&state) else { return Ok(expired()) };
    let Some(code) = code else { return Ok(refused(&company, "provider_failed", &"no code came back")) };
    let settings: SignInSettings = hub.store.document(&company).await.map_err(internal)?;
    let Some(provider) = settings.provider else { return Ok(expired()) };
    let identity = match oidc::redeem(&hub.fetcher, &provider, &asked, &code, unix_now()).await {
        Ok(identity) => identity,
        Err(cause) => return Ok(refused(&company, "provider_failed", &cause)),
    };
    let Some(person) = person_of(&hub, &company, &provider, &identity).await? else {
        let entry = Entry::new(&Actor::Stranger, Action::SignInFailed, "by the company's provider, not known here");
        hub.store.audit(&company, &entry).await.map_err(internal)?;
        return Ok(refused(&company, "not_known", &"nobody whom the company knows"));
    };
    let cookie = hub.sign_in(&person, true).await.map_err(internal)?;
    let done = format!("{COOKIE}=; HttpOnly; SameSite=Lax; Path=/api/v1/sign-in; Max-Age=0");
    Ok(redirect("/agent", &[&cookie, &done]))
}

/// The company's person with this address, who may be new. A provider speaks for its own domains alone.
async fn person_of(hub: &Hub, company: &CompanyId, provider: &Provider, identity: &Identity) -> Answer<Option<Person>> {
    let email = identity.email.reveal().trim().to_lowercase();
    let is_theirs = email.rsplit_once('@').is_some_and(|(_, domain)| provider.domains.iter().any(|own| own == domain));
    if !is_theirs || !is_email(&email) {
        return Ok(None);
    }
    if let Some(account) = hub.store.account_of_email(&email).await.map_err(internal)? {
        let person = account.person;
        return Ok(Some(person).filter(|person| person.active && person.company == *company));
    }
    let Some(role) = &provider.newcomers else { return Ok(None) };
    let name = identity.name.as_ref().map_or(email.as_str(), |name| name.reveal());
    let name: String = name.chars().filter(|c| !c.is_control()).take(limits::NAME).collect();
    let id = PersonId::from_random(rand::random());
    let entry = Entry::new(&Actor::Tandem, Action::PersonAdded, format!("{name} as {role}, by the provider"));
    let new = Newcomer { id: &id, company, name: &name, email: &email, role };
    match hub.store.add_person(&new, &entry).await.map_err(internal)? {
        Changed::Done(()) => {
            let account = hub.store.account(company, &id).await.map_err(internal)?;
            Ok(account.map(|account| account.person))
        }
        Changed::Meanwhile => Ok(None),
    }
}

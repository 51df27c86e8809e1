//! The REST interface under `/api/v1`.

use crate::hub::{Failure, Hub, Wanted};
use crate::store::{Company, Person};
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use tandem_protocol::api::{
    ApiError, CreateSession, CreatedSession, JoinLink, Me, Navigate, RedeemPin, RedeemedPin, SessionList,
    SessionSummary, SessionView, SignIn,
};
use tandem_protocol::control::Claim;
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::EndReason;
use tandem_protocol::{CompanyId, Private, SessionId, Viewport, limits};
use url::Url;

/// The largest body taken (bytes): a policy of ten thousand sites.
const LARGEST_BODY: usize = 1 << 20;
const COOKIE: &str = "tandem";

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    let api = Router::new()
        .route("/sessions", post(create).get(list))
        .route("/sessions/{id}", get(show).delete(end))
        .route("/sessions/{id}/navigate", post(navigate))
        .route("/sessions/{id}/join", post(join_link))
        .route("/pins/redeem", post(redeem))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/me", get(me))
        .route("/companies/{company}/policy", get(policy).put(set_policy))
        .route("/openapi.json", get(openapi))
        .fallback(async || error(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(hub.clone(), count));
    Router::new().nest("/api/v1", api).with_state(hub)
}

async fn count(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = match response.status().as_u16() {
        ..400 => "ok",
        400..500 => "client_error",
        500.. => "server_error",
    };
    hub.metrics.api.with_label_values(&[class]).inc();
    response
}

fn error(status: StatusCode, code: &str, message: impl Into<String>) -> Response {
    (status, Json(ApiError { code: code.into(), message: message.into() })).into_response()
}

type Answer<T> = Result<T, Response>;

impl From<Failure> for Response {
    fn from(failure: Failure) -> Response {
        let (status, code) = match &failure {
            Failure::NoCapacity => (StatusCode::SERVICE_UNAVAILABLE, "no_capacity"),
            Failure::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Failure::InvalidPin => (StatusCode::NOT_FOUND, "invalid_pin"),
            Failure::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Failure::Store(cause) => {
                tracing::error!("store: {cause:#}");
                return error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the database did not answer; try again");
            }
        };
        error(status, code, failure.to_string())
    }
}

fn internal(cause: anyhow::Error) -> Response {
    Failure::Store(cause).into()
}

/// A JSON body; what is wrong with it is said, without quoting it.
struct Body<T>(T);

impl<T: serde::de::DeserializeOwned> axum::extract::FromRequest<Arc<Hub>> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Arc<Hub>) -> Result<Self, Response> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Body(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "send JSON, with Content-Type: application/json",
            )),
            Err(JsonRejection::BytesRejection(_)) => {
                Err(error(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large"))
            }
            Err(rejection) => Err(error(StatusCode::UNPROCESSABLE_ENTITY, "invalid", strip(&rejection.body_text()))),
        }
    }
}

/// serde's message up to the first quotation of the input.
fn strip(message: &str) -> String {
    let start = message.rfind(": ").map_or(message, |at| &message[at + 2..]);
    start.split('"').next().unwrap_or_default().trim().to_owned()
}

/// Who calls: a program with a company's key, or a person who signed in on our own pages.
struct Caller {
    company: Company,
    person: Option<Person>,
}

impl FromRequestParts<Arc<Hub>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        let unknown = || {
            error(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "sign in, or send the company's key: Authorization: Bearer KEY",
            )
        };
        if let Some(key) = parts.headers.get(header::AUTHORIZATION) {
            let key = key.to_str().ok().and_then(|v| v.strip_prefix("Bearer ")).ok_or_else(unknown)?;
            let company = hub.store.company_of_key(key).await.map_err(internal)?.ok_or_else(unknown)?;
            return Ok(Caller { company, person: None });
        }
        let person = cookie(&parts.headers).and_then(|secret| hub.of_cookie(&secret)).ok_or_else(unknown)?;
        if parts.method != Method::GET && !is_own_origin(&parts.headers) {
            return Err(error(StatusCode::FORBIDDEN, "origin", "another site may not act for you"));
        }
        let company = hub.store.company(&person.company).await.map_err(internal)?.ok_or_else(unknown)?;
        Ok(Caller { company, person: Some(person) })
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// Browsers say where a request comes from; programs say nothing.
pub(crate) fn is_own_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}

/// An address that a session may begin at.
fn web_address(text: &Private<String>) -> Answer<Url> {
    let bad = || {
        error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_url",
            "the address must begin with http:// or https:// and name a host",
        )
    };
    if text.reveal().len() > limits::URL {
        return Err(bad());
    }
    let url = Url::parse(text.reveal()).map_err(|_| bad())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(bad()) }
}

async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller,
    Body(body): Body<CreateSession>,
) -> Answer<(StatusCode, Json<CreatedSession>)> {
    if body.company != caller.company.id {
        return Err(error(StatusCode::FORBIDDEN, "other_company", "the key is another company's"));
    }
    let url = web_address(&body.start_url)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    if !caller.company.policy.sites.allow(&host) {
        return Err(error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "site_blocked",
            "the company's policy does not allow this site",
        ));
    }
    let language = body.language.unwrap_or_else(|| "en".into());
    if language.is_empty() || language.len() > 35 || !language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_language",
            "the language must be a BCP 47 tag such as en or pt-BR",
        ));
    }
    let viewport = body.viewport.unwrap_or(Viewport::DEFAULT).clamped();
    let claim = Claim { start_url: body.start_url, viewport, language, policy: caller.company.policy };
    let (company, company_name) = (caller.company.id, caller.company.name);
    let agent = caller.person.map(|person| person.name);
    let created = hub.create(Wanted { company, company_name, agent, start_host: host, claim }).await?;
    let (customer_url, agent_url) = (created.customer_url.into(), created.agent_url.into());
    Ok((StatusCode::CREATED, Json(CreatedSession { id: created.id, pin: created.pin.into(), customer_url, agent_url })))
}

/// A session of the caller's company; others' do not exist.
fn session_id(text: &str) -> Answer<SessionId> {
    text.parse().map_err(|_| Failure::NotFound.into())
}

async fn show(State(hub): State<Arc<Hub>>, caller: Caller, Path(id): Path<String>) -> Answer<Json<SessionView>> {
    let id = session_id(&id)?;
    let company = caller.company.id;
    let view = hub.with_session(&id, &company, |live| SessionView {
        id: id.clone(),
        company: company.clone(),
        state: live.session.state(),
        created_at: live.created_at,
        tabs: live.tabs.clone(),
        participants: live.session.people(),
    })?;
    Ok(Json(view))
}

async fn list(State(hub): State<Arc<Hub>>, caller: Caller) -> Answer<Json<SessionList>> {
    let records = hub.store.recent(&caller.company.id).await.map_err(internal)?;
    let summary = |record: crate::store::Record| SessionSummary {
        state: hub.session_state(&record.id).unwrap_or(record.state),
        id: record.id,
        created_at: record.created_at,
        start_host: record.start_host,
        agent: record.agent.map(Private::new),
    };
    Ok(Json(SessionList { sessions: records.into_iter().map(summary).collect() }))
}

async fn end(State(hub): State<Arc<Hub>>, caller: Caller, Path(id): Path<String>) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    hub.with_session(&id, &caller.company.id, |_| ())?;
    hub.end(&id, EndReason::Api);
    Ok(StatusCode::NO_CONTENT)
}

async fn navigate(
    State(hub): State<Arc<Hub>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<Navigate>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    web_address(&body.url)?;
    hub.navigate(&id, &caller.company.id, body.url)?;
    Ok(StatusCode::ACCEPTED)
}

async fn join_link(State(hub): State<Arc<Hub>>, caller: Caller, Path(id): Path<String>) -> Answer<Json<JoinLink>> {
    let id = session_id(&id)?;
    let name = caller.person.map_or_else(|| "Agent".to_owned(), |person| person.name);
    let agent_url = hub.agent_link(&id, &caller.company.id, &name)?;
    Ok(Json(JoinLink { agent_url: agent_url.into() }))
}

async fn redeem(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(body): Body<RedeemPin>,
) -> Answer<Json<RedeemedPin>> {
    let customer_url = hub.redeem(&body.company, body.pin.reveal(), from.ip())?;
    Ok(Json(RedeemedPin { customer_url: customer_url.into() }))
}

async fn sign_in(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Answer<Response> {
    if !is_own_origin(&headers) {
        return Err(error(StatusCode::FORBIDDEN, "origin", "another site may not sign you in"));
    }
    if !hub.may_sign_in(from.ip()) {
        return Err(Failure::TooMany.into());
    }
    let person = hub.store.sign_in(body.email.reveal(), body.password.into_inner()).await.map_err(internal)?;
    let wrong = || error(StatusCode::UNAUTHORIZED, "wrong_password", "the e-mail address or the password is not right");
    let secret = hub.new_cookie(person.ok_or_else(wrong)?);
    // Browsers take a `Secure` cookie from a plain address of this machine only since lately.
    let secure = if hub.public_url.starts_with("https:") { "; Secure" } else { "" };
    Ok(with_cookie(&format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200{secure}")))
}

async fn sign_out(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    if let Some(secret) = cookie(&headers) {
        hub.forget_cookie(&secret);
    }
    with_cookie(&format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"))
}

fn with_cookie(cookie: &str) -> Response {
    let cookie = HeaderValue::from_str(cookie).ok();
    let headers: HeaderMap = cookie.map(|cookie| (header::SET_COOKIE, cookie)).into_iter().collect();
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn me(caller: Caller) -> Answer<Json<Me>> {
    let person = caller.person.ok_or_else(|| error(StatusCode::UNAUTHORIZED, "unauthorized", "nobody is signed in"))?;
    let (company, company_name) = (caller.company.id, caller.company.name);
    Ok(Json(Me { name: person.name.into(), company, company_name, admin: person.admin }))
}

/// The caller's own company.
fn own(caller: &Caller, company: &str) -> Answer<CompanyId> {
    let not_found = || error(StatusCode::NOT_FOUND, "not_found", "there is no such company");
    company.parse().ok().filter(|company| *company == caller.company.id).ok_or_else(not_found)
}

async fn policy(caller: Caller, Path(company): Path<String>) -> Answer<Json<Policy>> {
    own(&caller, &company)?;
    Ok(Json(caller.company.policy))
}

async fn set_policy(
    State(hub): State<Arc<Hub>>,
    caller: Caller,
    Path(company): Path<String>,
    Body(policy): Body<Policy>,
) -> Answer<Json<Policy>> {
    let company = own(&caller, &company)?;
    if caller.person.as_ref().is_some_and(|person| !person.admin) {
        return Err(error(StatusCode::FORBIDDEN, "not_admin", "only an admin may change the policy"));
    }
    let errors: Vec<String> = policy.check().iter().map(ToString::to_string).collect();
    if !errors.is_empty() {
        return Err(error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_policy", errors.join("\n")));
    }
    hub.store.set_policy(&company, &policy).await.map_err(internal)?;
    hub.new_policy(&company, &policy);
    Ok(Json(policy))
}

/// Written by hand; a test holds it against the routes.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

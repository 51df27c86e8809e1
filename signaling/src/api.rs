//! The REST interface under `/api/v1`.

use crate::entrances::{Failure, Wanted};
use crate::hub::Hub;
use crate::passwords;
use crate::store::{Company, Person, Record};
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, MatchedPath, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use tandem_protocol::api::{
    ApiError, CreateSession, CreatedSession, JoinLink, Me, Navigate, Permission, RedeemPin, RedeemedPin, SessionList,
    SessionSummary, SessionView, SignIn,
};
use tandem_protocol::control::Claim;
use tandem_protocol::policy::Policy;
use tandem_protocol::{CompanyId, PersonId, Private, SessionId, Viewport, limits};
use tandem_session::Event;
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
        .route("/policy.schema.json", get(async || Json(tandem_protocol::policy::schema())))
        .route("/openapi.json", get(openapi))
        .fallback(async || error(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(hub.clone(), count));
    Router::new().nest("/api/v1", api).with_state(hub)
}

async fn count(State(hub): State<Arc<Hub>>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", |route| route.as_str());
    hub.metrics.answered(route, response.status().as_u16());
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
            Failure::Over => (StatusCode::CONFLICT, "over"),
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
        let person =
            cookie(&parts.headers).and_then(|secret| hub.sign_ins().of(&secret, hub.now())).ok_or_else(unknown)?;
        if parts.method != Method::GET && !is_own_origin(hub, &parts.headers) {
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

/// Browsers say where a request comes from; programs say nothing. Behind a proxy the host may be another than people know.
pub(crate) fn is_own_origin(hub: &Hub, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &str| origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host));
    origin.eq_ignore_ascii_case(&hub.public_url) || host.is_some_and(is_host)
}

/// The host of an address that the company's sessions may be at.
fn allowed_host(text: &Private<String>, company: &Company) -> Answer<String> {
    let url = Some(text.reveal()).filter(|text| text.len() <= limits::URL).and_then(|text| Url::parse(text).ok());
    let host =
        url.filter(|url| matches!(url.scheme(), "http" | "https")).and_then(|url| url.host_str().map(str::to_owned));
    let Some(host) = host else {
        let message = "the address must begin with http:// or https:// and name a host";
        return Err(error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_url", message));
    };
    if company.policy.sites.allow(&host) {
        Ok(host)
    } else {
        let message = "the company's policy does not allow this site";
        Err(error(StatusCode::UNPROCESSABLE_ENTITY, "site_blocked", message))
    }
}

async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller,
    Body(body): Body<CreateSession>,
) -> Answer<(StatusCode, Json<CreatedSession>)> {
    if body.company != caller.company.id {
        return Err(error(StatusCode::FORBIDDEN, "other_company", "the key is another company's"));
    }
    let host = allowed_host(&body.start_url, &caller.company)?;
    let language = body.language.unwrap_or_else(|| "en".into());
    if language.is_empty() || language.len() > 35 || !language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_language",
            "the language must be a BCP 47 tag such as en or pt-BR",
        ));
    }
    let viewport = body.viewport.unwrap_or(Viewport::DEFAULT).clamped();
    let claim = Claim { start_url: body.start_url, viewport, language, policy: Box::new(caller.company.policy) };
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
        tabs: live.session.tabs().to_vec(),
        participants: live.session.people(),
    });
    match view {
        Some(view) => Ok(Json(view)),
        None => {
            let Record { id, created_at, state, .. } = recorded(&hub, &id, &company).await?;
            Ok(Json(SessionView { id, company, state, created_at, tabs: Vec::new(), participants: Vec::new() }))
        }
    }
}

/// What is still known of a session that was over long ago.
async fn recorded(hub: &Hub, id: &SessionId, company: &CompanyId) -> Answer<Record> {
    let record = hub.store.session(id, company).await.map_err(internal)?;
    record.ok_or_else(|| Failure::NotFound.into())
}

async fn list(State(hub): State<Arc<Hub>>, caller: Caller) -> Answer<Json<SessionList>> {
    let records = hub.store.recent(&caller.company.id).await.map_err(internal)?;
    let summary = |record: Record| SessionSummary {
        id: record.id,
        state: record.state,
        created_at: record.created_at,
        start_host: record.start_host,
        agent: record.agent.map(Private::new),
    };
    Ok(Json(SessionList { sessions: records.into_iter().map(summary).collect() }))
}

/// Ending what is over is no error.
async fn end(State(hub): State<Arc<Hub>>, caller: Caller, Path(id): Path<String>) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    match hub.with_session(&id, &caller.company.id, |_| ()) {
        Some(()) => drop(hub.handle(&id, Event::Delete)),
        None => drop(recorded(&hub, &id, &caller.company.id).await?),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn navigate(
    State(hub): State<Arc<Hub>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<Navigate>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    allowed_host(&body.url, &caller.company)?;
    if !hub.navigate(&id, &caller.company.id, body.url) {
        recorded(&hub, &id, &caller.company.id).await?;
        return Err(Failure::Over.into());
    }
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
    if !is_own_origin(&hub, &headers) {
        return Err(error(StatusCode::FORBIDDEN, "origin", "another site may not sign you in"));
    }
    let now = hub.now();
    if !hub.rates().may_sign_in(from.ip(), body.email.reveal(), now) {
        return Err(Failure::TooMany.into());
    }
    let wrong = || error(StatusCode::UNAUTHORIZED, "wrong_password", "the e-mail address or the password is not right");
    if body.password.reveal().len() > passwords::LONGEST {
        return Err(wrong());
    }
    let person = hub.store.sign_in(body.email.reveal(), body.password.into_inner(), &hub.passwords).await;
    let secret = hub.sign_ins().add(person.map_err(internal)?.ok_or_else(wrong)?, now);
    // Browsers take a `Secure` cookie from a plain address of this machine only since lately.
    let secure = if hub.public_url.starts_with("https:") { "; Secure" } else { "" };
    Ok(with_cookie(&format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200{secure}")))
}

async fn sign_out(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    if let Some(secret) = cookie(&headers) {
        hub.sign_ins().forget(&secret);
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
    let role = if person.admin { "admin" } else { "agent" };
    Ok(Json(Me {
        id: PersonId::from_random(person.id),
        name: person.name.into(),
        email: person.email.into(),
        company,
        company_name,
        role: role.parse().map_err(|bad: tandem_protocol::ids::BadName| internal(bad.into()))?,
        role_name: role.into(),
        permissions: Permission::ALL.into(),
        language: None,
        totp: false,
        totp_needed: false,
        password: true,
        admin: person.admin,
    }))
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

/// Written by hand but for the policy; a test holds it against the routes.
async fn openapi() -> Response {
    static DOCUMENT: LazyLock<serde_json::Value> = LazyLock::new(|| {
        let mut document: serde_json::Value = serde_json::from_str(include_str!("openapi.json")).unwrap_or_default();
        let schemas = document["components"]["schemas"].as_object_mut();
        schemas.into_iter().for_each(|all| all.extend(tandem_protocol::policy::definitions("/components/schemas")));
        document
    });
    Json(&*DOCUMENT).into_response()
}

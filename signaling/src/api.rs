//! The REST interface under `/api/v1`: its routes, and sessions.

mod account;
mod audit;
mod caller;
mod files;
mod live;
mod people;
mod provider;
mod rule_sessions;
mod settings;

pub(crate) use caller::is_own_origin;
pub(crate) use live::host;

use crate::entrances::{Failure, Invitation, Wanted};
use crate::hub::{Hub, Live};
use crate::pins::Place;
use crate::store::{Company, Record};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, MatchedPath, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use axum::{Json, Router};
use caller::{By, People, SeeReplies, SeeSites, Sessions, Settings};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use tandem_protocol::api::{
    self, Action, ApiError, Approvals, CompanySites, CompanyTexts, CreateSession, CreatedSession, Embedding, JoinLink,
    Languages, Look, Navigate, QuickReplies, RedeemPin, RedeemedPin, Retention, SessionList, SessionSummary,
    SessionView, SignInSettings,
};
use tandem_protocol::control::Claim;
use tandem_protocol::{CompanyId, Private, Role, SessionId, Viewport, limits};
use tandem_session::{Event, Wants};
use url::Url;

/// The largest body taken (bytes): a policy of ten thousand sites.
const LARGEST_BODY: usize = 1 << 20;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    let api = Router::new()
        .route("/sessions", post(create).get(list))
        .route("/sessions/{id}", get(show).delete(end))
        .route("/sessions/{id}/navigate", post(navigate))
        .route("/sessions/{id}/join", post(join_link))
        .route("/sessions/{id}/invite", post(live::invite))
        .route("/sessions/{id}/hand-over", post(live::hand_over))
        .route("/sessions/{id}/quick-replies", get(settings::replies))
        .route("/colleagues", get(live::colleagues))
        .route("/pins/redeem", post(redeem))
        .route("/pins/claim", post(live::claim))
        .route("/sessions/{id}/record", get(audit::record).patch(audit::change_record).delete(audit::delete_record))
        .route("/sign-in", post(account::sign_in))
        .route("/sign-in/way", post(provider::way))
        .route("/sign-in/provider", get(provider::start))
        .route("/sign-in/callback", get(provider::callback))
        .route("/sign-out", post(account::sign_out))
        .route("/password/check", post(account::check_link))
        .route("/password/set", post(account::set_password))
        .route("/me", get(account::me).patch(account::change_me))
        .route("/me/password", post(account::change_password))
        .route("/me/totp", post(account::new_totp))
        .route("/me/totp/confirm", post(account::confirm_totp))
        .route("/me/totp/remove", post(account::remove_totp))
        .route("/me/sign-out-everywhere", post(account::sign_out_everywhere))
        .route("/companies/{company}/people", get(people::list).post(people::add))
        .route("/companies/{company}/people/{id}", patch(people::change))
        .route("/companies/{company}/people/{id}/link", post(people::link))
        .route("/companies/{company}/people/{id}/sign-out", post(people::sign_out))
        .route("/companies/{company}/roles", get(people::roles))
        .route("/companies/{company}/roles/{id}", put(people::set_role).delete(people::remove_role))
        .route("/companies/{company}/api-keys", get(people::keys).post(people::make_key))
        .route("/companies/{company}/api-keys/{id}", delete(people::revoke_key))
        .route("/companies/{company}/policy", get(settings::policy).put(settings::set_policy))
        .route("/companies/{company}/policy/versions", get(settings::versions))
        .route("/companies/{company}/policy/versions/{number}", get(settings::version))
        .route("/companies/{company}/policy/versions/{number}/restore", post(settings::restore))
        .route("/companies/{company}/rule-sessions", post(rule_sessions::open))
        .route("/companies/{company}/rule-sessions/{id}/policy", put(rule_sessions::set_policy))
        .route("/companies/{company}/public", get(settings::public))
        .route("/companies/{company}/logo", get(settings::logo))
        .route("/companies/{company}/profile", get(settings::profile).put(settings::set_profile))
        .route("/companies/{company}/sites", document::<CompanySites, SeeSites>())
        .route("/companies/{company}/look", document::<Look, Settings>())
        .route("/companies/{company}/texts", document::<CompanyTexts, Settings>())
        .route("/companies/{company}/languages", document::<Languages, Settings>())
        .route("/companies/{company}/approvals", document::<Approvals, Settings>())
        .route("/companies/{company}/retention", document::<Retention, Settings>())
        .route("/companies/{company}/embedding", document::<Embedding, Settings>())
        .route("/companies/{company}/quick-replies", document::<QuickReplies, SeeReplies>())
        .route("/companies/{company}/sign-in", sign_in_settings())
        .route("/companies/{company}/audit", get(audit::list))
        .route("/companies/{company}/audit/export", get(audit::export))
        .route("/companies/{company}/audit/verify", get(audit::verify))
        .route("/companies/{company}/records", get(audit::records))
        .route("/files/{ticket}", put(files::send).get(files::fetch))
        .route("/policy.schema.json", get(async || Json(tandem_protocol::policy::schema())))
        .route("/openapi.json", get(openapi))
        .fallback(async || error(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(hub.clone(), count));
    Router::new().nest("/api/v1", api).with_state(hub)
}

fn sign_in_settings() -> axum::routing::MethodRouter<Arc<Hub>> {
    get(settings::document::<SignInSettings, People>).put(settings::set_sign_in)
}

/// A document that whoever may `S` sees, and whoever may change settings sets.
fn document<D: settings::Setting, S: caller::Need>() -> axum::routing::MethodRouter<Arc<Hub>> {
    get(settings::document::<D, S>).put(settings::set_document::<D, Settings>)
}

async fn count(State(hub): State<Arc<Hub>>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // Nothing here is a page, and nothing is to be kept but where it says so.
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
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
            Failure::MorePin => (StatusCode::CONFLICT, "more_pin"),
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

impl<T: serde::de::DeserializeOwned> FromRequest<Arc<Hub>> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Arc<Hub>) -> Result<Self, Response> {
        if !is_json(request.headers()) {
            let message = "send JSON, with Content-Type: application/json";
            return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message));
        }
        let too_large = |_| error(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large");
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        // No database keeps it, and nobody writes it but to find out what it does.
        if bytes.windows(6).any(|six| six == b"\\u0000") {
            return Err(invalid("a text holds no character U+0000"));
        }
        Json::<T>::from_bytes(&bytes).map(|Json(body)| Body(body)).map_err(|wrong| invalid(strip(&wrong.body_text())))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn invalid(message: impl Into<String>) -> Response {
    error(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
}

/// serde's message up to the first quotation of the input.
fn strip(message: &str) -> String {
    let start = message.rfind(": ").map_or(message, |at| &message[at + 2..]);
    start.split('"').next().unwrap_or_default().trim().to_owned()
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
    caller: By<Sessions>,
    Body(body): Body<CreateSession>,
) -> Answer<(StatusCode, Json<CreatedSession>)> {
    if body.company != caller.company.id {
        return Err(error(StatusCode::FORBIDDEN, "other_company", "the key is another company's"));
    }
    let host = allowed_host(&body.start_url, &caller.company)?;
    let language = body.language.unwrap_or_else(|| "en".into());
    if !crate::calls::is_language(&language) {
        return Err(error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_language",
            "the language must be a BCP 47 tag such as en or pt-BR",
        ));
    }
    let viewport = body.viewport.unwrap_or(Viewport::DEFAULT).clamped();
    let actor = caller.actor();
    let (guest, asks_for_control) = (live::guest(&hub, &caller).await?, live::asks_for_control(&hub, &caller).await?);
    let caller = caller.into_caller();
    let agent = caller.person().map(|person| person.name.clone());
    let Company { id: company, name: company_name, policy, .. } = caller.company;
    let claim = Claim { start_url: body.start_url, viewport, language, policy: Box::new(policy) };
    let (company_id, start_host) = (company.clone(), host.clone());
    let wanted =
        Wanted { company: company_id, company_name, agent, start_host, asks_for_control, claim, is_for_rules: false };
    let id = hub.create(wanted).await?;
    hub.audit(&company, actor.clone(), Action::SessionCreated, Some(&id), format!("at {host}"));
    let Invitation { pin, customer_url } = hub.invite(&id, &company)?;
    hub.audit(&company, actor, Action::PinIssued, Some(&id), "");
    let agent_url = hub.agent_link(&id, &company, guest)?.into();
    let (pin, more, customer_url) = (pin.plain, pin.more, customer_url.into());
    Ok((StatusCode::CREATED, Json(CreatedSession { id, pin, more, customer_url, agent_url })))
}

/// A session of the caller's company; others' do not exist.
fn session_id(text: &str) -> Answer<SessionId> {
    text.parse().map_err(|_| Failure::NotFound.into())
}

async fn show(State(hub): State<Arc<Hub>>, caller: By<Sessions>, Path(id): Path<String>) -> Answer<Json<SessionView>> {
    let id = session_id(&id)?;
    let company = caller.company.id.clone();
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

async fn list(State(hub): State<Arc<Hub>>, caller: By<Sessions>) -> Answer<Json<SessionList>> {
    let records = hub.store.recent(&caller.company.id).await.map_err(internal)?;
    let state = hub.state();
    let summary = |record: Record| SessionSummary {
        customer: state.live.get(&record.id).is_some_and(|live| {
            live.session.people().iter().any(|person| person.role == Role::Customer && person.present)
        }),
        wants: state.live.get(&record.id).and_then(|live| live.session.wants()).map(lacks),
        id: record.id,
        state: record.state,
        created_at: record.created_at,
        start_host: record.start_host,
        agent: record.agent.map(Private::new),
    };
    // Whoever tries rules waits for nobody.
    let shown = records.into_iter().filter(|record| !state.live.get(&record.id).is_some_and(|live| live.is_for_rules));
    Ok(Json(SessionList { sessions: shown.map(summary).collect() }))
}

fn lacks(wants: Wants<'_>) -> api::Wants {
    match wants {
        Wants::Agent => api::Wants::Agent,
        Wants::Colleague { from, to } => api::Wants::Colleague { from: from.clone(), to: to.cloned() },
        Wants::Help => api::Wants::Help,
    }
}

/// Ending what is over is no error.
async fn end(State(hub): State<Arc<Hub>>, caller: By<Sessions>, Path(id): Path<String>) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    match hub.with_session(&id, &caller.company.id, |_| ()) {
        Some(()) => drop(hub.handle(&id, Event::Delete)),
        None => drop(recorded(&hub, &id, &caller.company.id).await?),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn navigate(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
    Body(body): Body<Navigate>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    allowed_host(&body.url, &caller.company)?;
    if !hub.navigate(&id, &caller.company.id, body.url) {
        recorded(&hub, &id, &caller.company.id).await?;
        return Err(Failure::Over.into());
    }
    hub.audit(&caller.company.id, caller.actor(), Action::Navigated, Some(&id), "");
    Ok(StatusCode::ACCEPTED)
}

async fn join_link(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
) -> Answer<Json<JoinLink>> {
    let id = session_id(&id)?;
    let mut guest = live::guest(&hub, &caller).await?;
    let offered = |live: &Live| match live.session.wants() {
        Some(Wants::Colleague { to, .. }) => to.is_none() || to == guest.account.as_ref(),
        Some(Wants::Agent | Wants::Help) | None => false,
    };
    let is_for_rules = |live: &Live| live.is_for_rules;
    if hub.with_session(&id, &caller.company.id, is_for_rules).unwrap_or(false) {
        // It is its admin's alone.
        return Err(Failure::NotFound.into());
    }
    guest.takes_over = hub.with_session(&id, &caller.company.id, offered).unwrap_or(false);
    let agent_url = hub.agent_link(&id, &caller.company.id, guest)?;
    Ok(Json(JoinLink { agent_url: agent_url.into() }))
}

async fn redeem(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(body): Body<RedeemPin>,
) -> Answer<Json<RedeemedPin>> {
    let place = Place { company: body.company, host: host(&headers) };
    let customer_url = hub.redeem(&place, body.pin.reveal(), from.ip())?;
    Ok(Json(RedeemedPin { customer_url: customer_url.into() }))
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

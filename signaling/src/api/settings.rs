//! Settings of a company, its policy among them. Two who change the same at once get a clear conflict.

use super::caller::{By, Helper, Need, SeePolicy, SetPolicy, Settings};
use super::people::{may_grant, name};
use super::{Answer, Body, error, internal, invalid};
use crate::hub::Hub;
use crate::store::{Changed, Document, Entry, Tag};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::sync::Arc;
use tandem_protocol::CompanyId;
use tandem_protocol::api::{
    Action, Approvals, CompanySites, CompanyTexts, Embedding, Languages, Logo, LogoKind, Look, Permission,
    PolicyVersionList, Profile, PublicCompany, QuickReplies, QuickReply, Retention, SignInSettings,
};
use tandem_protocol::limits;
use tandem_protocol::policy::Policy;
use url::Url;

/// The largest logo (bytes).
const LOGO: usize = 64 << 10;
const SITES: usize = 200;
const LINES: usize = 10;
const LONGEST_LINE: usize = 400;
const MOST_DAYS: u32 = 3650;
const LISTED: usize = 50;
/// The longest quick reply (characters).
const LONGEST_REPLY: usize = 1_000;

/// A document that a company's people may set.
pub(super) trait Setting: Document + Clone {
    /// What is wrong with it, for people.
    fn check(&self) -> Result<(), String>;

    /// As it is told: without secrets.
    fn told(self) -> Self {
        self
    }

    /// As it is kept, where what is told is not all of it.
    fn completed(self, _before: &Self) -> Self {
        self
    }
}

fn ensure(holds: bool, message: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message.to_owned()) }
}

fn is_line(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

fn is_host(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    !text.is_empty() && text.len() <= 253 && text.chars().all(plain) && !text.starts_with('.') && !text.ends_with('.')
}

impl Setting for CompanySites {
    fn check(&self) -> Result<(), String> {
        ensure(self.sites.len() <= SITES, "there are 200 sites at the most")?;
        for site in &self.sites {
            let is_named = !site.name.trim().is_empty() && is_line(&site.name, limits::NAME);
            ensure(is_named, "a site's name has 1 to 60 characters, in one line")?;
            ensure(is_host(&site.host), "a site's host is a name such as shop.example")?;
            let url = Some(&site.start_url).filter(|url| url.len() <= limits::URL).and_then(|url| Url::parse(url).ok());
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            let is_there = |host: &str| host == site.host || host.ends_with(&format!(".{}", site.host));
            let is_of_site = url.and_then(|url| url.host_str().map(is_there)).unwrap_or(false);
            ensure(is_of_site, "where a session begins must be an address of the site's host")?;
        }
        Ok(())
    }
}

impl Setting for Look {
    fn check(&self) -> Result<(), String> {
        let is_colour = |text: &String| {
            text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        ensure(self.accent.as_ref().is_none_or(is_colour), "the accent is a colour such as #1a6b5f")?;
        self.logo.as_ref().map_or(Ok(()), |logo| picture(logo).map(|_| ()))
    }
}

/// A logo's bytes, when they are what it says.
fn picture(logo: &Logo) -> Result<Vec<u8>, String> {
    ensure(logo.data.len() <= LOGO * 4 / 3 + 4, "a logo has 64 KiB at the most")?;
    let bytes = STANDARD.decode(&logo.data).map_err(|_| "the logo is not in base 64".to_owned())?;
    ensure(bytes.len() <= LOGO, "a logo has 64 KiB at the most")?;
    let is_it = match logo.kind {
        LogoKind::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        LogoKind::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
        LogoKind::Webp => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
    };
    ensure(is_it, "the logo is not what it says: use a PNG, JPEG or WebP picture")?;
    Ok(bytes)
}

impl Setting for CompanyTexts {
    fn check(&self) -> Result<(), String> {
        for texts in self.texts.values() {
            ensure(texts.consent.len() <= LINES, "there are 10 lines of consent at the most")?;
            let mut lines = texts.consent.iter().chain([&texts.welcome, &texts.farewell]);
            ensure(
                lines.all(|line| is_line(line, LONGEST_LINE)),
                "a text has 400 characters at the most, in one line",
            )?;
        }
        Ok(())
    }
}

impl Setting for Languages {
    fn check(&self) -> Result<(), String> {
        ensure(self.offered.contains(&self.fallback), "the fallback must be one of the languages offered")
    }
}

impl Setting for Approvals {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Setting for Retention {
    fn check(&self) -> Result<(), String> {
        let days = 1..=MOST_DAYS;
        let are_days = days.contains(&self.session_days) && days.contains(&self.audit_days);
        ensure(are_days, "things are kept for 1 to 3650 days")
    }
}

impl Setting for Embedding {
    fn check(&self) -> Result<(), String> {
        ensure(self.console.len() <= LISTED, "there are 50 origins at the most")?;
        let is_origin = |text: &String| {
            let url =
                Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
            url.is_some_and(|url| url.origin().ascii_serialization() == *text)
        };
        ensure(
            self.console.iter().all(is_origin),
            "an origin is an address such as https://desk.example, without a path",
        )
    }
}

impl Setting for QuickReplies {
    fn check(&self) -> Result<(), String> {
        ensure(self.replies.len() <= LISTED, "there are 50 quick replies at the most")?;
        for QuickReply { title, texts } in &self.replies {
            let is_named = !title.trim().is_empty() && is_line(title, limits::NAME);
            ensure(is_named, "a quick reply's title has 1 to 60 characters, in one line")?;
            let is_text = |text: &String| {
                text.chars().count() <= LONGEST_REPLY && !text.chars().any(|c| c.is_control() && c != '\n')
            };
            ensure(texts.values().all(is_text), "a quick reply has 1000 characters at the most")?;
        }
        Ok(())
    }
}

impl Setting for SignInSettings {
    fn check(&self) -> Result<(), String> {
        ensure(self.password || self.provider.is_some(), "without passwords a provider is needed")?;
        let Some(provider) = &self.provider else { return Ok(()) };
        let secret = provider.client_secret.as_ref().map_or("", |secret| secret.reveal());
        let issuer = Url::parse(&provider.issuer).ok().filter(|_| provider.issuer.len() <= 500);
        let is_plain = issuer.is_some_and(|url| matches!(url.scheme(), "https" | "http") && url.query().is_none());
        ensure(is_plain, "the issuer is an address such as https://login.example")?;
        let is_client = !provider.client_id.is_empty() && is_line(&provider.client_id, 300) && is_line(secret, 500);
        ensure(is_client, "the client needs its id")?;
        ensure((1..=LISTED).contains(&provider.domains.len()), "a provider has 1 to 50 domains")?;
        ensure(provider.domains.iter().all(|domain| is_host(domain)), "a domain is a name such as acme.example")
    }

    fn told(mut self) -> Self {
        if let Some(provider) = &mut self.provider {
            provider.client_secret = None;
        }
        self
    }

    fn completed(mut self, before: &Self) -> Self {
        if let Some(provider) = self.provider.as_mut().filter(|provider| provider.client_secret.is_none()) {
            // The secret was given to this issuer, and goes to no other.
            let same = before.provider.as_ref().filter(|before| before.issuer == provider.issuer);
            provider.client_secret = same.and_then(|before| before.client_secret.clone());
        }
        self
    }
}

fn conflict() -> Response {
    let message = "somebody else changed this in the meantime: load it again, and make your change anew";
    error(StatusCode::CONFLICT, "conflict", message)
}

/// Refuses a change to something other than what is there.
fn same(headers: &HeaderMap, tag: &Tag) -> Answer<()> {
    match headers.get(header::IF_MATCH) {
        Some(wanted) if wanted.as_bytes() != tag.0.as_bytes() && wanted != "*" => Err(conflict()),
        Some(_) | None => Ok(()),
    }
}

fn tagged<T: Serialize>(content: T) -> Answer<Response> {
    let tag = Tag::of(&content).map_err(internal)?;
    let tag = HeaderValue::from_str(&tag.0).map_err(|cause| internal(cause.into()))?;
    Ok(([(header::ETAG, tag)], Json(content)).into_response())
}

pub(super) async fn document<D: Setting, N: Need>(State(hub): State<Arc<Hub>>, caller: By<N>) -> Answer<Response> {
    let document: D = hub.store.document(&caller.company.id).await.map_err(internal)?;
    tagged(document.told())
}

pub(super) async fn set_document<D: Setting, N: Need>(
    State(hub): State<Arc<Hub>>,
    caller: By<N>,
    headers: HeaderMap,
    Body(after): Body<D>,
) -> Answer<Response> {
    after.check().map_err(invalid)?;
    let company = &caller.company.id;
    let before = hub.store.kept_document::<D>(company).await.map_err(internal)?;
    same(&headers, &Tag::of(&before.value.clone().told()).map_err(internal)?)?;
    let after = after.completed(&before.value);
    let entry = Entry::new(&caller.actor(), Action::SettingsChanged, D::KIND);
    match hub.store.set_document(company, &before, &after, &entry).await.map_err(internal)? {
        Changed::Done(()) => tagged(after.told()),
        Changed::Meanwhile => Err(conflict()),
    }
}

/// Its domains must not be another company's: their people would be sent here to sign in.
pub(super) async fn set_sign_in(
    state: State<Arc<Hub>>,
    caller: By<super::caller::People>,
    headers: HeaderMap,
    Body(after): Body<SignInSettings>,
) -> Answer<Response> {
    if let Some(provider) = &after.provider {
        // Whoever says who people are can be any of them.
        may_grant(&caller, &Permission::ALL.into())?;
        let others = state.store.providers().await.map_err(internal)?;
        let others = others.iter().filter(|(company, _)| *company != caller.company.id);
        let mut taken = others.filter_map(|(_, settings)| settings.provider.as_ref()).flat_map(|other| &other.domains);
        if taken.any(|domain| provider.domains.contains(domain)) {
            return Err(error(StatusCode::CONFLICT, "domain_taken", "another company has one of these domains"));
        }
        if let Some(role) = &provider.newcomers {
            let roles = state.store.roles(&caller.company.id).await.map_err(internal)?;
            let role = roles.iter().find(|known| known.id == *role && known.id.as_str() != "customer");
            role.ok_or_else(|| invalid("there is no such role for newcomers"))?;
        }
    }
    set_document(state, caller, headers, Body(after)).await
}

pub(super) async fn profile(caller: By<Settings>) -> Answer<Response> {
    tagged(Profile { name: caller.company.name.clone() })
}

pub(super) async fn set_profile(
    State(hub): State<Arc<Hub>>,
    caller: By<Settings>,
    headers: HeaderMap,
    Body(after): Body<Profile>,
) -> Answer<Response> {
    same(&headers, &Tag::of(&Profile { name: caller.company.name.clone() }).map_err(internal)?)?;
    let name = name(&after.name)?;
    let entry = Entry::new(&caller.actor(), Action::SettingsChanged, format!("the company's name is now {name}"));
    match hub.store.rename_company(&caller.company, &name, &entry).await.map_err(internal)? {
        Changed::Done(()) => tagged(Profile { name }),
        Changed::Meanwhile => Err(conflict()),
    }
}

pub(super) async fn public(State(hub): State<Arc<Hub>>, Path(company): Path<String>) -> Answer<Json<PublicCompany>> {
    let none = || error(StatusCode::NOT_FOUND, "not_found", "there is no such company");
    let id: CompanyId = company.parse().map_err(|_| none())?;
    let company = hub.store.company(&id).await.map_err(internal)?.ok_or_else(none)?;
    let look: Look = hub.store.document(&id).await.map_err(internal)?;
    let texts: CompanyTexts = hub.store.document(&id).await.map_err(internal)?;
    let version = look.logo.as_ref().map(Tag::of).transpose().map_err(internal)?;
    Ok(Json(PublicCompany {
        logo_url: version.map(|tag| format!("/api/v1/companies/{id}/logo?v={}", tag.0.trim_matches('"'))),
        name: company.name,
        accent: look.accent,
        texts: texts.texts,
        languages: hub.store.document(&id).await.map_err(internal)?,
        approvals: hub.store.document(&id).await.map_err(internal)?,
        kept_days: hub.store.document::<Retention>(&id).await.map_err(internal)?.session_days,
        id,
    }))
}

pub(super) async fn logo(State(hub): State<Arc<Hub>>, Path(company): Path<String>) -> Answer<Response> {
    let none = || error(StatusCode::NOT_FOUND, "not_found", "there is no such picture");
    let id: CompanyId = company.parse().map_err(|_| none())?;
    let look: Look = hub.store.document(&id).await.map_err(internal)?;
    let logo = look.logo.ok_or_else(none)?;
    let kind = match logo.kind {
        LogoKind::Png => "image/png",
        LogoKind::Jpeg => "image/jpeg",
        LogoKind::Webp => "image/webp",
    };
    let bytes = picture(&logo).map_err(|_| none())?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000")], bytes).into_response())
}

pub(super) async fn replies(State(hub): State<Arc<Hub>>, Helper { company }: Helper) -> Answer<Json<QuickReplies>> {
    Ok(Json(hub.store.document(&company).await.map_err(internal)?))
}

pub(super) async fn policy(caller: By<SeePolicy>) -> Answer<Response> {
    tagged(caller.into_caller().company.policy)
}

/// A policy in which nothing is wrong.
pub(super) fn checked(policy: Policy) -> Answer<Policy> {
    let errors: Vec<String> = policy.check().iter().map(ToString::to_string).collect();
    if errors.is_empty() {
        Ok(policy)
    } else {
        Err(error(StatusCode::UNPROCESSABLE_ENTITY, "invalid_policy", errors.join("\n")))
    }
}

pub(super) async fn set_policy(
    State(hub): State<Arc<Hub>>,
    caller: By<SetPolicy>,
    headers: HeaderMap,
    Body(policy): Body<Policy>,
) -> Answer<Response> {
    let policy = checked(policy)?;
    same(&headers, &Tag::of(&caller.company.policy).map_err(internal)?)?;
    decide(&hub, &caller, policy, Action::PolicyChanged, "").await
}

async fn decide(hub: &Hub, caller: &By<SetPolicy>, policy: Policy, action: Action, detail: &str) -> Answer<Response> {
    let entry = Entry::new(&caller.actor(), action, detail);
    match hub.store.set_policy(&caller.company, &policy, &entry).await.map_err(internal)? {
        Changed::Done(()) => {
            hub.new_policy(&caller.company.id, &policy);
            tagged(policy)
        }
        Changed::Meanwhile => Err(conflict()),
    }
}

pub(super) async fn versions(State(hub): State<Arc<Hub>>, caller: By<SetPolicy>) -> Answer<Json<PolicyVersionList>> {
    let versions = hub.store.policy_versions(&caller.company.id).await.map_err(internal)?;
    Ok(Json(PolicyVersionList { versions }))
}

async fn version_of(hub: &Hub, company: &CompanyId, number: i64) -> Answer<Policy> {
    let policy = hub.store.policy_version(company, number).await.map_err(internal)?;
    policy.ok_or_else(|| error(StatusCode::NOT_FOUND, "not_found", "there is no such version"))
}

pub(super) async fn version(
    State(hub): State<Arc<Hub>>,
    caller: By<SetPolicy>,
    Path((_, number)): Path<(String, i64)>,
) -> Answer<Json<Policy>> {
    Ok(Json(version_of(&hub, &caller.company.id, number).await?))
}

pub(super) async fn restore(
    State(hub): State<Arc<Hub>>,
    caller: By<SetPolicy>,
    Path((_, number)): Path<(String, i64)>,
) -> Answer<Response> {
    let policy = version_of(&hub, &caller.company.id, number).await?;
    decide(&hub, &caller, policy, Action::PolicyRestored, &format!(", as version {number}")).await
}

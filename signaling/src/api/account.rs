//! Signing in and out, and what people change of their own account.

use super::caller::{COOKIE, Myself, cookie, own_origin};
use super::{Answer, Body, error, internal, invalid};
use crate::entrances::Failure;
use crate::hub::Hub;
use crate::passwords;
use crate::sign_ins::Attempt;
use crate::store::{Account, Changed, Entry, Person, SIGN_IN_LIFE, unix_now};
use crate::tokens::{hashed, new_secret};
use crate::totp;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use tandem_protocol::Private;
use tandem_protocol::api::{
    Action, Actor, ChangeMe, ChangePassword, CheckLink, CheckedLink, Me, NewTotp, Permission, SetPassword, SignIn,
    SignInSettings, TotpCode,
};

fn unauthorized(code: &str, message: &str) -> Response {
    error(StatusCode::UNAUTHORIZED, code, message)
}

fn wrong_password() -> Response {
    unauthorized("wrong_password", "the e-mail address or the password is not right")
}

fn wrong_code() -> Response {
    unauthorized("wrong_code", "the code is not right, or was used already")
}

pub(super) async fn sign_in(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Answer<Response> {
    own_origin(&hub, &headers)?;
    let (now, email) = (hub.now(), body.email.reveal().trim().to_lowercase());
    if !hub.rates().may_sign_in(from.ip(), &email, now) || hub.lockouts().is_locked(&email, from.ip(), now) {
        return Err(Failure::TooMany.into());
    }
    let account = hub.store.account_of_email(&email).await.map_err(internal)?;
    let is_right = match body.password.reveal().len() {
        ..=passwords::LONGEST => {
            let hash = account.as_ref().and_then(|account| account.password.clone().map(Private::into_inner));
            hub.passwords.is_right(hash, body.password.into_inner()).await.map_err(internal)?
        }
        _ => false,
    };
    let may = match &account {
        Some(account) if is_right && account.person.active => may_by_password(&hub, &account.person).await?,
        Some(_) | None => false,
    };
    let Some(account) = account.clone().filter(|_| may) else {
        failed(&hub, &email, from, account.map(|account| account.person)).await?;
        return Err(wrong_password());
    };
    if let Some(secret) = &account.totp {
        let Some(code) = &body.code else {
            return Err(unauthorized("code_needed", "the code of the authenticator app is needed too"));
        };
        if !use_code(&hub, &account, secret.reveal(), code.reveal()).await? {
            failed(&hub, &email, from, Some(account.person)).await?;
            return Err(wrong_code());
        }
    }
    hub.lockouts().succeeded(&email);
    let cookie = hub.sign_in(&account.person, false).await.map_err(internal)?;
    Ok(with_cookie(&cookie))
}

/// A company may have its people come by its own provider; whoever manages people can always come and repair that.
async fn may_by_password(hub: &Hub, person: &Person) -> Answer<bool> {
    let settings: SignInSettings = hub.store.document(&person.company).await.map_err(internal)?;
    Ok(settings.password || person.permissions.contains(&Permission::ManagePeople))
}

async fn failed(hub: &Hub, email: &str, from: SocketAddr, person: Option<Person>) -> Answer<()> {
    let attempt = hub.lockouts().failed(email, from.ip(), hub.now());
    let Some(person) = person else { return Ok(()) };
    let action = match attempt {
        Attempt::Failed => Action::SignInFailed,
        Attempt::Locked => Action::SignInLocked,
    };
    let entry = Entry::new(&Actor::Stranger, action, format!("as {}", person.name));
    hub.store.audit(&person.company, &entry).await.map_err(internal)
}

/// A code is good once.
async fn use_code(hub: &Hub, account: &Account, secret: &str, code: &str) -> Answer<bool> {
    match totp::step_of(secret, code, unix_now()) {
        Some(step) => hub.store.use_totp_step(&account.person, step).await.map_err(internal),
        None => Ok(false),
    }
}

impl Hub {
    /// Gives the cookie.
    pub(crate) async fn sign_in(&self, person: &Person, by_provider: bool) -> anyhow::Result<String> {
        let secret = new_secret();
        let way = if by_provider { "by the company's provider" } else { "by password" };
        let entry = Entry::new(&person.actor(), Action::SignedIn, way);
        self.store.sign_in(person, &hashed(&secret).to_hex(), by_provider, &entry).await?;
        Ok(format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SIGN_IN_LIFE}{}", self.secure()))
    }

    /// Browsers take a `Secure` cookie from a plain address of this machine only since lately.
    pub(crate) fn secure(&self) -> &'static str {
        if self.public_url.starts_with("https:") { "; Secure" } else { "" }
    }
}

pub(super) fn with_cookie(cookie: &str) -> Response {
    let cookie = HeaderValue::from_str(cookie).ok();
    let headers: HeaderMap = cookie.map(|cookie| (header::SET_COOKIE, cookie)).into_iter().collect();
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn signed_out() -> Response {
    with_cookie(&format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"))
}

pub(super) async fn sign_out(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Answer<Response> {
    own_origin(&hub, &headers)?;
    if let Some(secret) = cookie(&headers, COOKIE) {
        let secret = hashed(&secret).to_hex();
        if let Some(signed_in) = hub.store.signed_in(&secret).await.map_err(internal)? {
            let person = signed_in.account.person;
            let entry = Entry::new(&person.actor(), Action::SignedOut, "");
            hub.store.sign_out(&person, &secret, &entry).await.map_err(internal)?;
        }
    }
    Ok(signed_out())
}

pub(super) async fn sign_out_everywhere(State(hub): State<Arc<Hub>>, me: Myself) -> Answer<Response> {
    let person = &me.account.person;
    let entry = Entry::new(&person.actor(), Action::SignedOutEverywhere, "");
    hub.store.sign_out_everywhere(person, &entry).await.map_err(internal)?;
    Ok(signed_out())
}

async fn account_of_link(hub: &Hub, from: SocketAddr, token: &str) -> Answer<Account> {
    if !hub.rates().may_join(from.ip(), hub.now()) {
        return Err(Failure::TooMany.into());
    }
    let account = hub.store.account_of_link(&hashed(token).to_hex()).await.map_err(internal)?;
    account.ok_or_else(invalid_link)
}

fn invalid_link() -> Response {
    error(StatusCode::NOT_FOUND, "invalid_link", "the link was used already, is too old, or never was one")
}

pub(super) async fn check_link(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(body): Body<CheckLink>,
) -> Answer<Json<CheckedLink>> {
    let person = account_of_link(&hub, from, body.token.reveal()).await?.person;
    let company = hub.store.company(&person.company).await.map_err(internal)?.ok_or_else(invalid_link)?;
    Ok(Json(CheckedLink { name: person.name.into(), email: person.email.into(), company_name: company.name }))
}

fn strong(password: &str, person: &Person) -> Answer<()> {
    if passwords::is_strong(password, &[&person.email, &person.name]) {
        return Ok(());
    }
    let message = "a password has at least 12 characters, not always the same few, and is not one's name or address";
    Err(error(StatusCode::UNPROCESSABLE_ENTITY, "weak_password", message))
}

pub(super) async fn set_password(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(body): Body<SetPassword>,
) -> Answer<StatusCode> {
    own_origin(&hub, &headers)?;
    let person = account_of_link(&hub, from, body.token.reveal()).await?.person;
    strong(body.password.reveal(), &person)?;
    let hash = hub.passwords.hash(body.password.into_inner()).await.map_err(internal)?;
    let entry = Entry::new(&person.actor(), Action::PasswordSet, "by a one-time link");
    let secret = hashed(body.token.reveal()).to_hex();
    match hub.store.use_link(&person, &secret, &hash, &entry).await.map_err(internal)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(invalid_link()),
    }
}

/// What people must know to change how they sign in: whoever finds a page left open does not.
async fn confirm_password(hub: &Hub, me: &Myself, from: SocketAddr, password: String) -> Answer<()> {
    let (person, now) = (&me.account.person, hub.now());
    if hub.lockouts().is_locked(&person.email, from.ip(), now) {
        return Err(Failure::TooMany.into());
    }
    let hash = me.account.password.clone().map(Private::into_inner);
    if password.len() <= passwords::LONGEST && hub.passwords.is_right(hash, password).await.map_err(internal)? {
        return Ok(());
    }
    failed(hub, &person.email, from, Some(person.clone())).await?;
    Err(wrong_password())
}

pub(super) async fn change_password(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    me: Myself,
    Body(body): Body<ChangePassword>,
) -> Answer<Response> {
    let person = &me.account.person;
    confirm_password(&hub, &me, from, body.current.into_inner()).await?;
    strong(body.new.reveal(), person)?;
    let hash = hub.passwords.hash(body.new.into_inner()).await.map_err(internal)?;
    let entry = Entry::new(&person.actor(), Action::PasswordSet, "");
    hub.store.set_password(person, &hash, &entry).await.map_err(internal)?;
    Ok(with_cookie(&hub.sign_in(person, false).await.map_err(internal)?))
}

pub(super) async fn me(me: Myself) -> Json<Me> {
    let Myself { company, account, totp_needed, .. } = me;
    let (password, totp) = (account.password.is_some(), account.totp.is_some());
    let person = account.person;
    Json(Me {
        admin: person.permissions.contains(&Permission::EditPolicy),
        id: person.id,
        name: person.name.into(),
        email: person.email.into(),
        company: company.id,
        company_name: company.name,
        role: person.role,
        role_name: person.role_name,
        permissions: person.permissions,
        language: person.language,
        totp,
        totp_needed,
        password,
    })
}

pub(super) async fn change_me(
    State(hub): State<Arc<Hub>>,
    mut myself: Myself,
    Body(body): Body<ChangeMe>,
) -> Answer<Json<Me>> {
    let person = &mut myself.account.person;
    let mut entries = Vec::new();
    if let Some(name) = body.name {
        let name = super::people::name(name.reveal())?;
        let detail = format!("{} is now {name}", person.name);
        entries.push(Entry::new(&person.actor(), Action::PersonChanged, detail));
        person.name = name;
    }
    person.language = body.language.or(person.language);
    match hub.store.change_person(person, true, &entries).await.map_err(internal)? {
        Changed::Done(()) => Ok(me(myself).await),
        Changed::Meanwhile => Err(invalid("the account cannot be changed")),
    }
}

pub(super) async fn new_totp(State(hub): State<Arc<Hub>>, me: Myself) -> Answer<Json<NewTotp>> {
    if me.account.totp.is_some() {
        return Err(error(StatusCode::CONFLICT, "totp_on", "there is an authenticator app already: remove it first"));
    }
    let secret = totp::new_secret();
    hub.store.propose_totp(&me.account.person, &secret).await.map_err(internal)?;
    let uri = totp::uri(&secret, &me.account.person.email, &me.company.name);
    Ok(Json(NewTotp { secret: secret.into(), uri: uri.into() }))
}

/// Looks at a code; what is wrong counts as at signing in.
async fn confirm_code(hub: &Hub, me: &Myself, from: SocketAddr, secret: &str, code: &str) -> Answer<()> {
    let person = &me.account.person;
    if hub.lockouts().is_locked(&person.email, from.ip(), hub.now()) {
        return Err(Failure::TooMany.into());
    }
    if use_code(hub, &me.account, secret, code).await? {
        return Ok(());
    }
    failed(hub, &person.email, from, Some(person.clone())).await?;
    Err(wrong_code())
}

pub(super) async fn confirm_totp(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    me: Myself,
    Body(body): Body<TotpCode>,
) -> Answer<StatusCode> {
    let secret = me.account.totp_next.as_ref().ok_or_else(wrong_code)?.reveal();
    confirm_code(&hub, &me, from, secret, body.code.reveal()).await?;
    let entry = Entry::new(&me.account.person.actor(), Action::TotpOn, "");
    hub.store.set_totp(&me.account.person, Some(secret), &entry).await.map_err(internal)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove_totp(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    me: Myself,
    Body(body): Body<TotpCode>,
) -> Answer<StatusCode> {
    let secret = me.account.totp.as_ref().ok_or_else(wrong_code)?.reveal();
    confirm_code(&hub, &me, from, secret, body.code.reveal()).await?;
    let entry = Entry::new(&me.account.person.actor(), Action::TotpOff, "");
    hub.store.set_totp(&me.account.person, None, &entry).await.map_err(internal)?;
    Ok(StatusCode::NO_CONTENT)
}

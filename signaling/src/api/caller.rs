//! Who calls, and whether they may. A handler takes [`By`] its need: without the permission or the scope there is no caller.

use super::{Answer, error, internal};
use crate::hub::Hub;
use crate::store::{Account, Company, Key, Person};
use crate::tokens::hashed;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use tandem_protocol::CompanyId;
use tandem_protocol::api::{Actor, Permission, Scope, SignInSettings};

pub(crate) const COOKIE: &str = "tandem";

/// What an act needs: of people a permission, of a program's key a scope.
pub(crate) trait Need: Send + Sync + 'static {
    const PERMISSION: Permission;
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $need:ident: $permission:ident, $scope:ident;)*) => { $(
        $(#[$doc])*
        pub(crate) struct $need;

        impl Need for $need {
            const PERMISSION: Permission = Permission::$permission;
            const SCOPE: Scope = Scope::$scope;
        }
    )* };
}

needs! {
    /// Create, see, steer and end sessions, and their records.
    Sessions: View, Sessions;
    /// Agents see what holds for them.
    SeePolicy: View, Policy;
    SetPolicy: EditPolicy, Policy;
    /// Agents choose where a session begins.
    SeeSites: View, Settings;
    /// Whoever can join a session writes in it.
    SeeReplies: View, Settings;
    Settings: EditPolicy, Settings;
    People: ManagePeople, People;
    Audit: ManagePeople, Audit;
    Keys: Api, Keys;
}

/// A program with a company's key, or a person who signed in on our own pages.
pub(crate) struct Caller {
    pub(crate) company: Company,
    pub(crate) who: Who,
}

pub(crate) enum Who {
    Person(Box<Person>),
    Key(Box<Key>),
}

impl Caller {
    pub(crate) fn person(&self) -> Option<&Person> {
        match &self.who {
            Who::Person(person) => Some(person),
            Who::Key(_) => None,
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        match &self.who {
            Who::Person(person) => person.actor(),
            Who::Key(key) => key.actor(),
        }
    }

    /// Nobody gives away what they do not have themselves. A key that adds people may add who helps in sessions, but nobody who may do
    /// more at the company than the key itself.
    pub(crate) fn holds(&self, permission: Permission) -> bool {
        let key = match &self.who {
            Who::Person(person) => return person.permissions.contains(&permission),
            Who::Key(key) => &key.about.scopes,
        };
        let needed: &[Scope] = match permission {
            Permission::EditPolicy => &[Scope::Policy, Scope::Settings],
            Permission::ManagePeople => &[Scope::People, Scope::Audit],
            Permission::Api => &[Scope::Keys],
            Permission::View
            | Permission::Point
            | Permission::Annotate
            | Permission::Click
            | Permission::Type
            | Permission::Navigate
            | Permission::OpenTabs
            | Permission::SendFiles
            | Permission::SeeRecordings => &[],
        };
        needed.iter().all(|scope| key.contains(scope))
    }
}

/// A caller who may do what `N` names, at the company that the address names.
pub(crate) struct By<N>(Caller, PhantomData<N>);

impl<N> Deref for By<N> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<N> By<N> {
    pub(crate) fn into_caller(self) -> Caller {
        self.0
    }
}

impl<N: Need> FromRequestParts<Arc<Hub>> for By<N> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        let forbidden = |code, message: &str| Err(error(StatusCode::FORBIDDEN, code, message));
        let caller = match parts.headers.get(header::AUTHORIZATION) {
            Some(key) => {
                let key = bearer(key).ok_or_else(unauthorized)?;
                let key = hub.store.use_key(&hashed(key).to_hex()).await.map_err(internal)?.ok_or_else(unauthorized)?;
                if !key.about.scopes.contains(&N::SCOPE) {
                    return forbidden("scope", "this key is not for that");
                }
                let company = hub.store.company(&key.company).await.map_err(internal)?.ok_or_else(unauthorized)?;
                Caller { company, who: Who::Key(Box::new(key)) }
            }
            None => {
                let me = Myself::from_request_parts(parts, hub).await?;
                if me.totp_needed {
                    return forbidden("totp_needed", "your company wants a second factor: set it up first");
                }
                if !me.account.person.permissions.contains(&N::PERMISSION) {
                    return forbidden("permission", "your role does not allow that");
                }
                Caller { company: me.company, who: Who::Person(Box::new(me.account.person)) }
            }
        };
        let path = RawPathParams::from_request_parts(parts, hub).await.map_err(|_| not_found())?;
        if path.iter().any(|(name, value)| name == "company" && value != caller.company.id.as_str()) {
            return Err(not_found());
        }
        Ok(By(caller, PhantomData))
    }
}

/// Somebody who helps in the session that the address names, be it by a link alone: the key with which they come back to it shows it. It
/// opens nothing that needs a permission.
pub(crate) struct Helper {
    pub(crate) company: CompanyId,
}

impl FromRequestParts<Arc<Hub>> for Helper {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        let path = RawPathParams::from_request_parts(parts, hub).await.map_err(|_| not_found())?;
        let session = path.iter().find(|(name, _)| *name == "id").and_then(|(_, id)| id.parse().ok());
        let key = parts.headers.get(header::AUTHORIZATION).and_then(bearer);
        let company = session.zip(key).and_then(|(session, key)| hub.helped(&session, key));
        let refused = || error(StatusCode::UNAUTHORIZED, "unauthorized", "this is for who helps in the session");
        company.map(|company| Helper { company }).ok_or_else(refused)
    }
}

fn bearer(authorization: &HeaderValue) -> Option<&str> {
    authorization.to_str().ok()?.strip_prefix("Bearer ")
}

fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is no such company")
}

fn unauthorized() -> Response {
    error(StatusCode::UNAUTHORIZED, "unauthorized", "sign in, or send the company's key: Authorization: Bearer KEY")
}

/// Whoever is signed in, for what is theirs.
pub(crate) struct Myself {
    pub(crate) company: Company,
    pub(crate) account: Account,
    /// They have to set up a second factor before anything else.
    pub(crate) totp_needed: bool,
}

impl FromRequestParts<Arc<Hub>> for Myself {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        let secret = hashed(&cookie(&parts.headers, COOKIE).ok_or_else(unauthorized)?).to_hex();
        let signed_in = hub.store.signed_in(&secret).await.map_err(internal)?.ok_or_else(unauthorized)?;
        if parts.method != Method::GET {
            own_origin(hub, &parts.headers)?;
        }
        let account = signed_in.account;
        let company = hub.store.company(&account.person.company).await.map_err(internal)?.ok_or_else(unauthorized)?;
        let totp_needed = account.totp.is_none()
            && !signed_in.by_provider
            && hub.store.document::<SignInSettings>(&company.id).await.map_err(internal)?.totp;
        Ok(Myself { company, account, totp_needed })
    }
}

pub(crate) fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

/// Browsers say where a request comes from; programs say nothing. Behind a proxy the host may be another than people know.
pub(crate) fn is_own_origin(hub: &Hub, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &str| origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host));
    origin.eq_ignore_ascii_case(&hub.public_url) || host.is_some_and(is_host)
}

pub(crate) fn own_origin(hub: &Hub, headers: &HeaderMap) -> Answer<()> {
    if is_own_origin(hub, headers) {
        Ok(())
    } else {
        Err(error(StatusCode::FORBIDDEN, "origin", "another site may not act for you"))
    }
}

//! People, roles and the keys of programs: `/api/v1/companies/{company}/people`, `/roles`, `/api-keys`.

use crate::{KeyId, PersonId, Private, Role, RoleId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;

/// What a role lets people do. In a session the company's policy may allow less, never more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Create, see and join sessions.
    View,
    Point,
    Annotate,
    Click,
    Type,
    Navigate,
    OpenTabs,
    /// Offer the customer files in the chat.
    SendFiles,
    SeeRecordings,
    /// The policy and all other settings of the company but how people sign in.
    EditPolicy,
    /// People, roles, how people sign in, and the audit.
    ManagePeople,
    /// Keys for programs.
    Api,
}

impl Permission {
    pub const ALL: [Permission; 12] = [
        Permission::View,
        Permission::Point,
        Permission::Annotate,
        Permission::Click,
        Permission::Type,
        Permission::Navigate,
        Permission::OpenTabs,
        Permission::SendFiles,
        Permission::SeeRecordings,
        Permission::EditPolicy,
        Permission::ManagePeople,
        Permission::Api,
    ];
}

/// The languages of all pages and notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    En,
    Es,
    Fr,
    De,
    Pt,
    It,
    Nl,
}

impl Language {
    pub const ALL: [Language; 7] =
        [Language::En, Language::Es, Language::Fr, Language::De, Language::Pt, Language::It, Language::Nl];

    /// BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
            Language::Fr => "fr",
            Language::De => "de",
            Language::Pt => "pt",
            Language::It => "it",
            Language::Nl => "nl",
        }
    }
}

/// `GET …/people`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PersonList {
    pub people: Vec<PersonView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PersonView {
    pub id: PersonId,
    pub name: Private<String>,
    pub email: Private<String>,
    pub role: RoleId,
    pub standing: Standing,
    /// Signing in asks for a code as well.
    pub totp: bool,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number | null")]
    pub last_seen: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Has not signed in yet.
    Invited,
    Active,
    /// May not sign in.
    Deactivated,
}

/// `POST …/people`. 409 `email_taken`, 422 `invalid`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AddPerson {
    pub name: Private<String>,
    pub email: Private<String>,
    pub role: RoleId,
}

/// What adding somebody gives: there is no mail from here, so the admin passes the link on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AddedPerson {
    pub person: PersonView,
    pub link: OneTimeLink,
}

/// `POST …/people/{id}/link`: sets a first or a new password; an earlier link opens nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OneTimeLink {
    pub url: Private<String>,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number")]
    pub expires_at: i64,
}

/// `PATCH …/people/{id}`: what is left out stays. 409 `last_admin` when nobody could manage people any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChangePerson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<Private<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<Private<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub role: Option<RoleId>,
    /// `false` deactivates, and signs out at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub active: Option<bool>,
    /// `false` lets somebody who lost their authenticator sign in without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub totp: Option<bool>,
}

/// `GET …/roles`: those that are built in first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RoleList {
    pub roles: Vec<RoleView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RoleView {
    pub id: RoleId,
    /// Of a built-in role it is English; pages translate it by its id.
    pub name: String,
    /// `customer`, `agent`, `supervisor` and `admin`, which cannot be removed.
    pub built_in: bool,
    /// `customer` and `admin` are as they are.
    pub fixed: bool,
    pub joins_as: Role,
    pub permissions: BTreeSet<Permission>,
    /// How many people have it.
    pub people: u32,
}

/// `PUT …/roles/{role}`: makes or changes one. `DELETE` removes it: 409 `in_use` while somebody has it. 409 `fixed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    pub name: String,
    /// `agent` or `supervisor`.
    pub joins_as: Role,
    pub permissions: BTreeSet<Permission>,
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Create, see, steer and end sessions.
    Sessions,
    Policy,
    /// All other settings of the company but how people sign in.
    Settings,
    /// People, roles, and how people sign in.
    People,
    Audit,
    /// Other keys.
    Keys,
}

impl Scope {
    pub const ALL: [Scope; 6] =
        [Scope::Sessions, Scope::Policy, Scope::Settings, Scope::People, Scope::Audit, Scope::Keys];
}

/// `GET …/api-keys`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyList {
    pub keys: Vec<ApiKeyView>,
}

/// Times are seconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyView {
    pub id: KeyId,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// The key's first characters, to tell keys apart.
    pub begins: String,
    #[ts(type = "number")]
    pub created_at: i64,
    /// To the minute.
    #[ts(type = "number | null")]
    pub last_used: Option<i64>,
    #[ts(type = "number | null")]
    pub expires_at: Option<i64>,
}

/// `POST …/api-keys`. `DELETE …/api-keys/{id}` revokes one at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MakeApiKey {
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    #[serde(default)]
    #[ts(type = "number | null")]
    pub expires_at: Option<i64>,
}

/// The only time that the key itself is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MadeApiKey {
    pub key: Private<String>,
    pub about: ApiKeyView,
}

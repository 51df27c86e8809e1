//! What a company sets beside its policy, each a document of its own: `GET` and `PUT /api/v1/companies/{company}/…`.
//!
//! `GET` answers with an `ETag`. `PUT` with that value as `If-Match` fails with 409 `conflict` when somebody else changed the document since;
//! without it, it overwrites. `PUT` answers with what is now set, and its new `ETag`. The policy itself goes the same way.

use super::people::Language;
use crate::{CompanyId, Private, RoleId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// `/companies/{company}/profile`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
}

/// `/companies/{company}/sites`: the sites on which customers are helped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct CompanySites {
    pub sites: Vec<CompanySite>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CompanySite {
    pub name: String,
    /// Covers its subdomains.
    pub host: String,
    /// Where a session begins there.
    pub start_url: String,
}

/// `/companies/{company}/look`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Look {
    pub logo: Option<Logo>,
    /// `#rrggbb`
    pub accent: Option<String>,
}

/// At most 64 KiB, and what it says it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    pub kind: LogoKind,
    /// Base 64.
    pub data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogoKind {
    Png,
    Jpeg,
    Webp,
}

/// `/companies/{company}/texts`: the company's own words on the customer's pages, plain text. What is missing has ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct CompanyTexts {
    #[ts(type = "{ [language in Language]?: TextsIn }")]
    pub texts: BTreeMap<Language, TextsIn>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct TextsIn {
    /// One line above the field for the PIN.
    pub welcome: String,
    /// Further lines of what the customer agrees to.
    pub consent: Vec<String>,
    /// One line at the end.
    pub farewell: String,
}

/// `/companies/{company}/languages`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Languages {
    pub offered: Vec<Language>,
    /// For who prefers none of them.
    pub fallback: Language,
}

impl Default for Languages {
    fn default() -> Self {
        Languages { offered: Language::ALL.to_vec(), fallback: Language::En }
    }
}

/// `/companies/{company}/approvals`: what the customer is asked, beside whether the session may begin, which is always asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Approvals {
    /// Before an agent may press or type.
    pub control: bool,
    pub recording: bool,
}

impl Default for Approvals {
    fn default() -> Self {
        Approvals { control: false, recording: true }
    }
}

/// `/companies/{company}/retention`: for how many days what is kept (1 to 3650).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    pub session_days: u32,
    pub audit_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { session_days: 90, audit_days: 365 }
    }
}

/// `/companies/{company}/embedding`: whose pages may hold the agent's console in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Embedding {
    /// Origins such as `https://desk.example`.
    pub console: Vec<String>,
}

/// `/companies/{company}/quick-replies`: what agents often write, in the customers' languages. At most 50, in the order in which agents see them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct QuickReplies {
    pub replies: Vec<QuickReply>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct QuickReply {
    /// By which agents find it: up to 60 characters.
    pub title: String,
    /// Up to 1000 characters each.
    #[ts(type = "{ [language in Language]?: string }")]
    pub texts: BTreeMap<Language, String>,
}

/// `/companies/{company}/sign-in`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct SignInSettings {
    /// May people sign in by password? Whoever manages people always may.
    pub password: bool,
    /// Everybody with a password needs an authenticator app.
    pub totp: bool,
    pub provider: Option<Provider>,
}

impl Default for SignInSettings {
    fn default() -> Self {
        SignInSettings { password: true, totp: false, provider: None }
    }
}

/// The company's own OpenID Connect provider. It is to know `{public address}/api/v1/sign-in/callback` as redirect address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Has `/.well-known/openid-configuration` below it.
    pub issuer: String,
    pub client_id: String,
    /// Never told; `null` keeps the one that is set.
    #[serde(default)]
    pub client_secret: Option<Private<String>>,
    /// The e-mail domains of its people.
    pub domains: Vec<String>,
    /// What people become who sign in by it and are not known; `null` refuses them.
    #[serde(default)]
    pub newcomers: Option<RoleId>,
}

/// `GET /api/v1/companies/{company}/public`: what the customer's pages need. Anybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PublicCompany {
    pub id: CompanyId,
    pub name: String,
    /// On this host.
    pub logo_url: Option<String>,
    pub accent: Option<String>,
    #[ts(type = "{ [language in Language]?: TextsIn }")]
    pub texts: BTreeMap<Language, TextsIn>,
    pub languages: Languages,
    pub approvals: Approvals,
    /// For how many days it is kept when a session was and who took part.
    pub kept_days: u32,
}

/// `GET /api/v1/companies/{company}/policy/versions`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersionList {
    pub versions: Vec<PolicyVersion>,
}

/// `…/policy/versions/{number}` gives the policy as it was then; `POST …/policy/versions/{number}/restore` makes it a new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    #[ts(type = "number")]
    pub number: i64,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number")]
    pub at: i64,
    pub by: super::audit::Actor,
    /// Which parts differ from the version before, such as `masking.presets`.
    pub changed: Vec<String>,
}

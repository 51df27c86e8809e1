//! Bodies of the REST interface under `/api/v1`.

pub mod account;
pub mod audit;
pub mod live;
pub mod people;
pub mod settings;

pub use account::{
    AskWay, ChangeMe, ChangePassword, CheckLink, CheckedLink, Me, NewTotp, SetPassword, SignIn, SignInWay, TotpCode,
};
pub use audit::{
    Action, Actor, AuditEvent, AuditPage, AuditVerdict, ChangeRecord, Outcome, RecordPage, RecordedPerson,
    SessionRecord,
};
pub use live::{ClaimPin, ClaimedPin, Colleague, ColleagueList, HandOver, Invite, Wants};
pub use people::{
    AddPerson, AddedPerson, ApiKeyList, ApiKeyView, ChangePerson, Language, MadeApiKey, MakeApiKey, OneTimeLink,
    Permission, PersonList, PersonView, RoleList, RoleView, Scope, SetRole, Standing,
};
pub use settings::{
    Approvals, CompanySite, CompanySites, CompanyTexts, Embedding, Languages, Logo, LogoKind, Look, PolicyVersion,
    PolicyVersionList, Profile, Provider, PublicCompany, QuickReplies, QuickReply, Retention, SignInSettings, TextsIn,
};

use crate::notice::Tab;
use crate::signal::SessionState;
use crate::{CompanyId, Participant, Private, SessionId, Viewport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `POST /api/v1/sessions`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    pub company: CompanyId,
    pub start_url: Private<String>,
    #[serde(default)]
    pub viewport: Option<Viewport>,
    /// BCP 47, English when absent.
    #[serde(default)]
    pub language: Option<String>,
}

/// What creating a session gives. The addresses hold one-time tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CreatedSession {
    pub id: SessionId,
    pub pin: Private<String>,
    /// Further digits of the PIN, for when the company is being guessed at.
    pub more: Private<String>,
    pub customer_url: Private<String>,
    pub agent_url: Private<String>,
}

/// `POST /api/v1/companies/{company}/rule-sessions`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OpenRuleSession {
    pub start_url: Private<String>,
    #[serde(default)]
    pub viewport: Option<Viewport>,
}

/// A session in which somebody who may change the rules is both: the customer, who sees everything, and an agent, who does not. The
/// addresses hold one-time tokens; there is no PIN. `PUT …/rule-sessions/{id}/policy` tries a policy in it, and keeps nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RuleSession {
    pub id: SessionId,
    pub customer_url: Private<String>,
    pub agent_url: Private<String>,
}

/// `POST /api/v1/sessions/{id}/navigate`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Navigate {
    pub url: Private<String>,
}

/// `GET /api/v1/sessions/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SessionView {
    pub id: SessionId,
    pub company: CompanyId,
    pub state: SessionState,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number")]
    pub created_at: i64,
    pub tabs: Vec<Tab>,
    pub participants: Vec<Participant>,
}

/// `POST /api/v1/pins/redeem`: a PIN that an agent read out, for the customer's one-time token. 404 `invalid_pin`; 409 `more_pin`: the
/// further digits are needed as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RedeemPin {
    pub company: CompanyId,
    pub pin: Private<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RedeemedPin {
    pub customer_url: Private<String>,
}

/// `GET /api/v1/sessions`: the company's sessions of today, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SessionList {
    pub sessions: Vec<SessionSummary>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SessionSummary {
    pub id: SessionId,
    pub state: SessionState,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number")]
    pub created_at: i64,
    pub start_host: String,
    pub agent: Option<Private<String>>,
    /// Whether the customer is there now.
    pub customer: bool,
    /// What it lacks.
    pub wants: Option<Wants>,
}

/// `POST /api/v1/sessions/{id}/join`: a new one-time link for whoever is signed in, by which they take the session over when it is
/// offered to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct JoinLink {
    pub agent_url: Private<String>,
}

/// Every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ApiError {
    /// Stable, for programs: `invalid_pin`, `not_found` …
    pub code: String,
    /// For people.
    pub message: String,
}

//! The audit of a company, and the records of its sessions.

use crate::signal::SessionState;
use crate::{KeyId, PersonId, Private, Role, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET /api/v1/companies/{company}/audit`, newest first.
///
/// Query: `actor` and `text` (parts of what is told), `action`, `session`, `from` and `to` (seconds since 1970), `before` (from `next`), `limit` (up to 200).
/// `…/audit/export` takes the same and `format` (`csv` or `json`), without `limit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    pub events: Vec<AuditEvent>,
    /// As `before` it gives the next page.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Rows are only ever added. Each hash covers the row and the hash before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Counts the company's events from 1.
    #[ts(type = "number")]
    pub number: i64,
    /// Seconds since 1970 (UTC).
    #[ts(type = "number")]
    pub at: i64,
    pub actor: Actor,
    pub action: Action,
    pub session: Option<SessionId>,
    /// Short, and never anything that was typed, shown or visited.
    pub detail: String,
    /// SHA-256, in hexadecimal.
    pub hash: String,
}

/// `GET /api/v1/companies/{company}/audit/verify`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AuditVerdict {
    pub intact: bool,
    /// How many were looked at.
    #[ts(type = "number")]
    pub events: i64,
    /// The first number that is missing or not what it was.
    #[ts(type = "number | null")]
    pub broken_at: Option<i64>,
    /// The last event's hash. Who keeps it elsewhere can show later that nothing before it was changed.
    pub head: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// Who signed in, named as they were then.
    Person {
        id: PersonId,
        name: Private<String>,
    },
    /// A program.
    Key {
        id: KeyId,
        name: String,
    },
    /// Somebody in a session.
    Participant {
        role: Role,
        name: Private<String>,
    },
    /// Somebody who did not show who they are.
    Stranger,
    Tandem,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// Everything that is kept in the audit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[$doc])* $name),*
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$name),*];

            /// As it stands on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Action::$name => $text),*
                }
            }
        }
    };
}

actions!(
    SignedIn = "signed_in",
    SignInFailed = "sign_in_failed",
    SignInLocked = "sign_in_locked",
    SignedOut = "signed_out",
    SignedOutEverywhere = "signed_out_everywhere",
    PasswordLinkMade = "password_link_made",
    PasswordSet = "password_set",
    TotpOn = "totp_on",
    TotpOff = "totp_off",
    PersonAdded = "person_added",
    PersonChanged = "person_changed",
    PersonDeactivated = "person_deactivated",
    PersonReactivated = "person_reactivated",
    RoleSet = "role_set",
    RoleRemoved = "role_removed",
    KeyMade = "key_made",
    KeyRevoked = "key_revoked",
    PolicyChanged = "policy_changed",
    PolicyRestored = "policy_restored",
    RuleSessionOpened = "rule_session_opened",
    SettingsChanged = "settings_changed",
    AuditExported = "audit_exported",
    /// What is older than the company keeps it was deleted.
    Purged = "purged",
    SessionCreated = "session_created",
    SessionJoined = "session_joined",
    SessionLeft = "session_left",
    SessionEnded = "session_ended",
    SessionRecordChanged = "session_record_changed",
    SessionRecordDeleted = "session_record_deleted",
    /// By the API or by whoever may; never to where.
    Navigated = "navigated",
    ConsentGiven = "consent_given",
    ConsentRefused = "consent_refused",
    ControlAsked = "control_asked",
    ControlGiven = "control_given",
    ControlRefused = "control_refused",
    ControlTaken = "control_taken",
    Paused = "paused",
    Resumed = "resumed",
    HandedOver = "handed_over",
    HelpAsked = "help_asked",
    /// An input of somebody who may not.
    InputDenied = "input_denied",
    PermissionsChanged = "permissions_changed",
    PinIssued = "pin_issued",
    PinRedeemed = "pin_redeemed",
    PinRefused = "pin_refused",
    /// The company's budget of wrong PINs is used up for now.
    PinsSpent = "pins_spent",
    CheckWordsConfirmed = "check_words_confirmed",
    CheckWordsRefused = "check_words_refused",
);

/// `GET /api/v1/companies/{company}/records`: sessions of the past, newest first. Query: `from`, `to`, `text` (agent, host or notes), `outcome`, `before`, `limit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RecordPage {
    pub records: Vec<SessionRecord>,
    /// As `before` it gives the next page.
    pub next: Option<String>,
}

/// What stays of a session. Times are seconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SessionRecord {
    pub id: SessionId,
    pub state: SessionState,
    #[ts(type = "number")]
    pub created_at: i64,
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    pub start_host: String,
    pub agent: Option<Private<String>>,
    pub people: Vec<RecordedPerson>,
    pub outcome: Option<Outcome>,
    pub notes: Private<String>,
    /// When it is deleted by itself, as the company keeps records now.
    #[ts(type = "number | null")]
    pub kept_until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RecordedPerson {
    pub role: Role,
    pub name: Private<String>,
    #[ts(type = "number")]
    pub joined_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Solved,
    NotSolved,
    FollowUp,
    Dropped,
}

/// `DELETE /api/v1/sessions/{id}/record` deletes it before its time; 409 `running` while the session goes on.
///
/// `PATCH /api/v1/sessions/{id}/record`: what is left out stays. Notes have up to 4,000 characters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notes: Option<Private<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_one_name() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }
}

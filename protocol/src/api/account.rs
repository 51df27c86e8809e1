//! Signing in, and what people see and change of their own account.

use super::people::{Language, Permission};
use crate::{CompanyId, PersonId, Private, RoleId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;

/// `POST /api/v1/sign-in/way`: how somebody signs in, asked when the page knows their e-mail address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AskWay {
    pub email: Private<String>,
}

/// Whether an account exists is not told: an unknown address gets `password`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "way", rename_all = "snake_case", deny_unknown_fields)]
pub enum SignInWay {
    Password,
    /// Go to `url`; the company's own provider sends people back to `/agent`, signed in.
    Provider {
        url: String,
    },
}

/// `POST /api/v1/sign-in`: sets a cookie.
///
/// Refused with 401 `wrong_password`, 401 `code_needed` (the password is right, send it again with the code), 401 `wrong_code`,
/// or 429 `too_many`, which also answers for accounts that do not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: Private<String>,
    pub password: Private<String>,
    /// Six digits of an authenticator app (RFC 6238), where that is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub code: Option<Private<String>>,
}

/// `POST /api/v1/password/check`: what a one-time link is for. The link is `/agent#set=TOKEN`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckLink {
    pub token: Private<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckedLink {
    pub name: Private<String>,
    pub email: Private<String>,
    pub company_name: String,
}

/// `POST /api/v1/password/set`: uses the one-time link up, and signs out everywhere. 404 `invalid_link`, 422 `weak_password`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    pub token: Private<String>,
    pub password: Private<String>,
}

/// `POST /api/v1/me/password`: also signs out everywhere else. 401 `wrong_password`, 422 `weak_password`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub current: Private<String>,
    pub new: Private<String>,
}

/// `GET /api/v1/me`: who is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Me {
    pub id: PersonId,
    pub name: Private<String>,
    pub email: Private<String>,
    pub company: CompanyId,
    pub company_name: String,
    pub role: RoleId,
    pub role_name: String,
    pub permissions: BTreeSet<Permission>,
    /// Of the pages; the browser's when none is chosen.
    pub language: Option<Language>,
    /// Signing in asks for a code as well.
    pub totp: bool,
    /// The company wants a code of everybody, and there is none yet: nothing else is allowed before.
    pub totp_needed: bool,
    /// Whether there is a password, or only the company's own provider.
    pub password: bool,
    /// May change the policy.
    pub admin: bool,
}

/// `PATCH /api/v1/me`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<Private<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub language: Option<Language>,
}

/// `POST /api/v1/me/totp`: a new secret, which counts once a code of it was shown (`POST /api/v1/me/totp/confirm`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct NewTotp {
    /// Base 32, to type in.
    pub secret: Private<String>,
    /// `otpauth:`, for a QR code.
    pub uri: Private<String>,
}

/// `POST /api/v1/me/totp/confirm` and `POST /api/v1/me/totp/remove`. 401 `wrong_code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    pub code: Private<String>,
}

//! What people at the company do about sessions that are running.

use crate::{PersonId, Private, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `POST /api/v1/pins/claim`: an agent enters the PIN that a customer reads to them, and a session begins. 404 `invalid_pin`; 409 `more_pin`: the
/// further digits are needed as well; 429 `too_many`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClaimPin {
    pub pin: Private<String>,
    /// Where it begins; the company's first site when left out.
    #[serde(default)]
    pub start_url: Option<Private<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClaimedPin {
    pub id: SessionId,
    pub agent_url: Private<String>,
}

/// `POST /api/v1/sessions/{id}/invite`: a new PIN and a new link for a customer who has not come yet. Those of before open nothing more
/// once somebody came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    pub pin: Private<String>,
    /// Further digits, for when the company is being guessed at.
    pub more: Private<String>,
    pub customer_url: Private<String>,
}

/// `POST /api/v1/sessions/{id}/hand-over`, by somebody in it. It is offered until a colleague joins to take it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Whoever is free when left out.
    #[serde(default)]
    pub to: Option<PersonId>,
}

/// `GET /api/v1/colleagues`: who else could take a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ColleagueList {
    pub colleagues: Vec<Colleague>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Colleague {
    pub id: PersonId,
    pub name: Private<String>,
}

/// What a running session lacks that somebody at the company could give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wants {
    /// The customer is there, and nobody helps.
    Agent,
    /// An agent would like to hand it over, to somebody or to whoever is free.
    Colleague { from: Private<String>, to: Option<PersonId> },
    /// An agent would like a supervisor to come.
    Help,
}

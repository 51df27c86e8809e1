//! What a participant's page and signalling say to each other on `/ws`. The page speaks first: [`ClientSignal::Join`].

use crate::api::CompanySite;
use crate::files::Transfer;
use crate::{CompanyId, Participant, ParticipantId, Private, Role, SessionId, Viewport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientSignal {
    /// Enters the session, or comes back into it.
    Join {
        credential: Credential,
        /// Goes on here when the same person has another window open.
        take_over: bool,
    },
    /// A customer without a session shows a PIN, and waits until an agent of the company enters it.
    Call {
        company: CompanyId,
        /// BCP 47.
        language: String,
        viewport: Viewport,
        /// From an earlier [`ServerSignal::Waiting`]: the same PIN goes on, when it is still good.
        key: Option<Private<String>>,
    },
    /// The customer lets the session begin.
    Accept,
    /// Whoever has to compare the check words did.
    Check {
        same: bool,
    },
    /// The customer wants nobody else to see or do anything until [`Self::Resume`].
    Pause,
    Resume,
    /// An agent would like to click and type.
    AskControl,
    /// The customer lets somebody click and type, whether or not they asked, or would rather not.
    AnswerControl {
        participant: ParticipantId,
        give: bool,
    },
    /// The customer alone clicks and types from now on, until asked.
    TakeControl,
    /// An agent would like a supervisor to come.
    AskHelp,
    /// A complete SDP offer (RFC 8829): one `recvonly` video and the data channels.
    Offer {
        sdp: Private<String>,
    },
    /// The customer would like to send or fetch a file: answered by [`ServerSignal::Ticket`].
    File {
        transfer: Transfer,
    },
    /// What this page measured; only for metrics.
    Report {
        report: Report,
    },
    /// Leaves the session; the customer's or the agent's leaving for good ends it.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Credential {
    /// From a link or a PIN; used up by joining.
    Token { token: Private<String> },
    /// From [`ServerSignal::Joined`]; good for coming back until the session ends.
    Resume { key: Private<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerSignal {
    Joined {
        session: SessionId,
        company: CompanyId,
        company_name: String,
        /// The company's own sites, which the address bar proposes.
        sites: Vec<CompanySite>,
        participant: ParticipantId,
        role: Role,
        /// Keep it for a reload or a dropped connection.
        resume: Private<String>,
        ice_servers: Vec<IceServer>,
    },
    /// The same person has the session open in another window.
    Elsewhere,
    /// Another window of the same person goes on; this one is done.
    TakenOver,
    State {
        state: SessionState,
    },
    /// The PIN that a customer reads out.
    Waiting {
        pin: Private<String>,
        /// Further digits, for when the company is being guessed at.
        more: Private<String>,
        seconds: u32,
        /// Keep it for a dropped connection.
        key: Private<String>,
    },
    /// An agent has entered it: join by this.
    Called {
        token: Private<String>,
    },
    /// Until these are compared nobody sees anything.
    Check {
        #[ts(type = "[string, string]")]
        words: Private<[String; 2]>,
        /// Whether it is this page's person who has to say that the other's words are the same.
        yours: bool,
        done: bool,
    },
    People {
        people: Vec<Participant>,
    },
    Answer {
        sdp: Private<String>,
    },
    /// Opens `/api/v1/files/{ticket}` once, soon: `PUT` for who sends, `GET` for who fetches. None when too many are under way, or the other
    /// end is not there.
    Ticket {
        transfer: Transfer,
        ticket: Option<Private<String>>,
    },
    /// The media connection is gone at the other end: make a new offer.
    Reconnect,
    /// The session is over.
    Ended {
        reason: EndReason,
        /// Where the session was, to go on alone. For the customer only.
        url: Option<Private<String>>,
    },
    Refused {
        reason: Refusal,
    },
}

/// Also what `document.documentElement.dataset.session` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Waits for the customer.
    Waiting,
    /// The customer is here and has not yet accepted.
    Consent,
    Live,
    Paused,
    Ended,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A participant ended it.
    Participant,
    /// By the API.
    Api,
    /// Nobody was there for too long.
    Idle,
    /// The longest time a session may take.
    TooLong,
    /// The cloud browser or its node broke down.
    Node,
    /// The check words were not the same.
    NotConfirmed,
    /// For an agent: a colleague goes on with it.
    HandedOver,
    /// For an agent: they may no longer take part.
    Removed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The link was used already, is too old or never existed. One answer for all.
    InvalidLink,
    /// Too early: the customer has not accepted, or the browser is not up.
    NotYet,
    /// Only the customer may.
    NotAllowed,
    /// Not a message of this protocol, or too large.
    Malformed,
    /// No SFU or node can serve the session now.
    NoCapacity,
    /// Too many messages or attempts; come back later.
    TooMany,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    pub urls: Vec<String>,
    pub username: Option<Private<String>>,
    pub credential: Option<Private<String>>,
}

/// Measured by a page, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Report {
    /// From the DOM event of an input to the presentation of the first picture after it.
    ClickToPhoton {
        milliseconds: f32,
        /// Matched by RTP timestamp; otherwise estimated, where a browser does not tell it.
        exact: bool,
    },
    /// From asking to join to the first picture.
    FirstPicture { milliseconds: f32 },
}

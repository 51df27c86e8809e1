//! Messages between the people of a session.

use crate::api::Language;
use crate::{ParticipantId, Private};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A file for the customer. It stays on its sender's device until the customer fetches it ([`crate::files::Transfer::Sent`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct FileOffer {
    pub name: Private<String>,
    #[ts(type = "number")]
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChatInput {
    /// `number` is the sender's own, by which a message that is sent again after a lost connection is known. With a file it needs no text.
    Say { number: u32, text: Private<String>, file: Option<FileOffer> },
    /// The file that was offered with this number can be fetched no more.
    Withdraw { number: u32 },
    /// The sender began, or stopped, writing.
    Typing { typing: bool },
    /// The language in which the sender reads our pages, so that they can be written to in it.
    Reads { language: Language },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChatNotice {
    /// Somebody said something, the one who is told perhaps: then it has arrived. `at` is milliseconds since 1970.
    Said {
        from: ParticipantId,
        number: u32,
        #[ts(type = "number")]
        at: u64,
        text: Private<String>,
        file: Option<FileOffer>,
    },
    Withdrawn {
        from: ParticipantId,
        number: u32,
    },
    Typing {
        from: ParticipantId,
        typing: bool,
    },
    Reads {
        from: ParticipantId,
        language: Language,
    },
}

//! What a page or the browser asks a person, drawn by our own pages: nothing of it is in the picture.

use crate::Private;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One question. The page of its tab stands still until it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Dialog {
    /// Its number in this session; an answer to another one counts for nothing.
    pub id: u32,
    pub kind: DialogKind,
    /// Who asks: the host of the page, or of the server that wants a password.
    pub host: String,
    /// What is asked, in the page's words; empty for everybody but the customer, since nothing can be looked through for secrets
    /// while the page stands still.
    pub text: Private<String>,
    /// What a prompt has been filled in with.
    pub proposal: Private<String>,
    /// The page has asked several times by now, and may be told to stop.
    pub insists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DialogKind {
    /// `alert`
    Alert,
    /// `confirm`
    Confirm,
    /// `prompt`
    Prompt,
    /// `beforeunload`: whether to leave the page, and what was typed there.
    Leave,
    /// A server wants a name and a password (RFC 9110 §11.6).
    Password,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum DialogAnswer {
    /// `text` is for a prompt.
    Accept {
        text: Option<Private<String>>,
    },
    Dismiss,
    /// Dismisses this one and all that the page may still ask, until it is another page.
    Silence,
    Password {
        name: Private<String>,
        password: Private<String>,
    },
}

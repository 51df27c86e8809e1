//! Files between the customer's device and the cloud browser, which are the customer's alone: agents hear nothing of them. And files that
//! somebody who helps has for the customer.

use crate::{ParticipantId, Private};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The largest file that is sent either way (bytes).
pub const FILE: u64 = 100 << 20;
/// All files of a session that its node keeps at once (bytes). They lie in memory.
pub const SESSION: u64 = 250 << 20;
/// As many files as are given to a page at once.
pub const CHOSEN: usize = 20;
/// The longest name of a file (bytes of UTF-8), as file systems have it.
pub const NAME: usize = 200;

/// What is to be sent, for which each end gets a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transfer {
    /// From the customer's device. `place` counts the files that are chosen for one chooser, from 0.
    Upload { chooser: u32, place: u32 },
    /// To the customer's device.
    Download { download: u32 },
    /// From the device of somebody who helps to the customer's, with no node between them: what they offered by this message of theirs.
    Sent { from: ParticipantId, number: u32 },
}

/// A page asks for files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Chooser {
    /// Its number in this session; what is chosen for another one counts for nothing.
    pub id: u32,
    /// Who asks: the host of the page.
    pub host: String,
    /// What the page would like, as in HTML's `accept`; nobody is held to it.
    pub accept: String,
    pub multiple: bool,
}

/// A file that the cloud browser has for the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Download {
    pub id: u32,
    pub name: Private<String>,
    /// What has come so far, and what will, where that is known (bytes).
    #[ts(type = "number")]
    pub received: u64,
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    pub state: DownloadState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    /// The cloud browser is getting it, or making it.
    Coming,
    /// It can be fetched, once.
    Ready,
    Failed,
    /// It is larger than [`FILE`].
    TooLarge,
    /// With it there would be more than [`SESSION`].
    NoRoom,
}

/// What a customer does about files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum FileInput {
    /// The files that are sent to the places from 0 on have these names, and are for the page.
    Choose { chooser: u32, names: Vec<Private<String>> },
    /// The page gets nothing, and hears nothing of it.
    Cancel { chooser: u32 },
    /// Stops a download, or throws it away.
    Discard { download: u32 },
    /// Makes a PDF of the page in front, as a download.
    Print,
    /// Downloads the image that this menu of the customer's is about.
    SaveImage { menu: u32 },
}

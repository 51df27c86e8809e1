//! What people say to each other beside the page: chat and drawings, by the `talk` channel. The node passes it on and keeps it for
//! whoever joins later, as long as the session lasts.

pub mod chat;
pub mod drawing;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// From a participant's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TalkInput {
    Chat(chat::ChatInput),
    Drawing(drawing::DrawingInput),
}

/// To a participant's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TalkNotice {
    Chat(chat::ChatNotice),
    Drawing(drawing::DrawingNotice),
}

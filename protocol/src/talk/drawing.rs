//! Strokes and signs over the page. A place in an input is in CSS pixels of the page's window; in a notice it is a part of the box
//! that the drawing is anchored to, so that it goes where that goes.

use crate::{ParticipantId, Private, TabId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Pen,
    /// A broad stroke that the page is read through.
    Marker,
    /// From one corner to the other.
    Box,
    /// From its end to its head.
    Arrow,
    Text,
    /// "Click here".
    Pulse,
}

impl Tool {
    /// Whether it is all that lies between two places, the last of which counts.
    pub fn spans(self) -> bool {
        matches!(self, Tool::Box | Tool::Arrow)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DrawingInput {
    /// `number` is the sender's own, and counts up. `fade`: it goes by itself after some seconds. `text` is what a text says.
    Begin {
        number: u32,
        tool: Tool,
        at: [f32; 2],
        fade: bool,
        text: Option<Private<String>>,
    },
    /// It goes on over these places.
    Go {
        number: u32,
        points: Vec<[f32; 2]>,
    },
    End {
        number: u32,
    },
    /// Takes away what the sender has drawn last.
    Undo,
    /// Takes away all that the sender has drawn.
    Clear,
    /// Takes away all that anybody has drawn. The customer's alone.
    ClearAll,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DrawingNotice {
    /// What somebody begins to draw, or what was drawn before whoever is told came.
    Drawn {
        drawings: Vec<Drawing>,
    },
    /// A drawing goes on; what spans two places has a new last one.
    Grown {
        id: u32,
        points: Vec<[f32; 2]>,
    },
    /// A drawing is whole.
    Done {
        id: u32,
    },
    /// The boxes of drawings are elsewhere; one without a box is out of sight.
    Moved {
        places: Vec<Moved>,
    },
    Gone {
        ids: Vec<u32>,
    },
}

/// `[left, top, width, height]` in CSS pixels of the page's window.
pub type Frame = [f32; 4];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    pub id: u32,
    pub from: ParticipantId,
    /// The sender's own number of it, for the sender alone.
    pub number: Option<u32>,
    pub tab: TabId,
    pub tool: Tool,
    pub text: Option<Private<String>>,
    /// When it was begun (milliseconds since the session was).
    #[ts(type = "number")]
    pub at: u64,
    /// The box that its places are parts of; none while that is out of sight.
    #[ts(type = "[number, number, number, number] | null")]
    pub frame: Option<Frame>,
    pub points: Vec<[f32; 2]>,
    pub done: bool,
    /// How long it is seen from now on, or once it is whole (milliseconds); none when it stays.
    pub life: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    pub id: u32,
    #[ts(type = "[number, number, number, number] | null")]
    pub frame: Option<Frame>,
}

//! What a participant's page sends to the browser node, by data channel.
//!
//! Places are CSS pixels of the remote viewport, from its top left. Nothing here says who sent it: the SFU gives each
//! participant channels of their own towards the node, so the channel is the identity.

use crate::dialog::DialogAnswer;
use crate::files::FileInput;
use crate::native::Chosen;
use crate::{Device, InputId, Private, TabId, Viewport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Labels of the data channels a page opens. Towards the node the SFU appends `/` and the participant's id.
pub mod channel {
    /// Unordered, never retransmitted: [`super::PointerInput`] one way, [`crate::notice::CursorNotice`] the other.
    pub const POINTER: &str = "pointer";
    /// Reliable and ordered: [`super::ControlInput`] one way, [`crate::notice::Notice`] the other.
    pub const CONTROL: &str = "control";
    /// Reliable and ordered: chat and annotations.
    pub const TALK: &str = "talk";
    /// Between SFU and node alone: [`crate::control::Demand`].
    pub const SFU: &str = "sfu";

    /// The label of a participant's channel towards the node.
    pub fn of(label: &str, participant: crate::ParticipantId) -> String {
        format!("{label}/{participant}")
    }

    /// Takes apart what [`of`] made.
    pub fn split(label: &str) -> Option<(&str, crate::ParticipantId)> {
        let (label, participant) = label.split_once('/')?;
        Some((label, crate::ParticipantId(participant.parse().ok()?)))
    }
}

/// The pointer moved. Latest wins: a message whose `sequence` is not above the last one's is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PointerInput {
    pub sequence: u32,
    pub x: f32,
    pub y: f32,
}

/// What must arrive, and in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ControlInput {
    Button {
        id: InputId,
        x: f32,
        y: f32,
        button: MouseButton,
        pressed: bool,
    },
    /// CSS pixels, positive is down and right (`WheelEvent.deltaX`, `deltaY` in pixel mode).
    Wheel {
        id: InputId,
        x: f32,
        y: f32,
        dx: f32,
        dy: f32,
    },
    /// A key by UI Events `code` and `key`. Pages send Command as Control.
    Key {
        id: InputId,
        code: Private<String>,
        key: Private<String>,
        pressed: bool,
        repeat: bool,
        modifiers: Modifiers,
    },
    /// Finished text that no key made: an input method, an on-screen keyboard, a paste by plain text.
    Text {
        id: InputId,
        text: Private<String>,
    },
    /// The text that an input method is still composing; empty when it gave up.
    Compose {
        text: Private<String>,
    },
    /// One finger began, moved or ended (Touch Events).
    Touch {
        id: InputId,
        finger: u8,
        phase: TouchPhase,
        x: f32,
        y: f32,
    },
    /// The page lost the focus or the person left it: everything they hold is let go.
    ReleaseAll,
    /// The address bar and its buttons.
    Navigate {
        to: Navigation,
    },
    /// Brings a tab to the front, or closes it.
    Tab {
        tab: TabId,
        close: bool,
    },
    /// Opens an empty tab.
    NewTab,
    /// Opens the link, or the image, that this menu of the sender is about in a new tab.
    OpenLink {
        menu: u32,
        image: bool,
    },
    /// Chooses in what a field has opened: [`crate::notice::Notice::Picker`].
    Choose {
        picker: u32,
        chosen: Chosen,
    },
    /// Answers [`crate::notice::Notice::Dialog`]. Who may press may dismiss; everything else is the customer's.
    Answer {
        dialog: u32,
        answer: DialogAnswer,
    },
    /// Looks for a text on the page, from the last find on. From the customer alone: where it is found may be hidden.
    Find {
        text: Private<String>,
        backwards: bool,
    },
    /// Whether the sender wants to hear what is on the page: [`crate::notice::Notice::Outline`].
    Listen {
        listens: bool,
    },
    /// Whether the sender wants to hear what the page plays. It is for the SFU, which then sends them the sound.
    Sound {
        on: bool,
    },
    /// Brings something of the outline into view: [`crate::notice::Notice::Reached`].
    Reach {
        node: u32,
    },
    /// Chooses files for a page, or does something about those it has for the customer. From the customer alone.
    File {
        input: FileInput,
    },
    /// Hides what is at this place from everybody else, for as long as the session lasts. From the customer alone.
    Hide {
        x: f32,
        y: f32,
    },
    /// Asks what is at this place, for a rule about it: [`crate::notice::Notice::Picked`]. From the customer alone.
    Pick {
        id: InputId,
        x: f32,
        y: f32,
    },
    /// Asks what each of the company's own rules finds on the page: [`crate::notice::Notice::Matches`]. From the customer alone.
    Matches,
    /// The customer's device has another size, was turned or is another one. From the customer alone.
    Resize {
        viewport: Viewport,
        /// What it is, when the page can tell.
        #[serde(default)]
        #[ts(optional = nullable)]
        device: Option<Device>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MouseButton {
    Left,
    Middle,
    Right,
    Back,
    Forward,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TouchPhase {
    Start,
    Move,
    End,
    Cancel,
}

/// The modifier keys held during a key event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Modifiers {
    pub shift: bool,
    pub control: bool,
    pub alt: bool,
    /// AltGr, which makes characters and is no shortcut.
    pub alt_graph: bool,
    pub caps_lock: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Navigation {
    Back,
    Forward,
    Reload,
    /// An address as a person types it; `https://` is put in front of a bare host.
    Address {
        url: Private<String>,
    },
}

//! What a participant's input may do to the browser: the pure core of the gate.
//!
//! It takes who sent what and when, and answers with [`Permit`]s, which nothing else can make and without which nothing
//! reaches Chromium. It does no I/O and knows no clock.
//!
//! Architecture invariant: nothing reaches Chromium without a `Permit`.
//!
//! ```compile_fail
//! use tandem_policy::{Action, Permit};
//! let forged = Permit { action: Action::Compose { text: "x".into() }, input: None, is_customers: true };
//! ```

mod bucket;
mod gate;
mod keyboard;
mod keys;
mod pointer;

pub use gate::{Gate, Outcome};
pub use keys::Mask;

use tandem_protocol::dialog::DialogAnswer;
use tandem_protocol::files::FileInput;
use tandem_protocol::input::{MouseButton, Navigation, TouchPhase};
use tandem_protocol::native::Chosen;
use tandem_protocol::{Device, InputId, ParticipantId, Private, TabId, Viewport};

/// Leave to do one thing to the browser, made by the [`Gate`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    action: Action,
    input: Option<(ParticipantId, InputId)>,
    is_customers: bool,
}

impl Permit {
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The input that this carries out, when its picture is to be found (click-to-photon).
    pub fn input(&self) -> Option<(ParticipantId, InputId)> {
        self.input
    }

    /// Whether the customer does it. The browser's events carry this to the page's guard, which lets customers do everything.
    pub fn is_customers(&self) -> bool {
        self.is_customers
    }
}

/// Milliseconds on a clock that never goes back. Only differences count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What can be done to the browser. Places are CSS pixels within the viewport.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Move {
        x: f32,
        y: f32,
        modifiers: Mask,
    },
    /// The pointer is at the place already.
    Button {
        button: MouseButton,
        pressed: bool,
        modifiers: Mask,
    },
    Wheel {
        dx: f32,
        dy: f32,
        modifiers: Mask,
    },
    /// `code` as in Linux's `input-event-codes.h`.
    Key {
        code: u16,
        pressed: bool,
        modifiers: Mask,
    },
    Text {
        text: Private<String>,
    },
    Compose {
        text: Private<String>,
    },
    Touch {
        slot: u8,
        phase: TouchPhase,
        x: f32,
        y: f32,
    },
    Navigate {
        to: Navigation,
    },
    Tab {
        tab: TabId,
        close: bool,
    },
    NewTab,
    /// Opens the link of this menu, or its image, in a new tab.
    OpenLink {
        menu: u32,
        image: bool,
    },
    /// Chooses in this picker.
    Choose {
        picker: u32,
        chosen: Chosen,
    },
    Reach {
        node: u32,
    },
    Answer {
        dialog: u32,
        answer: DialogAnswer,
    },
    Find {
        text: Private<String>,
        backwards: bool,
    },
    File {
        input: FileInput,
    },
    Resize {
        viewport: Viewport,
        device: Option<Device>,
    },
    /// Hides what is at the place from everybody but the customer.
    Hide {
        x: f32,
        y: f32,
    },
    /// Asks what is at the place. `id` comes back with the answer.
    Pick {
        id: InputId,
        x: f32,
        y: f32,
    },
    /// Asks what the company's own rules find.
    Matches,
}

//! What a browser draws itself where it stands on somebody's desk: here our own pages draw it, or say that there is none.

use crate::Private;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a context menu is about: the place that somebody pressed, and what is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Its number in this session, for [`crate::input::ControlInput::OpenLink`].
    pub id: u32,
    /// CSS pixels of the viewport.
    pub x: f32,
    pub y: f32,
    /// There is a link that can be opened in a tab.
    pub link: bool,
    /// Where it leads: for customers alone.
    pub address: Option<Private<String>>,
    /// There is a selection that may be copied.
    pub selection: bool,
    /// Text can be typed there.
    pub editable: bool,
    /// It is hidden from agents already: for customers alone.
    pub hidden: bool,
}

impl Menu {
    /// The same for agents, who know no addresses.
    pub fn for_agents(&self) -> Menu {
        Menu { address: None, hidden: false, ..self.clone() }
    }
}

/// What a page may ask for and a browser in a data centre does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    Camera,
    Microphone,
    /// Sharing one's screen.
    Screen,
    /// Where somebody is.
    Place,
    /// Passkeys and security keys.
    Passkey,
    /// Protected video.
    Film,
    Notifications,
    /// What is plugged in or near: USB, Bluetooth, serial ports and their like.
    Device,
    /// Another program on somebody's device.
    Program,
}

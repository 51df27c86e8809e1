//! What a browser draws itself where it stands on somebody's desk: here our own pages draw it, or say that there is none.

use crate::{ParticipantId, Private};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a context menu is about: the place that somebody pressed, and what is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Its number in this session, for [`crate::input::ControlInput::OpenLink`] and [`crate::files::FileInput::SaveImage`].
    pub id: u32,
    /// CSS pixels of the viewport.
    pub x: f32,
    pub y: f32,
    /// There is a link that can be opened in a tab.
    pub link: bool,
    /// Where it leads: for customers alone.
    pub address: Option<Private<String>>,
    /// There is an image that can be opened in a tab, and saved.
    pub image: bool,
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

/// What a field of the page opens to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Picker {
    /// Its number in this session, for [`crate::input::ControlInput::Choose`].
    pub id: u32,
    /// Who opened it.
    pub by: ParticipantId,
    /// The field: left, top, width and height in CSS pixels of the viewport.
    pub area: [f32; 4],
    /// What it is called.
    pub label: Private<String>,
    /// Agents see nothing of the field, and do not hear of this either.
    pub hidden: bool,
    pub of: Pickable,
}

/// What there is to choose, and what is chosen now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pickable {
    /// Of `<select>`.
    List { choices: Vec<Choice> },
    /// Of `<input>`, with its attributes of these names; empty where it has none. Agents hear the type alone: they see the field.
    Value { input: ValueType, value: Private<String>, min: String, max: String, step: String, required: bool },
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub text: Private<String>,
    /// The heading that it stands under; empty where there is none.
    pub group: Private<String>,
    pub disabled: bool,
    pub selected: bool,
    /// Not for agents: they hear that there is something, and cannot choose it.
    pub hidden: bool,
}

/// Types of `<input>` that have a picker (HTML § 4.10.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    Date,
    Time,
    DatetimeLocal,
    Month,
    Week,
    Color,
}

/// What somebody does with a picker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "choice", rename_all = "snake_case", deny_unknown_fields)]
pub enum Chosen {
    /// The line of this place in the list.
    Line { index: u32 },
    /// As HTML writes it for the type; empty for none.
    Value { value: Private<String> },
    /// Nothing: it closes.
    Nothing,
}

impl Picker {
    /// The same for agents, who do not hear what is hidden.
    pub fn for_agents(&self) -> Option<Picker> {
        if self.hidden {
            return None;
        }
        let of = match &self.of {
            Pickable::List { choices } => Pickable::List { choices: choices.iter().map(Choice::for_agents).collect() },
            Pickable::Value { input, .. } => Pickable::Value {
                input: *input,
                value: Private::default(),
                min: String::new(),
                max: String::new(),
                step: String::new(),
                required: false,
            },
        };
        Some(Picker { of, ..self.clone() })
    }
}

impl Choice {
    fn for_agents(&self) -> Choice {
        if !self.hidden {
            return self.clone();
        }
        Choice { text: Private::default(), group: Private::default(), disabled: true, selected: false, hidden: true }
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

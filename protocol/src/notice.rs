//! What the browser node tells a participant's page beside the picture, by data channel.

use crate::dialog::Dialog;
use crate::element::Element;
use crate::files::{Chooser, Download};
use crate::native::{Lack, Menu, Picker};
use crate::outline::OutlineNode;
use crate::policy::{Secret, Verb};
use crate::{InputId, ParticipantId, Private, TabId, Viewport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// On the `pointer` channel: where another participant points. Latest `sequence` of each participant wins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CursorNotice {
    pub participant: ParticipantId,
    pub sequence: u32,
    pub x: f32,
    pub y: f32,
}

/// On the `control` channel. A page that joins gets one of each kind that has a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Notice {
    /// The size of the page and of its picture.
    Viewport { viewport: Viewport },
    /// The page's cursor under this participant's pointer, as a CSS `cursor` keyword.
    Cursor { shape: CursorShape },
    /// A participant pressed or released a mouse button: for the ripple of their cursor.
    Press { participant: ParticipantId, pressed: bool },
    /// All open tabs, in order; exactly one is active.
    Tabs { tabs: Vec<Tab> },
    /// A text field got or lost the focus: when and how a phone raises its keyboard.
    Field { field: Option<Field> },
    /// For the customer whose finger has just come down: the kind of text field below it, if there is one. So their page can raise the
    /// keyboard while it still handles their tap, as phones want it.
    Touched { field: Option<FieldKind> },
    /// An input was refused, and why.
    Denied { id: Option<InputId>, reason: Denied },
    /// `timestamp` is the RTP timestamp of the first picture that followed input `id`.
    Shown { id: InputId, timestamp: u32, stages: Stages },
    /// For agents: whether their picture stands still because the page cannot prove that it hides what it should.
    Withheld { withheld: bool },
    /// Where something is hidden from agents (left, top, width and height, in CSS pixels of the viewport); empty while the page
    /// moves, so that what is drawn there is never in the wrong place.
    Hidden { areas: Vec<[f32; 4]> },
    /// For the customer who asked by `Pick` number `id`: what is there; none where nothing is that a rule could find again.
    Picked { id: InputId, thing: Option<Thing> },
    /// For the customer who asked by `Matches`: how many things on the page each of the policy's own rules finds, in their order; none for a
    /// rule of other sites. `lesson` counts the policies that this session's browser has been told.
    Matches { lesson: u32, masking: Vec<Option<u32>>, blocking: Vec<Option<u32>> },
    /// What the page in front asks; none when it asks nothing.
    Dialog { dialog: Option<Dialog> },
    /// For the customer: whether what they looked for is on the page.
    Found { found: bool },
    /// For whoever copied something on the page, so that it can be pasted at home.
    Copied { text: Private<String> },
    /// For the customer, who pressed a link to a telephone number or a mail address: it is for their own device.
    Handed { url: Private<String> },
    /// For who listens: what is on the page, and what has the focus.
    Outline { focus: Option<u32>, nodes: Vec<OutlineNode> },
    /// For who reached for something: where it is now.
    Reached { node: u32, x: f32, y: f32 },
    /// For who asked for it, by the right button, a long press or a key: what a menu would be about.
    Menu { menu: Menu },
    /// What a field of the page in front has opened; none when it is closed.
    Picker { picker: Option<Picker> },
    /// The page in front wants what a browser in a data centre does not have.
    Lacks { lack: Lack },
    /// The icon of a tab's page, a PNG in base64; none when it has none, or none that this person may see.
    Icon { tab: TabId, png: Option<Private<String>> },
    /// For the customer: a page asks for files; none when it asks for none.
    FileChooser { chooser: Option<Chooser> },
    /// For the customer: all files that the cloud browser has for them.
    Downloads { downloads: Vec<Download> },
    /// For who may hear the page: whether there is anything to hear.
    Sound { sound: Sound },
    /// The page of a tab, or the whole browser, broke down. `Reload` brings a tab back.
    Crashed { tab: Option<TabId> },
}

/// What the browser plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    Silent,
    Playing,
    /// This session has no sound, though all else works.
    Unavailable,
}

/// Something on the page that was pointed at, and what holds of it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// With all that it could be found by, its surroundings too.
    pub element: Element,
    /// Left, top, width and height, in CSS pixels of the viewport.
    pub area: [f32; 4],
    /// How many there are on the page with these surroundings, and how many whatever surrounds them.
    pub same: u32,
    pub alike: u32,
    /// Why agents do not see it.
    pub hidden: Option<HiddenBy>,
    /// Why only the customer may press it.
    pub blocked: Option<BlockedBy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum HiddenBy {
    Preset {
        preset: Secret,
    },
    /// The company's own, by its place among the policy's `masking.rules`.
    Rule {
        rule: u32,
    },
    /// By hand, in this session.
    Hand,
    /// For what was typed, or because nothing is known of what it shows.
    Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum BlockedBy {
    Preset {
        preset: Verb,
    },
    /// The company's own, by its place among the policy's `blocking.rules`.
    Rule {
        rule: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Tab {
    pub id: TabId,
    pub title: Private<String>,
    pub url: Private<String>,
    pub active: bool,
    pub loading: bool,
    pub crashed: bool,
    pub can_go_back: bool,
    pub can_go_forward: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub kind: FieldKind,
    /// The caret in CSS pixels of the viewport: left, top, width, height.
    pub caret: [f32; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Password,
    Number,
    /// Whole digits alone: a PIN, a code.
    Digits,
    Search,
    Email,
    Phone,
    Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Denied {
    /// This role may not do that.
    Role,
    /// The other person holds the mouse button or the finger.
    Busy,
    /// A shortcut of the browser itself, which is not shared.
    Shortcut,
    /// The company does not let this address be opened.
    Site,
    /// Not an address that can be opened.
    Address,
    /// The page waits for an answer first.
    Asked,
    /// There are as many tabs as there may be.
    Tabs,
    /// More input than a person makes.
    Flood,
    /// What is hidden from this role is not theirs to touch either.
    Masked,
    /// Only the customer may press this.
    Blocked,
    /// The customer is typing into a hidden field, and nobody moves the focus meanwhile.
    Typing,
}

/// Where the node's part of click-to-photon went, in microseconds, each from the end of the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// Arrival at the node to hand-over to Chromium.
    pub gate: u32,
    /// Hand-over to Chromium's next commit.
    pub commit: u32,
    /// Commit to an encoded picture.
    pub encode: u32,
}

/// CSS `cursor` keywords that Chromium asks for (CSS UI 4 §5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CursorShape {
    #[default]
    Default,
    None,
    ContextMenu,
    Help,
    Pointer,
    Progress,
    Wait,
    Cell,
    Crosshair,
    Text,
    VerticalText,
    Alias,
    Copy,
    Move,
    NoDrop,
    NotAllowed,
    Grab,
    Grabbing,
    EResize,
    NResize,
    NeResize,
    NwResize,
    SResize,
    SeResize,
    SwResize,
    WResize,
    EwResize,
    NsResize,
    NeswResize,
    NwseResize,
    ColResize,
    RowResize,
    AllScroll,
    ZoomIn,
    ZoomOut,
}

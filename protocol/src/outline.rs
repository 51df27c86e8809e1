//! What is on a page, for people who do not see it: a list in the page's order, as its guard reads it from roles and names (W3C, WAI-ARIA 1.2).

use crate::Private;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OutlineNode {
    /// By which it can be reached; 0 for words, which cannot.
    pub id: u32,
    pub role: OutlineRole,
    /// What it is called; of words, the words.
    pub name: Private<String>,
    /// The landmark that it is in, by its `id`; 0 for none.
    pub landmark: u32,
    /// Hidden from agents, who get it without name and value.
    pub hidden: bool,
    /// Of a heading, from 1.
    #[serde(default)]
    pub level: Option<u8>,
    #[serde(default)]
    pub value: Option<Private<String>>,
    #[serde(default)]
    pub checked: Option<bool>,
    #[serde(default)]
    pub expanded: Option<bool>,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub invalid: bool,
    /// What changes in it is said at once.
    #[serde(default)]
    pub live: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OutlineRole {
    Text,
    Heading,
    Link,
    Button,
    Textbox,
    Searchbox,
    Spinbutton,
    Checkbox,
    Switch,
    Radio,
    Combobox,
    Listbox,
    Slider,
    Tab,
    Menuitem,
    Option,
    Progressbar,
    Img,
    Main,
    Navigation,
    Banner,
    Contentinfo,
    Complementary,
    Search,
    Form,
    Region,
    Dialog,
}

impl OutlineNode {
    /// As agents get it.
    pub fn for_agents(&self) -> OutlineNode {
        if !self.hidden {
            return self.clone();
        }
        let (name, value, checked) = (Private::default(), None, None);
        OutlineNode { name, value, checked, expanded: None, invalid: false, ..self.clone() }
    }
}

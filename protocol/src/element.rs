//! What a thing on a page is, so that it is found again when the page has changed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest role or kind (bytes), and the longest label or surroundings (characters).
const NAME: usize = 40;
const WORDS: usize = 120;

/// A thing on a page by what it is to people, not by where it stands in the page's source: classes, ids, order and wrappers
/// may change. Empty is whatever it is; at least two of the four say something. Case and spaces do not matter, and `#` is a number.
///
/// The label decides where there is one; the kind counts only without. Whatever is given of the surroundings has to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Element {
    /// WAI-ARIA role, or what the tag implies: `textbox`, `button`, `cell`.
    pub role: String,
    /// What it is called: its label, or its own words when it is pressed or is a heading.
    pub label: String,
    /// Of a field its `type`, or what `autocomplete` says: `tel`, `postal-code`.
    pub kind: String,
    /// What stands around it: the nearest heading, legend, header of the table, or the words before it.
    pub near: String,
}

impl Element {
    /// What is wrong with it, by the field it is in; empty where it is all of it.
    pub fn check(&self) -> Vec<(&'static str, &'static str)> {
        let mut errors = Vec::new();
        for (field, text) in [("role", &self.role), ("kind", &self.kind)] {
            let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if text.len() > NAME || !text.bytes().all(is_plain) {
                errors.push((field, "at most 40 characters, such as textbox or address-line1"));
            }
        }
        for (field, text) in [("label", &self.label), ("near", &self.near)] {
            if text.chars().count() > WORDS {
                errors.push((field, "at most 120 characters"));
            } else if text.chars().any(char::is_control) || text.trim() != text {
                errors.push((field, "one line, without spaces at its ends"));
            } else if text.chars().any(char::is_numeric) {
                // A number is somebody's, or another one tomorrow.
                errors.push((field, "write # for a number"));
            } else if !text.is_empty() && !text.chars().any(char::is_alphabetic) {
                errors.push((field, "at least one letter, or nothing"));
            }
        }
        let said = [&self.role, &self.label, &self.kind, &self.near];
        if said.into_iter().filter(|text| !text.is_empty()).count() < 2 {
            errors.push(("", "say at least two of role, label, kind and near"));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(role: &str, label: &str, kind: &str, near: &str) -> Element {
        let [role, label, kind, near] = [role, label, kind, near].map(str::to_owned);
        Element { role, label, kind, near }
    }

    #[test]
    fn two_things_have_to_be_said() {
        for good in [
            element("textbox", "Customer number", "text", "Your order"),
            element("cell", "", "", "Account balance"),
            element("", "Größe #", "", "寸法"),
            element("textbox", "", "postal-code", ""),
        ] {
            assert_eq!(good.check(), [], "{good:?}");
        }
        for bad in [Element::default(), element("button", "", "", ""), element("", "Customer number", "", "")] {
            assert_eq!(bad.check().len(), 1, "{bad:?}");
            assert_eq!(bad.check()[0].0, "", "{bad:?}");
        }
    }

    #[test]
    fn nothing_that_is_somebodys_and_nothing_without_end() {
        for (bad, field) in [
            (element("Button", "Pay", "", ""), "role"),
            (element("button", "Pay", "tel 2", ""), "kind"),
            (element("button", "Pay € 12", "", ""), "label"),
            (element("cell", "", "", "Account ٤٢"), "near"),
            (element("button", "***", "", ""), "label"),
            (element("button", " Pay", "", ""), "label"),
            (element("button", "Pay\nnow", "", ""), "label"),
            (element("button", &"x".repeat(121), "", ""), "label"),
            (element(&"x".repeat(41), "Pay", "", ""), "role"),
        ] {
            assert_eq!(bad.check().iter().map(|(field, _)| *field).collect::<Vec<_>>(), [field], "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_said_may_be_left_out_and_nothing_else_may_stand_there() {
        let read = |text| serde_json::from_str::<Element>(text);
        assert_eq!(read(r#"{"role":"button","label":"Pay"}"#).unwrap(), element("button", "Pay", "", ""));
        assert!(read(r#"{"role":"button","label":"Pay","class":"x"}"#).is_err());
    }
}

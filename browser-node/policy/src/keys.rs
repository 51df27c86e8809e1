//! From UI Events `key` and `code` to Linux key codes of a US keyboard, and which shortcuts are shared.

use tandem_protocol::input::Modifiers;

/// The modifiers held while a key or a button acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Mask {
    pub shift: bool,
    pub control: bool,
    pub alt: bool,
}

impl From<Modifiers> for Mask {
    /// AltGr and Caps Lock have done their work already: they made the character. Windows reports AltGr as Control and
    /// Alt together.
    fn from(held: Modifiers) -> Self {
        let makes_characters = held.alt_graph;
        Mask { shift: held.shift, control: held.control && !makes_characters, alt: held.alt && !makes_characters }
    }
}

/// A key of the US keyboard and whether it needs Shift for the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsKey {
    pub(crate) code: u16,
    pub(crate) shift: bool,
}

/// The rows of a US keyboard with the code of their first key; plain and shifted characters side by side.
const ROWS: [(u16, &str, &str); 7] = [
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    (43, "\\", "|"),
    (44, "zxcvbnm,./", "ZXCVBNM<>?"),
    (57, " ", " "),
    (28, "\n", "\n"),
];

/// The key that makes `character` on a US keyboard.
pub(crate) fn of_character(character: char) -> Option<UsKey> {
    ROWS.iter().find_map(|(first, plain, shifted)| {
        let place = |row: &str| row.chars().position(|c| c == character).map(|i| *first + i as u16);
        place(plain)
            .map(|code| UsKey { code, shift: false })
            .or_else(|| place(shifted).map(|code| UsKey { code, shift: true }))
    })
}

/// The code of a key that makes no character, by its UI Events `key` value.
pub(crate) fn of_name(key: &str, code: &str) -> Option<u16> {
    let right = code.ends_with("Right");
    Some(match key {
        "Enter" if code == "NumpadEnter" => 96,
        "Enter" => 28,
        "Escape" => 1,
        "Backspace" => 14,
        "Tab" => 15,
        "Control" => {
            if right {
                97
            } else {
                29
            }
        }
        "Shift" => {
            if right {
                54
            } else {
                42
            }
        }
        "Alt" => {
            if right {
                100
            } else {
                56
            }
        }
        "Home" => 102,
        "ArrowUp" => 103,
        "PageUp" => 104,
        "ArrowLeft" => 105,
        "ArrowRight" => 106,
        "End" => 107,
        "ArrowDown" => 108,
        "PageDown" => 109,
        "Insert" => 110,
        "Delete" => 111,
        "ContextMenu" => 127,
        "F2" => 60,
        "F4" => 62,
        "F8" => 66,
        "F9" => 67,
        _ => return None,
    })
}

/// Keys that are Chromium's own (help, find, reload, address bar, caret browsing, menu, full screen, developer tools).
pub(crate) fn is_browsers_own(key: &str) -> bool {
    matches!(
        key,
        "F1" | "F3"
            | "F5"
            | "F6"
            | "F7"
            | "F10"
            | "F11"
            | "F12"
            | "BrowserBack"
            | "BrowserForward"
            | "BrowserRefresh"
            | "BrowserHome"
            | "BrowserSearch"
    )
}

/// Whether a combination with Control or Alt goes to the page. Whatever is not listed could reach Chromium's own
/// windows (find, print, new tab, developer tools, quit), and has a button of ours where people need it.
pub(crate) fn is_shared_shortcut(code: u16, held: Mask) -> bool {
    const EDITING: [u16; 12] = [14, 28, 102, 103, 105, 106, 107, 108, 111, 110, 96, 57];
    let letter = |c: char| of_character(c).is_some_and(|key| key.code == code);
    match held {
        Mask { control: true, alt: false, shift: false } => EDITING.contains(&code) || "acvxzybi".chars().any(letter),
        Mask { control: true, alt: false, shift: true } => EDITING.contains(&code) || "zv".chars().any(letter),
        Mask { control: false, alt: true, .. } => code == 103 || code == 108,
        Mask { control: true, alt: true, .. } => false,
        Mask { control: false, alt: false, .. } => true,
    }
}

/// Control, Shift and Alt themselves.
pub(crate) fn is_modifier(code: u16) -> bool {
    matches!(code, 29 | 42 | 54 | 56 | 97 | 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_the_keys_of_a_us_keyboard() {
        for (character, code, shift) in [
            ('a', 30, false),
            ('A', 30, true),
            ('1', 2, false),
            ('!', 2, true),
            ('`', 41, false),
            ('\\', 43, false),
            ('?', 53, true),
            (' ', 57, false),
        ] {
            assert_eq!(of_character(character), Some(UsKey { code, shift }), "{character:?}");
        }
        for character in ['é', 'ß', 'я', '中', '€', '😀'] {
            assert_eq!(of_character(character), None);
        }
    }

    #[test]
    fn every_printable_ascii_character_has_one_key() {
        let mut seen = std::collections::HashSet::new();
        for character in ' '..='~' {
            let key = of_character(character).unwrap_or_else(|| panic!("{character:?}"));
            assert!(seen.insert((key.code, key.shift)), "{character:?} shares a key");
        }
    }

    #[test]
    fn only_listed_shortcuts_are_shared() {
        let control = Mask { control: true, ..Mask::default() };
        let code = |c| of_character(c).unwrap().code;
        for (character, shared) in [
            ('c', true),
            ('v', true),
            ('a', true),
            ('t', false),
            ('w', false),
            ('n', false),
            ('q', false),
            ('f', false),
            ('p', false),
            ('u', false),
            ('j', false),
        ] {
            assert_eq!(is_shared_shortcut(code(character), control), shared, "Ctrl+{character}");
        }
        for character in ['i', 'j', 'c', 'n', 't'] {
            assert!(!is_shared_shortcut(code(character), Mask { shift: true, ..control }), "Ctrl+Shift+{character}");
        }
        assert!(!is_shared_shortcut(105, Mask { alt: true, ..Mask::default() }), "Alt+Left goes back");
    }
}

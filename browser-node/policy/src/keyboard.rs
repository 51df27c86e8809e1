//! One keyboard and several people: what each holds, and what a key press becomes.

use crate::Action;
use crate::keys::{self, Mask};
use std::collections::HashMap;
use tandem_protocol::input::Modifiers;
use tandem_protocol::notice::Denied;
use tandem_protocol::{ParticipantId, Private};

/// More keys than a person has fingers; beyond it, presses are refused.
const HELD: usize = 16;

/// What the people hold down. Each person's keys are apart, and a key is up when nobody holds it.
#[derive(Debug, Default)]
pub(crate) struct Keyboard {
    /// Whose, and UI Events `code` → what it pressed.
    held: HashMap<(ParticipantId, String), u16>,
}

impl Keyboard {
    /// What a press does; nothing for a dead key or a lock.
    pub(crate) fn press(
        &mut self,
        who: ParticipantId,
        code: &str,
        key: &str,
        held: Modifiers,
    ) -> Result<Vec<Action>, Denied> {
        let mut modifiers = Mask::from(held);
        let mut characters = key.chars();
        let character = characters.next().filter(|_| characters.next().is_none());
        let key_code = match character {
            Some(character) => match keys::of_character(character) {
                Some(us) => {
                    // The character is what counts: it was made on their layout, and is made anew on ours.
                    modifiers.shift = if modifiers.control || modifiers.alt { modifiers.shift } else { us.shift };
                    us.code
                }
                None if modifiers.control || modifiers.alt => return Err(Denied::Shortcut),
                None => return Ok(vec![Action::Text { text: Private::new(character.into()) }]),
            },
            None if keys::is_browsers_own(key) => return Err(Denied::Shortcut),
            None => match keys::of_name(key, code) {
                Some(key_code) => key_code,
                None => return Ok(vec![]),
            },
        };
        if !keys::is_modifier(key_code) && !keys::is_shared_shortcut(key_code, modifiers) {
            return Err(Denied::Shortcut);
        }
        if code.len() > 32 || self.held.keys().filter(|(whose, _)| *whose == who).count() >= HELD {
            return Err(Denied::Flood);
        }
        // The same key may make another character now, since the layout or the modifiers changed meanwhile.
        let changed = self.held.get(&(who, code.to_owned())).is_some_and(|before| *before != key_code);
        let mut actions: Vec<_> = if changed { self.release(who, code, held).into_iter().collect() } else { vec![] };
        self.held.insert((who, code.to_owned()), key_code);
        actions.push(Action::Key { code: key_code, pressed: true, modifiers });
        Ok(actions)
    }

    /// Lets a key go, when this person holds it and nobody else does.
    pub(crate) fn release(&mut self, who: ParticipantId, code: &str, held: Modifiers) -> Option<Action> {
        let key_code = self.held.remove(&(who, code.to_owned()))?;
        let still_held = self.held.values().any(|held| *held == key_code);
        (!still_held).then(|| Action::Key { code: key_code, pressed: false, modifiers: held.into() })
    }

    /// Lets all keys of this person go.
    pub(crate) fn let_go(&mut self, who: ParticipantId) -> Vec<Action> {
        let codes: Vec<String> =
            self.held.keys().filter(|(whose, _)| *whose == who).map(|(_, code)| code.clone()).collect();
        codes.iter().filter_map(|code| self.release(who, code, Modifiers::default())).collect()
    }
}

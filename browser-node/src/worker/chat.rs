//! What the people of a session have said: kept for whoever comes later, as long as the session lasts.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};
use tandem_protocol::talk::chat::{ChatInput, ChatNotice};
use tandem_protocol::{ParticipantId, Private};

/// The longest message (characters).
const LONGEST: usize = 2_000;
/// Messages that are kept; the oldest go first.
const KEPT: usize = 500;

#[derive(Debug, Default)]
pub struct Chat {
    said: VecDeque<ChatNotice>,
}

impl Chat {
    /// What everybody is told of it, the sender too: they see by it that it has arrived.
    pub fn act(&mut self, from: ParticipantId, input: ChatInput) -> Option<ChatNotice> {
        match input {
            ChatInput::Typing { typing } => Some(ChatNotice::Typing { from, typing }),
            ChatInput::Say { number, text } => {
                let text: String = text.reveal().trim().chars().take(LONGEST).collect();
                let is_again = self.said.iter().any(
                    |one| matches!(one, ChatNotice::Said { from: who, number: n, .. } if (*who, *n) == (from, number)),
                );
                if text.is_empty() || is_again {
                    return None;
                }
                let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
                let said = ChatNotice::Said { from, number, at, text: Private::new(text) };
                if self.said.len() >= KEPT {
                    self.said.pop_front();
                }
                self.said.push_back(said.clone());
                Some(said)
            }
        }
    }

    pub fn said(&self) -> impl Iterator<Item = &ChatNotice> {
        self.said.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(number: u32, text: &str) -> ChatInput {
        ChatInput::Say { number, text: text.into() }
    }

    #[test]
    fn a_message_counts_once_however_often_it_is_sent() {
        let mut chat = Chat::default();
        let [eva, ana] = [ParticipantId(1), ParticipantId(2)];
        assert!(chat.act(eva, say(1, " Hello ")).is_some());
        assert!(chat.act(eva, say(1, "Hello")).is_none() && chat.act(eva, say(2, "  ")).is_none());
        assert!(chat.act(ana, say(1, "Hello")).is_some(), "each counts their own");
        assert_eq!(chat.said().count(), 2);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut chat = Chat::default();
        for number in 0..KEPT as u32 + 10 {
            chat.act(ParticipantId(1), say(number, &"ä".repeat(LONGEST + 5)));
        }
        assert_eq!(chat.said().count(), KEPT);
        assert!(chat.said().all(|one| matches!(one, ChatNotice::Said { number, text, .. } if *number >= 10 && text.reveal().chars().count() == LONGEST)));
    }
}

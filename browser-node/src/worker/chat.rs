//! What the people of a session have said: kept for whoever comes later, as long as the session lasts.

use crate::worker::files::clean;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};
use tandem_policy::Millis;
use tandem_protocol::api::Language;
use tandem_protocol::files::FILE;
use tandem_protocol::talk::chat::{ChatInput, ChatNotice, FileOffer};
use tandem_protocol::{ParticipantId, Private};

/// The longest message (characters).
const LONGEST: usize = 2_000;
/// Messages that are kept; the oldest go first.
pub const KEPT: usize = 500;
/// What one person may say at once, and how long until one more is due (milliseconds): nobody's flood washes away what others said.
/// Their page sends again what was not taken.
const AT_ONCE: u64 = 20;
const ONE_MORE: u64 = 500;

#[derive(Debug, Default)]
pub struct Chat {
    said: VecDeque<ChatNotice>,
    /// Files that were offered and are no more, by their messages.
    withdrawn: BTreeSet<(ParticipantId, u32)>,
    reads: BTreeMap<ParticipantId, Language>,
    /// Until when each person would have taken to send what they sent, at an even pace.
    paid: HashMap<ParticipantId, u64>,
}

impl Chat {
    /// What everybody is told of it, the sender too: they see by it that it has arrived. `sends_files` says whether the sender may.
    pub fn act(&mut self, from: ParticipantId, input: ChatInput, sends_files: bool, now: Millis) -> Option<ChatNotice> {
        match input {
            ChatInput::Typing { typing } => self.may(from, now).then_some(ChatNotice::Typing { from, typing }),
            ChatInput::Withdraw { number } => {
                let offered = self.said.iter().any(|one| matches!(one, ChatNotice::Said { from: who, number: n, file: Some(_), .. } if (*who, *n) == (from, number)));
                let is_news = offered && self.withdrawn.insert((from, number));
                is_news.then_some(ChatNotice::Withdrawn { from, number })
            }
            ChatInput::Reads { language } => {
                let is_news = self.reads.insert(from, language) != Some(language);
                is_news.then_some(ChatNotice::Reads { from, language })
            }
            ChatInput::Say { number, text, file } => {
                let text = plain(text.reveal());
                let file = file
                    .filter(|_| sends_files)
                    .filter(|file| file.bytes <= FILE)
                    .map(|file| FileOffer { name: Private::new(clean(file.name.reveal())), ..file });
                let is_again = self.said.iter().any(
                    |one| matches!(one, ChatNotice::Said { from: who, number: n, .. } if (*who, *n) == (from, number)),
                );
                if (text.is_empty() && file.is_none()) || is_again || !self.may(from, now) {
                    return None;
                }
                let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
                let said = ChatNotice::Said { from, number, at, text: Private::new(text), file };
                if self.said.len() >= KEPT
                    && let Some(ChatNotice::Said { from, number, .. }) = self.said.pop_front()
                {
                    self.withdrawn.remove(&(from, number));
                }
                self.said.push_back(said.clone());
                Some(said)
            }
        }
    }

    /// What somebody who comes is told.
    pub fn known(&self) -> impl Iterator<Item = ChatNotice> {
        let reads = self.reads.iter().map(|(from, language)| ChatNotice::Reads { from: *from, language: *language });
        let withdrawn =
            self.withdrawn.iter().map(|(from, number)| ChatNotice::Withdrawn { from: *from, number: *number });
        reads.chain(self.said.iter().cloned()).chain(withdrawn)
    }

    fn may(&mut self, from: ParticipantId, now: Millis) -> bool {
        let paid = self.paid.entry(from).or_default();
        let next = now.0.max(*paid) + ONE_MORE;
        let may = next <= now.0 + AT_ONCE * ONE_MORE;
        if may {
            *paid = next;
        }
        may
    }
}

/// Lines of text, of what somebody sent. What else there is in it that moves a cursor or rings a bell is left out.
fn plain(text: &str) -> String {
    let lines = text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| *c == '\n' || !c.is_control());
    lines.collect::<String>().trim().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);
    const EVA: ParticipantId = ParticipantId(1);
    const ANA: ParticipantId = ParticipantId(2);

    fn say(number: u32, text: &str) -> ChatInput {
        ChatInput::Say { number, text: text.into(), file: None }
    }

    fn offer(number: u32, name: &str, bytes: u64) -> ChatInput {
        ChatInput::Say { number, text: "".into(), file: Some(FileOffer { name: name.into(), bytes }) }
    }

    #[test]
    fn a_message_counts_once_however_often_it_is_sent() {
        let mut chat = Chat::default();
        assert!(chat.act(EVA, say(1, " Hello "), false, NOW).is_some());
        assert!(
            chat.act(EVA, say(1, "Hello"), false, NOW).is_none() && chat.act(EVA, say(2, "  "), false, NOW).is_none()
        );
        assert!(chat.act(ANA, say(1, "Hello"), false, NOW).is_some(), "each counts their own");
        assert_eq!(chat.known().count(), 2);
    }

    #[test]
    fn a_file_is_offered_by_who_may_and_until_it_is_withdrawn() {
        let mut chat = Chat::default();
        assert!(chat.act(EVA, offer(1, "a.pdf", 1), false, NOW).is_none(), "the customer");
        assert!(chat.act(ANA, offer(1, "a.pdf", FILE + 1), true, NOW).is_none(), "too large");
        let said = chat.act(ANA, offer(2, "../Contract.pdf", FILE), true, NOW);
        let name = clean("../Contract.pdf");
        assert!(matches!(said, Some(ChatNotice::Said { file: Some(file), .. }) if *file.name.reveal() == name));
        let withdraw = ChatInput::Withdraw { number: 2 };
        assert!(chat.act(EVA, withdraw.clone(), false, NOW).is_none(), "it is not theirs");
        assert!(chat.act(ANA, withdraw.clone(), false, NOW).is_some() && chat.act(ANA, withdraw, true, NOW).is_none());
        assert_eq!(chat.known().last(), Some(ChatNotice::Withdrawn { from: ANA, number: 2 }));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut chat = Chat::default();
        for number in 0..KEPT as u32 + 10 {
            let now = Millis(u64::from(number) * ONE_MORE);
            assert!(chat.act(EVA, say(number, &"ä".repeat(LONGEST + 5)), false, now).is_some());
        }
        assert_eq!(chat.known().count(), KEPT);
        assert!(chat.known().all(|one| matches!(one, ChatNotice::Said { number, text, .. } if number >= 10 && text.reveal().chars().count() == LONGEST)));
    }

    #[test]
    fn a_flood_stays_its_senders() {
        let mut chat = Chat::default();
        let taken = (0..1_000).filter(|number| chat.act(EVA, say(*number, "again"), false, NOW).is_some()).count();
        assert_eq!(taken as u64, AT_ONCE);
        assert!(chat.act(EVA, ChatInput::Typing { typing: true }, false, NOW).is_none());
        assert!(chat.act(ANA, say(1, "What is this?"), false, NOW).is_some());
        assert!(chat.act(EVA, say(2_000, "Sorry"), false, Millis(NOW.0 + ONE_MORE)).is_some());
    }

    #[test]
    fn text_is_lines_and_nothing_else() {
        for (sent, kept) in [
            ("one\r\ntwo\tthree\n", "one\ntwo three"),
            ("\u{7}\u{1b}[31mred\u{0}", "[31mred"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("مرحبا 👋", "مرحبا 👋"),
            ("\u{1b}\u{0} \n", ""),
        ] {
            assert_eq!(plain(sent), kept);
        }
    }

    #[test]
    fn whoever_comes_knows_who_reads_what() {
        let mut chat = Chat::default();
        let reads = |language| ChatInput::Reads { language };
        assert!(chat.act(EVA, reads(Language::Es), false, NOW).is_some());
        assert!(chat.act(EVA, reads(Language::Es), false, NOW).is_none(), "no news");
        assert!(chat.act(EVA, reads(Language::Pt), false, NOW).is_some());
        let known: Vec<_> = chat.known().collect();
        assert_eq!(known, [ChatNotice::Reads { from: EVA, language: Language::Pt }]);
    }
}

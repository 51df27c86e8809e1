//! What people say to each other and draw for each other.

use super::Live;
use tandem_protocol::talk::{TalkInput, TalkNotice};
use tandem_protocol::{ParticipantId, Role};

impl Live {
    /// Somebody's page can be talked to: it hears what was said before.
    pub(super) fn hears_all(&self, who: ParticipantId) {
        let Some(publisher) = self.publisher.as_ref().filter(|_| self.people.contains_key(&who)) else { return };
        for known in self.chat.known() {
            publisher.channels().talk(who, &TalkNotice::Chat(known));
        }
        self.sees_drawings(who);
    }

    pub(super) fn said(&mut self, who: ParticipantId, input: TalkInput) {
        let Some(person) = self.people.get(&who) else { return };
        let sends_files = person.role != Role::Customer && person.rights.send_files;
        let notice = match input {
            // What people write to each other, and in which language they read, they mean each other to know: it passes no mask.
            TalkInput::Chat(input) => self.chat.act(who, input, sends_files, self.now()).map(TalkNotice::Chat),
            TalkInput::Drawing(input) => {
                self.drew(who, input);
                None
            }
        };
        let (Some(notice), Some(publisher)) = (notice, &self.publisher) else { return };
        self.people.keys().for_each(|one| publisher.channels().talk(*one, &notice));
        self.is_active();
    }
}

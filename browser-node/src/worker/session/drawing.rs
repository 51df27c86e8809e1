//! What people draw over the page: between them, the core that keeps it and the pages' guards.

use super::Live;
use crate::worker::drawings::{Anchored, Author, Page, Steps};
use tandem_masking::STRIP;
use tandem_protocol::talk::TalkNotice;
use tandem_protocol::talk::drawing::DrawingInput;
use tandem_protocol::{Audience, ParticipantId, Role, TabId};

impl Live {
    pub(super) fn drew(&mut self, who: ParticipantId, input: DrawingInput) {
        let Some(person) = self.people.get(&who) else { return };
        let Some(tab) = self.browser.active() else { return };
        let author = Author { who, is_customer: person.role == Role::Customer, may: person.rights.annotate };
        let watched = self.viewers(Audience::Agent).next().is_some();
        let page = Page { tab, viewport: self.viewport, guarded: self.browser.is_guarded(), watched };
        let steps = self.drawings.act(author, input, page, self.now());
        self.take(steps);
        self.is_active();
    }

    /// A guard says where anchors are (CSS pixels of the window).
    pub(super) fn anchored(&mut self, tab: TabId, places: Vec<Anchored>) {
        let below =
            |place: Anchored| Anchored { frame: place.frame.map(|[x, y, w, h]| [x, y - STRIP as f32, w, h]), ..place };
        let places: Vec<_> = places.into_iter().map(below).collect();
        let steps = self.drawings.anchored(tab, &places, self.now());
        self.take(steps);
    }

    pub(super) fn judged(&mut self, tab: TabId, id: u32, clear: bool) {
        let steps = self.drawings.judged(tab, id, clear);
        self.take(steps);
    }

    /// Tabs came or went; `fresh` shows another page.
    pub(super) fn pages_changed(&mut self, fresh: Option<TabId>) {
        let tabs: Vec<_> = self.browser.tabs().iter().map(|tab| tab.id).collect();
        let steps = self.drawings.pages(&tabs, fresh);
        self.take(steps);
    }

    /// Tells somebody what is drawn already, if they may see it.
    pub(super) fn sees_drawings(&self, who: ParticipantId) {
        let (Some(publisher), Some(person)) = (&self.publisher, self.people.get(&who)) else { return };
        if person.rights.view {
            let known = self.drawings.known(who, person.role.audience(), self.now());
            known.into_iter().for_each(|notice| publisher.channels().talk(who, &TalkNotice::Drawing(notice)));
        }
    }

    fn take(&mut self, steps: Steps) {
        steps.asks.iter().for_each(|(tab, ask)| self.browser.ask_anchors(*tab, ask));
        let Some(publisher) = &self.publisher else { return };
        for change in &steps.changes {
            for (who, person) in self.people.iter().filter(|(_, person)| person.rights.view) {
                for notice in self.drawings.told(change, *who, person.role.audience(), self.now()) {
                    publisher.channels().talk(*who, &TalkNotice::Drawing(notice));
                }
            }
        }
    }
}

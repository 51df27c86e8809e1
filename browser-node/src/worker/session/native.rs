//! What a browser on a desk would draw itself: who is told of it, and what.

use super::Live;
use crate::worker::browser::{Opened, Wanted};
use tandem_masking::STRIP;
use tandem_protocol::native::{Lack, Menu, Picker};
use tandem_protocol::notice::Notice;
use tandem_protocol::{Audience, ParticipantId, TabId};

impl Live {
    /// The page leaves it to the browser to show a menu: whoever asked for it gets ours.
    pub(super) fn menu(&mut self, wanted: Wanted) {
        let Some(who) = (if wanted.customers { self.customer } else { self.other }) else { return };
        let Wanted { at: [x, y], link, image, selection, editable, hidden, .. } = wanted;
        let id = self.browser.native().ask(who, link, image);
        let address = self.browser.native().link(id).cloned();
        let image = self.browser.native().image(id).is_some();
        let menu =
            Menu { id, x, y: y - STRIP as f32, link: address.is_some(), address, image, selection, editable, hidden };
        self.tell(who, &Notice::Menu { menu });
    }

    /// The same where the page has no guard, of which nothing is known but where somebody pressed (CSS pixels of the viewport).
    pub(super) fn bare_menu(&mut self, who: ParticipantId, (x, y): (f32, f32)) {
        let id = self.browser.native().ask(who, None, None);
        let (link, address, image, selection, editable, hidden) = (false, None, false, false, false, true);
        self.tell(who, &Notice::Menu { menu: Menu { id, x, y, link, address, image, selection, editable, hidden } });
    }

    /// A field of a tab's page has opened what it is to be chosen from, or closed it.
    pub(super) fn picker(&mut self, tab: TabId, opened: Option<Opened>) {
        let is_open = opened.is_some();
        if let Some(Opened { number, customers, at: [x, y], size: [width, height], label, hidden, of }) = opened {
            let Some(by) = (if customers { self.customer } else { self.other }) else { return };
            let area = [x, y - STRIP as f32, width, height];
            self.browser.native().opened(tab, number, Picker { id: 0, by, area, label, hidden, of });
        }
        if is_open || self.browser.native().closed(tab) {
            self.tell_picker();
        }
    }

    /// The tab shows another page, or is not in front any more.
    pub(super) fn forget_picker(&mut self, tab: TabId) {
        if self.browser.native().closed(tab) {
            self.tell_picker();
        }
    }

    /// Agents hear nothing of one that is hidden from them, not even that it comes and goes.
    pub(super) fn tell_picker(&mut self) {
        let picker = self.browser.picker().cloned();
        let shared = picker.as_ref().filter(|picker| !picker.hidden).map(|picker| picker.id);
        let is_news = std::mem::replace(&mut self.shared_picker, shared) != shared;
        let notice = Notice::Picker { picker };
        let agents = self.viewers(Audience::Agent).filter(|_| is_news);
        self.viewers(Audience::Customer).chain(agents).for_each(|who| self.tell(who, &notice));
    }

    /// A page asks for what this browser does not have. All hear of it, since somebody has to do that step elsewhere.
    pub(super) fn lacks(&mut self, tab: TabId, lack: Lack) {
        if self.browser.native().lacks(tab, lack) && self.browser.active() == Some(tab) {
            self.tell_all(&Notice::Lacks { lack });
        }
    }

    /// A tab's icon is this one; `web` where it came from a web address, and not from the page's own script.
    pub(super) fn icon(&mut self, tab: TabId, png: Option<String>, web: bool) {
        let is_news = self.browser.native().set_icon(tab, png);
        let was_shown = self.vouched.shows_icon(tab);
        self.vouched.set_icon(tab, web);
        if is_news {
            let png = self.browser.native().icon(tab);
            self.tell_all(&Notice::Icon { tab, png });
        } else {
            self.tell_icon_anew(tab, was_shown);
        }
    }

    /// What is known of a page may let agents see its icon now.
    pub(super) fn tell_icon_anew(&mut self, tab: TabId, was_shown: bool) {
        let Some(png) = self.browser.native().icon(tab).filter(|_| self.vouched.shows_icon(tab) && !was_shown) else {
            return;
        };
        let notice = Notice::Icon { tab, png: Some(png) };
        self.viewers(Audience::Agent).for_each(|who| self.tell(who, &notice));
    }

    /// All icons, for somebody who has just come.
    pub(super) fn sees_icons(&self, who: ParticipantId) {
        for tab in self.browser.tabs() {
            if let Some(png) = self.browser.icon(tab.id) {
                self.tell(who, &Notice::Icon { tab: tab.id, png: Some(png) });
            }
        }
    }
}

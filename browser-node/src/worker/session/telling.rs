//! What people are told beside the picture, each what their role and their rights let them know.

use super::{Admitted, Live};
use crate::handshake::Report;
use crate::worker::notices::Vouched;
use std::time::{Duration, Instant};
use tandem_protocol::notice::{Denied, Notice};
use tandem_protocol::{Audience, InputId, ParticipantId, Role, Viewport};

/// People hear so often at the most that a page wants too many tabs.
const CROWDED_EVERY: Duration = Duration::from_secs(5);

impl Live {
    pub(super) fn show_areas(&mut self, areas: Vec<[f32; 4]>) {
        if areas != self.areas {
            self.areas = areas;
            self.tell_all(&Notice::Hidden { areas: self.areas.clone() });
        }
    }

    pub(super) fn resized(&mut self, viewport: Viewport) {
        self.viewport = viewport;
        self.seen.visible.set(viewport);
        self.tell_all(&Notice::Viewport { viewport });
    }

    pub(super) fn denied(&mut self, who: ParticipantId, id: Option<InputId>, denied: Option<Denied>) {
        if let Some(reason) = denied {
            self.reports.denied(reason);
            if self.people.get(&who).is_some_and(|person| person.role != Role::Customer)
                && let Some(times) = self.denials.count(who, reason, Instant::now())
            {
                self.reports.send(Report::Denied { participant: who, reason, times });
            }
            self.tell(who, &Notice::Denied { id, reason });
        }
    }

    /// A participant's page is there, perhaps after a reload: it holds nothing, and counts its moves anew.
    pub(super) fn page_came(&mut self, who: ParticipantId) {
        if let Some(Admitted { role, rights }) = self.people.get(&who).copied() {
            let outcome = self.gate.dismiss(who);
            self.carry_out(Some(who), outcome, Instant::now());
            self.gate.admit(who, role, rights, self.now());
        }
        self.welcome(who);
    }

    /// Tells a participant everything that has a state, once they can be spoken to and are known.
    pub(super) fn welcome(&self, who: ParticipantId) {
        for notice in [
            Notice::Viewport { viewport: self.viewport },
            Notice::Cursor { shape: *self.seen.cursor.borrow() },
            Notice::Field { field: *self.seen.field.borrow() },
            Notice::Tabs { tabs: self.browser.tabs().to_vec() },
            Notice::Withheld { withheld: self.withheld },
            Notice::Hidden { areas: self.areas.clone() },
            Notice::Dialog { dialog: self.browser.dialog().cloned() },
            Notice::Picker { picker: self.browser.picker().cloned() },
            Notice::FileChooser { chooser: self.browser.chooser().cloned() },
            Notice::Downloads { downloads: self.browser.file_list() },
        ] {
            self.tell(who, &notice);
        }
        self.tell_sound_to(who);
        self.sees_icons(who);
    }

    /// Speaks to one participant, and says what their role may know.
    pub(super) fn tell(&self, who: ParticipantId, notice: &Notice) {
        let (Some(publisher), Some(person)) = (&self.publisher, self.people.get(&who)) else { return };
        if !person.rights.view {
            return;
        }
        match person.role.audience() {
            Audience::Customer => {
                if let Some(notice) = Vouched::for_customer(notice) {
                    publisher.channels().tell_customer(who, &notice);
                }
            }
            Audience::Agent => {
                if let Some(notice) = self.vouched.for_agent(notice) {
                    publisher.channels().tell_agent(who, &notice);
                }
            }
        }
    }

    pub(super) fn tabs_changed(&mut self) {
        let front = self.browser.active();
        let before = std::mem::replace(&mut self.front, front);
        if before != front {
            before.into_iter().for_each(|tab| self.forget_picker(tab));
            // What was known of the tab before says nothing of this one; its guard says it anew.
            self.vouched.set_focus(false);
            self.seat.bubbles(false);
            self.show_areas(Vec::new());
            self.tell_dialog();
        }
        let tabs = self.browser.tabs().to_vec();
        let at = tabs.iter().find(|tab| tab.active).map(|tab| tab.url.clone());
        self.reports.send(Report::Tabs { tabs: self.vouched.tabs(&tabs), at });
        self.tell_all(&Notice::Tabs { tabs });
    }

    /// Where text goes. Each key moves the caret, which is the customer's to know: agents hear of it when their part changes.
    pub(super) fn tell_field(&mut self) {
        let field = *self.seen.field.borrow();
        let shared = self.vouched.field(field);
        let is_news = std::mem::replace(&mut self.shared_field, shared) != shared;
        let agents = self.viewers(Audience::Agent).filter(|_| is_news);
        self.viewers(Audience::Customer).chain(agents).for_each(|who| self.tell(who, &Notice::Field { field }));
    }

    pub(super) fn tell_dialog(&self) {
        self.tell_all(&Notice::Dialog { dialog: self.browser.dialog().cloned() });
    }

    pub(super) fn tell_chooser(&self) {
        self.tell_customers(&Notice::FileChooser { chooser: self.browser.chooser().cloned() });
    }

    pub(super) fn tell_downloads(&self) {
        self.tell_customers(&Notice::Downloads { downloads: self.browser.file_list() });
    }

    /// A page may try to open tabs without end; people are told now and then.
    pub(super) fn too_many_tabs(&mut self) {
        if self.crowded.is_none_or(|at| at.elapsed() >= CROWDED_EVERY) {
            self.crowded = Some(Instant::now());
            self.tell_all(&Notice::Denied { id: None, reason: Denied::Tabs });
        }
    }

    /// For those who asked, and nobody else.
    pub(super) fn tell_customers(&self, notice: &Notice) {
        self.viewers(Audience::Customer).for_each(|who| self.tell(who, notice));
    }

    pub(super) fn tell_all(&self, notice: &Notice) {
        self.people.keys().for_each(|who| self.tell(*who, notice));
    }

    /// Who may see what this audience gets.
    pub(super) fn viewers(&self, audience: Audience) -> impl Iterator<Item = ParticipantId> {
        let sees = move |person: &Admitted| person.rights.view && person.role.audience() == audience;
        self.people.iter().filter(move |(_, person)| sees(person)).map(|(who, _)| *who)
    }

    /// Whether this audience's pictures go out: somebody subscribes them, and somebody may.
    pub(super) fn is_wanted(&self, audience: Audience) -> bool {
        self.demands.get(&audience).is_some_and(|demand| demand.subscribers > 0)
            && self.viewers(audience).next().is_some()
    }
}

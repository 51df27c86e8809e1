//! What pages and servers ask people, until somebody has answered: a plain value.

use super::requests::{Challenge, Waiting};
use std::collections::HashMap;
use tandem_protocol::dialog::{Dialog, DialogKind};
use tandem_protocol::{Private, TabId};

/// The longest text that is shown of a dialog (characters).
const LONGEST: usize = 2_000;
/// Questions of one page after which people may have it silenced.
const PATIENCE: u32 = 3;
/// Passwords that are asked for at once; servers that want more are told that there is none.
const MOST: usize = 20;

/// Whom the answer goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// By its guard.
    Page(Waiting),
    /// By Chromium's own dialog.
    Chromium,
    Server(Challenge),
}

/// A dialog that waits, of a tab.
#[derive(Debug)]
pub struct Asked {
    pub tab: TabId,
    pub asker: Asker,
    dialog: Dialog,
}

/// All dialogs that wait, in the order in which they were asked.
#[derive(Debug, Default)]
pub struct Dialogs {
    next: u32,
    waiting: Vec<Asked>,
    /// How often the page of a tab has asked; none once it has been silenced.
    asked: HashMap<TabId, Option<u32>>,
}

impl Dialogs {
    /// A page asks. `false` when it is to be told no at once.
    pub fn page_asks(
        &mut self,
        tab: TabId,
        asker: Asker,
        kind: DialogKind,
        host: String,
        text: &str,
        proposal: &str,
    ) -> bool {
        let Some(times) = self.asked.entry(tab).or_insert(Some(0)) else { return false };
        *times += 1;
        let insists = *times > PATIENCE;
        self.ask(tab, asker, Dialog { id: 0, kind, host, text: short(text), proposal: short(proposal), insists });
        true
    }

    /// A server asks. `false` when it is to be told at once that there is no password.
    pub fn server_asks(&mut self, tab: TabId, challenge: Challenge, host: String, realm: &str) -> bool {
        if self.waiting.len() >= MOST {
            return false;
        }
        let (kind, proposal) = (DialogKind::Password, Private::default());
        let dialog = Dialog { id: 0, kind, host, text: short(realm), proposal, insists: false };
        self.ask(tab, Asker::Server(challenge), dialog);
        true
    }

    fn ask(&mut self, tab: TabId, asker: Asker, dialog: Dialog) {
        self.next += 1;
        self.waiting.push(Asked { tab, asker, dialog: Dialog { id: self.next, ..dialog } });
    }

    /// The first that the page of this tab asks.
    pub fn of(&self, tab: TabId) -> Option<&Dialog> {
        self.waiting.iter().find(|asked| asked.tab == tab).map(|asked| &asked.dialog)
    }

    /// What the page itself of this tab asks by its guard.
    pub fn of_page(&self, tab: TabId) -> Option<u32> {
        let is_pages = |asked: &&Asked| asked.tab == tab && matches!(asked.asker, Asker::Page(_));
        self.waiting.iter().find(is_pages).map(|asked| asked.dialog.id)
    }

    /// Takes out the one that is answered.
    pub fn answered(&mut self, id: u32) -> Option<Asked> {
        let place = self.waiting.iter().position(|asked| asked.dialog.id == id)?;
        Some(self.waiting.remove(place))
    }

    /// The page of this tab asks nothing any more, until it is another page.
    pub fn silence(&mut self, tab: TabId) {
        self.asked.insert(tab, None);
    }

    /// Chromium has closed its own dialog by itself.
    pub fn closed(&mut self, tab: TabId) {
        self.waiting.retain(|asked| asked.tab != tab || asked.asker != Asker::Chromium);
    }

    /// The tab shows another page.
    pub fn another_page(&mut self, tab: TabId) {
        self.waiting.retain(|asked| asked.tab != tab || matches!(asked.asker, Asker::Server(_)));
        self.asked.remove(&tab);
    }

    pub fn gone(&mut self, tab: TabId) {
        self.waiting.retain(|asked| asked.tab != tab);
        self.asked.remove(&tab);
    }
}

fn short(text: &str) -> Private<String> {
    Private::new(text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TabId = TabId(1);
    const TWO: TabId = TabId(2);

    fn asks(dialogs: &mut Dialogs, tab: TabId) -> bool {
        dialogs.page_asks(tab, Asker::Chromium, DialogKind::Confirm, "shop.example".into(), "Sure?", "")
    }

    #[test]
    fn each_tab_has_its_own_question_and_each_is_answered_once() {
        let mut dialogs = Dialogs::default();
        assert!(asks(&mut dialogs, ONE) && asks(&mut dialogs, TWO));
        let (first, second) = (dialogs.of(ONE).unwrap().id, dialogs.of(TWO).unwrap().id);
        assert!(first != second);
        assert_eq!(dialogs.answered(second).unwrap().tab, TWO);
        assert!(dialogs.answered(second).is_none() && dialogs.of(TWO).is_none() && dialogs.of(ONE).is_some());
        dialogs.another_page(ONE);
        assert!(dialogs.of(ONE).is_none());
    }

    #[test]
    fn a_page_that_asks_on_and_on_can_be_silenced_until_it_is_another() {
        let mut dialogs = Dialogs::default();
        for time in 1..=1_000 {
            assert!(asks(&mut dialogs, ONE));
            let dialog = dialogs.of(ONE).unwrap();
            assert_eq!(dialog.insists, time > 3);
            dialogs.answered(dialog.id);
        }
        dialogs.silence(ONE);
        assert!(!asks(&mut dialogs, ONE) && asks(&mut dialogs, TWO));
        dialogs.another_page(ONE);
        assert!(asks(&mut dialogs, ONE));
    }

    #[test]
    fn servers_that_ask_without_end_are_told_no() {
        let mut dialogs = Dialogs::default();
        let challenge = |number: usize| Challenge(number.to_string().into());
        let taken = (0..100).filter(|n| dialogs.server_asks(ONE, challenge(*n), "bank.example".into(), "x")).count();
        assert_eq!(taken, MOST);
        dialogs.closed(ONE);
        assert!(dialogs.of(ONE).is_some(), "what a server asks is no matter of the page's");
        dialogs.gone(ONE);
        assert!(dialogs.of(ONE).is_none());
    }

    #[test]
    fn what_is_told_has_an_end() {
        let mut dialogs = Dialogs::default();
        dialogs.page_asks(ONE, Asker::Chromium, DialogKind::Alert, String::new(), &"ä".repeat(1_000_000), "");
        assert_eq!(dialogs.of(ONE).unwrap().text.reveal().chars().count(), LONGEST);
    }
}

//! The open tabs, as far as the browser has told: a plain value.

use tandem_protocol::notice::Tab;
use tandem_protocol::{Private, TabId};

/// More tabs than anyone keeps apart; a page that opens more gets them closed.
pub const LIMIT: usize = 20;

/// All tabs, in the order in which they were opened. Exactly one is active, while there is one.
#[derive(Debug, Default)]
pub struct Tabs {
    next: u32,
    tabs: Vec<Tab>,
}

impl Tabs {
    pub fn list(&self) -> &[Tab] {
        &self.tabs
    }

    pub fn active(&self) -> Option<TabId> {
        self.tabs.iter().find(|t| t.active).map(|t| t.id)
    }

    /// A new tab comes to the front, as Chromium brings it.
    pub fn open(&mut self, url: String) -> TabId {
        self.next += 1;
        let id = TabId(self.next);
        let url = Private::new(url);
        let (title, loading, crashed) = (Private::default(), false, false);
        self.tabs.push(Tab {
            id,
            title,
            url,
            active: false,
            loading,
            crashed,
            can_go_back: false,
            can_go_forward: false,
        });
        self.activate(id);
        id
    }

    /// Brings a tab to the front; `false` when there is no such tab.
    pub fn activate(&mut self, id: TabId) -> bool {
        let known = self.tabs.iter().any(|t| t.id == id);
        if known {
            for tab in &mut self.tabs {
                tab.active = tab.id == id;
            }
        }
        known
    }

    /// A tab is gone. Gives the tab to bring to the front when it was the active one: its neighbour before it.
    pub fn close(&mut self, id: TabId) -> Option<TabId> {
        let place = self.tabs.iter().position(|t| t.id == id)?;
        let was_active = self.tabs.remove(place).active;
        let next = self.tabs.get(place.saturating_sub(1)).map(|t| t.id)?;
        (was_active && self.activate(next)).then_some(next)
    }

    /// Changes what is known of a tab; `true` when it is another than before.
    pub fn update(&mut self, id: TabId, change: impl FnOnce(&mut Tab)) -> bool {
        let Some(tab) = self.tabs.iter_mut().find(|t| t.id == id) else { return false };
        let before = tab.clone();
        change(tab);
        *tab != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tab_is_active_whatever_opens_and_closes() {
        let mut tabs = Tabs::default();
        let [a, b, c] = [0; 3].map(|_| tabs.open(String::new()));
        assert_eq!(tabs.active(), Some(c));
        assert_eq!(tabs.close(b), None, "not the active one");
        assert_eq!(tabs.close(c), Some(a));
        assert!(!tabs.activate(c));
        assert_eq!(tabs.active(), Some(a));
        assert_eq!(tabs.close(a), None);
        assert_eq!(tabs.active(), None);
        assert_eq!(tabs.open(String::new()), TabId(4), "a number is never used again");
    }
}

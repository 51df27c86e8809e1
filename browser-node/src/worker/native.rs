//! What pages bring up and our own pages draw: menus, what this browser does not have, icons of tabs. A plain value.

use base64::Engine;
use std::collections::{HashMap, HashSet};
use tandem_protocol::native::{Lack, Picker};
use tandem_protocol::{ParticipantId, Private, TabId, limits};

/// The largest icon (bytes of a PNG), and its longest side (pixels).
const LARGEST_ICON: usize = 8 << 10;
const LONGEST_SIDE: u32 = 32;
/// How every PNG begins (PNG § 5.2); its width and height follow at the 16th byte (§ 11.2.1).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Of one browser.
#[derive(Debug, Default)]
pub struct Native {
    menus: u32,
    /// The last menu that somebody asked for.
    menu: Option<Asked>,
    pickers: u32,
    open: Option<Open>,
    /// What the pages that are shown have asked for in vain.
    lacking: HashSet<(TabId, Lack)>,
    /// The icons of tabs in base64.
    icons: HashMap<TabId, Private<String>>,
}

#[derive(Debug)]
struct Asked {
    id: u32,
    who: ParticipantId,
    link: Option<Private<String>>,
    image: Option<Private<String>>,
}

/// What a field has opened.
#[derive(Debug)]
struct Open {
    tab: TabId,
    /// Its number with its page's guard.
    number: u32,
    picker: Picker,
}

impl Native {
    /// Somebody asks for a menu, perhaps about a link or an image; its number.
    pub fn ask(&mut self, who: ParticipantId, link: Option<Private<String>>, image: Option<Private<String>>) -> u32 {
        let short = |url: Option<Private<String>>| url.filter(|url| url.reveal().len() <= limits::URL);
        self.menus += 1;
        self.menu = Some(Asked { id: self.menus, who, link: short(link), image: short(image) });
        self.menus
    }

    /// The link that the menu of this number is about.
    pub fn link(&self, id: u32) -> Option<&Private<String>> {
        self.menu.as_ref().filter(|menu| menu.id == id)?.link.as_ref()
    }

    /// Where the image is from that the menu of this number is about.
    pub fn image(&self, id: u32) -> Option<&Private<String>> {
        self.menu.as_ref().filter(|menu| menu.id == id)?.image.as_ref()
    }

    /// Whether it was this person who asked for the menu of this number.
    pub fn is_of(&self, id: u32, who: ParticipantId) -> bool {
        self.menu.as_ref().is_some_and(|menu| (menu.id, menu.who) == (id, who))
    }

    /// A field has opened this, which gets its number here. There is one at a time, as there is one focus.
    pub fn opened(&mut self, tab: TabId, number: u32, picker: Picker) {
        self.pickers += 1;
        self.open = Some(Open { tab, number, picker: Picker { id: self.pickers, ..picker } });
    }

    /// What is open in this tab is not any more; `false` when nothing was.
    pub fn closed(&mut self, tab: TabId) -> bool {
        self.open.take_if(|open| open.tab == tab).is_some()
    }

    /// What a field of this tab has open.
    pub fn picker(&self, tab: TabId) -> Option<&Picker> {
        self.open.as_ref().filter(|open| open.tab == tab).map(|open| &open.picker)
    }

    /// Somebody has chosen in the picker of this id: where it is, and its number there. It is open no more.
    pub fn chosen(&mut self, id: u32) -> Option<(TabId, u32)> {
        self.open.take_if(|open| open.picker.id == id).map(|open| (open.tab, open.number))
    }

    /// A page asks for what there is not; `false` when it has done so before.
    pub fn lacks(&mut self, tab: TabId, lack: Lack) -> bool {
        self.lacking.insert((tab, lack))
    }

    /// A page has this icon (a PNG in base64), or none; `false` when that is known. What is none, or too large, counts as none.
    pub fn set_icon(&mut self, tab: TabId, png: Option<String>) -> bool {
        let png = png.filter(|png| is_icon(png)).map(Private::new);
        let before = match png.clone() {
            Some(png) => self.icons.insert(tab, png),
            None => self.icons.remove(&tab),
        };
        before != png
    }

    pub fn icon(&self, tab: TabId) -> Option<Private<String>> {
        self.icons.get(&tab).cloned()
    }

    /// The tab shows another page, which may ask anew.
    pub fn another_page(&mut self, tab: TabId) {
        self.lacking.retain(|(of, _)| *of != tab);
    }

    pub fn gone(&mut self, tab: TabId) {
        self.another_page(tab);
        self.icons.remove(&tab);
    }
}

fn is_icon(base64: &str) -> bool {
    if base64.len() > LARGEST_ICON * 4 / 3 + 4 {
        return false;
    }
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(base64) else { return false };
    let side = |from: usize| bytes.get(from..from + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let fits = |side: Option<u32>| side.is_some_and(|side| (1..=LONGEST_SIDE).contains(&side));
    bytes.len() <= LARGEST_ICON && bytes.starts_with(PNG) && fits(side(16)) && fits(side(20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_protocol::native::Pickable;

    const EVA: ParticipantId = ParticipantId(1);
    const BEN: ParticipantId = ParticipantId(2);

    fn png(width: u32, height: u32, bytes: usize) -> String {
        let mut png = [PNG, &13u32.to_be_bytes(), b"IHDR", &width.to_be_bytes(), &height.to_be_bytes()].concat();
        png.resize(bytes.max(png.len()), 0);
        base64::engine::general_purpose::STANDARD.encode(png)
    }

    #[test]
    fn a_menu_is_its_askers_until_the_next_one() {
        let mut native = Native::default();
        let first = native.ask(EVA, Some("https://bank.example/cancel?id=7".into()), None);
        assert!(native.is_of(first, EVA) && !native.is_of(first, BEN));
        assert!(native.link(first).is_some());
        let second = native.ask(BEN, None, Some("https://bank.example/logo.png".into()));
        assert!(!native.is_of(first, EVA) && native.link(first).is_none() && native.link(second).is_none());
        assert!(native.image(first).is_none() && native.image(second).is_some());
        let long = native.ask(EVA, Some("x".repeat(1_000_000).into()), None);
        assert!(native.link(long).is_none());
    }

    #[test]
    fn there_is_one_picker_and_it_is_chosen_in_once() {
        let picker = || Picker {
            id: 0,
            by: EVA,
            area: [0.0; 4],
            label: "Country".into(),
            hidden: false,
            of: Pickable::List { choices: Vec::new() },
        };
        let mut native = Native::default();
        native.opened(TabId(1), 7, picker());
        native.opened(TabId(2), 7, picker());
        assert!(native.picker(TabId(1)).is_none());
        let id = native.picker(TabId(2)).unwrap().id;
        assert!(!native.closed(TabId(1)) && native.chosen(id - 1).is_none());
        assert_eq!(native.chosen(id), Some((TabId(2), 7)));
        assert!(native.chosen(id).is_none() && !native.closed(TabId(2)));
    }

    #[test]
    fn each_page_is_told_of_once_for_each_kind() {
        let mut native = Native::default();
        let news = (0..1_000).filter(|_| native.lacks(TabId(1), Lack::Camera)).count();
        assert_eq!(news, 1);
        assert!(native.lacks(TabId(1), Lack::Place) && native.lacks(TabId(2), Lack::Camera));
        native.another_page(TabId(1));
        assert!(native.lacks(TabId(1), Lack::Camera) && !native.lacks(TabId(2), Lack::Camera));
    }

    #[test]
    fn an_icon_is_a_small_png_and_told_once() {
        let mut native = Native::default();
        let (tab, icon) = (TabId(1), png(32, 32, 900));
        assert!(native.set_icon(tab, Some(icon.clone())) && !native.set_icon(tab, Some(icon)));
        assert!(native.icon(tab).is_some());
        for wrong in
            [png(33, 32, 900), png(32, 0, 900), png(16, 16, LARGEST_ICON + 1), "no base64".into(), "AAAA".into()]
        {
            native.set_icon(tab, Some(wrong));
            assert!(native.icon(tab).is_none());
        }
        assert!(!native.set_icon(tab, None));
        native.set_icon(tab, Some(png(16, 16, 100)));
        native.gone(tab);
        assert!(native.icon(tab).is_none());
    }
}

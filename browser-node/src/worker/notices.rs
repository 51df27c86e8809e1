//! What each audience may know beside the picture. What is for agents is made here and nowhere else.

use super::audience::{Agent, Customer, Only};
use std::collections::{HashMap, HashSet};
use tandem_protocol::dialog::Dialog;
use tandem_protocol::native::Picker;
use tandem_protocol::notice::{Field, FieldKind, Notice, Tab};
use tandem_protocol::outline::OutlineNode;
use tandem_protocol::{Private, TabId};
use url::Url;

/// The longest word in a path that agents see (characters): what is longer is a token.
const WORD: usize = 24;
/// So many digits in one part of a path are somebody's number.
const DIGITS: usize = 6;

/// What the pages' guards have said that agents may know.
#[derive(Debug, Default)]
pub struct Vouched {
    /// Titles without anything that is hidden; none for a tab whose page has not said.
    titles: HashMap<TabId, String>,
    /// Tabs whose icon came from a web address: one that a script has drawn may say anything.
    icons: HashSet<TabId>,
    /// Whether the focus is in a field that agents may see; not until a guard says so.
    focus: bool,
    /// Whether the pointer's shape is that under the customer's hand, which tells where they point.
    customer_points: bool,
}

impl Vouched {
    pub fn set_title(&mut self, tab: TabId, title: Option<String>) {
        self.titles.insert(tab, title.unwrap_or_default());
    }

    /// The tab shows another page, of which nothing is known yet.
    pub fn forget(&mut self, tab: TabId) {
        self.titles.remove(&tab);
        self.icons.remove(&tab);
    }

    pub fn set_icon(&mut self, tab: TabId, web: bool) {
        if web {
            self.icons.insert(tab)
        } else {
            self.icons.remove(&tab)
        };
    }

    /// Whether agents may see a tab's icon: the page's guard has found its title to be open, too.
    pub fn shows_icon(&self, tab: TabId) -> bool {
        self.icons.contains(&tab) && self.titles.get(&tab).is_some_and(|title| !title.is_empty())
    }

    pub fn set_focus(&mut self, is_open: bool) {
        self.focus = is_open;
    }

    pub fn set_customer_points(&mut self, points: bool) {
        self.customer_points = points;
    }

    /// Customers know everything of the page; what agents do not see is no matter of theirs.
    pub fn for_customer(notice: &Notice) -> Option<Only<Customer, Notice>> {
        let is_theirs = !matches!(notice, Notice::Withheld { .. });
        is_theirs.then(|| Only::new(notice.clone()))
    }

    /// The part of a notice that agents may know; none when there is nothing left of it.
    pub fn for_agent(&self, notice: &Notice) -> Option<Only<Agent, Notice>> {
        Some(Only::new(match notice {
            Notice::Tabs { tabs } => Notice::Tabs { tabs: self.tabs(tabs) },
            Notice::Field { field } => Notice::Field { field: self.field(*field) },
            Notice::Cursor { .. } if self.customer_points => return None,
            // What was pointed at may be hidden, and so may what rules find.
            Notice::Picked { .. } | Notice::Matches { .. } => return None,
            // Where the customer touches, and what is there.
            Notice::Touched { .. } => return None,
            Notice::Dialog { dialog } => Notice::Dialog { dialog: dialog.as_ref().map(without_words) },
            // Told to whoever asked; where the link leads may be somebody's.
            Notice::Menu { menu } => Notice::Menu { menu: menu.for_agents() },
            Notice::Picker { picker } => Notice::Picker { picker: picker.as_ref().and_then(Picker::for_agents) },
            Notice::Icon { tab, png } => {
                Notice::Icon { tab: *tab, png: png.clone().filter(|_| self.shows_icon(*tab)) }
            }
            Notice::Outline { focus, nodes } => outline_for_agents(*focus, nodes),
            // Where something is found may be hidden, and so may whom the customer calls.
            Notice::Found { .. } | Notice::Handed { .. } => return None,
            // Files are the customer's alone, and that one is asked for may tell what of.
            Notice::FileChooser { .. } | Notice::Downloads { .. } => return None,
            Notice::Viewport { .. }
            | Notice::Cursor { .. }
            | Notice::Press { .. }
            | Notice::Denied { .. }
            | Notice::Shown { .. }
            | Notice::Withheld { .. }
            | Notice::Hidden { .. }
            // Whoever is told may hear it.
            | Notice::Sound { .. }
            // The kind alone.
            | Notice::Lacks { .. }
            // Their own copy, which a guard has looked through.
            | Notice::Copied { .. }
            // Where they reached for something of their own outline.
            | Notice::Reached { .. }
            | Notice::Crashed { .. } => notice.clone(),
        }))
    }

    /// The focused field as agents know it. What they are told must not change with every key.
    pub fn field(&self, field: Option<Field>) -> Option<Field> {
        field.filter(|_| self.focus).map(without_caret)
    }

    /// The tabs as agents, and the company's programs, see them.
    pub fn tabs(&self, tabs: &[Tab]) -> Vec<Tab> {
        let vouched = |tab: &Tab| Tab {
            title: Private::new(self.titles.get(&tab.id).cloned().unwrap_or_default()),
            url: Private::new(address_for_agents(tab.url.reveal())),
            ..tab.clone()
        };
        tabs.iter().map(vouched).collect()
    }
}

/// What is hidden is there, without a name; that the focus is in it is told by nothing.
fn outline_for_agents(focus: Option<u32>, nodes: &[OutlineNode]) -> Notice {
    let is_open = |id: &u32| nodes.iter().any(|node| node.id == *id && !node.hidden);
    Notice::Outline { focus: focus.filter(is_open), nodes: nodes.iter().map(OutlineNode::for_agents).collect() }
}

/// Agents know that something is asked, and who asks.
fn without_words(dialog: &Dialog) -> Dialog {
    Dialog { text: Private::default(), proposal: Private::default(), ..dialog.clone() }
}

/// The caret's place tells how much was typed, and each of its moves that something was.
fn without_caret(field: Field) -> Field {
    let kind = match field.kind {
        FieldKind::Password => FieldKind::Text,
        kind => kind,
    };
    Field { kind, caret: [0.0; 4] }
}

/// An address without what may be somebody's: query, fragment, user, and parts of the path that look like numbers, tokens
/// or e-mail addresses.
fn address_for_agents(text: &str) -> String {
    let Ok(url) = Url::parse(text) else { return String::new() };
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
        return format!("{}:", url.scheme());
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path: Vec<&str> = url.path().split('/').map(|part| if is_somebodys(part) { "…" } else { part }).collect();
    format!("{}://{host}{port}{}", url.scheme(), path.join("/"))
}

fn is_somebodys(part: &str) -> bool {
    let lower = part.to_ascii_lowercase().replace("%20", "-");
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    let longest = lower.split(['-', '_', '.', '+', ',', '~']).map(str::len).max().unwrap_or_default();
    digits >= DIGITS || longest > WORD || lower.contains('@') || lower.contains("%40")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_protocol::InputId;
    use tandem_protocol::ParticipantId;
    use tandem_protocol::native::{Choice, Menu, Pickable, ValueType};
    use tandem_protocol::outline::OutlineRole;

    #[test]
    fn agents_see_where_a_page_is_and_not_whose() {
        for (address, shown) in [
            ("https://shop.example/chairs/alder.html", "https://shop.example/chairs/alder.html"),
            ("https://shop.example:8443/?email=eva%40example.org#token", "https://shop.example:8443/"),
            ("https://eva:secret@bank.example/a", "https://bank.example/a"),
            (
                "https://shop.example/2026/the-best-chair-for-a-small-home-office",
                "https://shop.example/2026/the-best-chair-for-a-small-home-office",
            ),
            ("https://bank.example/accounts/DE89370400440532013000/list", "https://bank.example/accounts/…/list"),
            ("https://bank.example/u/eva@example.org", "https://bank.example/u/…"),
            (
                "https://bank.example/reset/aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ",
                "https://bank.example/reset/…",
            ),
            ("data:text/html,4111", "data:"),
            ("about:blank", "about:"),
            ("", ""),
        ] {
            assert_eq!(address_for_agents(address), shown, "{address}");
        }
    }

    #[test]
    fn agents_know_nothing_that_no_guard_vouched_for() {
        let mut vouched = Vouched::default();
        let tab = Tab {
            id: TabId(1),
            title: "Your card 4111".into(),
            url: "https://shop.example/?q=secret".into(),
            active: true,
            loading: false,
            crashed: false,
            can_go_back: false,
            can_go_forward: false,
        };
        let field = Notice::Field { field: Some(Field { kind: FieldKind::Password, caret: [1.0, 2.0, 3.0, 4.0] }) };
        assert_eq!(vouched.tabs(std::slice::from_ref(&tab))[0].title.reveal(), "");
        let told = |vouched: &Vouched| vouched.for_agent(&field).unwrap().into_inner();
        assert_eq!(told(&vouched), Notice::Field { field: None });
        vouched.set_focus(true);
        vouched.set_title(TabId(1), Some("Chairs".into()));
        assert_eq!(told(&vouched), Notice::Field { field: Some(Field { kind: FieldKind::Text, caret: [0.0; 4] }) });
        assert_eq!(vouched.tabs(&[tab])[0].title.reveal(), "Chairs");
        vouched.set_customer_points(true);
        assert!(vouched.for_agent(&Notice::Cursor { shape: Default::default() }).is_none());
    }

    #[test]
    fn agents_hear_that_something_is_hidden_and_not_what() {
        let node = |id, hidden| OutlineNode {
            id,
            role: OutlineRole::Textbox,
            name: "Card number".into(),
            landmark: 0,
            hidden,
            level: None,
            value: Some("4111".into()),
            checked: None,
            expanded: None,
            disabled: false,
            required: true,
            invalid: true,
            live: false,
        };
        let outline = Notice::Outline { focus: Some(2), nodes: vec![node(1, false), node(2, true)] };
        let Notice::Outline { focus, nodes } = Vouched::default().for_agent(&outline).unwrap().into_inner() else {
            panic!()
        };
        assert_eq!(focus, None);
        assert_eq!(nodes[0], node(1, false));
        assert_eq!((nodes[1].name.reveal().as_str(), &nodes[1].value, nodes[1].invalid), ("", &None, false));
        assert_eq!(Vouched::for_customer(&outline).unwrap().into_inner(), outline);
    }

    #[test]
    fn agents_see_icons_from_the_web_of_pages_that_are_vouched_for() {
        let (mut vouched, tab) = (Vouched::default(), TabId(1));
        let icon = Notice::Icon { tab, png: Some("iVBORw0KGgo=".into()) };
        let sees = |vouched: &Vouched| vouched.for_agent(&icon).unwrap().into_inner() == icon;
        assert!(!sees(&vouched) && Vouched::for_customer(&icon).unwrap().into_inner() == icon);
        vouched.set_icon(tab, true);
        assert!(!sees(&vouched), "nobody has vouched for the page");
        vouched.set_title(tab, None);
        assert!(!sees(&vouched), "its title has a secret in it");
        vouched.set_title(tab, Some("Chairs".into()));
        assert!(sees(&vouched));
        vouched.set_icon(tab, false);
        assert!(!sees(&vouched), "a script has drawn it");
        vouched.set_icon(tab, true);
        vouched.forget(tab);
        assert!(!sees(&vouched), "the tab shows another page");
    }

    #[test]
    fn an_agents_menu_does_not_say_where_a_link_leads() {
        let menu = Menu {
            id: 3,
            x: 1.0,
            y: 2.0,
            link: true,
            image: true,
            address: Some("https://bank.example/?account=4711".into()),
            selection: true,
            editable: false,
            hidden: true,
        };
        let notice = Notice::Menu { menu: menu.clone() };
        let told = Vouched::default().for_agent(&notice).unwrap().into_inner();
        assert_eq!(told, Notice::Menu { menu: Menu { address: None, hidden: false, ..menu } });
        assert_eq!(Vouched::for_customer(&notice).unwrap().into_inner(), notice);
    }

    #[test]
    fn agents_do_not_hear_what_is_hidden_of_a_list() {
        let choice = |text: &str, hidden| Choice {
            text: text.into(),
            group: "Accounts".into(),
            disabled: false,
            selected: hidden,
            hidden,
        };
        let picker = |hidden, of| Picker {
            id: 1,
            by: ParticipantId(1),
            area: [1.0, 2.0, 3.0, 4.0],
            label: "From".into(),
            hidden,
            of,
        };
        let list = || Pickable::List { choices: vec![choice("Savings", false), choice("DE89 3704 0044", true)] };
        let told = |picker: Picker| {
            let notice = Notice::Picker { picker: Some(picker) };
            assert_eq!(Vouched::for_customer(&notice).unwrap().into_inner(), notice);
            match Vouched::default().for_agent(&notice).unwrap().into_inner() {
                Notice::Picker { picker } => picker,
                _ => panic!(),
            }
        };
        let Some(Picker { of: Pickable::List { choices }, .. }) = told(picker(false, list())) else { panic!() };
        assert_eq!(choices[0], choice("Savings", false));
        let nothing = Choice { text: "".into(), group: "".into(), disabled: true, selected: false, hidden: true };
        assert_eq!(choices[1], nothing);
        assert!(told(picker(true, list())).is_none());
        let birth = Pickable::Value {
            input: ValueType::Date,
            value: "1980-02-29".into(),
            min: "1900-01-01".into(),
            max: "2026-01-01".into(),
            step: "1".into(),
            required: true,
        };
        let Some(Picker { of: Pickable::Value { input, value, min, required, .. }, .. }) = told(picker(false, birth))
        else {
            panic!()
        };
        assert_eq!((input, value.reveal().as_str(), min.as_str(), required), (ValueType::Date, "", "", false));
    }

    #[test]
    fn what_rules_find_is_the_customers_to_know() {
        let picked = Notice::Picked { id: InputId(1), thing: None };
        let matches = Notice::Matches { lesson: 1, masking: vec![Some(1)], blocking: vec![] };
        let touched = Notice::Touched { field: Some(FieldKind::Password) };
        for notice in [picked, matches, touched] {
            assert!(Vouched::default().for_agent(&notice).is_none());
            assert_eq!(Vouched::for_customer(&notice).unwrap().into_inner(), notice);
        }
    }
}

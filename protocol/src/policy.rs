//! What a company has decided: which sites, who may do what, what is hidden from agents and what only customers press.

use crate::element::Element;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;

/// The form of the policy that this version reads and writes.
pub const VERSION: u32 = 1;
/// Rules in one list, at the most.
const RULES: usize = 1000;
/// The longest pattern or selector (bytes).
const PATTERN: usize = 300;
/// More `*` than this in one pattern would let it take its time.
const STARS: usize = 2;
const SITES: usize = 10_000;

/// What a company has decided, as `PUT /api/v1/companies/{company}/policy` takes it. Unknown keys are refused. Whatever is
/// left out has its default, which is the safe one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// 1.
    pub version: u32,
    pub sites: Sites,
    pub agent: Permissions,
    pub supervisor: Permissions,
    pub masking: Masking,
    pub blocking: Blocking,
}

impl Default for Policy {
    fn default() -> Self {
        let (sites, agent, supervisor, masking, blocking) = Default::default();
        Self { version: VERSION, sites, agent, supervisor, masking, blocking }
    }
}

/// The JSON schema (2020-12) of a policy.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Policy)
}

/// The schemas of a policy and of what it is made of, which refer to each other below `path` of their document.
pub fn definitions(path: &str) -> serde_json::Map<String, serde_json::Value> {
    let settings =
        schemars::generate::SchemaSettings::draft2020_12().with(|s| s.definitions_path = path.to_owned().into());
    let mut generator = settings.into_generator();
    generator.subschema_for::<Policy>();
    generator.take_definitions(true)
}

/// Which sites a session may show. A host covers its subdomains; `*` in `allowed` is every site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sites {
    pub allowed: Vec<String>,
    /// Wins over `allowed`.
    pub blocked: Vec<String>,
}

impl Default for Sites {
    fn default() -> Self {
        Self { allowed: vec!["*".into()], blocked: vec![] }
    }
}

/// What a role may do beside the customer, who may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Permissions {
    /// Click, scroll and drag.
    pub control: bool,
    /// Keys and text.
    pub typing: bool,
    /// Address bar, back, forward, reload and tabs.
    pub navigate: bool,
    /// The sound of pages. It passes no mask, and some read codes and balances out: nobody hears it unless the company says so.
    pub hear: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { control: true, typing: true, navigate: true, hear: false }
    }
}

/// What agents, supervisors and recordings do not get to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Masking {
    pub presets: BTreeSet<Secret>,
    /// The company's own; a later one wins nothing over an earlier, but hiding wins over showing.
    pub rules: Vec<MaskRule>,
}

impl Default for Masking {
    fn default() -> Self {
        use Secret::{BankAccounts, BirthDates, Cards, Email, NationalIds, Passwords, Phone};
        let presets = [Passwords, Cards, BankAccounts, NationalIds, BirthDates, Email, Phone].into();
        Self { presets, rules: vec![] }
    }
}

/// A kind of secret: fields that are made for it, and texts that have its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// Passwords, PINs, codes that are used once, answers to security questions.
    Passwords,
    /// Payment and gift cards: number, holder, expiry, security code.
    Cards,
    BankAccounts,
    /// National ids, tax and insurance numbers, passports, driving licences.
    NationalIds,
    BirthDates,
    Email,
    Phone,
    /// Every field that can be filled in.
    AllInputs,
    /// Everything but what a rule shows.
    Everything,
}

/// Hides what it finds, or shows what a preset would hide. Passwords are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskRule {
    /// A host and its subdomains; every site when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub site: Option<String>,
    pub what: MaskWhat,
    pub hide: bool,
}

/// In a pattern `#` is a digit and `*` up to 40 characters; it is found anywhere in the text, whatever the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum MaskWhat {
    /// Elements, by CSS selector.
    Selector { selector: String },
    /// Fields, by what labels them.
    Label { pattern: String },
    /// Text of the page.
    Text { pattern: String },
    /// A thing by what it is, as it was pointed at in a rule session.
    Element { element: Element },
}

/// What only the customer may press.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Blocking {
    pub presets: BTreeSet<Verb>,
    pub rules: Vec<BlockRule>,
}

impl Default for Blocking {
    fn default() -> Self {
        Self { presets: [Verb::Buy, Verb::Accept, Verb::Send, Verb::Delete, Verb::Sign].into(), rules: vec![] }
    }
}

/// What a control does, as its label says in English, German, French, Spanish or Italian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Buy,
    Accept,
    Send,
    Delete,
    Sign,
}

/// Blocks what it finds, or lets agents press what a preset would block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub site: Option<String>,
    pub what: BlockWhat,
    pub block: bool,
}

/// Patterns as in [`MaskWhat`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, schemars::JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum BlockWhat {
    Selector {
        selector: String,
    },
    /// What the control is called.
    Label {
        pattern: String,
    },
    /// Its role (WAI-ARIA), such as `button` or `menuitem`.
    Role {
        role: String,
    },
    /// The address that it leads to.
    Address {
        pattern: String,
    },
    /// A thing by what it is, and whatever is in it.
    Element {
        element: Element,
    },
}

/// What is wrong with a policy, by the place it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct PolicyError {
    pub place: String,
    pub message: &'static str,
}

impl Policy {
    /// Everything that is wrong with it, so that an admin mends it in one go.
    pub fn check(&self) -> Vec<PolicyError> {
        let mut errors = Errors::default();
        if self.version != VERSION {
            errors.add("version", "this server reads version 1");
        }
        for (list, hosts) in [("sites.allowed", &self.sites.allowed), ("sites.blocked", &self.sites.blocked)] {
            if hosts.len() > SITES {
                errors.add(list, "at most 10,000 sites");
            }
            for (i, host) in hosts.iter().enumerate().take(SITES) {
                if !(is_host(host) || host == "*" && list == "sites.allowed") {
                    errors.add(format!("{list}[{i}]"), "not a host name such as shop.example");
                }
            }
        }
        for (list, length) in
            [("masking.rules", self.masking.rules.len()), ("blocking.rules", self.blocking.rules.len())]
        {
            if length > RULES {
                errors.add(list, "at most 1,000 rules");
            }
        }
        for (i, rule) in self.masking.rules.iter().enumerate().take(RULES) {
            let place = format!("masking.rules[{i}]");
            errors.site(&place, rule.site.as_deref());
            match &rule.what {
                MaskWhat::Selector { selector } => errors.selector(&place, selector),
                MaskWhat::Label { pattern } | MaskWhat::Text { pattern } => errors.pattern(&place, pattern),
                MaskWhat::Element { element } => errors.element(&place, element),
            }
        }
        for (i, rule) in self.blocking.rules.iter().enumerate().take(RULES) {
            let place = format!("blocking.rules[{i}]");
            errors.site(&place, rule.site.as_deref());
            match &rule.what {
                BlockWhat::Selector { selector } => errors.selector(&place, selector),
                BlockWhat::Label { pattern } | BlockWhat::Address { pattern } => errors.pattern(&place, pattern),
                BlockWhat::Element { element } => errors.element(&place, element),
                BlockWhat::Role { role } => {
                    if role.is_empty() || role.len() > 40 || !role.bytes().all(|b| b.is_ascii_lowercase()) {
                        errors.add(format!("{place}.what.role"), "not a role such as button");
                    }
                }
            }
        }
        errors.0
    }
}

#[derive(Default)]
struct Errors(Vec<PolicyError>);

impl Errors {
    fn add(&mut self, place: impl Into<String>, message: &'static str) {
        self.0.push(PolicyError { place: place.into(), message });
    }

    fn site(&mut self, place: &str, site: Option<&str>) {
        if site.is_some_and(|site| site != "*" && !is_host(site)) {
            self.add(format!("{place}.site"), "not a host name such as shop.example");
        }
    }

    fn element(&mut self, place: &str, element: &Element) {
        for (field, message) in element.check() {
            let dot = if field.is_empty() { "" } else { "." };
            self.add(format!("{place}.what.element{dot}{field}"), message);
        }
    }

    fn pattern(&mut self, place: &str, pattern: &str) {
        let place = format!("{place}.what.pattern");
        if pattern.len() > PATTERN {
            self.add(place, "at most 300 bytes");
        } else if pattern.matches('*').count() > STARS {
            self.add(place, "at most two *");
        } else if pattern.chars().filter(|c| c.is_alphanumeric() || *c == '#').count() < 2 {
            self.add(place, "at least two letters or digits, or it would match nearly everything");
        }
    }

    /// The page's own parser has the last word; this finds what is plainly no selector while somebody can mend it.
    fn selector(&mut self, place: &str, selector: &str) {
        let place = format!("{place}.what.selector");
        if selector.len() > PATTERN {
            self.add(place, "at most 300 bytes");
        } else if !is_selector(selector) {
            self.add(place, "not a CSS selector such as #total or .card input");
        }
    }
}

/// Whether brackets and quotes are in pairs and nothing stands there that no selector has.
fn is_selector(text: &str) -> bool {
    let mut open = Vec::new();
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\\', _) => drop(characters.next()),
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('(', None) => open.push(')'),
            ('[', None) => open.push(']'),
            (')' | ']', None) if open.pop() != Some(c) => return false,
            ('{' | '}' | ';' | '@' | '<' | '/' | '!' | '`', None) => return false,
            _ => {}
        }
    }
    let ends = |c: char| ">+~,".contains(c);
    open.is_empty()
        && quote.is_none()
        && !text.trim().is_empty()
        && !text.trim().ends_with(ends)
        && !text.trim().starts_with(',')
}

impl Sites {
    /// Whether a page of this host may be opened.
    pub fn allow(&self, host: &str) -> bool {
        let covers = |site: &String| {
            site == "*" || host == site || host.strip_suffix(site.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        self.allowed.iter().any(covers) && !self.blocked.iter().any(covers)
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_wins_and_covers_subdomains() {
        let sites = Sites { allowed: vec!["*".into()], blocked: vec!["evil.example".into()] };
        for (host, allowed) in
            [("shop.example", true), ("evil.example", false), ("a.evil.example", false), ("notevil.example", true)]
        {
            assert_eq!(sites.allow(host), allowed, "{host}");
        }
        assert!(!Sites { allowed: vec![], blocked: vec![] }.allow("shop.example"));
    }

    #[test]
    fn a_policy_says_everything_that_is_wrong_with_it() {
        for unknown in [
            r#"{"sites":{"alowed":[]}}"#,
            r#"{"masking":{"preset":[]}}"#,
            r#"{"masking":{"presets":["password"]}}"#,
            r#"{"masking":{"rules":[{"what":{"by":"selector","selector":"a","x":1},"hide":true}]}}"#,
            r#"{"blocking":{"rules":[{"what":{"by":"name","name":"a"},"block":true}]}}"#,
            r#"{"blocking":{"rules":[{"what":{"by":"element","element":{"role":"button","id":"a"}},"block":true}]}}"#,
        ] {
            assert!(serde_json::from_str::<Policy>(unknown).is_err(), "{unknown}");
        }
        let policy = r#"{"version":2,"sites":{"allowed":["*","a b"],"blocked":["*",""]},
            "masking":{"rules":[
                {"what":{"by":"selector","selector":"div["},"hide":true},
                {"what":{"by":"text","pattern":"(a+)+$ * * *"},"hide":true},
                {"site":"a/b","what":{"by":"label","pattern":"*"},"hide":true}]},
            "blocking":{"rules":[
                {"what":{"by":"role","role":"Button!"},"block":true},
                {"what":{"by":"element","element":{"label":"Pay 12"}},"block":true}]}}"#;
        let policy: Policy = serde_json::from_str(policy).unwrap();
        let places: Vec<_> = policy.check().into_iter().map(|e| e.place).collect();
        assert_eq!(
            places,
            [
                "version",
                "sites.allowed[1]",
                "sites.blocked[0]",
                "sites.blocked[1]",
                "masking.rules[0].what.selector",
                "masking.rules[1].what.pattern",
                "masking.rules[2].site",
                "masking.rules[2].what.pattern",
                "blocking.rules[0].what.role",
                "blocking.rules[1].what.element.label",
                "blocking.rules[1].what.element"
            ]
        );
    }

    #[test]
    fn what_is_left_out_is_safe() {
        let policy: Policy = serde_json::from_str("{}").unwrap();
        assert!(policy.check().is_empty());
        assert!(policy.masking.presets.contains(&Secret::Passwords) && policy.blocking.presets.contains(&Verb::Buy));
        let partly: Policy = serde_json::from_str(r#"{"masking":{"rules":[]}}"#).unwrap();
        assert_eq!(partly.masking.presets, policy.masking.presets);
    }

    #[test]
    fn selectors_as_people_write_them() {
        for good in ["#total", ".a > b", "input[name=\"a]b\"]", ":is(a, b):not([x='('])", "a\\:b", "* + p"] {
            assert!(is_selector(good), "{good}");
        }
        for bad in ["", " ", "a {}", "a[", "a)", "a >", ", a", "p/*", "x;y", "a[b='c]"] {
            assert!(!is_selector(bad), "{bad}");
        }
    }

    #[test]
    fn ten_thousand_rules_are_refused_with_a_word() {
        let rule = BlockRule { site: None, what: BlockWhat::Label { pattern: "Buy".into() }, block: true };
        let policy =
            Policy { blocking: Blocking { rules: vec![rule; 10_000], ..Blocking::default() }, ..Policy::default() };
        assert_eq!(
            policy.check().iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["blocking.rules: at most 1,000 rules"]
        );
    }
}

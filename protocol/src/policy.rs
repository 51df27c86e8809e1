use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a company has decided, as `PUT /api/v1/companies/{company}/policy` takes it. Unknown keys are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    pub sites: Sites,
    pub agent: Permissions,
    pub supervisor: Permissions,
}

/// Which sites a session may show. A host covers its subdomains; `*` in `allowed` is every site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct Permissions {
    /// Click, scroll and drag.
    pub control: bool,
    /// Keys and text.
    pub typing: bool,
    /// Address bar, back, forward, reload and tabs.
    pub navigate: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { control: true, typing: true, navigate: true }
    }
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
        let mut errors = Vec::new();
        for (list, hosts) in [("sites.allowed", &self.sites.allowed), ("sites.blocked", &self.sites.blocked)] {
            if hosts.len() > 10_000 {
                errors.push(PolicyError { place: list.into(), message: "at most 10,000 sites" });
            }
            for (i, host) in hosts.iter().enumerate().take(10_000) {
                if !(is_host(host) || host == "*" && list == "sites.allowed") {
                    errors.push(PolicyError {
                        place: format!("{list}[{i}]"),
                        message: "not a host name such as shop.example",
                    });
                }
            }
        }
        errors
    }
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
        assert!(serde_json::from_str::<Policy>(r#"{"sites":{"alowed":[]}}"#).is_err());
        let policy: Policy = serde_json::from_str(r#"{"sites":{"allowed":["*","a b"],"blocked":["*",""]}}"#).unwrap();
        let places: Vec<_> = policy.check().into_iter().map(|e| e.place).collect();
        assert_eq!(places, ["sites.allowed[1]", "sites.blocked[0]", "sites.blocked[1]"]);
    }
}

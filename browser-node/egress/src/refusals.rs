//! Why hosts could not be reached lately, for the page that tells people so. In memory alone, and never logged.

use crate::rules::{Host, Refused};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Hosts that are remembered; the longest ago goes first.
const REMEMBERED: usize = 64;

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<VecDeque<(String, Refused)>>>);

impl Refusals {
    /// A host was reached, or not.
    pub(crate) fn note(&self, host: &Host, refused: Option<Refused>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|(known, _)| known != host.as_str());
        if let Some(refused) = refused {
            if last.len() >= REMEMBERED {
                last.pop_front();
            }
            last.push_back((host.as_str().to_owned(), refused));
        }
    }

    /// Why the last try to reach this host failed; none when it did not.
    pub fn of(&self, host: &str) -> Option<Refused> {
        let host = Host::parse(host.trim_start_matches('[').trim_end_matches(']'))?;
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().find(|(known, _)| known == host.as_str()).map(|(_, refused)| *refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_counts_and_what_is_remembered_has_an_end() {
        let refusals = Refusals::default();
        let host = |name: &str| Host::parse(name).unwrap();
        refusals.note(&host("Shop.Example"), Some(Refused::Connect));
        assert_eq!(refusals.of("shop.example"), Some(Refused::Connect));
        refusals.note(&host("shop.example"), None);
        assert_eq!(refusals.of("shop.example"), None);
        refusals.note(&host("::1"), Some(Refused::Private));
        assert_eq!(refusals.of("[::1]"), Some(Refused::Private));
        for number in 0..1_000 {
            refusals.note(&host(&format!("h{number}.example")), Some(Refused::Resolve));
        }
        assert_eq!((refusals.of("h0.example"), refusals.of("h999.example")), (None, Some(Refused::Resolve)));
        assert_eq!(refusals.of("not a host"), None);
    }
}

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// When what is due: one instant for each name, the earliest at hand.
pub(crate) struct Timers<K> {
    at: HashMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers { at: HashMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Timers<K> {
    /// In place of what was set for this name before; none unsets it.
    pub(crate) fn set(&mut self, name: K, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.at.insert(name.clone(), at),
            None => self.at.remove(&name),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, name.clone()));
        }
        self.order.extend(at.map(|at| (at, name)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out one that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<K> {
        let (_, name) = self.order.first().filter(|(at, _)| *at <= now)?.clone();
        self.set(name.clone(), None);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_name_is_due_once_at_its_latest_setting() {
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let mut timers = Timers::default();
        for (name, at) in [("a", after(3)), ("b", after(2)), ("a", after(1)), ("c", after(9)), ("c", None)] {
            timers.set(name, at);
        }
        assert_eq!(timers.next(), after(1));
        assert_eq!(timers.take_due(start), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.take_due(start + Duration::from_secs(60))).collect();
        assert_eq!(due, ["a", "b"]);
        assert_eq!(timers.next(), None);
    }
}

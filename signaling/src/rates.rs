//! How often somebody may try something.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;
use tandem_session::Now;

/// So many tries, which come back one by one over `period`.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    tries: f64,
    period: Duration,
    left: HashMap<K, (f64, Now)>,
}

/// Keys remembered; beyond it those who have all their tries back are forgotten.
const REMEMBERED: usize = 10_000;

impl<K: Hash + Eq> Rates<K> {
    pub(crate) fn new(tries: u32, period: Duration) -> Self {
        Rates { tries: f64::from(tries), period, left: HashMap::new() }
    }

    /// Whether one more try is free.
    pub(crate) fn take(&mut self, key: K, now: Now) -> bool {
        if self.left.len() >= REMEMBERED {
            let period = self.period;
            self.left.retain(|_, (_, at)| now.saturating_sub(*at) < period);
        }
        let (left, at) = self.left.entry(key).or_insert((self.tries, now));
        let back = now.saturating_sub(*at).as_secs_f64() / self.period.as_secs_f64() * self.tries;
        *left = (*left + back).min(self.tries);
        *at = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_run_out_and_come_back() {
        let mut rates = Rates::new(3, Duration::from_secs(30));
        let at = Duration::from_secs;
        assert_eq!((0..5).filter(|_| rates.take("a", at(0))).count(), 3);
        assert!(rates.take("b", at(0)), "somebody else's are their own");
        assert!(!rates.take("a", at(9)));
        assert!(rates.take("a", at(19)));
    }
}

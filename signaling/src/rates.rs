//! How often somebody may try something.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;
use tandem_session::Now;

/// So many tries, which come back one by one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    left: f64,
    at: Now,
}

impl Bucket {
    pub(crate) fn new(tries: u32, now: Now) -> Bucket {
        Bucket { left: f64::from(tries), at: now }
    }

    /// Whether one more try is free, when `tries` come back over `period`.
    pub(crate) fn take(&mut self, tries: u32, period: Duration, now: Now) -> bool {
        let back = now.saturating_sub(self.at).as_secs_f64() / period.as_secs_f64() * f64::from(tries);
        (self.left, self.at) = ((self.left + back).min(f64::from(tries)), now);
        let is_free = self.left >= 1.0;
        if is_free {
            self.left -= 1.0;
        }
        is_free
    }
}

/// Keys remembered. A crowd beyond it is refused until some have their tries back: the guard holds, whoever floods it.
const REMEMBERED: usize = 20_000;

/// A bucket for each key.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    tries: u32,
    period: Duration,
    buckets: HashMap<K, Bucket>,
    swept: Now,
}

impl<K: Hash + Eq> Rates<K> {
    pub(crate) fn new(tries: u32, period: Duration) -> Self {
        Rates { tries, period, buckets: HashMap::new(), swept: Now::ZERO }
    }

    /// Whether a try is free, without using it up.
    pub(crate) fn has(&self, key: &K, now: Now) -> bool {
        match self.buckets.get(key) {
            Some(bucket) => {
                let mut bucket = *bucket;
                bucket.take(self.tries, self.period, now)
            }
            None => self.buckets.len() < REMEMBERED || now.saturating_sub(self.swept) >= self.period / 10,
        }
    }

    pub(crate) fn take(&mut self, key: K, now: Now) -> bool {
        if self.buckets.len() >= REMEMBERED {
            let period = self.period;
            // Not at each try, or the sweep itself were the flood's work.
            if now.saturating_sub(self.swept) >= period / 10 {
                self.swept = now;
                self.buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < period);
            }
            if self.buckets.len() >= REMEMBERED && !self.buckets.contains_key(&key) {
                return false;
            }
        }
        let (tries, period) = (self.tries, self.period);
        self.buckets.entry(key).or_insert_with(|| Bucket::new(tries, now)).take(tries, period, now)
    }
}

/// Who is counted as one: an IPv4 address, or the /64 that an IPv6 host chooses its addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Neighbour(IpAddr);

impl From<IpAddr> for Neighbour {
    fn from(address: IpAddr) -> Self {
        Neighbour(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// All of signalling's rates.
#[derive(Debug)]
pub(crate) struct HubRates {
    calls: Rates<Neighbour>,
    sign_ins: Rates<Neighbour>,
    sign_ins_of_person: Rates<String>,
    joins: Rates<Neighbour>,
}

impl Default for HubRates {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        HubRates {
            calls: Rates::new(20, minutes(10)),
            sign_ins: Rates::new(20, minutes(1)),
            sign_ins_of_person: Rates::new(30, minutes(5)),
            joins: Rates::new(120, minutes(1)),
        }
    }
}

impl HubRates {
    /// A customer asks for a PIN.
    pub(crate) fn may_call(&mut self, from: IpAddr, now: Now) -> bool {
        self.calls.take(from.into(), now)
    }

    pub(crate) fn may_sign_in(&mut self, from: IpAddr, email: &str, now: Now) -> bool {
        self.sign_ins.take(from.into(), now) && self.sign_ins_of_person.take(email.to_lowercase(), now)
    }

    pub(crate) fn may_join(&mut self, from: IpAddr, now: Now) -> bool {
        self.joins.take(from.into(), now)
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
        assert!(!rates.has(&"a", at(9)) && !rates.take("a", at(9)));
        assert!(rates.has(&"a", at(19)) && rates.has(&"c", at(0)));
        assert!(rates.take("a", at(19)));
    }

    #[test]
    fn a_host_is_one_however_many_addresses_it_has() {
        let mut rates = HubRates::default();
        let tried = (0..50u32).filter(|n| rates.may_call(format!("2001:db8::{n:x}").parse().unwrap(), Now::ZERO));
        assert_eq!(tried.count(), 20);
        assert!(rates.may_call("2001:db8:0:1::1".parse().unwrap(), Now::ZERO));
    }

    #[test]
    fn a_crowd_neither_opens_the_guard_nor_fills_the_memory() {
        let mut rates = Rates::new(1, Duration::from_secs(60));
        let free = (0..2 * REMEMBERED).filter(|n| rates.take(*n, Now::ZERO)).count();
        assert_eq!((free, rates.buckets.len()), (REMEMBERED, REMEMBERED));
        assert!(!rates.take(0, Now::ZERO), "who has tried is still known");
        assert!(rates.take(2 * REMEMBERED, Duration::from_secs(60)));
    }
}

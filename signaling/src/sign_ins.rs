//! Who has failed to sign in too often. By account and by address; whether there is such an account makes no difference.

use crate::rates::Neighbour;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;
use tandem_session::Now;

/// Failures in a row lock for so long, and are forgotten after as long.
const LOCKED: Duration = Duration::from_secs(15 * 60);
const OF_ACCOUNT: u32 = 10;
const OF_ADDRESS: u32 = 50;
/// Failures remembered. A crowd beyond it is refused until some are forgotten: the guard holds, whoever floods it.
const REMEMBERED: usize = 20_000;

/// What became of an attempt that was not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Failed,
    /// It was one too many.
    Locked,
}

#[derive(Debug)]
struct Failures<K> {
    most: u32,
    of: HashMap<K, (u32, Now)>,
}

impl<K: Hash + Eq> Failures<K> {
    fn new(most: u32) -> Self {
        Failures { most, of: HashMap::new() }
    }

    fn is_locked(&self, key: &K, now: Now) -> bool {
        match self.of.get(key) {
            Some((count, last)) => *count >= self.most && now.saturating_sub(*last) < LOCKED,
            None => self.of.len() >= REMEMBERED,
        }
    }

    fn add(&mut self, key: K, now: Now) -> Attempt {
        let (count, last) = self.of.entry(key).or_insert((0, now));
        if now.saturating_sub(*last) >= LOCKED {
            *count = 0;
        }
        (*count, *last) = (*count + 1, now);
        if *count >= self.most { Attempt::Locked } else { Attempt::Failed }
    }

    fn expire(&mut self, now: Now) {
        self.of.retain(|_, (_, last)| now.saturating_sub(*last) < LOCKED);
    }
}

/// All failures to sign in.
#[derive(Debug)]
pub(crate) struct Lockouts {
    accounts: Failures<String>,
    addresses: Failures<Neighbour>,
}

impl Default for Lockouts {
    fn default() -> Self {
        Lockouts { accounts: Failures::new(OF_ACCOUNT), addresses: Failures::new(OF_ADDRESS) }
    }
}

impl Lockouts {
    pub(crate) fn is_locked(&self, email: &str, from: IpAddr, now: Now) -> bool {
        self.accounts.is_locked(&email.to_owned(), now) || self.addresses.is_locked(&from.into(), now)
    }

    pub(crate) fn failed(&mut self, email: &str, from: IpAddr, now: Now) -> Attempt {
        self.addresses.add(from.into(), now);
        self.accounts.add(email.to_owned(), now)
    }

    /// The address keeps its failures: it may know one password and guess at others.
    pub(crate) fn succeeded(&mut self, email: &str) {
        self.accounts.of.remove(email);
    }

    pub(crate) fn expire(&mut self, now: Now) {
        self.accounts.expire(now);
        self.addresses.expire(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into()
    }

    #[test]
    fn an_account_is_locked_wherever_the_guesses_come_from_and_opens_again() {
        let (mut lockouts, at) = (Lockouts::default(), Duration::from_secs);
        for n in 0..OF_ACCOUNT {
            assert!(!lockouts.is_locked("ana@acme.example", address(n), at(1)));
            let attempt = lockouts.failed("ana@acme.example", address(n), at(1));
            assert_eq!(attempt == Attempt::Locked, n + 1 == OF_ACCOUNT);
        }
        assert!(lockouts.is_locked("ana@acme.example", address(99), at(2)));
        assert!(!lockouts.is_locked("ben@acme.example", address(1), at(2)));
        assert!(!lockouts.is_locked("ana@acme.example", address(99), at(1) + LOCKED));
        lockouts.expire(at(1) + LOCKED);
        assert!(lockouts.accounts.of.is_empty() && lockouts.addresses.of.is_empty());
    }

    #[test]
    fn an_address_is_locked_whoever_it_tries_and_success_does_not_clear_it() {
        let mut lockouts = Lockouts::default();
        for n in 0..OF_ADDRESS {
            lockouts.failed(&format!("{n}@acme.example"), address(1), Now::ZERO);
        }
        lockouts.succeeded("0@acme.example");
        assert!(lockouts.is_locked("new@acme.example", address(1), Now::ZERO));
        assert!(!lockouts.is_locked("new@acme.example", address(2), Now::ZERO));
    }

    #[test]
    fn a_crowd_does_not_open_the_guard() {
        let mut lockouts = Lockouts::default();
        for n in 0..REMEMBERED as u32 {
            lockouts.failed(&format!("{n}@acme.example"), address(n), Now::ZERO);
        }
        assert!(lockouts.is_locked("new@acme.example", address(0), Now::ZERO));
    }
}

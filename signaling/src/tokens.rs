//! Secrets that people carry: one-time tokens, keys to come back, cookies. Only their hashes are kept.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::Hash;
use tandem_protocol::SessionId;
use tandem_session::Now;

/// SHA-256 of a secret. Enough for secrets of 256 random bits; a PIN is protected by rates and its short life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Hashed([u8; 32]);

pub(crate) fn hashed(secret: &str) -> Hashed {
    Hashed(Sha256::digest(secret).into())
}

impl Hashed {
    pub(crate) fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// 256 random bits.
pub(crate) fn new_secret() -> String {
    tandem_component::Secret::random().reveal().to_owned()
}

pub(crate) fn new_session_id() -> SessionId {
    SessionId::from_random(rand::random())
}

/// Things that end, by what opens them.
#[derive(Debug)]
pub(crate) struct Expiring<K, V>(HashMap<K, (Now, V)>);

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Expiring(HashMap::new())
    }
}

impl<K: Hash + Eq, V> Expiring<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V, ends: Now) {
        self.0.insert(key, (ends, value));
    }

    pub(crate) fn get(&self, key: &K, now: Now) -> Option<&V> {
        self.0.get(key).filter(|(ends, _)| *ends > now).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K, now: Now) -> Option<&mut V> {
        self.0.get_mut(key).filter(|(ends, _)| *ends > now).map(|(_, value)| value)
    }

    /// When it ends.
    pub(crate) fn ends(&self, key: &K) -> Option<Now> {
        self.0.get(key).map(|(ends, _)| *ends)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.values_mut().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes it out, so that it opens nothing a second time.
    pub(crate) fn take(&mut self, key: &K, now: Now) -> Option<V> {
        self.0.remove(key).filter(|(ends, _)| *ends > now).map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.0.retain(|_, (_, value)| keep(value));
    }

    /// Lets go of what opens nothing any more.
    pub(crate) fn expire(&mut self, now: Now) {
        self.0.retain(|_, (ends, _)| *ends > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_taken_or_over_opens_nothing() {
        let second = Duration::from_secs;
        let mut tokens = Expiring::default();
        tokens.insert("a", 1, second(10));
        assert_eq!(tokens.get(&"a", second(9)), Some(&1));
        assert_eq!(tokens.get(&"a", second(10)), None);
        assert_eq!((tokens.take(&"a", second(9)), tokens.take(&"a", second(9))), (Some(1), None));
        tokens.insert("b", 2, second(10));
        assert_eq!(tokens.take(&"b", second(11)), None);
        tokens.insert("c", 3, second(10));
        tokens.insert("d", 4, second(20));
        tokens.expire(second(10));
        assert_eq!((tokens.get(&"c", second(0)), tokens.get(&"d", second(0))), (None, Some(&4)));
    }
}

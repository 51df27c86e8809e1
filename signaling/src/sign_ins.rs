//! Who is signed in. In memory only: after a restart people sign in again.

use crate::store::Person;
use crate::tokens::{Expiring, Hashed, hashed, new_secret};
use std::time::Duration;
use tandem_session::Now;

const LIFE: Duration = Duration::from_secs(12 * 3600);

#[derive(Default)]
pub(crate) struct SignIns(Expiring<Hashed, Person>);

impl SignIns {
    /// Signs somebody in; gives the secret of their cookie.
    pub(crate) fn add(&mut self, person: Person, now: Now) -> String {
        let secret = new_secret();
        self.0.insert(hashed(&secret), person, now + LIFE);
        secret
    }

    pub(crate) fn of(&self, secret: &str, now: Now) -> Option<Person> {
        self.0.get(&hashed(secret), now).cloned()
    }

    pub(crate) fn forget(&mut self, secret: &str) {
        self.0.take(&hashed(secret), Now::MAX);
    }

    pub(crate) fn expire(&mut self, now: Now) {
        self.0.expire(now);
    }
}

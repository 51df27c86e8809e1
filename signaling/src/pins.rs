//! PINs: what opens what, who may try how often, and what a guesser's chances are. Plain values; time and randomness are arguments.
//!
//! A PIN has [`DIGITS`] digits and [`MORE`] further ones that are asked for only while the company is being guessed at. At the most
//! [`MOST_LIVE`] of a company's PINs are good at a time, and it bears [`WRONG_A_DAY`] wrong ones a day, twice as many on a day that begins
//! with none spent. A guesser with any number of addresses therefore hits some PIN of a company with a chance of
//! 1,000 × 1,000 / 10⁹ = 10⁻³ a day, and, once the further digits are asked for, of 1,000 / 10¹⁷ a try: with a hundred million tries a
//! day 10⁻⁶. A hit shows nothing yet. Both sides are told two words of 256 each, and nobody sees a picture before the one who did *not*
//! enter the PIN has said that the other's are the same: the person on the phone, who is not the guesser, would have to name them by
//! chance, which is 1 in 65,280. Together that is 1.5 × 10⁻⁸ a day.

use crate::rates::{Neighbour, Rates};
use crate::tokens::{Expiring, Hashed, hashed};
use rand::{Rng, RngExt};
use std::time::Duration;
use tandem_protocol::{CompanyId, PersonId, Private};
use tandem_session::Now;

pub(crate) const DIGITS: usize = 9;
pub(crate) const MORE: usize = 8;
/// Of one company, at a time.
const MOST_LIVE: usize = 1_000;
/// Of all companies, so that those who ask for PINs do not fill the memory.
const MOST: usize = 50_000;
/// Wrong PINs that a company bears a day.
const WRONG_A_DAY: u32 = 500;
/// Wrong further digits that one PIN bears.
const WRONG_MORE: u8 = 3;
/// Wrong PINs of one address or one person in ten minutes.
const WRONG_OF_ONE: u32 = 10;

const DAY: Duration = Duration::from_secs(24 * 3600);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A PIN as people read it out.
#[derive(Debug, Clone)]
pub(crate) struct Pin {
    pub(crate) plain: Private<String>,
    pub(crate) more: Private<String>,
}

/// Where a PIN is good: at one company, on the host on which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) company: CompanyId,
    pub(crate) host: String,
}

/// Who tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Trier {
    Address(Neighbour),
    Person(PersonId),
    Program,
}

/// Wrong, foreign, expired and used ones are one and the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Invalid {
        /// The company bears no more of them for now.
        spent: bool,
    },
    /// The further digits are needed, whether or not these are right.
    More,
    TooMany,
}

#[derive(Debug)]
struct Entry<T> {
    company: CompanyId,
    more: Hashed,
    wrong: u8,
    opens: T,
}

/// PINs that open a `T`. Only hashes are kept.
#[derive(Debug)]
pub(crate) struct Pins<T> {
    live: Expiring<Hashed, Entry<T>>,
    triers: Rates<Trier>,
    wrong: Rates<CompanyId>,
}

impl<T> Default for Pins<T> {
    fn default() -> Self {
        Pins {
            live: Expiring::default(),
            triers: Rates::new(WRONG_OF_ONE, TEN_MINUTES),
            wrong: Rates::new(WRONG_A_DAY, DAY),
        }
    }
}

fn key(place: &Place, plain: &str) -> Hashed {
    hashed(&format!("{}/{}/{plain}", place.company, place.host))
}

fn digits(count: usize, random: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(b'0' + random.random_range(0..10u8))).collect()
}

impl<T> Pins<T> {
    /// A PIN that nobody else has; none when there are too many already.
    pub(crate) fn make(
        &mut self,
        place: &Place,
        opens: T,
        now: Now,
        life: Duration,
        random: &mut impl Rng,
    ) -> Option<Pin> {
        self.live.expire(now);
        let of_company = self.live.values().filter(|entry| entry.company == place.company).count();
        if of_company >= MOST_LIVE || self.live.len() >= MOST {
            return None;
        }
        loop {
            let (plain, more) = (digits(DIGITS, random), digits(MORE, random));
            let key = key(place, &plain);
            if self.live.get(&key, now).is_none() {
                let entry = Entry { company: place.company.clone(), more: hashed(&more), wrong: 0, opens };
                self.live.insert(key, entry, now + life);
                return Some(Pin { plain: plain.into(), more: more.into() });
            }
        }
    }

    /// Uses a PIN up. What is typed between the digits does not matter.
    pub(crate) fn take(&mut self, place: &Place, typed: &str, trier: Trier, now: Now) -> Result<T, Refused> {
        if !self.triers.has(&trier, now) {
            return Err(Refused::TooMany);
        }
        let typed: String = typed.chars().filter(char::is_ascii_digit).take(DIGITS + MORE + 1).collect();
        let (plain, more) = typed.split_at(DIGITS.min(typed.len()));
        let spent = !self.wrong.has(&place.company, now);
        if spent && more.is_empty() {
            return Err(Refused::More);
        }
        let key = key(place, plain);
        if let Some(entry) = self.live.get_mut(&key, now) {
            if more.is_empty() || hashed(more) == entry.more {
                return self.live.take(&key, now).map(|entry| entry.opens).ok_or(Refused::Invalid { spent });
            }
            entry.wrong += 1;
            if entry.wrong >= WRONG_MORE {
                self.live.take(&key, now);
            }
        }
        self.triers.take(trier, now);
        let was_last = !spent && self.wrong.take(place.company.clone(), now) && !self.wrong.has(&place.company, now);
        Err(Refused::Invalid { spent: was_last })
    }

    /// Puts back what could not be opened, under the PIN that was used up for it.
    pub(crate) fn put_back(&mut self, place: &Place, pin: &Pin, opens: T, ends: Now) {
        let more = hashed(pin.more.reveal());
        self.live.insert(
            key(place, pin.plain.reveal()),
            Entry { company: place.company.clone(), more, wrong: 0, opens },
            ends,
        );
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.live.retain(|entry| keep(&entry.opens));
    }

    pub(crate) fn expire(&mut self, now: Now) {
        self.live.expire(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::net::{IpAddr, Ipv4Addr};

    const SECOND: Duration = Duration::from_secs(1);
    const LIFE: Duration = Duration::from_secs(600);

    fn at(company: &str) -> Place {
        Place { company: company.parse().unwrap(), host: "help.example".into() }
    }

    fn from(address: u32) -> Trier {
        Trier::Address(IpAddr::V4(Ipv4Addr::from_bits(address)).into())
    }

    fn both(pin: &Pin) -> String {
        format!("{} {}", pin.plain.reveal(), pin.more.reveal())
    }

    #[test]
    fn a_pin_opens_once_at_its_company_and_host_while_it_lives() {
        let (mut pins, mut random) = (Pins::default(), StdRng::seed_from_u64(1));
        let pin = pins.make(&at("acme"), 7, SECOND, LIFE, &mut random).unwrap();
        let invalid = Err(Refused::Invalid { spent: false });
        let plain = pin.plain.reveal();
        assert_eq!((plain.len(), pin.more.reveal().len()), (DIGITS, MORE));
        assert_eq!(pins.take(&at("other"), plain, from(1), SECOND), invalid, "foreign");
        let elsewhere = Place { host: "evil.example".into(), ..at("acme") };
        assert_eq!(pins.take(&elsewhere, plain, from(1), SECOND), invalid, "on another host");
        assert_eq!(pins.take(&at("acme"), "", from(1), SECOND), invalid);
        assert_eq!(pins.take(&at("acme"), plain, from(1), LIFE + SECOND), invalid, "expired");
        let spoken = format!("{} {}-{}", &plain[..3], &plain[3..6], &plain[6..]);
        assert_eq!(pins.take(&at("acme"), &spoken, from(1), SECOND), Ok(7));
        assert_eq!(pins.take(&at("acme"), plain, from(1), SECOND), invalid, "used");
        let pin = pins.make(&at("acme"), 8, SECOND, LIFE, &mut random).unwrap();
        assert_eq!(pins.take(&at("acme"), &both(&pin), from(2), SECOND), Ok(8), "more than is needed does no harm");
    }

    #[test]
    fn an_address_and_a_pin_bear_a_few_wrong_ones() {
        let (mut pins, mut random) = (Pins::default(), StdRng::seed_from_u64(2));
        let pin = pins.make(&at("acme"), 7, SECOND, LIFE, &mut random).unwrap();
        for _ in 0..WRONG_OF_ONE {
            assert_eq!(pins.take(&at("acme"), "1", from(1), SECOND), Err(Refused::Invalid { spent: false }));
        }
        assert_eq!(pins.take(&at("acme"), pin.plain.reveal(), from(1), SECOND), Err(Refused::TooMany));
        for _ in 0..WRONG_MORE {
            let wrong = format!("{}00000000", pin.plain.reveal());
            assert_eq!(pins.take(&at("acme"), &wrong, from(2), SECOND), Err(Refused::Invalid { spent: false }));
        }
        assert_eq!(pins.take(&at("acme"), &both(&pin), from(3), SECOND), Err(Refused::Invalid { spent: false }));
    }

    #[test]
    fn a_company_has_so_many_at_a_time() {
        let (mut pins, mut random) = (Pins::default(), StdRng::seed_from_u64(3));
        let made = (0..MOST_LIVE + 5).filter_map(|n| pins.make(&at("acme"), n, SECOND, LIFE, &mut random));
        assert_eq!(made.count(), MOST_LIVE);
        assert!(pins.make(&at("other"), 0, SECOND, LIFE, &mut random).is_some());
        assert!(pins.make(&at("acme"), 0, LIFE + SECOND, LIFE, &mut random).is_some());
    }

    /// A day of guessing from as many addresses as there are guesses, at a company with as many live PINs as it may have.
    #[test]
    fn two_hundred_thousand_guesses_open_nothing_and_shut_nobody_out() {
        const GUESSES: u32 = 200_000;
        let mut random = StdRng::seed_from_u64(20_261_126);
        let mut pins = Pins::default();
        let (mut hits, mut asked, mut spent) = (0, 0, 0);
        let mut honest = pins.make(&at("acme"), 0, Now::ZERO, DAY * 2, &mut random).unwrap();
        for n in 1..MOST_LIVE as u32 {
            pins.make(&at("acme"), n, Now::ZERO, DAY * 2, &mut random).unwrap();
        }
        for guess in 0..GUESSES {
            let now = DAY * guess / GUESSES;
            // Half of the guessers give the further digits as well.
            let length = if guess % 2 == 0 { DIGITS } else { DIGITS + MORE };
            match pins.take(&at("acme"), &digits(length, &mut random), from(guess), now) {
                Ok(_) => hits += 1,
                Err(Refused::More) => asked += 1,
                Err(Refused::Invalid { spent: true }) => spent += 1,
                Err(Refused::Invalid { spent: false }) => {}
                Err(Refused::TooMany) => panic!("each guess has an address of its own"),
            }
            // Somebody honest comes by now and then, and gets in every time, with the further digits where they are asked for.
            if guess % 10_000 == 9_999 {
                let plain = pins.take(&at("acme"), honest.plain.reveal(), from(u32::MAX - guess), now);
                let opened = if plain == Err(Refused::More) {
                    pins.take(&at("acme"), &both(&honest), from(u32::MAX - guess), now)
                } else {
                    plain
                };
                assert_eq!(opened, Ok(0), "at guess {guess}");
                honest = pins.make(&at("acme"), 0, now, DAY, &mut random).unwrap();
            }
        }
        // The chance of a hit in such a day is one in a thousand, and the seed is none of those days.
        assert_eq!(hits, 0);
        assert!(asked > GUESSES / 3 && spent >= 1, "the budget was spent: {asked} {spent}");
    }
}

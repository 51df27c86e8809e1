//! How fast Chromium paints: a pure function of time.
//!
//! Chromium ticks by a clock of its own, whose period it takes from the presentation feedback. Telling it the period and
//! answering its frame callbacks at once lets its pipeline run empty: 30 ms from an input to the picture on a page that
//! repaints everything 60 times a second, against 44 when callbacks are held back to the same pace. A faster clock brings
//! it to 16 while inputs follow each other closely; it takes some frames to catch on, so a single one gains little.

use std::time::{Duration, Instant};

/// After an input Chromium may paint faster for this long, so that its answer comes soon.
const BURST: Duration = Duration::from_millis(70);
/// And this fast (hertz).
const BURST_HERTZ: u32 = 120;
/// Frame callbacks come no closer than this, whatever the client's clock.
const SPACING: Duration = Duration::from_millis(4);

#[derive(Debug)]
pub(crate) struct Pace {
    hertz: u32,
    last: Instant,
    input: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(hertz: u32, now: Instant) -> Pace {
        Pace { hertz, last: now, input: None }
    }

    /// Frames a second from now on; 0 for none at all.
    pub(crate) fn set(&mut self, hertz: u32) {
        self.hertz = hertz;
    }

    /// Somebody did something that a page may answer.
    pub(crate) fn input(&mut self, now: Instant) {
        self.input = Some(now);
    }

    pub(crate) fn framed(&mut self, now: Instant) {
        self.last = now;
    }

    /// When a waiting client may paint again; none while nothing is to be painted.
    pub(crate) fn due(&self) -> Option<Instant> {
        (self.hertz > 0).then(|| self.last + SPACING)
    }

    /// The period of Chromium's clock.
    pub(crate) fn period(&self, now: Instant) -> Duration {
        let burst = self.input.is_some_and(|at| now.saturating_duration_since(at) < BURST);
        Duration::from_secs(1) / if burst { self.hertz.max(BURST_HERTZ) } else { self.hertz.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_faster_for_a_while_after_an_input() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let of = |hertz| Duration::from_secs(1) / hertz;
        let mut pace = Pace::new(60, start);
        assert_eq!(pace.period(start), of(60));
        pace.input(start);
        assert_eq!((pace.period(start), pace.period(after(69)), pace.period(after(70))), (of(120), of(120), of(60)));
        pace.set(200);
        assert_eq!(pace.period(after(1)), of(200), "a burst never slows down");
    }

    #[test]
    fn callbacks_are_answered_at_once_but_not_without_end_and_never_at_zero() {
        let start = Instant::now();
        let mut pace = Pace::new(60, start);
        pace.framed(start);
        assert_eq!(pace.due(), Some(start + SPACING));
        pace.set(0);
        pace.input(start);
        assert_eq!(pace.due(), None);
    }
}

//! Deletes what is older than its company keeps it. Age is told by the clock, and clocks are set, by hand or after a dead
//! battery: what a wrong clock calls old would be lost for good, so nothing is deleted until a clock that jumped has been steady.

use crate::store::{Store, unix_now};
use anyhow::Result;
use std::time::{Duration, Instant};
use tandem_protocol::api::Retention;
use tokio_util::sync::CancellationToken;

/// What is too old is looked for so often.
const EVERY: Duration = Duration::from_secs(3600);
/// How far the clock may be from what passed since it was last looked at (seconds).
const JUMP: i64 = 600;
/// How long a service may have stood still before its clock is doubted at the start (seconds).
const IDLE: i64 = 7 * crate::store::DAY;
/// How long nothing is deleted after a jump.
const HELD: Duration = Duration::from_secs(24 * 3600);

/// Whether the clock is to be believed with what cannot be undone.
struct Trust {
    /// What the clock would show now had it not been set, at a time of the process (which only ever runs forward).
    expected: i64,
    at: Duration,
    allowed: i64,
    held_until: Duration,
}

impl Trust {
    /// `swept` is when old things were last deleted, if they ever were (seconds since 1970).
    fn new(swept: Option<i64>, now: i64) -> Trust {
        Trust { expected: swept.unwrap_or(now), at: Duration::ZERO, allowed: IDLE, held_until: Duration::ZERO }
    }

    /// `now` in seconds since 1970, `at` since the process began.
    fn allows(&mut self, now: i64, at: Duration) -> bool {
        let passed = i64::try_from(at.saturating_sub(self.at).as_secs()).unwrap_or(i64::MAX);
        let jumped = now.saturating_sub(self.expected.saturating_add(passed));
        if jumped.unsigned_abs() > self.allowed.unsigned_abs() {
            tracing::warn!(seconds = jumped, "the clock jumped: nothing is deleted for its age for a day");
            self.held_until = at + HELD;
        }
        (self.expected, self.at, self.allowed) = (now, at, JUMP);
        at >= self.held_until
    }
}

/// At the start, and from time to time.
pub(crate) async fn keep(store: Store, shutdown: CancellationToken) {
    let started = Instant::now();
    let mut trust = None;
    let mut every = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {
                if let Err(error) = look(&store, &mut trust, started).await {
                    tracing::error!("what is too old is not deleted: {error:#}");
                }
            }
        }
    }
}

async fn look(store: &Store, trust: &mut Option<Trust>, started: Instant) -> Result<()> {
    let now = unix_now();
    let trust = match trust {
        Some(trust) => trust,
        None => trust.insert(Trust::new(store.swept_at().await?, now)),
    };
    if !trust.allows(now, started.elapsed()) {
        return Ok(());
    }
    store.forget_old_sign_ins().await?;
    for company in store.companies().await? {
        let Retention { session_days, audit_days } = store.document(&company).await?;
        store.purge_records(&company, session_days).await?;
        store.purge_audit(&company, audit_days).await?;
    }
    store.swept(now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_steady_clock_is_believed() {
        let mut trust = Trust::new(Some(NOW - 3 * 86_400), NOW);
        for hour in 0..100 {
            assert!(trust.allows(NOW + i64::from(hour) * 3600 + i64::from(hour % 7), HOUR * hour), "hour {hour}");
        }
        assert!(Trust::new(None, NOW).allows(NOW, Duration::ZERO), "a new database has nothing to lose");
    }

    #[test]
    fn a_jump_holds_for_a_day_whichever_way() {
        for jump in [-400 * 86_400, -3600, 3600, 400 * 86_400, i64::MAX - NOW, i64::MIN + NOW] {
            let mut trust = Trust::new(Some(NOW), NOW);
            assert!(trust.allows(NOW, Duration::ZERO));
            for hour in 1..=24 {
                let now = NOW.saturating_add(jump).saturating_add(i64::from(hour) * 3600);
                assert!(!trust.allows(now, HOUR * hour), "jump {jump}, hour {hour}");
            }
            let now = NOW.saturating_add(jump).saturating_add(25 * 3600);
            assert!(trust.allows(now, HOUR * 25), "jump {jump}");
        }
    }

    #[test]
    fn a_start_long_after_the_last_sweep_waits_for_a_day() {
        for swept in [NOW - 400 * 86_400, NOW + 86_400 * 8] {
            let mut trust = Trust::new(Some(swept), NOW);
            assert!(!trust.allows(NOW, Duration::ZERO) && !trust.allows(NOW + 3600, HOUR), "{swept}");
            assert!(trust.allows(NOW + 24 * 3600, HOUR * 24), "{swept}");
        }
    }
}

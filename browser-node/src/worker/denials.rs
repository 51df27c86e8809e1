//! Refused inputs, gathered for the company's audit: the first is told at once, what follows as one number every ten seconds.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use tandem_protocol::ParticipantId;
use tandem_protocol::notice::Denied;

const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub struct Denials(HashMap<(ParticipantId, Denied), Kind>);

#[derive(Debug)]
struct Kind {
    told: Instant,
    since: u32,
}

impl Denials {
    /// One more; how many there were since the last time, when it is time to tell.
    pub fn count(&mut self, who: ParticipantId, reason: Denied, now: Instant) -> Option<u32> {
        match self.0.get_mut(&(who, reason)) {
            Some(kind) => {
                kind.since += 1;
                if now.duration_since(kind.told) < EVERY {
                    return None;
                }
                kind.told = now;
                Some(std::mem::take(&mut kind.since))
            }
            None => {
                self.0.insert((who, reason), Kind { told: now, since: 0 });
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_a_crowd_is_counted() {
        let (mut denials, start) = (Denials::default(), Instant::now());
        let mut at =
            |seconds, who, reason| denials.count(ParticipantId(who), reason, start + Duration::from_secs(seconds));
        assert_eq!(at(0, 1, Denied::Blocked), Some(1));
        assert_eq!((at(1, 1, Denied::Blocked), at(9, 1, Denied::Blocked)), (None, None));
        assert_eq!((at(9, 1, Denied::Masked), at(9, 2, Denied::Blocked)), (Some(1), Some(1)));
        assert_eq!(at(10, 1, Denied::Blocked), Some(3));
        assert_eq!(at(11, 1, Denied::Blocked), None);
    }
}

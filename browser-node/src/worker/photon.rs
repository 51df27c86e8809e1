//! Which picture answers which input: the node's part of measuring click-to-photon. A plain value.

use super::encoder::Encoded;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tandem_protocol::notice::Stages;
use tandem_protocol::{InputId, ParticipantId};

/// An input after which nothing was painted for so long changed nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Inputs that wait for a picture at once.
const LIMIT: usize = 64;

#[derive(Debug)]
struct Waiting {
    who: ParticipantId,
    id: InputId,
    arrived: Instant,
    dispatched: Instant,
}

/// An input whose picture is found.
#[derive(Debug, PartialEq)]
pub struct Shown {
    pub who: ParticipantId,
    pub id: InputId,
    pub timestamp: u32,
    pub stages: Stages,
}

/// The inputs that wait for the first commit after them.
#[derive(Debug, Default)]
pub struct Photons(VecDeque<Waiting>);

impl Photons {
    /// An input went to Chromium.
    pub fn dispatched(&mut self, who: ParticipantId, id: InputId, arrived: Instant, dispatched: Instant) {
        if self.0.len() == LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(Waiting { who, id, arrived, dispatched });
    }

    /// A picture was encoded: it answers every input that was dispatched before its last commit.
    pub fn encoded(&mut self, picture: &Encoded) -> Vec<Shown> {
        let Some((first, last)) = picture.commits else { return Vec::new() };
        let answered = self.0.partition_point(|w| w.dispatched < last);
        let fresh = |w: &Waiting| last.saturating_duration_since(w.dispatched) < PATIENCE;
        self.0
            .drain(..answered)
            .filter(fresh)
            .map(|w| {
                let commit = if first > w.dispatched { first } else { last };
                let micros = |from: Instant, to: Instant| to.saturating_duration_since(from).as_micros() as u32;
                let stages = Stages {
                    gate: micros(w.arrived, w.dispatched),
                    commit: micros(w.dispatched, commit),
                    encode: micros(commit, picture.finished),
                };
                Shown { who: w.who, id: w.id, timestamp: picture.timestamp, stages }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn an_input_is_answered_by_the_first_picture_with_a_commit_after_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let picture = |timestamp, commits: Option<(u64, u64)>, finished| Encoded {
            data: Bytes::new(),
            keyframe: false,
            timestamp,
            commits: commits.map(|(first, last)| (at(first), at(last))),
            finished: at(finished),
            took: Duration::ZERO,
        };
        let mut photons = Photons::default();
        let who = ParticipantId(1);
        photons.dispatched(who, InputId(1), at(9), at(10));
        photons.dispatched(who, InputId(2), at(29), at(30));
        assert!(photons.encoded(&picture(1, None, 11)).is_empty(), "a refinement shows nothing new");
        assert!(photons.encoded(&picture(2, Some((2, 8)), 12)).is_empty(), "committed before");
        let shown = photons.encoded(&picture(3, Some((17, 17)), 24));
        let stages = Stages { gate: 1000, commit: 7000, encode: 7000 };
        assert_eq!(shown, [Shown { who, id: InputId(1), timestamp: 3, stages }]);
        assert!(photons.encoded(&picture(4, Some((1500, 1500)), 1501)).is_empty(), "too long ago to be its answer");
        assert!(photons.0.is_empty());
    }
}

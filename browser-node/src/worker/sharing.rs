//! Whether one encoder serves both audiences. While a page paints one kind of frame, fit for all, what agents are sent is what
//! the customer sees, and encoding it twice would cost a second core for nothing. A plain value.
//!
//! The customer's track changes its source at a keyframe of the new one, so that nobody's decoder notices. It takes the agents'
//! pictures, never the other way round.

use std::time::{Duration, Instant};

/// One kind of frame must have been enough for so long: each change of the source costs a keyframe.
const SETTLED: Duration = Duration::from_secs(2);
/// The customer does not wait longer for a frame that is fit for all.
const PATIENCE: Duration = Duration::from_millis(60);

/// Which encoder the customer's pictures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Own,
    /// Their own, until the agents' encoder has made a keyframe.
    Joining,
    Agents,
    /// The agents', until their own encoder has made a keyframe.
    Parting,
}

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask the agents' encoder for a keyframe.
    Join,
    /// Wake the customer's encoder, and ask it for a keyframe.
    Part,
}

/// What is known of the frames.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Both audiences look, and their lines bear about the same.
    pub alike: bool,
    /// Since when one kind of frame is enough.
    pub one_kind: Option<Instant>,
    /// Since when agents lack what the customer could see.
    pub behind: Option<Instant>,
}

#[derive(Debug)]
pub struct Sharing {
    source: Source,
}

impl Sharing {
    pub fn new() -> Sharing {
        Sharing { source: Source::Own }
    }

    /// To be asked whenever a fact changes, and at [`Self::deadline`].
    pub fn step(&mut self, facts: Facts, now: Instant) -> Option<Step> {
        let settled = facts.one_kind.is_some_and(|since| now >= since + SETTLED);
        let late = facts.behind.is_some_and(|since| now >= since + PATIENCE);
        match self.source {
            Source::Own if facts.alike && settled && facts.behind.is_none() => {
                self.source = Source::Joining;
                Some(Step::Join)
            }
            Source::Joining if !facts.alike || facts.one_kind.is_none() => {
                self.source = Source::Own;
                None
            }
            Source::Agents if !facts.alike || facts.one_kind.is_none() || late => {
                self.source = Source::Parting;
                Some(Step::Part)
            }
            Source::Own | Source::Joining | Source::Agents | Source::Parting => None,
        }
    }

    /// When [`Self::step`] may have another answer though nothing happens.
    pub fn deadline(&self, facts: Facts) -> Option<Instant> {
        match self.source {
            Source::Own => {
                facts.one_kind.filter(|_| facts.alike && facts.behind.is_none()).map(|since| since + SETTLED)
            }
            Source::Agents => facts.behind.map(|since| since + PATIENCE),
            Source::Joining | Source::Parting => None,
        }
    }

    /// Whether the agents' encoder makes the customer's pictures too.
    pub fn is_shared(&self) -> bool {
        self.source == Source::Agents
    }

    /// Whether a picture of the customer's own encoder is to be sent to them.
    pub fn takes_own(&mut self, keyframe: bool) -> bool {
        if self.source == Source::Parting && keyframe {
            self.source = Source::Own;
        }
        matches!(self.source, Source::Own | Source::Joining)
    }

    /// Whether a picture of the agents' encoder is to be sent to the customer too.
    pub fn takes_agents(&mut self, keyframe: bool) -> bool {
        if self.source == Source::Joining && keyframe {
            self.source = Source::Agents;
        }
        matches!(self.source, Source::Agents | Source::Parting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_changes_at_keyframes_alone() {
        let start = Instant::now();
        let mut sharing = Sharing::new();
        let one = Facts { alike: true, one_kind: Some(start), behind: None };
        assert_eq!(sharing.deadline(one), Some(start + SETTLED));
        assert_eq!(sharing.step(one, start), None);
        assert_eq!(sharing.step(one, start + SETTLED), Some(Step::Join));
        assert!(sharing.takes_own(false) && !sharing.takes_agents(false));
        assert!(sharing.takes_agents(true) && !sharing.takes_own(false) && sharing.is_shared());
        let two = Facts { one_kind: None, ..one };
        assert_eq!(sharing.step(two, start), Some(Step::Part));
        assert!(sharing.takes_agents(false) && !sharing.takes_own(false), "until there is a keyframe");
        assert!(sharing.takes_own(true) && !sharing.takes_agents(true));
    }

    #[test]
    fn the_customer_waits_for_nobody() {
        let start = Instant::now();
        let one = Facts { alike: true, one_kind: Some(start), behind: None };
        let late = Facts { behind: Some(start), ..one };
        let mut sharing = Sharing::new();
        assert_eq!(sharing.step(late, start + SETTLED), None, "not while agents are behind");
        sharing.step(one, start + SETTLED);
        assert!(sharing.takes_agents(true));
        assert_eq!((sharing.step(late, start), sharing.deadline(late)), (None, Some(start + PATIENCE)));
        assert_eq!(sharing.step(late, start + PATIENCE), Some(Step::Part));
        let mut joining = Sharing::new();
        joining.step(one, start + SETTLED);
        assert_eq!(joining.step(Facts { alike: false, ..one }, start), None);
        assert!(!joining.takes_agents(true) && joining.takes_own(false), "nobody else looks any more");
    }
}

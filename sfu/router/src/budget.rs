use crate::Now;
use std::time::Duration;
use tandem_protocol::{input, limits};

/// The channels of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    Pointer,
    Control,
    Talk,
}

impl Channel {
    pub const ALL: [Channel; 3] = [Channel::Pointer, Channel::Control, Channel::Talk];

    pub fn label(self) -> &'static str {
        match self {
            Channel::Pointer => input::channel::POINTER,
            Channel::Control => input::channel::CONTROL,
            Channel::Talk => input::channel::TALK,
        }
    }

    pub fn from_label(label: &str) -> Option<Channel> {
        Self::ALL.into_iter().find(|channel| channel.label() == label)
    }

    /// Bytes of one message, at the most.
    fn largest(self) -> usize {
        match self {
            Channel::Pointer => limits::POINTER,
            Channel::Control => limits::CONTROL,
            Channel::Talk => limits::TALK,
        }
    }

    /// Messages a second, at the most; a burst may be as many.
    fn rate(self) -> u32 {
        match self {
            Channel::Pointer => 400,
            Channel::Control => 600,
            Channel::Talk => 50,
        }
    }
}

/// What one participant may still send on one channel. What is over it is dropped here, so that a flood stays its
/// sender's.
#[derive(Debug)]
pub struct Budget {
    channel: Channel,
    left: f64,
    at: Now,
}

impl Budget {
    pub fn new(channel: Channel, now: Now) -> Budget {
        Budget { channel, left: f64::from(channel.rate()), at: now }
    }

    /// Whether a message of this size may pass.
    pub fn take(&mut self, size: usize, now: Now) -> bool {
        let rate = f64::from(self.channel.rate());
        let more = now.saturating_sub(self.at).min(Duration::from_secs(1)).as_secs_f64() * rate;
        self.at = now.max(self.at);
        self.left = (self.left + more).min(rate);
        let passes = size <= self.channel.largest() && self.left >= 1.0;
        if passes {
            self.left -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_and_what_is_too_large_are_dropped() {
        let second = Duration::from_secs(1);
        let mut budget = Budget::new(Channel::Talk, second);
        assert!(!budget.take(limits::TALK + 1, second));
        let passed = (0..1000).filter(|_| budget.take(10, second)).count();
        assert_eq!(passed, 50);
        assert!(budget.take(10, second + Duration::from_millis(20)));
        assert!(!budget.take(10, second + Duration::from_millis(20)));
        assert!(!budget.take(10, Duration::ZERO), "a clock that goes back gives nothing");
    }

    #[test]
    fn labels_are_known() {
        for channel in Channel::ALL {
            assert_eq!(Channel::from_label(channel.label()), Some(channel));
        }
        assert_eq!(Channel::from_label("sfu"), None);
    }
}

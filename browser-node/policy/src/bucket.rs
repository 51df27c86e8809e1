use crate::Millis;

/// How much of something one participant may send: so many a second, and a burst of as many.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    per_second: u64,
    /// Thousandths of a message that may still be sent.
    left: u64,
    at: Millis,
}

impl Bucket {
    pub(crate) fn new(per_second: u64, now: Millis) -> Self {
        Self { per_second, left: per_second * 1000, at: now }
    }

    /// Whether one more may pass.
    pub(crate) fn take(&mut self, now: Millis) -> bool {
        self.left = (self.left + now.since(self.at) * self.per_second).min(self.per_second * 1000);
        self.at = self.at.max(now);
        match self.left.checked_sub(1000) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

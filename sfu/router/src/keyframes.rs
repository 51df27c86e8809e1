use crate::Now;
use std::time::Duration;

/// An IDR asked for again within this time is the same one.
const ONE_FOR_ALL: Duration = Duration::from_millis(100);

/// Asks the publisher at once, and again only after a while, however many subscribers ask.
#[derive(Debug, Default)]
pub struct KeyframeGate {
    asked: Option<Now>,
    /// Somebody asked meanwhile; perhaps for more than is on its way.
    again: bool,
}

impl KeyframeGate {
    /// Whether a request goes on now.
    pub fn ask(&mut self, now: Now) -> bool {
        if self.asked.is_some_and(|at| now.saturating_sub(at) < ONE_FOR_ALL) {
            self.again = true;
            return false;
        }
        self.asked = Some(now);
        self.again = false;
        true
    }

    /// Whether a request that was held back goes on now.
    pub fn due(&mut self, now: Now) -> bool {
        self.again && self.ask(now)
    }

    /// When [`Self::due`] is to be asked.
    pub fn deadline(&self) -> Option<Now> {
        self.asked.filter(|_| self.again).map(|at| at + ONE_FOR_ALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_askers_get_one_keyframe_and_the_late_ones_another() {
        let ms = Duration::from_millis;
        let mut gate = KeyframeGate::default();
        assert!(gate.ask(ms(1000)));
        assert!(!gate.ask(ms(1001)) && !gate.ask(ms(1050)));
        assert_eq!(gate.deadline(), Some(ms(1100)));
        assert!(!gate.due(ms(1099)));
        assert!(gate.due(ms(1100)));
        assert_eq!(gate.deadline(), None);
        assert!(!gate.due(ms(5000)), "nobody asked since");
        assert!(gate.ask(ms(5000)), "at once when it is quiet");
    }
}

use crate::For;
use std::marker::PhantomData;

/// What the router has to know of an RTP packet of one audience's track. Timestamps are no matter of its: they stay.
#[derive(Debug)]
pub struct Packet<A: For> {
    sequence: u16,
    /// Whether a subscriber can begin with it.
    is_start: bool,
    audience: PhantomData<A>,
}

impl<A: For> Packet<A> {
    /// Of a picture: `payload` is the packet's, by RFC 6184.
    pub fn new(sequence: u16, payload: &[u8]) -> Packet<A> {
        Packet { sequence, is_start: starts_keyframe(payload), audience: PhantomData }
    }

    /// Of the sound, which is whole in each packet.
    pub fn sound(sequence: u16) -> Packet<A> {
        Packet { sequence, is_start: true, audience: PhantomData }
    }
}

/// Whether a payload (RFC 6184) begins an IDR: it holds the parameter sets, or the first part of an IDR slice.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    const IDR: u8 = 5;
    const SPS: u8 = 7;
    const STAP_A: u8 = 24;
    const FU_A: u8 = 28;
    let kind = |byte: &u8| byte & 0x1f;
    match payload.first().map(kind) {
        Some(IDR | SPS) => true,
        // The size of the first unit comes before it.
        Some(STAP_A) => payload.get(3).map(kind).is_some_and(|first| first == SPS || first == IDR),
        Some(FU_A) => payload.get(1).is_some_and(|header| header & 0x80 != 0 && kind(header) == IDR),
        _ => false,
    }
}

/// Where a forwarder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarding {
    /// Nothing can be shown before an IDR, nor heard before a packet.
    Waiting,
    Running,
}

/// One subscriber of one track. A picture begins with an IDR, and sequence numbers have no gaps but those of loss.
#[derive(Debug)]
pub struct Forwarder<A: For> {
    state: Forwarding,
    /// What is taken from the publisher's numbers.
    offset: u16,
    /// The publisher's number that began what is forwarded now; older ones are stragglers of before.
    first: u16,
    /// The highest number sent.
    last: Option<u16>,
    /// What the subscriber's line takes, in bits a second.
    pub(crate) estimate: Option<u32>,
    audience: PhantomData<A>,
}

impl<A: For> Forwarder<A> {
    pub(crate) fn new() -> Self {
        Forwarder { state: Forwarding::Waiting, offset: 0, first: 0, last: None, estimate: None, audience: PhantomData }
    }

    pub fn state(&self) -> Forwarding {
        self.state
    }

    /// Waits for the next beginning: what comes before it is lost.
    pub(crate) fn restart(&mut self) {
        self.state = Forwarding::Waiting;
    }

    /// The number under which a packet goes to this subscriber; none when it does not.
    pub fn forward(&mut self, packet: &Packet<A>) -> Option<u16> {
        if self.state == Forwarding::Waiting {
            if !packet.is_start {
                return None;
            }
            self.state = Forwarding::Running;
            self.first = packet.sequence;
            let next = self.last.map_or(packet.sequence, |last| last.wrapping_add(1));
            self.offset = packet.sequence.wrapping_sub(next);
        }
        // Serial-number arithmetic (RFC 1982).
        if (packet.sequence.wrapping_sub(self.first) as i16) < 0 {
            return None;
        }
        // What began this run is long past when its number could come round again.
        if packet.sequence.wrapping_sub(self.first) > 0x4000 {
            self.first = packet.sequence.wrapping_sub(0x2000);
        }
        let sequence = packet.sequence.wrapping_sub(self.offset);
        if self.last.is_none_or(|last| (sequence.wrapping_sub(last) as i16) > 0) {
            self.last = Some(sequence);
        }
        Some(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Agent;

    fn packet(sequence: u16, starts: bool) -> Packet<Agent> {
        Packet::new(sequence, if starts { &[0x67] } else { &[0x61] })
    }

    #[test]
    fn keyframes_are_known_in_every_packing() {
        for (payload, expected) in [
            (&[][..], false),
            (&[0x67], true),
            (&[0x65], true),
            (&[0x61], false),
            (&[0x78, 0, 10, 0x67, 1], true),
            (&[0x78, 0, 10, 0x61, 1], false),
            (&[0x78, 0], false),
            (&[0x7c, 0x85], true),
            (&[0x7c, 0x05], false),
            (&[0x7c, 0x81], false),
            (&[0x7c], false),
        ] {
            assert_eq!(starts_keyframe(payload), expected, "{payload:x?}");
        }
    }

    #[test]
    fn a_subscriber_begins_with_a_keyframe_and_sees_no_gap_after_a_restart() {
        let mut forwarder = Forwarder::new();
        assert_eq!(forwarder.forward(&packet(100, false)), None);
        assert_eq!(forwarder.forward(&packet(101, true)), Some(101));
        assert_eq!(
            forwarder.forward(&packet(103, false)),
            Some(103),
            "what is lost stays visible, so that it is asked for"
        );
        assert_eq!(forwarder.forward(&packet(102, false)), Some(102), "and comes late");
        forwarder.restart();
        assert_eq!(forwarder.forward(&packet(104, false)), None);
        assert_eq!(forwarder.forward(&packet(110, true)), Some(104));
        assert_eq!(forwarder.forward(&packet(105, false)), None, "a straggler of before");
        assert_eq!(forwarder.forward(&packet(111, false)), Some(105));
    }

    #[test]
    fn numbers_go_round_for_ever() {
        let mut forwarder = Forwarder::new();
        let mut sequence = 65_530u16;
        forwarder.forward(&packet(sequence, true));
        for _ in 0..200_000u32 {
            sequence = sequence.wrapping_add(1);
            assert_eq!(forwarder.forward(&packet(sequence, false)), Some(sequence));
        }
    }
}

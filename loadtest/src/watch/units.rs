//! Puts access units together again from RTP packets (RFC 6184), however they were cut and in whatever order they come.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a missing packet is waited for: it may be on its way again.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many packets may wait for a missing one.
const WAITING: usize = 2_000;
/// No picture is larger; what is goes on without end.
const LARGEST: usize = 8 << 20;
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The parts of an RTP packet that say what it carries.
#[derive(Debug, Clone)]
pub struct Piece {
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A whole access unit, in Annex B form.
    Unit { data: Vec<u8>, keyframe: bool, at: Instant },
    /// One that could not be put together.
    Broken,
    /// So many packets never came.
    Lost { packets: u64 },
}

/// What has arrived so far of one stream.
#[derive(Default)]
pub struct Reassembly {
    /// The number that comes next, counted without going round.
    next: Option<u64>,
    waiting: BTreeMap<u64, (Piece, Instant)>,
    building: Building,
}

impl Reassembly {
    pub fn take(&mut self, piece: Piece, now: Instant) -> Vec<Arrival> {
        let next = *self.next.get_or_insert(u64::from(u16::MAX) + 1 + u64::from(piece.sequence));
        let ahead = piece.sequence.wrapping_sub(next as u16) as i16;
        if ahead < 0 {
            // It came twice, or too late.
            return Vec::new();
        }
        self.waiting.insert(next + ahead as u64, (piece, now));
        let mut arrivals = Vec::new();
        while let Some((number, (.., since))) = self.waiting.first_key_value() {
            let (number, missing) = (*number, number - self.next.unwrap_or(*number));
            if missing > 0 {
                if now.saturating_duration_since(*since) < PATIENCE && self.waiting.len() < WAITING {
                    break;
                }
                self.building.broken = true;
                arrivals.push(Arrival::Lost { packets: missing });
            }
            let Some((piece, at)) = self.waiting.remove(&number) else { break };
            self.next = Some(number + 1);
            self.building.add(&piece, at, missing > 0, &mut arrivals);
        }
        arrivals
    }
}

/// The access unit that is being put together.
#[derive(Default)]
struct Building {
    timestamp: Option<u32>,
    data: Vec<u8>,
    keyframe: bool,
    /// A fragment has begun and not ended.
    open: bool,
    broken: bool,
}

impl Building {
    fn add(&mut self, piece: &Piece, at: Instant, after_gap: bool, arrivals: &mut Vec<Arrival>) {
        if self.timestamp.is_some_and(|of| of != piece.timestamp) {
            self.finish(at, arrivals);
            // Packets are missing from one of the two, and nobody knows which.
            self.broken = after_gap;
        }
        self.timestamp = Some(piece.timestamp);
        if self.append(&piece.payload).is_none() || self.data.len() > LARGEST {
            self.broken = true;
            self.data.clear();
        }
        if piece.marker {
            self.finish(at, arrivals);
        }
    }

    fn finish(&mut self, at: Instant, arrivals: &mut Vec<Arrival>) {
        let Building { data, keyframe, open, broken, .. } = std::mem::take(self);
        match (broken || open, data.is_empty()) {
            (true, _) => arrivals.push(Arrival::Broken),
            // Padding alone is no picture.
            (false, true) => {}
            (false, false) => arrivals.push(Arrival::Unit { data, keyframe, at }),
        }
    }

    /// None when it is no payload of RFC 6184's non-interleaved mode (§6.3).
    fn append(&mut self, payload: &[u8]) -> Option<()> {
        let Some((&first, rest)) = payload.split_first() else { return Some(()) };
        match first & 0x1f {
            1..=23 => self.unit(payload),
            // STAP-A (§5.7.1): several units, each after its length.
            24 => {
                let mut rest = rest;
                while !rest.is_empty() {
                    let (length, after) = rest.split_first_chunk()?;
                    let length = usize::from(u16::from_be_bytes(*length));
                    let (unit, after) = after.split_at_checked(length)?;
                    self.unit(unit)?;
                    rest = after;
                }
                Some(())
            }
            // FU-A (§5.8): a piece of a unit.
            28 => {
                let (&header, fragment) = rest.split_first()?;
                let (begins, ends) = (header & 0x80 != 0, header & 0x40 != 0);
                if begins {
                    self.unit(&[first & 0xe0 | header & 0x1f])?;
                    self.open = true;
                } else if !self.open {
                    return None;
                }
                self.data.extend_from_slice(fragment);
                self.open = !ends;
                Some(())
            }
            _ => None,
        }
    }

    fn unit(&mut self, unit: &[u8]) -> Option<()> {
        if self.open {
            return None;
        }
        self.keyframe |= unit.first()? & 0x1f == 5;
        self.data.extend_from_slice(&START_CODE);
        self.data.extend_from_slice(unit);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Piece {
        Piece { sequence, timestamp, marker, payload: payload.to_vec() }
    }

    /// A keyframe in three packets (parameter sets together, a slice in two pieces), then a picture in one.
    fn stream(from: u16) -> Vec<Piece> {
        vec![
            piece(from, 1, false, &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2]),
            piece(from.wrapping_add(1), 1, false, &[0x7c, 0x85, 3, 4]),
            piece(from.wrapping_add(2), 1, true, &[0x7c, 0x45, 5]),
            piece(from.wrapping_add(3), 2, true, &[0x61, 6]),
        ]
    }

    fn units(now: Instant) -> [Arrival; 2] {
        let first = vec![0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3, 4, 5];
        [
            Arrival::Unit { data: first, keyframe: true, at: now },
            Arrival::Unit { data: vec![0, 0, 0, 1, 0x61, 6], keyframe: false, at: now },
        ]
    }

    #[test]
    fn units_come_whole_in_whatever_order_and_numbers_go_round() {
        let now = Instant::now();
        for order in [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 2, 1]] {
            for from in [7, u16::MAX - 1] {
                let (stream, mut reassembly) = (stream(from), Reassembly::default());
                let arrivals: Vec<_> = order.iter().flat_map(|i| reassembly.take(stream[*i].clone(), now)).collect();
                assert_eq!(arrivals, units(now), "{order:?} from {from}");
                assert!(reassembly.take(stream[0].clone(), now).is_empty(), "what comes twice is taken once");
            }
        }
    }

    #[test]
    fn what_never_comes_is_waited_for_and_then_counted() {
        let (now, mut reassembly) = (Instant::now(), Reassembly::default());
        let stream = stream(1);
        for i in [0, 2, 3] {
            assert!(reassembly.take(stream[i].clone(), now).is_empty());
        }
        let later = now + PATIENCE;
        let after = reassembly.take(piece(5, 3, true, &[0x61, 7]), later);
        let [_, second] = units(now);
        let third = Arrival::Unit { data: vec![0, 0, 0, 1, 0x61, 7], keyframe: false, at: later };
        assert_eq!(after, [Arrival::Lost { packets: 1 }, Arrival::Broken, second, third]);
    }

    #[test]
    fn a_unit_that_lost_its_end_takes_the_next_one_with_it() {
        let (now, mut reassembly) = (Instant::now(), Reassembly::default());
        let stream = stream(1);
        for i in [0, 1] {
            reassembly.take(stream[i].clone(), now);
        }
        reassembly.take(stream[3].clone(), now);
        let after = reassembly.take(piece(5, 3, true, &[0x61, 7]), now + PATIENCE);
        assert_eq!(after[..3], [Arrival::Lost { packets: 1 }, Arrival::Broken, Arrival::Broken]);
        assert!(matches!(after[3], Arrival::Unit { .. }));
    }

    #[test]
    fn nonsense_is_broken_and_nothing_else() {
        let now = Instant::now();
        for payload in [&[0x78, 0][..], &[0x78, 0, 9, 1], &[0x7c], &[0x7c, 5, 1], &[0x7c, 0x85, 1], &[0x7f], &[0]] {
            let mut reassembly = Reassembly::default();
            assert_eq!(reassembly.take(piece(9, 1, true, payload), now), [Arrival::Broken], "{payload:?}");
            assert_eq!(reassembly.take(piece(10, 2, true, &[]), now), [], "padding is no picture");
        }
    }
}

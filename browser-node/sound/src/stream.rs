//! One stream that a client plays.

use crate::wire::{FLOAT, Playback, Writer};
use crate::{CHANNELS, FRAME_SAMPLES, Frame, RATE};
use std::collections::VecDeque;

/// Bytes of a sample.
const SAMPLE: usize = 4;
/// The least that is kept in store, in frames: one to take, and one in which the client brings the next.
const LEAST: usize = 2;
/// The most: what a client may ask for, and what it gets that leaves it to us.
const MOST: usize = 10;
/// More than this (in frames) is dropped: a client writes what it was asked for.
const OVERFLOW: usize = 50;

pub struct Stream {
    id: u32,
    channels: usize,
    corked: bool,
    /// Bytes to keep in store.
    target: usize,
    queue: VecDeque<f32>,
    /// Bytes that were asked for and have not come.
    requested: usize,
    /// Bytes that were played or thrown away.
    passed: u64,
    /// It plays, and had something to play the last time.
    fed: bool,
}

impl Stream {
    /// None for samples that are not as the sink takes them: clients are told its format, and keep to it.
    pub fn new(id: u32, wanted: Playback) -> Option<Stream> {
        let channels = usize::from(wanted.channels);
        if (wanted.format, wanted.rate) != (FLOAT, RATE) || !(1..=CHANNELS).contains(&channels) {
            return None;
        }
        let frame = frame(channels);
        let target = (wanted.target as usize).clamp(LEAST * frame, MOST * frame);
        let (queue, requested) = (VecDeque::new(), target);
        Some(Stream { id, channels, corked: wanted.corked, target, queue, requested, passed: 0, fed: false })
    }

    pub fn channels(&self) -> u8 {
        self.channels as u8
    }

    /// Bytes to keep in store.
    pub fn target(&self) -> u32 {
        self.target as u32
    }

    /// Bytes that it asks for at once, at the least.
    pub fn least(&self) -> u32 {
        frame(self.channels) as u32
    }

    pub fn plays(&self) -> bool {
        !self.corked
    }

    pub fn cork(&mut self, corked: bool) {
        self.corked = corked;
        self.fed &= !corked;
    }

    pub fn flush(&mut self) {
        self.passed += self.stored() as u64;
        self.queue.clear();
    }

    fn stored(&self) -> usize {
        self.queue.len() * SAMPLE
    }

    /// Bytes that were written, and of them those that have been played.
    pub fn places(&self) -> (u64, u64) {
        (self.passed + self.stored() as u64, self.passed)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.requested = self.requested.saturating_sub(bytes.len());
        let room = (OVERFLOW * frame(self.channels)).saturating_sub(self.stored()) / SAMPLE;
        let samples = bytes.as_chunks().0.iter().map(|sample| f32::from_le_bytes(*sample));
        // What is no number is silence.
        self.queue.extend(samples.take(room).map(|sample| if sample.is_finite() { sample } else { 0.0 }));
    }

    /// Adds the next frame of it to the mix, and asks for more.
    pub fn play(&mut self, mix: &mut Frame, told: &mut Vec<u8>) {
        if self.corked {
            return;
        }
        let wanted = FRAME_SAMPLES * self.channels;
        let taken = wanted.min(self.queue.len());
        let samples = self.queue.drain(..taken);
        if self.channels == 1 {
            mix.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(samples).for_each(|(both, sample)| {
                both.iter_mut().for_each(|one| *one += sample);
            });
        } else {
            mix.iter_mut().zip(samples).for_each(|(one, sample)| *one += sample);
        }
        self.passed += (taken * SAMPLE) as u64;
        let fed = taken == wanted;
        match (std::mem::replace(&mut self.fed, fed), fed) {
            (false, true) => Writer::started(self.id).send(told),
            (true, false) => Writer::underflow(self.id, self.passed).send(told),
            _ => {}
        }
        let missing = self.target.saturating_sub(self.stored() + self.requested);
        if missing >= frame(self.channels) {
            self.requested += missing;
            Writer::request(self.id, missing as u32).send(told);
        }
    }
}

/// Bytes of a frame.
fn frame(channels: usize) -> usize {
    FRAME_SAMPLES * channels * SAMPLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::asks;

    const PLAYBACK: Playback = Playback { format: FLOAT, channels: 2, rate: RATE, corked: false, target: 12_288 };
    const SILENCE: Frame = [0.0; FRAME_SAMPLES * CHANNELS];

    fn written(sample: f32, frames: usize, channels: usize) -> Vec<u8> {
        sample.to_le_bytes().repeat(FRAME_SAMPLES * channels * frames)
    }

    #[test]
    fn a_frame_is_taken_and_as_much_asked_for() {
        let mut stream = Stream::new(4, PLAYBACK).unwrap();
        assert_eq!((stream.target(), stream.least()), (15_360, 7_680), "at least two frames in store");
        stream.write(&written(0.25, 2, 2));
        let (mut mix, mut told) = (SILENCE, Vec::new());
        stream.play(&mut mix, &mut told);
        assert!(mix.iter().all(|sample| *sample == 0.25));
        assert_eq!(stream.places(), (15_360, 7_680));
        let mut expected = asks(86, u32::MAX, |w| w.u32(4));
        expected.extend(asks(61, u32::MAX, |w| w.u32(4).u32(7_680)));
        assert_eq!(told, expected);
        // It has been asked already.
        told.clear();
        stream.play(&mut mix, &mut told);
        assert_eq!(told, asks(61, u32::MAX, |w| w.u32(4).u32(7_680)));
        told.clear();
        stream.play(&mut mix, &mut told);
        assert_eq!(told, asks(63, u32::MAX, |w| w.u32(4).i64(15_360)));
        assert!(mix.iter().all(|sample| *sample == 0.5), "there was nothing left to add");
    }

    #[test]
    fn one_channel_is_heard_on_both_sides_and_streams_are_added_up() {
        let mut one = Stream::new(1, Playback { channels: 1, ..PLAYBACK }).unwrap();
        let mut two = Stream::new(2, PLAYBACK).unwrap();
        one.write(&written(0.5, 1, 1));
        two.write(&written(0.25, 1, 2));
        let mut mix = SILENCE;
        [&mut one, &mut two].into_iter().for_each(|stream| stream.play(&mut mix, &mut Vec::new()));
        assert!(mix.iter().all(|sample| *sample == 0.75));
    }

    #[test]
    fn a_corked_stream_waits_and_a_flushed_one_forgets() {
        let mut stream = Stream::new(1, Playback { corked: true, ..PLAYBACK }).unwrap();
        assert!(!stream.plays());
        stream.write(&written(0.5, 1, 2));
        let (mut mix, mut told) = (SILENCE, Vec::new());
        stream.play(&mut mix, &mut told);
        assert!(mix == SILENCE && told.is_empty());
        stream.flush();
        stream.cork(false);
        stream.play(&mut mix, &mut told);
        assert_eq!((mix == SILENCE, stream.places()), (true, (7_680, 7_680)));
        // What was asked for at first has not all come, and the rest is asked for now.
        assert_eq!(told, asks(61, u32::MAX, |w| w.u32(1).u32(7_680)));
    }

    #[test]
    fn strangers_samples_harm_nobody() {
        for other in [
            Playback { format: 3, ..PLAYBACK },
            Playback { channels: 6, ..PLAYBACK },
            Playback { rate: 44_100, ..PLAYBACK },
        ] {
            assert!(Stream::new(1, other).is_none(), "{other:?}");
        }
        let mut stream = Stream::new(1, Playback { target: u32::MAX, ..PLAYBACK }).unwrap();
        stream.write(&written(f32::NAN, 1, 2));
        stream.write(&[0; 7]);
        (0..100).for_each(|_| stream.write(&written(0.5, 1, 2)));
        assert_eq!(stream.places().0, 50 * 7_680, "a second is kept");
        let mut mix = SILENCE;
        stream.play(&mut mix, &mut Vec::new());
        assert_eq!(mix, SILENCE);
    }
}

//! What is played on its way out: Opus while somebody listens, and nothing while there is nothing to hear.

use crate::{Frame, Packet, RATE};
use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Encoder};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{mpsc, watch};

/// What stays below is silence: half of the least step that 16 bits have.
const FAINTEST: f32 = 0.5 / 32_768.0;
/// Silence is sent for so many frames, so that what has been heard fades, and a pause in speech is no end.
const FADE: u32 = 15;
const BITS_PER_SECOND: i32 = 64_000;
/// The loss that the stream is made to bear, in percent.
const LOSS: i32 = 5;
/// How hard the encoder tries, of 10. Beyond 5 more time buys little at this rate.
const COMPLEXITY: i32 = 5;
/// The largest packet (bytes). It fits a path of 1,280 bytes.
const LARGEST: usize = 1_000;
/// A packet that says no more than that nothing is to be heard (RFC 6716 §3.1, with DTX).
const EMPTY: usize = 2;

pub struct Voice {
    epoch: Instant,
    listened: Arc<AtomicBool>,
    packets: mpsc::Sender<Packet>,
    playing: watch::Sender<bool>,
    encoder: Option<Encoder>,
    failed: bool,
    /// Frames since something was heard.
    quiet: u32,
    /// Whether a packet was sent for the frame before.
    flows: bool,
}

impl Voice {
    pub fn new(
        epoch: Instant,
        listened: Arc<AtomicBool>,
        packets: mpsc::Sender<Packet>,
        playing: watch::Sender<bool>,
    ) -> Voice {
        Voice { epoch, listened, packets, playing, encoder: None, failed: false, quiet: FADE, flows: false }
    }

    /// Nothing is played any more.
    pub fn rest(&mut self) {
        self.quiet = FADE;
        self.flows = false;
        self.playing.send_if_modified(std::mem::take);
    }

    /// Takes the next frame, which was played at this time.
    pub fn play(&mut self, mix: &mut Frame, at: Instant) {
        let loudest = mix.iter().fold(0f32, |loudest, sample| loudest.max(sample.abs()));
        self.quiet = if loudest > FAINTEST { 0 } else { (self.quiet + 1).min(FADE) };
        let is_heard = self.quiet < FADE;
        self.playing.send_if_modified(|playing| std::mem::replace(playing, is_heard) != is_heard);
        if !is_heard || !self.listened.load(Ordering::Relaxed) {
            self.flows = false;
            return;
        }
        if loudest > 1.0 {
            mix.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        }
        let Some(data) = self.encode(mix) else { return };
        let since = at.saturating_duration_since(self.epoch).as_nanos();
        let timestamp = (since * u128::from(RATE) / 1_000_000_000) as u32;
        let is_first = !std::mem::replace(&mut self.flows, true);
        // Nobody takes them: late sound is worse than none.
        let _ = self.packets.try_send(Packet { data, timestamp, is_first });
    }

    fn encode(&mut self, mix: &Frame) -> Option<Bytes> {
        if self.failed {
            return None;
        }
        let encoded = self.encoder().and_then(|encoder| {
            let mut data = [0; LARGEST];
            let length = encoder.encode_float(mix, &mut data)?;
            Ok(Bytes::copy_from_slice(data.get(..length).unwrap_or_default()))
        });
        match encoded {
            Ok(data) => Some(data).filter(|data| data.len() > EMPTY),
            Err(error) => {
                tracing::error!(%error, "the sound cannot be encoded");
                self.failed = true;
                None
            }
        }
    }

    fn encoder(&mut self) -> opus::Result<&mut Encoder> {
        let encoder = self.encoder.take().map_or_else(open, Ok)?;
        Ok(self.encoder.insert(encoder))
    }
}

fn open() -> opus::Result<Encoder> {
    let mut encoder = Encoder::new(RATE, Channels::Stereo, Application::Audio)?;
    encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_inband_fec(true)?;
    encoder.set_packet_loss_perc(LOSS)?;
    encoder.set_dtx(true)?;
    Ok(encoder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CHANNELS, FRAME, FRAME_SAMPLES};
    use opus::Decoder;
    use std::f32::consts::TAU;

    struct World {
        voice: Voice,
        packets: mpsc::Receiver<Packet>,
        playing: watch::Receiver<bool>,
        listened: Arc<AtomicBool>,
        epoch: Instant,
        frames: u32,
    }

    impl World {
        fn new() -> World {
            let (packets, received) = mpsc::channel(4);
            let (playing, heard) = watch::channel(false);
            let (epoch, listened) = (Instant::now(), Arc::new(AtomicBool::new(true)));
            let voice = Voice::new(epoch, listened.clone(), packets, playing);
            World { voice, packets: received, playing: heard, listened, epoch, frames: 0 }
        }

        /// Plays a frame of a tone of 1 kHz, as loud as said.
        fn plays(&mut self, loud: f32) -> Option<Packet> {
            let first = self.frames as usize * FRAME_SAMPLES;
            let mut mix = [0.0; FRAME_SAMPLES * CHANNELS];
            for (i, both) in mix.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
                *both = [loud * (TAU * 1_000.0 * (first + i) as f32 / RATE as f32).sin(); CHANNELS];
            }
            self.voice.play(&mut mix, self.epoch + FRAME * self.frames);
            self.frames += 1;
            self.packets.try_recv().ok()
        }
    }

    #[test]
    fn a_tone_comes_out_as_it_was() {
        let mut world = World::new();
        let mut decoder = Decoder::new(RATE, Channels::Stereo).unwrap();
        let mut left = Vec::new();
        for i in 0..50 {
            let packet = world.plays(0.5).unwrap();
            assert_eq!((packet.timestamp, packet.is_first), (i * FRAME_SAMPLES as u32, i == 0));
            let mut heard = [0.0; FRAME_SAMPLES * CHANNELS];
            assert_eq!(decoder.decode_float(&packet.data, &mut heard, false).unwrap(), FRAME_SAMPLES);
            left.extend(heard.iter().copied().step_by(CHANNELS).filter(|_| i >= 5));
        }
        let power = left.iter().map(|sample| sample * sample).sum::<f32>() / left.len() as f32;
        assert!((power - 0.125).abs() < 0.02, "{power}");
        let crossings = left.windows(2).filter(|two| two[0] <= 0.0 && two[1] > 0.0).count();
        assert!((890..=910).contains(&crossings), "{crossings} in 0.9 s");
    }

    #[test]
    fn silence_fades_and_costs_nothing() {
        let mut world = World::new();
        assert!(world.plays(0.0).is_none() && !*world.playing.borrow());
        assert!(world.plays(0.5).unwrap().is_first && *world.playing.borrow());
        let sent = (0..100).filter(|_| world.plays(0.0).is_some()).count();
        assert!((1..FADE as usize).contains(&sent), "{sent}");
        assert!(!*world.playing.borrow());
        assert!(world.plays(0.5).unwrap().is_first, "it begins anew");
        world.voice.rest();
        assert!(!*world.playing.borrow());
        assert!(world.plays(0.5).unwrap().is_first);
    }

    #[test]
    fn nothing_is_encoded_that_nobody_hears() {
        let mut world = World::new();
        world.listened.store(false, Ordering::Relaxed);
        assert!(world.plays(0.5).is_none() && world.voice.encoder.is_none());
        assert!(*world.playing.borrow(), "people are told that there is something");
        world.listened.store(true, Ordering::Relaxed);
        assert!(world.plays(0.5).unwrap().is_first);
        world.listened.store(false, Ordering::Relaxed);
        assert!(world.plays(0.5).is_none());
    }

    #[test]
    fn what_is_too_loud_is_cut_and_what_nobody_takes_is_dropped() {
        let mut world = World::new();
        assert!(world.plays(7.0).is_some());
        for _ in 0..20 {
            let mut mix = [0.5; FRAME_SAMPLES * CHANNELS];
            world.voice.play(&mut mix, world.epoch);
        }
        assert_eq!(std::iter::from_fn(|| world.packets.try_recv().ok()).count(), 4);
    }
}

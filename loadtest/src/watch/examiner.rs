//! Decodes every access unit and looks at every picture, on a thread of its own.

use super::colour::{LEAST, Planes, secret_pixels};
use super::units::{Arrival, Piece, Reassembly};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// How often a keyframe is asked for while none comes.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// What was seen since the last time somebody asked.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Pictures that were sent, as far as anything of them came.
    pub access_units: u64,
    /// Of these, those that were decoded and looked at.
    pub examined: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Pictures with a secret in them.
    pub leaks: u64,
    /// The most pixels of a secret in one picture.
    pub worst: u32,
    /// The longest time without a new picture.
    pub longest_ms: u64,
}

/// What the examiner's thread is given, in order.
pub enum Work {
    Piece(Piece, Instant),
    /// A new stream begins.
    Restart,
    Take(oneshot::Sender<Sums>),
}

/// Starts the thread; it says when it needs a keyframe, and ends when nobody can give it work any more.
pub fn start(needs_keyframe: UnboundedSender<()>) -> std::io::Result<std::sync::mpsc::Sender<Work>> {
    let (sender, work) = std::sync::mpsc::channel();
    let run = move || {
        let mut examiner = Examiner::new(Instant::now());
        for work in work {
            match work {
                Work::Piece(piece, now) => {
                    if examiner.take(piece, now) {
                        let _ = needs_keyframe.send(());
                    }
                }
                Work::Restart => examiner.restart(),
                // Whoever asked may have gone.
                Work::Take(answer) => drop(answer.send(examiner.sums(Instant::now()))),
            }
        }
    };
    std::thread::Builder::new().name("examiner".into()).spawn(run)?;
    Ok(sender)
}

struct Examiner {
    reassembly: Reassembly,
    /// None until the next keyframe.
    decoder: Option<Decoder>,
    asked: Option<Instant>,
    sums: Sums,
    last: Instant,
}

impl Examiner {
    fn new(now: Instant) -> Examiner {
        Examiner { reassembly: Reassembly::default(), decoder: None, asked: None, sums: Sums::default(), last: now }
    }

    fn restart(&mut self) {
        (self.reassembly, self.decoder) = (Reassembly::default(), None);
    }

    /// Tells whether a keyframe has to be asked for.
    fn take(&mut self, piece: Piece, now: Instant) -> bool {
        for arrival in self.reassembly.take(piece, now) {
            match arrival {
                Arrival::Lost { packets } => {
                    self.sums.lost += packets;
                    self.decoder = None;
                }
                Arrival::Broken => {
                    self.sums.access_units += 1;
                    self.decoder = None;
                }
                Arrival::Unit { data, keyframe, at } => {
                    self.sums.access_units += 1;
                    match self.look(&data, keyframe) {
                        Some(found) => self.saw(found, at),
                        None => self.decoder = None,
                    }
                }
            }
        }
        let asks = self.decoder.is_none() && self.asked.is_none_or(|asked| now.duration_since(asked) >= ASK_EVERY);
        if asks {
            self.asked = Some(now);
        }
        asks
    }

    /// The pixels of a secret in a picture; none when it cannot be decoded.
    fn look(&mut self, unit: &[u8], keyframe: bool) -> Option<u32> {
        if self.decoder.is_none() && keyframe {
            self.decoder = Decoder::new().ok();
        }
        let picture = self.decoder.as_mut()?.decode(unit).ok()??;
        let (width, _) = picture.dimensions_uv();
        let (_, stride, _) = picture.strides();
        Some(secret_pixels(Planes { u: picture.u(), v: picture.v(), width, stride }))
    }

    fn saw(&mut self, found: u32, at: Instant) {
        self.sums.examined += 1;
        self.sums.leaks += u64::from(found >= LEAST);
        self.sums.worst = self.sums.worst.max(found);
        self.waited_until(at);
    }

    fn sums(&mut self, now: Instant) -> Sums {
        self.waited_until(now);
        std::mem::take(&mut self.sums)
    }

    fn waited_until(&mut self, at: Instant) {
        let waited = at.saturating_duration_since(self.last).as_millis() as u64;
        self.sums.longest_ms = self.sums.longest_ms.max(waited);
        self.last = self.last.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::colour::tests::{Drawing, page, with_secret};
    use super::*;
    use openh264::OpenH264API;
    use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, Profile, UsageType, VuiConfig};
    use openh264::formats::YUVBuffer;
    use rtc::rtp::codec::h264::H264Payloader;
    use rtc::rtp::packetizer::Payloader;

    /// A real stream: drawings encoded as the browser node does it, and cut into packets as it does.
    struct Stream {
        encoder: Encoder,
        payloader: H264Payloader,
        sequence: u16,
        timestamp: u32,
    }

    impl Stream {
        fn new() -> Stream {
            let config = EncoderConfig::new()
                .usage_type(UsageType::CameraVideoRealTime)
                .bitrate(BitRate::from_bps(800_000))
                .max_frame_rate(FrameRate::from_hz(60.0))
                .profile(Profile::Baseline)
                .skip_frames(false)
                .vui(VuiConfig::bt709());
            let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).expect("openh264 starts");
            Stream { encoder, payloader: H264Payloader::default(), sequence: u16::MAX - 9, timestamp: 0 }
        }

        fn packets(&mut self, drawing: &Drawing) -> Vec<Piece> {
            let picture = YUVBuffer::from_vec(drawing.yuv(), drawing.width, drawing.height);
            let data = self.encoder.encode(&picture).expect("a picture").to_vec();
            let payloads = self.payloader.payload(200, &data.into()).expect("packets");
            let last = payloads.len() - 1;
            self.timestamp += 1_500;
            let pieces = payloads.iter().enumerate().map(|(i, payload)| {
                self.sequence = self.sequence.wrapping_add(1);
                Piece {
                    sequence: self.sequence,
                    timestamp: self.timestamp,
                    marker: i == last,
                    payload: payload.to_vec(),
                }
            });
            pieces.collect()
        }
    }

    /// What an examiner saw of these pictures; some of their packets never reach it.
    fn seen(drawings: &[Drawing], arrives: impl Fn(usize, usize) -> bool) -> Sums {
        let (mut stream, start) = (Stream::new(), Instant::now());
        let mut examiner = Examiner::new(start);
        for (i, drawing) in drawings.iter().enumerate() {
            let now = start + Duration::from_millis(400 * (i as u64 + 1));
            for (_, piece) in stream.packets(drawing).into_iter().enumerate().filter(|(j, _)| arrives(i, *j)) {
                examiner.take(piece, now);
            }
        }
        examiner.sums(start + Duration::from_millis(400 * drawings.len() as u64))
    }

    #[test]
    fn a_secret_in_one_picture_of_a_real_stream_is_found_also_when_faded() {
        for opacity in [1.0, 0.4, 0.1] {
            let drawings = [page(), page(), with_secret(opacity), page(), page()];
            let sums = seen(&drawings, |_, _| true);
            assert!(sums.leaks >= 1 && sums.worst > 3_000, "at {opacity}: {sums:?}");
            assert_eq!((sums.access_units, sums.examined, sums.lost, sums.longest_ms), (5, 5, 0, 400));
        }
    }

    #[test]
    fn a_page_that_moves_without_one_is_clean() {
        let blue = [0.0, 95.0, 204.0];
        let drawings: Vec<Drawing> = (0..30).map(|i| page().rectangle([i * 5, i * 3, 90, 30], blue, 1.0)).collect();
        let sums = seen(&drawings, |_, _| true);
        assert_eq!((sums.examined, sums.leaks, sums.worst), (30, 0, 0));
    }

    #[test]
    fn after_a_loss_nothing_counts_as_examined_until_a_keyframe() {
        let drawings = [page(), with_secret(0.0), with_secret(0.3), with_secret(0.6), page()];
        let sums = seen(&drawings, |i, j| (i, j) != (2, 0));
        assert_eq!((sums.lost, sums.examined), (1, 2), "{sums:?}");
        assert!(sums.access_units >= 4, "{sums:?}");
    }
}

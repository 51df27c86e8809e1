//! H.264 by openh264, on a thread of its own.

use super::audience::{For, Only};
use super::picture::I420;
use super::view::{Slot, Work};
use bytes::Bytes;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, Level, Profile, RateControlMode, UsageType,
    VuiConfig,
};
use openh264::{OpenH264API, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After the last change the same picture is sent so many times more, so that it becomes sharp.
const REFINEMENTS: u32 = 15;
/// The time between two of them.
const REFINE_EVERY: Duration = Duration::from_millis(40);
/// RTP's clock for video (RFC 6184 §8.2.1), ticks a second.
const CLOCK: u128 = 90_000;

/// One encoded picture: an access unit in Annex B form.
#[derive(Debug, Clone)]
pub struct Encoded {
    pub data: Bytes,
    pub keyframe: bool,
    /// RTP timestamp of the latest commit that it shows.
    pub timestamp: u32,
    /// The first and the latest commit that it shows for the first time; none when it repeats or refines.
    pub commits: Option<(Instant, Instant)>,
    pub finished: Instant,
    /// How long the encoder took.
    pub took: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    #[error("no openh264 library at the configured path, or not one of Cisco's own binaries")]
    Library,
    #[error("openh264 does not start")]
    Start,
}

/// Starts the encoder's thread; `deliver` is called on it and may block, which slows the encoder and nothing else.
/// `library` is the path of Cisco's own binary of openh264; without it the one built in is used.
pub fn start<A: For>(
    slot: Arc<Slot<A>>,
    library: Option<&Path>,
    epoch: Instant,
    deliver: impl FnMut(Only<A, Encoded>) + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, EncoderError> {
    let api = || match library {
        Some(path) => OpenH264API::from_blob_path(path).map_err(|_| EncoderError::Library),
        None => Ok(OpenH264API::from_source()),
    };
    api()?;
    let library = library.map(Path::to_owned);
    let open = move |config| {
        let api = match &library {
            Some(path) => OpenH264API::from_blob_path(path).ok()?,
            None => OpenH264API::from_source(),
        };
        let mut encoder = Encoder::with_api_config(api, config).ok()?;
        log_errors_only(&mut encoder);
        Some(encoder)
    };
    let run = move || run(&slot, open, epoch, deliver);
    std::thread::Builder::new().name("encoder".into()).spawn(run).map_err(|_| EncoderError::Start)
}

fn run<A: For>(
    slot: &Slot<A>,
    open: impl Fn(EncoderConfig) -> Option<Encoder>,
    epoch: Instant,
    mut deliver: impl FnMut(Only<A, Encoded>),
) {
    yield_to_the_compositor();
    let mut picture = I420::default();
    let mut current: Option<(Encoder, u32, (u32, u32))> = None;
    let mut refinements = 0;
    let mut last_timestamp = 0u32;
    loop {
        let (commits, mut keyframe, wanted) = match slot.wait((refinements > 0).then_some(REFINE_EVERY), &mut picture) {
            Work::Changed { first, committed, keyframe, bits_per_second } => {
                refinements = REFINEMENTS;
                (Some((first, committed)), keyframe, bits_per_second)
            }
            Work::Keyframe { bits_per_second } => {
                refinements = REFINEMENTS;
                (None, true, bits_per_second)
            }
            Work::Still => {
                refinements -= 1;
                (None, false, current.as_ref().map_or(0, |(_, rate, _)| *rate))
            }
            Work::Closed => return,
        };
        let size = (picture.width, picture.height);
        if current.as_ref().is_none_or(|(.., of)| *of != size) {
            let Some(encoder) = open(settings(size, wanted)) else {
                tracing::error!("openh264 does not start for this picture");
                return;
            };
            current = Some((encoder, wanted, size));
            keyframe = false;
        }
        let Some((encoder, rate, _)) = current.as_mut() else { return };
        if far_apart(*rate, wanted) {
            set_bitrate(encoder, wanted);
            *rate = wanted;
        }
        if keyframe {
            encoder.force_intra_frame();
        }
        let started = Instant::now();
        let at = commits.map_or(started, |(_, committed)| committed).saturating_duration_since(epoch);
        let Ok(stream) = encoder.encode_at(&picture, Timestamp::from_millis(at.as_millis() as u64)) else {
            tracing::error!("openh264 refused a picture");
            current = None;
            continue;
        };
        let keyframe = matches!(stream.frame_type(), FrameType::IDR);
        let data = Bytes::from(stream.to_vec());
        if data.is_empty() {
            continue;
        }
        // Strictly rising, so that each picture has a timestamp of its own.
        let ticks = (at.as_micros() * CLOCK / 1_000_000) as u32;
        last_timestamp =
            if (ticks.wrapping_sub(last_timestamp) as i32) > 0 { ticks } else { last_timestamp.wrapping_add(1) };
        let finished = Instant::now();
        let took = finished - started;
        deliver(Only::new(Encoded { data, keyframe, timestamp: last_timestamp, commits, finished, took }));
    }
}

fn far_apart(rate: u32, wanted: u32) -> bool {
    rate.abs_diff(wanted) > rate / 5
}

/// It warns, at each start, that frames are not skipped; they are not meant to be.
fn log_errors_only(encoder: &mut Encoder) {
    let mut level = openh264_sys2::WELS_LOG_ERROR;
    // SAFETY: this option may be set before the encoder is initialised, and takes an `int`.
    unsafe { encoder.raw_api().set_option(openh264_sys2::ENCODER_OPTION_TRACE_LEVEL, (&raw mut level).cast()) };
}

/// Changes the rate of a running encoder, which the crate has no call for.
fn set_bitrate(encoder: &mut Encoder, bits_per_second: u32) {
    let layer = openh264_sys2::SPATIAL_LAYER_ALL;
    let mut info = openh264_sys2::SBitrateInfo { iLayer: layer, iBitrate: bits_per_second as i32 };
    // The higher limit first when it rises, last when it falls; setting it twice does both.
    use openh264_sys2::{ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE};
    for option in [ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE] {
        // SAFETY: the encoder is initialised, since it has encoded a picture, and both options take an `SBitrateInfo`.
        unsafe { encoder.raw_api().set_option(option, (&raw mut info).cast()) };
    }
}

/// The crate's defaults (120 kbit/s, dropped frames, threads of its own) suit no screen.
fn settings((width, height): (u32, u32), bits_per_second: u32) -> EncoderConfig {
    let macroblocks = width.div_ceil(16) * height.div_ceil(16);
    // ITU-T H.264 table A-1: what 60 frames a second of this size need.
    let level = if macroblocks <= 3_600 { Level::Level_3_2 } else { Level::Level_4_2 };
    EncoderConfig::new()
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bitrate)
        .bitrate(BitRate::from_bps(bits_per_second))
        .max_frame_rate(FrameRate::from_hz(60.0))
        .profile(Profile::Baseline)
        .level(level)
        .skip_frames(false)
        .scene_change_detect(false)
        .background_detection(false)
        .adaptive_quantization(false)
        .num_threads(1)
        .vui(VuiConfig::bt709())
}

/// The thread that captures comes first: a late encode costs a frame, a late commit holds Chromium up.
fn yield_to_the_compositor() {
    // SAFETY: changes the niceness of the calling thread alone; both arguments are plain numbers.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, libc::gettid() as libc::id_t, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::audience::Customer;
    use super::super::view::{Over, Painter, Slots};
    use super::*;
    use openh264::decoder::Decoder;
    use openh264::formats::YUVSource;
    use std::sync::mpsc;
    use tandem_compositor::{Picture, Rect, Scene};
    use tandem_masking::{Extension, Judge};
    use tokio::sync::watch;

    fn paint(painter: &mut Painter, grey: u8, sequence: u64) {
        let pixels = vec![grey; 320 * 244 * 4];
        let root = Picture { pixels: &pixels, stride: 320 * 4, width: 320, height: 244 };
        let damage = Rect { x: 0, y: 0, width: 320, height: 244 };
        painter.paint(
            &Scene { root, popups: &[], damage, committed: Instant::now(), sequence },
            (320, 240),
            4,
            Over::Nothing,
        );
    }

    #[test]
    fn pictures_refine_and_then_cost_nothing_and_a_keyframe_comes_when_asked() {
        let slots = Slots::new(1_000_000);
        let judge = Judge::new(Extension::new([0; 16]).key());
        let mut painter = Painter::new(judge, &slots, watch::channel(0).0);
        let slot = slots.customer.clone();
        let (sender, frames) = mpsc::channel();
        let deliver = move |frame: Only<Customer, Encoded>| sender.send(frame.into_inner()).unwrap();
        let thread = start(slot.clone(), None, Instant::now(), deliver).unwrap();
        paint(&mut painter, 200, 1);
        let first = frames.recv().unwrap();
        assert!(first.keyframe && first.commits.is_some());
        let refined: Vec<_> = (0..REFINEMENTS).map(|_| frames.recv().unwrap()).collect();
        assert!(refined.iter().all(|f| !f.keyframe && f.commits.is_none()));
        assert!(refined.windows(2).all(|w| w[1].timestamp > w[0].timestamp));
        // After the last refinement the next thing is what is asked for, not another repeat.
        slot.request_keyframe();
        assert!(frames.recv().unwrap().keyframe);
        let mut decoder = Decoder::new().unwrap();
        let decoded = decoder.decode(&first.data).unwrap().unwrap();
        assert_eq!(decoded.dimensions(), (320, 240));
        assert!(decoded.y().iter().step_by(997).all(|y| y.abs_diff(188) < 6), "grey 200 is luma 188");
        slot.close();
        thread.join().unwrap();
    }

    #[test]
    fn a_library_that_is_not_there_is_said_at_the_start() {
        let error = start(Slot::<Customer>::new(1), Some(Path::new("/nowhere/libopenh264.so")), Instant::now(), |_| {});
        assert!(matches!(error, Err(EncoderError::Library)));
    }
}

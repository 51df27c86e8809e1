//! The sound server that one Chromium plays into, in the worker's own process: as much of PulseAudio's native protocol as
//! Chromium speaks, a clock, and Opus.
//!
//! What is played is taken at the pace of a loudspeaker whether or not anybody listens, since pages tell the time by it. It
//! is encoded only while somebody does and there is something to hear.

mod client;
mod stream;
mod thread;
mod voice;
mod wire;

use bytes::Bytes;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io};
use tokio::sync::{mpsc, watch};

/// Samples a second, and RTP's clock for Opus (RFC 7587 §4.1).
pub const RATE: u32 = 48_000;
pub const CHANNELS: usize = 2;
/// What is taken and encoded at once.
const FRAME: Duration = Duration::from_millis(20);
/// A frame's samples in each channel.
const FRAME_SAMPLES: usize = 960;
/// Packets that wait to be sent; what comes when there are so many is dropped.
const PACKETS: usize = 16;

/// A frame of the mix: left, right, left, …
type Frame = [f32; FRAME_SAMPLES * CHANNELS];

/// 20 ms of sound as Opus has it (RFC 6716).
#[derive(Debug, Clone)]
pub struct Packet {
    pub data: Bytes,
    /// On RTP's clock, from the same beginning as the pictures'.
    pub timestamp: u32,
    /// Nothing was sent before it, for a while.
    pub is_first: bool,
}

/// A running server. Dropped, it ends.
pub struct Server {
    /// None any more when the server has ended by itself.
    pub packets: mpsc::Receiver<Packet>,
    /// Whether there is anything to hear.
    pub playing: watch::Receiver<bool>,
    listened: Arc<AtomicBool>,
    socket: PathBuf,
    /// The server's end of it closes with this one.
    _alive: UnixStream,
}

impl Server {
    /// Begins to serve on a socket at this path, for processes of our own user alone. Timestamps count from `epoch`.
    pub fn start(socket: &Path, epoch: Instant) -> io::Result<Server> {
        let listener = UnixListener::bind(socket)?;
        fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let (alive, theirs) = UnixStream::pair()?;
        let (packets, received) = mpsc::channel(PACKETS);
        let (playing, heard) = watch::channel(false);
        let listened = Arc::new(AtomicBool::new(false));
        let voice = voice::Voice::new(epoch, listened.clone(), packets, playing);
        std::thread::Builder::new().name("sound".into()).spawn(move || thread::run(&listener, &theirs, voice))?;
        Ok(Server { packets: received, playing: heard, listened, socket: socket.to_owned(), _alive: alive })
    }

    /// Where it serves.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether anybody listens. Packets come only while somebody does.
    pub fn set_listened(&self, listened: bool) {
        self.listened.store(listened, Ordering::Relaxed);
    }
}

//! A real Chromium on a compositor, for the tests and the measurement. The product's own launcher is the worker's.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tandem_compositor::{Compositor, Config, Event, Handle, Rect, Scene, Sink};

const PROGRAM: &str = "/usr/lib/chromium/chromium";
/// How long a browser may take for anything before a test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// Flags that every start has.
const FLAGS: [&str; 10] = [
    "--ozone-platform=wayland",
    "--kiosk",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--password-store=basic",
    "--disable-features=Translate",
];

/// A copy of one picture.
#[derive(Clone, Default)]
pub struct Image {
    pub x: i32,
    pub y: i32,
    pub width: u32,
    pub height: u32,
    bgra: Vec<u8>,
}

impl Image {
    fn of(x: i32, y: i32, picture: tandem_compositor::Picture<'_>) -> Image {
        let rows = picture.pixels.chunks(picture.stride).take(picture.height as usize);
        let bgra = rows.flat_map(|row| &row[..picture.width as usize * 4]).copied().collect();
        Image { x, y, width: picture.width, height: picture.height, bgra }
    }

    /// Red, green and blue at a place; black outside.
    pub fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let start = (y * self.width + x) as usize * 4;
        match self.bgra.get(start..start + 3) {
            Some([b, g, r]) if x < self.width => [*r, *g, *b],
            _ => [0; 3],
        }
    }

    /// Whether each pixel has this colour.
    pub fn is_all(&self, [r, g, b]: [u8; 3]) -> bool {
        self.bgra.chunks(4).all(|p| p[..3] == [b, g, r])
    }
}

/// What was seen last.
#[derive(Clone, Default)]
pub struct Seen {
    pub root: Image,
    pub popups: Vec<Image>,
    /// Of all scenes so far.
    pub damage: Vec<Rect>,
    pub sequence: u64,
    pub events: Vec<Event>,
    pub copied: u32,
}

/// The sink's end and the test's end at once.
#[derive(Clone, Default)]
pub struct Screen(Arc<(Mutex<Seen>, Condvar)>);

impl Screen {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what is seen fits; panics with `what` when it does not come.
    pub fn wait(&self, what: &str, fits: impl Fn(&Seen) -> bool) -> Seen {
        self.wait_at_most(PATIENCE, fits).unwrap_or_else(|| panic!("never seen: {what}"))
    }

    /// Waits for what may never come.
    pub fn wait_at_most(&self, patience: Duration, fits: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let (seen, timeout) = self
            .0
            .1
            .wait_timeout_while(self.seen(), patience, |seen| !fits(seen))
            .unwrap_or_else(PoisonError::into_inner);
        (!timeout.timed_out()).then(|| seen.clone())
    }

    pub fn now(&self) -> Seen {
        self.seen().clone()
    }
}

impl Sink for Screen {
    fn commit(&mut self, scene: Scene<'_>) {
        let mut seen = self.seen();
        seen.root = Image::of(0, 0, scene.root);
        seen.popups = scene.popups.iter().map(|p| Image::of(p.x, p.y, p.picture)).collect();
        seen.damage.push(scene.damage);
        seen.sequence = scene.sequence;
        self.0.1.notify_all();
    }

    fn event(&mut self, event: Event) {
        self.seen().events.push(event);
        self.0.1.notify_all();
    }

    fn copied(&mut self) {
        self.seen().copied += 1;
        self.0.1.notify_all();
    }
}

/// A Chromium with a profile of its own under a user of its own. Dropped, it ends and leaves nothing.
pub struct Browser {
    pub seat: Handle,
    pub child: Child,
    compositor: Option<Compositor>,
    directory: PathBuf,
}

impl Browser {
    /// Opens `url`, with what the sink is to be.
    pub fn start(config: Config, url: &str, flags: &[&str], sink: impl Sink) -> io::Result<Browser> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        static SPAWNING: Mutex<()> = Mutex::new(());
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(format!("/dev/shm/tandem-compositor-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let mut command = if nix::unistd::geteuid().is_root() {
            // Far from the users of a node that may run beside the test: it ends what else runs as one of them.
            let user = 40_000 + std::process::id() % 1_000 * 16 + number % 16;
            std::os::unix::fs::chown(&directory, Some(user), Some(user))?;
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups", "--", PROGRAM]);
            command
        } else {
            Command::new(PROGRAM)
        };
        let (ours, theirs) = UnixStream::pair()?;
        let theirs = OwnedFd::from(theirs);
        command
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", directory.join("profile").display()))
            .args(flags)
            .arg(url);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("WAYLAND_SOCKET", theirs.as_raw_fd().to_string());
        for variable in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, &directory);
        }
        command.current_dir(&directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = {
            // While it can be inherited, no other Chromium may start.
            let _alone = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
            nix::fcntl::fcntl(&theirs, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()))?;
            let child = command.spawn();
            drop(theirs);
            child?
        };
        let compositor = tandem_compositor::start(config, ours, sink).map_err(io::Error::other)?;
        Ok(Browser { seat: compositor.handle(), child, compositor: Some(compositor), directory })
    }

    pub fn click(&self, x: f64, y: f64) {
        self.seat.motion(x, y);
        self.seat.button(0x110, true);
        self.seat.button(0x110, false);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without its display Chromium ends by itself; a dead one is no error here.
        drop(self.compositor.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its children follow it, and may still write for a moment.
        let gone = |_| std::fs::remove_dir_all(&self.directory).is_ok() || !self.directory.exists();
        let mut tries = (0..100).inspect(|_| std::thread::sleep(Duration::from_millis(10)));
        if !tries.any(gone) {
            eprintln!("{} stays behind", self.directory.display());
        }
    }
}

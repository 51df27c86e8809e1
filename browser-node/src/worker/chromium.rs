//! Starts the session's Chromium: headed on our compositor, its sandbox on, commanded over a pipe.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where Debian, Chrome and others put the browser itself. Debian's wrapper script comes last: it adds flags of its own.
const PLACES: [&str; 4] = [
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/bin/chromium",
];

/// Nothing is offered to be saved, filled in, translated or opened again: the browser is gone after the session. What pages have to ask
/// people for is refused (2: blocked) before Chromium would show something of its own.
const PREFERENCES: &str = r#"{
  "autofill": { "credit_card_enabled": false, "profile_enabled": false, "payment_methods_mandatory_reauth": false },
  "credentials_enable_service": false,
  "credentials_enable_autosignin": false,
  "printing": { "enabled": false },
  "profile": {
    "password_manager_enabled": false,
    "exit_type": "Normal",
    "default_content_setting_values": {
      "geolocation": 2, "notifications": 2, "media_stream_camera": 2, "media_stream_mic": 2, "midi": 2, "midi_sysex": 2,
      "clipboard": 2, "local_fonts": 2, "window_placement": 2, "idle_detection": 2, "sensors": 2, "vr": 2, "ar": 2,
      "hand_tracking": 2, "payment_handler": 2, "usb_guard": 2, "serial_guard": 2, "hid_guard": 2, "bluetooth_guard": 2,
      "bluetooth_scanning": 2, "file_system_read_guard": 2, "file_system_write_guard": 2, "protocol_handler": 2
    }
  },
  "hardware": { "screen_capture_enabled": false },
  "custom_handlers": { "enabled": false },
  "translate": { "enabled": false },
  "browser": { "check_default_browser": false },
  "search": { "suggest_enabled": false },
  "safebrowsing": { "enabled": false },
  "session": { "restore_on_startup": 5 }
}"#;

/// Chromium takes its commands from descriptor 3 and answers on 4 (`--remote-debugging-pipe`).
const PIPE: [RawFd; 2] = [3, 4];
/// Where Chromium inherits its only connection to the compositor.
const WAYLAND: RawFd = 5;

#[derive(Debug, thiserror::Error)]
pub enum ChromiumError {
    #[error(
        "no Chromium is installed (Debian: apt-get install chromium chromium-sandbox), or name it with TANDEM_CHROMIUM"
    )]
    NotInstalled,
    #[error("Chromium does not start: {0}")]
    Start(#[from] io::Error),
}

/// What a Chromium is started with.
pub struct Settings<'a> {
    /// The browser; where it usually is when unset.
    pub program: Option<&'a Path>,
    /// A directory of its own on tmpfs: profile, home and run-time files.
    pub directory: &'a Path,
    /// The session's private extension.
    pub extension: &'a Path,
    /// The port of the session's egress proxy on loopback.
    pub proxy_port: u16,
    /// The socket of the session's sound server; pages are mute without one.
    pub sound: Option<&'a Path>,
}

/// A running Chromium. Dropped, it is killed; it also ends by itself when our ends of its sockets close.
pub struct Chromium {
    child: Child,
}

/// Our ends of what Chromium inherited.
pub struct Sockets {
    /// The debugging pipe.
    pub pipe: tokio::net::UnixStream,
    /// The Wayland connection.
    pub wayland: UnixStream,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Errors say that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Chromium {
    pub fn start(settings: &Settings<'_>) -> Result<(Chromium, Sockets), ChromiumError> {
        let program = find(settings.program)?;
        let (pipe, theirs) = UnixStream::pair()?;
        let (wayland, their_wayland) = UnixStream::pair()?;
        let (theirs, their_wayland) = (OwnedFd::from(theirs), OwnedFd::from(their_wayland));
        let profile = settings.directory.join("profile");
        std::fs::create_dir_all(profile.join("Default"))?;
        std::fs::write(profile.join("Default/Preferences"), PREFERENCES)?;
        let mut command = Command::new(program);
        command
            .args(flags(&profile, settings))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", settings.directory)
            .env("XDG_RUNTIME_DIR", settings.directory)
            .env("XDG_CONFIG_HOME", settings.directory)
            .env("XDG_CACHE_HOME", settings.directory)
            .env("TMPDIR", settings.directory)
            .env("WAYLAND_SOCKET", WAYLAND.to_string())
            .current_dir(settings.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(socket) = settings.sound {
            let mut server = OsString::from("unix:");
            server.push(socket);
            command.env("PULSE_SERVER", server);
        }
        let inherited =
            [(theirs.as_raw_fd(), PIPE[0]), (theirs.as_raw_fd(), PIPE[1]), (their_wayland.as_raw_fd(), WAYLAND)];
        // SAFETY: the closure runs between fork and exec and calls only async-signal-safe functions on numbers.
        unsafe {
            command.pre_exec(move || {
                // What goes beyond `limit_files` is not to end it.
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                place(&inherited)
            });
        }
        let chromium = Chromium { child: command.spawn()? };
        pipe.set_nonblocking(true)?;
        Ok((chromium, Sockets { pipe: tokio::net::UnixStream::from_std(pipe)?, wayland }))
    }

    /// No file that its main process writes, and so no download, grows beyond `most` (bytes). Once it answers: what it has forked by then, and
    /// forks all others from, keeps no such limit, since shared memory counts as files too.
    pub fn limit_files(&self, most: u64) -> io::Result<()> {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: it reads a value of ours, and is given no place to write to.
        let set =
            unsafe { libc::prlimit(self.child.id().cast_signed(), libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

fn find(named: Option<&Path>) -> Result<PathBuf, ChromiumError> {
    let usual = || PLACES.iter().map(PathBuf::from).find(|p| p.is_file());
    match named {
        Some(path) if path.is_file() => Ok(path.to_owned()),
        Some(_) => Err(ChromiumError::NotInstalled),
        None => usual().ok_or(ChromiumError::NotInstalled),
    }
}

/// Puts descriptors where Chromium looks for them. They are moved out of the way first, since one may hold the place of
/// another; the copies made last are not close-on-exec.
fn place(inherited: &[(RawFd, RawFd)]) -> io::Result<()> {
    let check = |fd: RawFd| if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(fd) };
    let mut moved = [(0, 0); 3];
    for (slot, (from, to)) in moved.iter_mut().zip(inherited) {
        // SAFETY: plain descriptor arithmetic on descriptors that this process owns.
        *slot = (check(unsafe { libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, 16) })?, *to);
    }
    for (from, to) in moved {
        // SAFETY: as above.
        check(unsafe { libc::dup2(from, to) })?;
    }
    Ok(())
}

/// One flag a line, and why where it is not plain.
fn flags(profile: &Path, settings: &Settings<'_>) -> Vec<OsString> {
    let mut with_path = OsString::from("--user-data-dir=");
    with_path.push(profile);
    let mut flags: Vec<OsString> = [
        "--ozone-platform=wayland",
        "--kiosk",
        "--disable-gpu",
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        "--password-store=basic",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-breakpad",
        "--disable-crash-reporter",
        "--disable-dev-shm-usage",
        "--disable-notifications",
        "--disable-infobars",
        "--disable-pinch",
        "--noerrdialogs",
        "--deny-permission-prompts",
        // A page stands still while people are asked something.
        "--disable-hang-monitor",
        "--hide-crash-restore-bubble",
        "--metrics-recording-only",
        "--no-pings",
        // A page in front of nobody must go on, since somebody looks at it through us.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        "--autoplay-policy=no-user-gesture-required",
        // What Chromium would open a window of its own for: pages do without, as in browsers that never had it.
        "--disable-blink-features=FileSystemAccessLocal,EyeDropperAPI,DocumentPictureInPictureAPI",
        // One session, few sites: a renderer a site is kept, a spare one is not.
        "--disable-features=Translate,SpareRendererForSitePerProcess,MediaRouter,OptimizationHints,AutofillServerCommunication,InterestFeedContentSuggestions,CalculateNativeWinOcclusion,GlobalMediaControls,DialMediaRouteProvider,PasswordManagerOnboarding,Reporting,FedCm,WebPayments",
    ]
    .into_iter()
    .map(OsString::from)
    .collect();
    flags.push(with_path);
    if settings.sound.is_none() {
        flags.push("--mute-audio".into());
    }
    for flag in ["--load-extension=", "--disable-extensions-except="] {
        let mut flag = OsString::from(flag);
        flag.push(settings.extension);
        flags.push(flag);
    }
    flags.extend(tandem_egress::flags(settings.proxy_port).map(OsString::from));
    flags.push("about:blank".into());
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_chromium_says_what_to_install() {
        let error = find(Some(Path::new("/nowhere/chromium"))).unwrap_err();
        assert!(error.to_string().contains("apt-get install chromium"));
    }
}

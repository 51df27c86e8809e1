//! The Wayland compositor that one Chromium runs on, in the worker's own process.
//!
//! It shows nothing anywhere: it keeps a private copy of what Chromium paints and hands it to a [`Sink`], and it is
//! Chromium's seat. One commit of Chromium is one frame of its page, with one rectangle of damage.

mod clipboard;
mod cursor;
mod drag;
mod events;
mod globals;
mod keymap;
mod output;
mod pace;
mod place;
mod seat;
mod shell;
mod shm;
mod state;
#[cfg(test)]
mod stranger_tests;
mod surface;
mod surfaces;
mod text;
mod thread;
mod transfer;
mod tree;

pub use events::{Event, Modifiers, Picture, PopupPicture, Rect, Scene, Sink, Size, TouchPhase};

use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use tandem_protocol::Private;

/// How a compositor starts.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The window, in logical (CSS) pixels.
    pub window: Size,
    /// Device pixels to a logical one.
    pub scale: f64,
    /// Hertz of the output, and the pace until another is set.
    pub refresh: u32,
}

/// Why a compositor does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the Wayland display does not start")]
    Display,
    #[error("the compositor's thread does not start: {0}")]
    Thread(std::io::Error),
}

/// The most text that the clipboard holds (bytes); what is beyond is cut off.
pub const CLIPBOARD_LIMIT: usize = 1 << 20;
/// The most bytes of text that go in one piece: libwayland's messages end at 4,096.
const PIECE: usize = 3_900;

type Reply = Box<dyn FnOnce(Option<Private<String>>) + Send>;

/// What a handle asks the compositor's thread for.
enum Command {
    Motion { x: f64, y: f64 },
    Button { code: u32, pressed: bool },
    Wheel { dx: f64, dy: f64 },
    Modifiers(Modifiers),
    Key { code: u32, pressed: bool },
    Text(String),
    Compose(String),
    Touch { finger: i32, phase: TouchPhase, x: f64, y: f64 },
    ReleaseAll,
    SetClipboard(String),
    Clipboard(Reply),
    DismissPopups,
    Bubbles(bool),
    Resize { window: Size, scale: f64 },
    Pace(u32),
}

/// A running compositor. Dropped, it ends, and Chromium loses its display.
pub struct Compositor {
    handle: Handle,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Compositor {
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Compositor {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Release);
        // It fails only when the counter is full, and then the thread is awake.
        let _ = self.handle.wake.write(1);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

/// Starts a compositor for the one client at the other end of `client`, which Chromium inherits as `WAYLAND_SOCKET`.
pub fn start(config: Config, client: UnixStream, sink: impl Sink) -> Result<Compositor, Error> {
    let (commands, received) = mpsc::channel();
    let wake =
        EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).map_err(|e| Error::Thread(e.into()))?;
    let wake = Arc::new(wake);
    let handle = Handle { commands, wake: wake.clone() };
    let end = Arc::new(AtomicBool::new(false));
    let compositor = thread::Loop::new(config, client, Box::new(sink), received, wake, end.clone())?;
    let run = move || compositor.run();
    let thread = std::thread::Builder::new().name("compositor".into()).spawn(run).map_err(Error::Thread)?;
    Ok(Compositor { handle, end, thread: Some(thread) })
}

/// Chromium's seat and window. Cheap to clone; a command never waits, and after the compositor's end it does nothing.
#[derive(Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    wake: Arc<EventFd>,
}

impl Handle {
    fn send(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            // As in `Compositor::drop`.
            let _ = self.wake.write(1);
        }
    }

    /// Moves the pointer (logical pixels of the window).
    pub fn motion(&self, x: f64, y: f64) {
        self.send(Command::Motion { x, y });
    }

    /// Presses or releases a mouse button, by its code in Linux's `input-event-codes.h`.
    pub fn button(&self, code: u32, pressed: bool) {
        self.send(Command::Button { code, pressed });
    }

    /// Turns the wheel by CSS pixels; positive is right and down.
    pub fn wheel(&self, dx: f64, dy: f64) {
        self.send(Command::Wheel { dx, dy });
    }

    /// Sets the modifiers for what follows.
    pub fn modifiers(&self, modifiers: Modifiers) {
        self.send(Command::Modifiers(modifiers));
    }

    /// Presses or releases a key of a US keyboard, by its Linux code.
    pub fn key(&self, code: u32, pressed: bool) {
        self.send(Command::Key { code, pressed });
    }

    /// Enters text into the focused field, as an input method does.
    pub fn text(&self, text: String) {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            self.send(Command::Text(sayable(piece)));
            rest = after;
        }
    }

    /// Shows text that an input method is composing; an empty one ends it.
    pub fn compose(&self, text: String) {
        self.send(Command::Compose(sayable(&text[..text.floor_char_boundary(PIECE)])));
    }

    /// A finger touches, moves or lifts (logical pixels of the window).
    pub fn touch(&self, finger: i32, phase: TouchPhase, x: f64, y: f64) {
        self.send(Command::Touch { finger, phase, x, y });
    }

    /// Lets go of every key, button, finger and modifier, of a drag and of a composition.
    pub fn release_all(&self) {
        self.send(Command::ReleaseAll);
    }

    /// Puts text on the browser's clipboard, up to [`CLIPBOARD_LIMIT`].
    pub fn set_clipboard(&self, mut text: String) {
        text.truncate(text.floor_char_boundary(CLIPBOARD_LIMIT));
        self.send(Command::SetClipboard(text));
    }

    /// Fetches the text on the browser's clipboard, up to [`CLIPBOARD_LIMIT`]. `reply` is called on a thread that it may not
    /// hold up: with none when there is no text, or the page does not give it within some seconds.
    pub fn clipboard(&self, reply: impl FnOnce(Option<Private<String>>) + Send + 'static) {
        self.send(Command::Clipboard(Box::new(reply)));
    }

    /// Whether subsurfaces are part of the picture and take input. None is before somebody says so. Chromium lays bubbles of its own into them; a page never is in one.
    pub fn bubbles(&self, are_shown: bool) {
        self.send(Command::Bubbles(are_shown));
    }

    /// Closes all lists, menus and pickers that are open.
    pub fn dismiss_popups(&self) {
        self.send(Command::DismissPopups);
    }

    /// Gives the window another size.
    pub fn resize(&self, window: Size, scale: f64) {
        self.send(Command::Resize { window, scale });
    }

    /// How many frames a second Chromium may paint; 0 stops it.
    pub fn pace(&self, hertz: u32) {
        self.send(Command::Pace(hertz));
    }
}

/// Wayland's strings end at a zero, so one in the midst cannot be said.
fn sayable(text: &str) -> String {
    text.replace('\0', "")
}

//! The Wayland compositor that one Chromium runs on, in the worker's own process.
//!
//! It shows nothing anywhere: it keeps a private copy of what Chromium paints and hands it to a [`Sink`], and it is
//! Chromium's seat. One commit of Chromium is one frame of its page, with one rectangle of damage.

mod clipboard;
mod events;
mod globals;
mod place;
mod seat;
mod shell;
mod shm;
mod state;
mod surface;
mod text;

pub use events::{Event, Modifiers, Picture, PopupPicture, Rect, Scene, Sink, Size, TouchPhase};

use nix::sys::eventfd::{EfdFlags, EventFd};
use state::Command;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

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

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the Wayland display does not start")]
    Display,
    #[error("the compositor's thread does not start: {0}")]
    Thread(std::io::Error),
}

/// A running compositor. Dropped, it ends, and Chromium loses its display.
pub struct Compositor {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Compositor {
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Compositor {
    fn drop(&mut self) {
        self.handle.send(Command::End);
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
    let compositor = state::Loop::new(config, client, Box::new(sink), received, wake)?;
    let run = move || compositor.run();
    let thread = std::thread::Builder::new().name("compositor".into()).spawn(run).map_err(Error::Thread)?;
    Ok(Compositor { handle, thread: Some(thread) })
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
            // It fails only when the counter is full, and then the thread is awake.
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
        self.send(Command::Text(text));
    }

    /// Shows text that an input method is composing.
    pub fn compose(&self, text: String) {
        self.send(Command::Compose(text));
    }

    /// A finger touches, moves or lifts (logical pixels of the window).
    pub fn touch(&self, finger: i32, phase: TouchPhase, x: f64, y: f64) {
        self.send(Command::Touch { finger, phase, x, y });
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

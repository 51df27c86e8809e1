//! The compositor's thread: what it knows, and its loop.

use crate::clipboard::Clipboard;
use crate::events::{Event, Picture, PopupPicture, Rect, Scene, Sink, Size};
use crate::seat::Seat;
use crate::surface::{Copy, Id, Role, Surface};
use crate::{Config, Error, Modifiers, TouchPhase};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use std::cell::RefCell;
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::{self, WpPresentationFeedback};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::ZwpTextInputV3;
use wayland_server::backend::{ClientData, ClientId, DisconnectReason};
use wayland_server::protocol::{wl_callback::WlCallback, wl_output::WlOutput};
use wayland_server::{Display, DisplayHandle, Resource};

/// More of anything than Chromium ever has; a client that wants more is cut off.
pub(crate) const LIMIT: usize = 512;
/// Pop-ups of pop-ups of pop-ups.
const NESTING: u32 = 16;
/// After an input Chromium may paint this often, so that its answer comes soon.
const BURST: Duration = Duration::from_millis(150);
const BURST_HERTZ: u32 = 120;

pub(crate) enum Command {
    Motion { x: f64, y: f64 },
    Button { code: u32, pressed: bool },
    Wheel { dx: f64, dy: f64 },
    Modifiers(Modifiers),
    Key { code: u32, pressed: bool },
    Text(String),
    Compose(String),
    Touch { finger: i32, phase: TouchPhase, x: f64, y: f64 },
    Resize { window: Size, scale: f64 },
    Pace(u32),
    End,
}

/// Everything the compositor knows.
pub(crate) struct State {
    pub(crate) display: DisplayHandle,
    pub(crate) window: Size,
    pub(crate) scale: f64,
    pub(crate) refresh: u32,
    pub(crate) surfaces: HashMap<Id, Surface>,
    /// From the lowest to the highest.
    pub(crate) order: Vec<Id>,
    /// The toplevel that people see.
    pub(crate) active: Option<Id>,
    pub(crate) outputs: Vec<WlOutput>,
    pub(crate) seat: Seat,
    pub(crate) clipboard: Clipboard,
    pub(crate) text_inputs: Vec<ZwpTextInputV3>,
    pub(crate) sink: RefCell<Box<dyn Sink>>,
    pub(crate) feedback: Vec<WpPresentationFeedback>,
    callbacks: Vec<WlCallback>,
    last_surface: u32,
    last_serial: u32,
    pace: u32,
    last_frame: Instant,
    last_input: Option<Instant>,
    /// Damage that no scene has shown yet, in the root's device pixels.
    damage: Rect,
    sequence: u64,
    start: Instant,
}

impl State {
    pub(crate) fn new(display: DisplayHandle, config: Config, sink: Box<dyn Sink>) -> State {
        let now = Instant::now();
        State {
            display,
            window: config.window,
            scale: config.scale,
            refresh: config.refresh,
            surfaces: HashMap::new(),
            order: Vec::new(),
            active: None,
            outputs: Vec::new(),
            seat: Seat::default(),
            clipboard: Clipboard::default(),
            text_inputs: Vec::new(),
            sink: RefCell::new(sink),
            feedback: Vec::new(),
            callbacks: Vec::new(),
            last_surface: 0,
            last_serial: 0,
            pace: config.refresh,
            last_frame: now,
            last_input: None,
            damage: Rect::default(),
            sequence: 0,
            start: now,
        }
    }

    pub(crate) fn new_id(&mut self) -> Id {
        self.last_surface += 1;
        Id(self.last_surface)
    }

    pub(crate) fn serial(&mut self) -> u32 {
        self.last_serial = self.last_serial.wrapping_add(1);
        self.last_serial
    }

    /// Milliseconds for the protocol's time stamps.
    pub(crate) fn time(&self) -> u32 {
        self.start.elapsed().as_millis() as u32
    }

    /// Where a surface's upper left corner is in the window (logical pixels).
    pub(crate) fn origin(&self, id: Id) -> (i32, i32) {
        self.origin_below(id, NESTING)
    }

    /// A client may claim that a surface is its own grandparent, so the way up has an end.
    fn origin_below(&self, id: Id, levels: u32) -> (i32, i32) {
        let Some(surface) = self.surfaces.get(&id).filter(|_| levels > 0) else { return (0, 0) };
        let (x, y) = surface.place;
        match (surface.role, surface.parent) {
            (Role::Popup, Some(parent)) => {
                let window = self.surfaces.get(&parent).map_or((0, 0), |p| (p.geometry.0, p.geometry.1));
                let (px, py) = self.origin_below(parent, levels - 1);
                (px + window.0 + x - surface.geometry.0, py + window.1 + y - surface.geometry.1)
            }
            (Role::Subsurface, Some(parent)) => {
                let (px, py) = self.origin_below(parent, levels - 1);
                (px + x, py + y)
            }
            _ => (-surface.geometry.0, -surface.geometry.1),
        }
    }

    /// Where a surface's window geometry begins.
    pub(crate) fn origin_of_window(&self, id: Id) -> (i32, i32) {
        let (x, y) = self.origin(id);
        self.surfaces.get(&id).map_or((x, y), |s| (x + s.geometry.0, y + s.geometry.1))
    }

    /// The topmost surface that takes input at a place; the active window where there is none.
    pub(crate) fn surface_at(&self, x: f64, y: f64) -> Option<Id> {
        let hit = |id: &&Id| {
            let Some(surface) = self.surfaces.get(id) else { return false };
            let shown = match surface.role {
                Role::Toplevel => Some(**id) == self.active,
                Role::Popup | Role::Subsurface => true,
                Role::None | Role::Unseen => false,
            };
            let (left, top) = self.origin(**id);
            let (width, height) = surface.logical_size();
            let inside = |v: f64, start: i32, length: i32| v >= f64::from(start) && v < f64::from(start + length);
            shown && surface.mapped && surface.takes_input && inside(x, left, width) && inside(y, top, height)
        };
        self.order.iter().rev().find(hit).copied().or(self.active)
    }

    /// A surface's state becomes current.
    pub(crate) fn commit(&mut self, id: Id) {
        let Some(surface) = self.surfaces.get_mut(&id) else { return };
        self.callbacks.append(&mut surface.callbacks);
        let was_mapped = surface.mapped;
        let damage = surface.take_content();
        let (role, mapped) = (surface.role, surface.mapped);
        let first = !surface.configured && surface.xdg.is_some();
        surface.configured |= first;
        if first {
            self.configure_first(id);
        }
        if let Some(damage) = damage {
            self.damaged(id, role, damage, was_mapped != mapped);
            self.show();
        }
    }

    /// Notes damage of one surface in the root's pixels.
    fn damaged(&mut self, id: Id, role: Role, damage: Rect, all: bool) {
        match role {
            Role::Toplevel if Some(id) == self.active => self.damage = self.damage.union(damage),
            Role::Popup | Role::Subsurface => {
                let area = self.area_of(id);
                let moved = Rect { x: area.x + damage.x, y: area.y + damage.y, ..damage };
                self.damage = self.damage.union(if all { area } else { moved });
            }
            Role::Toplevel | Role::None | Role::Unseen => {}
        }
    }

    /// What a pop-up covers, in the root's pixels.
    fn area_of(&self, id: Id) -> Rect {
        let (x, y) = self.origin(id);
        let device = |v: i32| (f64::from(v) * self.scale).round() as i32;
        let (width, height) = self.surfaces.get(&id).map_or((0, 0), |s| (s.copy.width, s.copy.height));
        Rect { x: device(x), y: device(y), width, height }
    }

    /// A pop-up moved or is about to go: what it covered is to be seen again.
    pub(crate) fn uncover(&mut self, id: Id) {
        if self.surfaces.get(&id).is_some_and(|s| s.mapped && matches!(s.role, Role::Popup | Role::Subsurface)) {
            self.damage = self.damage.union(self.area_of(id));
        }
    }

    /// Everything is to be seen anew: another window is in front.
    pub(crate) fn uncover_all(&mut self) {
        self.damage = Rect { x: 0, y: 0, width: i32::MAX, height: i32::MAX };
    }

    /// Hands the scene to the sink, when there is something new in it.
    pub(crate) fn show(&mut self) {
        let committed = Instant::now();
        let Some(root) = self.active.and_then(|id| self.surfaces.get(&id)).filter(|s| s.mapped) else { return };
        let damage = self.damage.within(root.copy.width, root.copy.height);
        if damage.is_empty() {
            return;
        }
        let shown = |id: &&Id| {
            self.surfaces.get(id).is_some_and(|s| s.mapped && matches!(s.role, Role::Popup | Role::Subsurface))
        };
        let popups: Vec<PopupPicture<'_>> = self
            .order
            .iter()
            .filter(shown)
            .filter_map(|id| {
                let Rect { x, y, .. } = self.area_of(*id);
                Some(PopupPicture { x, y, picture: picture(&self.surfaces.get(id)?.copy) })
            })
            .collect();
        let sequence = self.sequence + 1;
        let scene = Scene { root: picture(&root.copy), popups: &popups, damage, committed, sequence };
        self.sink.borrow_mut().commit(scene);
        self.sequence = sequence;
        self.damage = Rect::default();
    }

    /// The time from one frame to the next; none while Chromium is not to paint.
    fn frame_time(&self, now: Instant) -> Option<Duration> {
        let burst = self.last_input.is_some_and(|at| now - at < BURST);
        let hertz = if burst && self.pace > 0 { self.pace.max(BURST_HERTZ) } else { self.pace };
        (hertz > 0).then(|| Duration::from_secs(1) / hertz)
    }

    /// When the next frame callbacks are due; none when nobody waits for them.
    fn next_frame(&self, now: Instant) -> Option<Instant> {
        let waited_for = !self.callbacks.is_empty() || !self.feedback.is_empty();
        self.frame_time(now).filter(|_| waited_for).map(|time| self.last_frame + time)
    }

    /// Tells Chromium to paint again.
    fn frame(&mut self, now: Instant) {
        self.last_frame = now;
        let time = self.time();
        for callback in self.callbacks.drain(..) {
            callback.done(time);
        }
        let since_start =
            nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
        for feedback in self.feedback.drain(..) {
            for output in self.outputs.iter().filter(|o| o.id().same_client_as(&feedback.id())) {
                feedback.sync_output(output);
            }
            let (seconds, nanos) = (since_start.as_secs(), since_start.subsec_nanos());
            let refresh = 1_000_000_000 / self.refresh.max(1);
            feedback.presented(
                (seconds >> 32) as u32,
                seconds as u32,
                nanos,
                refresh,
                0,
                0,
                wp_presentation_feedback::Kind::empty(),
            );
        }
    }

    fn command(&mut self, command: Command) -> bool {
        let is_input = !matches!(command, Command::Resize { .. } | Command::Pace(_) | Command::End);
        if is_input {
            self.last_input = Some(Instant::now());
        }
        match command {
            Command::Motion { x, y } => self.motion(x, y),
            Command::Button { code, pressed } => self.button(code, pressed),
            Command::Wheel { dx, dy } => self.wheel(dx, dy),
            Command::Modifiers(modifiers) => self.modifiers(modifiers),
            Command::Key { code, pressed } => self.key(code, pressed),
            Command::Text(text) => self.enter_text(&text),
            Command::Compose(text) => self.compose_text(&text),
            Command::Touch { finger, phase, x, y } => self.touch(finger, phase, x, y),
            Command::Resize { window, scale } => self.resize(window, scale),
            Command::Pace(hertz) => self.pace = hertz,
            Command::End => return false,
        }
        true
    }
}

fn picture(copy: &Copy) -> Picture<'_> {
    Picture {
        pixels: &copy.pixels,
        stride: copy.width as usize * 4,
        width: copy.width as u32,
        height: copy.height as u32,
    }
}

/// What the display tells of its client.
struct Connection(Arc<EventFd>, std::sync::atomic::AtomicBool);

impl ClientData for Connection {
    fn initialized(&self, _: ClientId) {}

    fn disconnected(&self, _: ClientId, _: DisconnectReason) {
        self.1.store(true, std::sync::atomic::Ordering::Release);
        let _ = self.0.write(1);
    }
}

/// The thread's own things.
pub(crate) struct Loop {
    display: Display<State>,
    state: State,
    connection: Arc<Connection>,
    commands: mpsc::Receiver<Command>,
    wake: Arc<EventFd>,
}

impl Loop {
    pub(crate) fn new(
        config: Config,
        client: UnixStream,
        sink: Box<dyn Sink>,
        commands: mpsc::Receiver<Command>,
        wake: Arc<EventFd>,
    ) -> Result<Loop, Error> {
        let display = Display::<State>::new().map_err(|_| Error::Display)?;
        let state = State::new(display.handle(), config, sink);
        crate::globals::create(&display.handle());
        let connection = Arc::new(Connection(wake.clone(), false.into()));
        display.handle().insert_client(client, connection.clone()).map_err(Error::Thread)?;
        Ok(Loop { display, state, connection, commands, wake })
    }

    pub(crate) fn run(mut self) {
        loop {
            let now = Instant::now();
            if self.state.next_frame(now).is_some_and(|due| due <= now) {
                self.state.frame(now);
            }
            let gone = self.connection.1.load(std::sync::atomic::Ordering::Acquire);
            if self.display.flush_clients().is_err() || gone {
                break;
            }
            if !self.wait() {
                break;
            }
            if self.display.dispatch_clients(&mut self.state).is_err() {
                break;
            }
            while let Ok(command) = self.commands.try_recv() {
                if !self.state.command(command) {
                    return;
                }
            }
        }
        self.state.sink.get_mut().event(Event::Disconnected);
    }

    /// Sleeps until the client speaks, a command comes or a frame is due.
    fn wait(&mut self) -> bool {
        let now = Instant::now();
        let timeout = self.state.next_frame(now).map(|due| TimeSpec::from_duration(due - now));
        let backend = self.display.backend();
        let mut fds =
            [PollFd::new(backend.poll_fd(), PollFlags::POLLIN), PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut fds, timeout, None::<SigSet>) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return false,
        }
        // Emptied whether or not it was set; reading an empty one is no error that matters.
        let _ = self.wake.read();
        true
    }
}

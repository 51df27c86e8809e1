//! What the compositor knows: a commit comes in, a scene goes out.

use crate::clipboard::Clipboard;
use crate::drag::Drag;
use crate::events::{Event, Picture, PopupPicture, Rect, Scene, Sink, Size};
use crate::pace::Pace;
use crate::seat::Seat;
use crate::surface::{Copy, Id, NoPicture, Role};
use crate::tree::Tree;
use crate::{Command, Config, TouchPhase};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::{Kind, WpPresentationFeedback};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::ZwpTextInputV3;
use wayland_server::backend::protocol::ProtocolError;
use wayland_server::protocol::{wl_callback::WlCallback, wl_output::WlOutput, wl_shm};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, New, Resource};

/// More objects, all kinds together, than Chromium ever has; a client that wants more is cut off.
const MOST_OBJECTS: usize = 8192;
/// And more bytes of pictures.
const MOST_PIXELS: usize = 64 << 20;

/// How long text waits at the most for the field to which the focus moves.
const SETTLING: Duration = Duration::from_millis(400);
/// And how long a field that has got the focus must have been silent.
const QUIET: Duration = Duration::from_millis(30);
/// Linux' `KEY_TAB`.
const TAB: u32 = 15;

/// What belongs to a Wayland object. Every object has one, so that they are counted.
pub(crate) struct Kept<T> {
    pub(crate) value: T,
    _counted: Arc<()>,
}

/// How long text waits while the focus moves.
#[derive(Clone, Copy)]
struct Settling {
    until: Instant,
    latest: Instant,
    /// A field has got the focus since.
    entered: bool,
}

/// Everything the compositor knows.
pub(crate) struct State {
    pub(crate) display: DisplayHandle,
    /// The only one; none before it is connected.
    pub(crate) client: Option<Client>,
    pub(crate) window: Size,
    pub(crate) scale: f64,
    pub(crate) refresh: u32,
    pub(crate) tree: Tree,
    pub(crate) outputs: Vec<WlOutput>,
    pub(crate) seat: Seat,
    pub(crate) clipboard: Clipboard,
    pub(crate) drag: Option<Drag>,
    pub(crate) text_inputs: Vec<ZwpTextInputV3>,
    pub(crate) is_composing: bool,
    /// The focus moves, and text waits for the field that gets it.
    settling: Option<Settling>,
    pub(crate) sink: Box<dyn Sink>,
    /// As many as there are objects.
    objects: Arc<()>,
    callbacks: Vec<WlCallback>,
    feedback: Vec<WpPresentationFeedback>,
    pace: Pace,
    last_serial: u32,
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
            client: None,
            window: config.window,
            scale: config.scale,
            refresh: config.refresh,
            tree: Tree::default(),
            outputs: Vec::new(),
            seat: Seat::default(),
            clipboard: Clipboard::default(),
            drag: None,
            text_inputs: Vec::new(),
            is_composing: false,
            settling: None,
            sink,
            objects: Arc::new(()),
            callbacks: Vec::new(),
            feedback: Vec::new(),
            pace: Pace::new(config.refresh, now),
            last_serial: 0,
            damage: Rect::default(),
            sequence: 0,
            start: now,
        }
    }

    /// Makes an object that a client asked for.
    pub(crate) fn keep<I, T>(&self, init: &mut DataInit<'_, State>, new: New<I>, value: T) -> I
    where
        State: Dispatch<I, Kept<T>>,
        I: Resource + 'static,
        T: Send + Sync + 'static,
    {
        init.init(new, self.kept(value))
    }

    /// Counts an object, and cuts a client off that has too many.
    pub(crate) fn kept<T>(&self, value: T) -> Kept<T> {
        if Arc::strong_count(&self.objects) > MOST_OBJECTS {
            self.cut_off("too many objects");
        }
        Kept { value, _counted: self.objects.clone() }
    }

    /// Ends a client that wants more than there is (`wl_display.error`, no memory).
    fn cut_off(&self, message: &str) {
        if let Some(client) = &self.client {
            let (object_interface, message) = ("wl_display".to_owned(), message.to_owned());
            client.kill(&self.display, ProtocolError { code: 2, object_id: 1, object_interface, message });
        }
    }

    pub(crate) fn serial(&mut self) -> u32 {
        self.last_serial = self.last_serial.wrapping_add(1);
        self.last_serial
    }

    /// Milliseconds for the protocol's time stamps.
    pub(crate) fn time(&self) -> u32 {
        self.start.elapsed().as_millis() as u32
    }

    /// A surface's state becomes current.
    pub(crate) fn commit(&mut self, id: Id) {
        let committed = Instant::now();
        let was_shown = self.tree.is_shown(id);
        let covered = self.tree.area(id, self.scale);
        let taken = self.tree.bytes();
        let Some(surface) = self.tree.get_mut(id) else { return };
        self.callbacks.append(&mut surface.callbacks);
        self.feedback.append(&mut surface.feedback);
        let role = surface.role;
        let is_first = !surface.configured && surface.xdg.is_some();
        surface.configured |= is_first;
        let content = surface.take_content((MOST_PIXELS + surface.copy.pixels.len()).saturating_sub(taken));
        if is_first {
            self.configure_first(id);
        }
        let damage = match content {
            Ok(Some(damage)) => damage,
            Ok(None) => return,
            Err(NoPicture::Lost(buffer)) => {
                return buffer.post_error(wl_shm::Error::InvalidFd as u32, "memory that is not there");
            }
            Err(NoPicture::TooLarge) => return self.cut_off("too many pixels"),
        };
        let is_shown = self.tree.is_shown(id);
        let area = self.tree.area(id, self.scale);
        let whole = was_shown != is_shown || (covered.width, covered.height) != (area.width, area.height);
        match role {
            Role::Toplevel if Some(id) == self.tree.active => self.damage = self.damage.union(damage),
            Role::Popup | Role::Subsurface if whole && (was_shown || is_shown) => {
                self.damage = self.damage.union(covered).union(area);
                self.settle_pointer();
            }
            Role::Popup | Role::Subsurface if is_shown => {
                let moved = Rect { x: area.x + damage.x, y: area.y + damage.y, ..damage };
                self.damage = self.damage.union(moved);
            }
            Role::Popup | Role::Subsurface | Role::Toplevel | Role::None | Role::Unseen => {}
        }
        self.show(committed);
    }

    /// A pop-up moves or goes: what it covers is to be seen again.
    pub(crate) fn uncover(&mut self, id: Id) {
        if self.tree.is_shown(id) && self.tree.active != Some(id) {
            self.damage = self.damage.union(self.tree.area(id, self.scale));
        }
    }

    /// Everything is to be seen anew: another window is in front.
    pub(crate) fn uncover_all(&mut self) {
        self.damage = Rect { x: 0, y: 0, width: i32::MAX, height: i32::MAX };
    }

    /// Hands the scene to the sink, when there is something new in it.
    pub(crate) fn show(&mut self, committed: Instant) {
        let Some(root) = self.tree.root() else { return };
        let damage = self.damage.within(root.width, root.height);
        if damage.is_empty() {
            return;
        }
        self.damage = Rect::default();
        self.sequence += 1;
        let laid_over = self.tree.laid_over(self.scale);
        let popups: Vec<_> =
            laid_over.map(|(area, copy)| PopupPicture { x: area.x, y: area.y, picture: picture(copy) }).collect();
        let sequence = self.sequence;
        self.sink.commit(Scene { root: picture(root), popups: &popups, damage, committed, sequence });
    }

    /// When Chromium is to be told to paint again; none when it does not wait for it.
    pub(crate) fn next_frame(&self) -> Option<Instant> {
        let waits = !self.callbacks.is_empty() || !self.feedback.is_empty();
        self.pace.due().filter(|_| waits)
    }

    /// Tells Chromium to paint again, and how its clock ticks.
    pub(crate) fn frame(&mut self, now: Instant) {
        self.pace.framed(now);
        let time = self.time();
        self.callbacks.drain(..).for_each(|callback| callback.done(time));
        let clock =
            nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
        let (seconds, nanos) = (clock.as_secs(), clock.subsec_nanos());
        let period = self.pace.period(now).as_nanos() as u32;
        for feedback in self.feedback.drain(..) {
            self.outputs.iter().for_each(|output| feedback.sync_output(output));
            feedback.presented((seconds >> 32) as u32, seconds as u32, nanos, period, 0, 0, Kind::empty());
        }
    }

    /// Does what a handle asked for.
    /// Until when a command has to wait, if it has. Chromium throws text away that comes between two fields.
    pub(crate) fn waits(&self, command: &Command, now: Instant) -> Option<Instant> {
        let is_text = matches!(command, Command::Text(_) | Command::Compose(_));
        self.settling.map(|settling| settling.until).filter(|until| is_text && now < *until)
    }

    /// A field spoke; `entered` says that it has just got the focus. A text is lost, too, while it is still saying what it is.
    pub(crate) fn field_spoke(&mut self, entered: bool) {
        let now = Instant::now();
        if let Some(settling) = self.settling.as_mut().filter(|settling| now < settling.until) {
            settling.entered |= entered;
            if settling.entered {
                settling.until = settling.latest.min(now + QUIET);
            }
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        let now = Instant::now();
        if self.is_act(&command) {
            self.pace.input(now);
        }
        if moves_focus(&command) {
            let latest = now + SETTLING;
            self.settling = Some(Settling { until: latest, latest, entered: false });
        }
        match command {
            Command::Motion { x, y } => self.motion(x, y),
            Command::Button { code, pressed } => self.button(code, pressed),
            Command::Wheel { dx, dy } => self.wheel(dx, dy),
            Command::Modifiers(modifiers) => self.modifiers(modifiers),
            Command::Key { code, pressed } => self.key(code, pressed),
            Command::Text(text) => self.enter_text(text),
            Command::Compose(text) => self.compose_text(text),
            Command::Touch { finger, phase, x, y } => self.touch(finger, phase, x, y),
            Command::ReleaseAll => self.release_all(),
            Command::SetClipboard(text) => self.set_clipboard(text),
            Command::Clipboard(reply) => self.read_clipboard(reply),
            Command::DismissPopups => self.dismiss_popups(),
            Command::Bubbles(are_shown) if are_shown != self.tree.bubbles => {
                self.tree.bubbles = are_shown;
                self.uncover_all();
                self.show(Instant::now());
            }
            Command::Bubbles(_) => {}
            Command::Resize { window, scale } => self.resize(window, scale),
            Command::Pace(hertz) => self.pace.set(hertz),
        }
    }

    /// Whether a page may answer with a picture that somebody waits for. A pointer that only moves is none: on a busy page
    /// it would keep the clock fast for ever.
    fn is_act(&self, command: &Command) -> bool {
        match command {
            Command::Motion { .. } => self.seat.holds_buttons(),
            Command::Button { .. }
            | Command::Wheel { .. }
            | Command::Key { .. }
            | Command::Text(_)
            | Command::Compose(_)
            | Command::Touch { .. } => true,
            Command::Modifiers(_)
            | Command::ReleaseAll
            | Command::SetClipboard(_)
            | Command::Clipboard(_)
            | Command::DismissPopups
            | Command::Bubbles(_)
            | Command::Resize { .. }
            | Command::Pace(_) => false,
        }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.sink.event(event);
    }
}

/// Whether the focus may go to another field, as far as can be told before the page has heard it.
fn moves_focus(command: &Command) -> bool {
    matches!(
        command,
        Command::Key { code: TAB, pressed: true }
            | Command::Button { pressed: true, .. }
            | Command::Touch { phase: TouchPhase::Up, .. }
    )
}

fn picture(copy: &Copy) -> Picture<'_> {
    Picture {
        pixels: &copy.pixels,
        stride: copy.width as usize * 4,
        width: copy.width as u32,
        height: copy.height as u32,
    }
}

/// No thread but the compositor's ever holds these locks; an object's data has to be shareable all the same.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Chromium's one pointer, keyboard and touch screen.

use crate::globals::deaf;
use crate::state::State;
use crate::surface::{Id, Role};
use crate::{Modifiers, TouchPhase};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use wayland_server::protocol::{
    wl_keyboard::{self, WlKeyboard},
    wl_pointer::{self, WlPointer},
    wl_seat::{self, WlSeat},
    wl_surface::WlSurface,
    wl_touch::WlTouch,
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

/// A US keyboard; libxkbcommon finds the parts it names among the system's own (package xkb-data).
const KEYMAP: &[u8] = b"xkb_keymap {
  xkb_keycodes { include \"evdev+aliases(qwerty)\" };
  xkb_types { include \"complete\" };
  xkb_compat { include \"complete\" };
  xkb_symbols { include \"pc+us+inet(evdev)\" };
};\0";

#[derive(Default)]
pub(crate) struct Seat {
    pointers: Vec<WlPointer>,
    keyboards: Vec<WlKeyboard>,
    touches: Vec<WlTouch>,
    /// Where the pointer is, and over what.
    pub(crate) at: (f64, f64),
    pub(crate) over: Option<Id>,
    /// Buttons that are down: the surface below them keeps the pointer.
    buttons: BTreeSet<u32>,
    keys: BTreeSet<u32>,
    modifiers: Modifiers,
    pub(crate) focus: Option<Id>,
    /// Fingers that are down, and on what.
    fingers: HashMap<i32, Id>,
}

deaf!(WlKeyboard => (), WlTouch => ());

impl GlobalDispatch<WlSeat, ()> for State {
    fn bind(_: &mut State, _: &DisplayHandle, _: &Client, new: New<WlSeat>, _: &(), init: &mut DataInit<'_, State>) {
        let seat = init.init(new, ());
        use wl_seat::Capability;
        seat.capabilities(Capability::Pointer | Capability::Keyboard | Capability::Touch);
        if seat.version() >= 2 {
            seat.name("seat".into());
        }
    }
}

impl Dispatch<WlSeat, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSeat,
        request: wl_seat::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_seat::Request::GetPointer { id } => {
                state.seat.pointers.retain(Resource::is_alive);
                state.seat.pointers.push(init.init(id, ()));
            }
            wl_seat::Request::GetKeyboard { id } => {
                let keyboard = init.init(id, ());
                match keymap() {
                    Ok(file) => keyboard.keymap(wl_keyboard::KeymapFormat::XkbV1, file.as_fd(), KEYMAP.len() as u32),
                    Err(error) => tracing::error!(%error, "no keymap"),
                }
                if keyboard.version() >= 4 {
                    // People's own keyboards repeat; Chromium's must not repeat on top.
                    keyboard.repeat_info(0, 0);
                }
                state.seat.keyboards.retain(Resource::is_alive);
                state.seat.keyboards.push(keyboard);
                let focus = state.seat.focus.take();
                state.focus_keyboard(focus);
            }
            wl_seat::Request::GetTouch { id } => {
                state.seat.touches.retain(Resource::is_alive);
                state.seat.touches.push(init.init(id, ()));
            }
            _ => {}
        }
    }
}

/// The keymap in memory that the client can neither change nor lose.
fn keymap() -> std::io::Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create("keymap", flags)?);
    file.write_all(KEYMAP)?;
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

/// Chromium names its cursor by shape; an image it attaches is kept from the picture all the same.
impl Dispatch<WlPointer, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlPointer,
        request: wl_pointer::Request,
        _: &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_pointer::Request::SetCursor { surface, .. } = request {
            match surface {
                Some(surface) => state.hide(&surface),
                None => state.sink.get_mut().event(crate::Event::Cursor(tandem_protocol::notice::CursorShape::None)),
            }
        }
    }
}

impl State {
    /// A surface that is no part of the picture.
    pub(crate) fn hide(&mut self, surface: &WlSurface) {
        if let Some(surface) = surface.data::<Id>().and_then(|id| self.surfaces.get_mut(id)) {
            surface.role = Role::Unseen;
        }
    }

    fn resource(&self, id: Option<Id>) -> Option<WlSurface> {
        self.surfaces.get(&id?).map(|s| s.resource.clone())
    }

    /// A place in the window as a surface sees it.
    pub(crate) fn local(&self, id: Id, (x, y): (f64, f64)) -> (f64, f64) {
        let (left, top) = self.origin(id);
        (x - f64::from(left), y - f64::from(top))
    }

    pub(crate) fn motion(&mut self, x: f64, y: f64) {
        self.seat.at = (x, y);
        if self.clipboard.is_dragging() {
            self.drag_motion();
            return;
        }
        let held = self.seat.over.filter(|_| !self.seat.buttons.is_empty());
        let Some(over) = held.or_else(|| self.surface_at(x, y)) else { return };
        let (local_x, local_y) = self.local(over, (x, y));
        if self.seat.over == Some(over) {
            let time = self.time();
            self.each_pointer(|p| {
                p.motion(time, local_x, local_y);
            });
            return;
        }
        self.leave_pointer();
        self.seat.over = Some(over);
        let serial = self.serial();
        if let Some(surface) = self.resource(Some(over)) {
            self.each_pointer(|p| p.enter(serial, &surface, local_x, local_y));
            // Chromium takes a motion, and not an enter, for a move.
            let time = self.time();
            self.each_pointer(|p| p.motion(time, local_x, local_y));
        }
    }

    /// The pointer is over nothing until it moves again.
    pub(crate) fn leave_pointer(&mut self) {
        let serial = self.serial();
        let old = self.seat.over.take();
        if let Some(surface) = self.resource(old) {
            self.each_pointer(|p| p.leave(serial, &surface));
        }
    }

    pub(crate) fn button(&mut self, code: u32, pressed: bool) {
        let changed = if pressed { self.seat.buttons.insert(code) } else { self.seat.buttons.remove(&code) };
        if !changed {
            return;
        }
        if self.clipboard.is_dragging() && !pressed {
            self.drop_dragged();
            return;
        }
        if self.seat.over.is_none() {
            let (x, y) = self.seat.at;
            self.motion(x, y);
        }
        let (serial, time) = (self.serial(), self.time());
        let state = if pressed { wl_pointer::ButtonState::Pressed } else { wl_pointer::ButtonState::Released };
        self.each_pointer(|p| p.button(serial, time, code, state));
    }

    /// `axis_value120` of 120 is a step of a wheel, which Chromium scrolls by as many CSS pixels.
    pub(crate) fn wheel(&mut self, dx: f64, dy: f64) {
        let time = self.time();
        self.each_pointer(|p| {
            if p.version() >= 5 {
                p.axis_source(wl_pointer::AxisSource::Wheel);
            }
            for (axis, step) in [(wl_pointer::Axis::HorizontalScroll, dx), (wl_pointer::Axis::VerticalScroll, dy)] {
                if step != 0.0 {
                    if p.version() >= 8 {
                        p.axis_value120(axis, step.round() as i32);
                    }
                    p.axis(time, axis, step / 12.0);
                }
            }
        });
    }

    pub(crate) fn modifiers(&mut self, modifiers: Modifiers) {
        if self.seat.modifiers != modifiers {
            self.seat.modifiers = modifiers;
            let serial = self.serial();
            self.each_keyboard(|k| k.modifiers(serial, modifiers.mask(), 0, 0, 0));
        }
    }

    /// A key that is down already repeats.
    pub(crate) fn key(&mut self, code: u32, pressed: bool) {
        let known = if pressed { self.seat.keys.insert(code) } else { self.seat.keys.remove(&code) };
        if !pressed && !known {
            return;
        }
        let (serial, time) = (self.serial(), self.time());
        let state = if pressed { wl_keyboard::KeyState::Pressed } else { wl_keyboard::KeyState::Released };
        self.each_keyboard(|k| k.key(serial, time, code, state));
    }

    pub(crate) fn touch(&mut self, finger: i32, phase: TouchPhase, x: f64, y: f64) {
        let time = self.time();
        match phase {
            TouchPhase::Down => {
                let Some(id) = self.surface_at(x, y) else { return };
                let Some(surface) = self.resource(Some(id)) else { return };
                let (local_x, local_y) = self.local(id, (x, y));
                let serial = self.serial();
                self.seat.fingers.insert(finger, id);
                self.each_touch(|t| t.down(serial, time, &surface, finger, local_x, local_y));
            }
            TouchPhase::Motion => {
                let Some(id) = self.seat.fingers.get(&finger).copied() else { return };
                let (local_x, local_y) = self.local(id, (x, y));
                self.each_touch(|t| t.motion(time, finger, local_x, local_y));
            }
            TouchPhase::Up => {
                if self.seat.fingers.remove(&finger).is_some() {
                    let serial = self.serial();
                    self.each_touch(|t| t.up(serial, time, finger));
                }
            }
            TouchPhase::Cancel => {
                // The protocol knows only the end of all touches.
                self.seat.fingers.clear();
                for touch in self.seat.touches.iter().filter(|t| t.is_alive()) {
                    touch.cancel();
                }
                return;
            }
        }
        self.each_touch(|t| t.frame());
    }

    /// Gives the keyboard, and with it text and clipboard, to a window.
    pub(crate) fn focus_keyboard(&mut self, id: Option<Id>) {
        if self.seat.focus == id {
            return;
        }
        let serial = self.serial();
        let old = std::mem::replace(&mut self.seat.focus, id);
        if let Some(surface) = self.resource(old) {
            self.each_keyboard(|k| k.leave(serial, &surface));
            self.leave_text(&surface);
        }
        if let Some(surface) = self.resource(id) {
            self.offer_selection();
            let mask = self.seat.modifiers.mask();
            self.each_keyboard(|k| {
                k.enter(serial, &surface, Vec::new());
                k.modifiers(serial, mask, 0, 0, 0);
            });
            self.enter_text_focus(&surface);
        }
    }

    /// A surface is gone.
    pub(crate) fn seat_forgets(&mut self, id: Id) {
        if self.seat.over == Some(id) {
            self.seat.over = None;
        }
        if self.seat.focus == Some(id) {
            self.seat.focus = None;
        }
        self.seat.fingers.retain(|_, on| *on != id);
    }

    /// There is one client, so every resource of a kind is its.
    fn each_pointer(&self, mut tell: impl FnMut(&WlPointer)) {
        for pointer in self.seat.pointers.iter().filter(|p| p.is_alive()) {
            tell(pointer);
            if pointer.version() >= 5 {
                pointer.frame();
            }
        }
    }

    fn each_keyboard(&self, tell: impl FnMut(&WlKeyboard)) {
        self.seat.keyboards.iter().filter(|k| k.is_alive()).for_each(tell);
    }

    fn each_touch(&self, tell: impl FnMut(&WlTouch)) {
        self.seat.touches.iter().filter(|t| t.is_alive()).for_each(tell);
    }
}

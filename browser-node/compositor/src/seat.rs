//! Chromium's one pointer, keyboard and touch screen.

use crate::globals::deaf;
use crate::state::{Kept, State};
use crate::surface::{Id, Role};
use crate::surfaces::id_of;
use crate::{Event, Modifiers, TouchPhase};
use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd;
use tandem_protocol::notice::CursorShape;
use wayland_server::protocol::{
    wl_keyboard::{self, WlKeyboard},
    wl_pointer::{self, WlPointer},
    wl_seat::{self, WlSeat},
    wl_surface::WlSurface,
    wl_touch::WlTouch,
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

#[derive(Default)]
pub(crate) struct Seat {
    pointers: Vec<WlPointer>,
    keyboards: Vec<WlKeyboard>,
    touches: Vec<WlTouch>,
    /// Where the pointer is, once it has moved, and over what.
    at: Option<(f64, f64)>,
    over: Option<Id>,
    /// Buttons that are down: the surface below them keeps the pointer.
    buttons: BTreeSet<u32>,
    keys: BTreeSet<u32>,
    /// The serial of the last press that asks for a context menu: of the right button or of the menu key.
    menu: Option<u32>,
    modifiers: Modifiers,
    pub(crate) focus: Option<Id>,
    /// What of the wheel's turning was less than a pixel.
    turned: (f64, f64),
    /// Fingers that are down: on what, and where.
    fingers: HashMap<i32, Finger>,
}

struct Finger {
    on: Id,
    at: (f64, f64),
}

/// Linux' `BTN_RIGHT` and `KEY_COMPOSE`, the key that keyboards have for menus.
const RIGHT: u32 = 0x111;
const MENU: u32 = 127;

impl Seat {
    /// Whether what was pressed with this serial asks for a context menu.
    pub(crate) fn asks_for_menu(&self, serial: u32) -> bool {
        self.menu == Some(serial)
    }

    pub(crate) fn holds_buttons(&self) -> bool {
        !self.buttons.is_empty()
    }

    pub(crate) fn holds_anything(&self) -> bool {
        self.holds_buttons() || !self.fingers.is_empty()
    }

    /// Where the hand is that holds something: the pressed pointer, else a finger.
    pub(crate) fn held_at(&self) -> (f64, f64) {
        let finger = || self.fingers.values().next().map(|f| f.at);
        self.at.filter(|_| self.holds_buttons()).or_else(finger).or(self.at).unwrap_or_default()
    }
}

deaf!(WlKeyboard, WlTouch);

impl GlobalDispatch<WlSeat, ()> for State {
    fn bind(
        state: &mut State,
        _: &DisplayHandle,
        _: &Client,
        new: New<WlSeat>,
        _: &(),
        init: &mut DataInit<'_, State>,
    ) {
        let seat = state.keep(init, new, ());
        use wl_seat::Capability;
        seat.capabilities(Capability::Pointer | Capability::Keyboard | Capability::Touch);
        if seat.version() >= 2 {
            seat.name("seat".into());
        }
    }
}

impl Dispatch<WlSeat, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSeat,
        request: wl_seat::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_seat::Request::GetPointer { id } => {
                state.seat.pointers.retain(Resource::is_alive);
                let pointer = state.keep(init, id, ());
                state.seat.pointers.push(pointer);
            }
            wl_seat::Request::GetKeyboard { id } => {
                let keyboard = state.keep(init, id, ());
                match crate::keymap::file() {
                    Ok((file, length)) => keyboard.keymap(wl_keyboard::KeymapFormat::XkbV1, file.as_fd(), length),
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
                let touch = state.keep(init, id, ());
                state.seat.touches.push(touch);
            }
            _ => {}
        }
    }
}

/// Chromium names its cursor by shape; an image it attaches is kept from the picture all the same.
impl Dispatch<WlPointer, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlPointer,
        request: wl_pointer::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_pointer::Request::SetCursor { surface, .. } = request {
            match surface {
                Some(surface) => state.hide(id_of(&surface).unwrap_or_default()),
                None => state.tell(Event::Cursor(CursorShape::None)),
            }
        }
    }
}

impl State {
    /// A surface that is no part of the picture.
    pub(crate) fn hide(&mut self, id: Id) {
        if let Some(surface) = self.tree.get_mut(id) {
            surface.role = Role::Unseen;
        }
    }

    fn resource(&self, id: Option<Id>) -> Option<WlSurface> {
        self.tree.get(id?).map(|s| s.resource.clone())
    }

    pub(crate) fn motion(&mut self, x: f64, y: f64) {
        let at = (x, y);
        self.seat.at = Some(at);
        if self.drag.is_some() {
            return self.drag_to(at);
        }
        // A pressed button keeps the pointer for the surface below it.
        let held = self.seat.over.filter(|_| self.seat.holds_buttons());
        let Some(over) = held.or_else(|| self.tree.surface_at(at)) else { return };
        let (local_x, local_y) = self.tree.local(over, at);
        if self.seat.over != Some(over) {
            self.leave_pointer();
            let Some(surface) = self.resource(Some(over)) else { return };
            self.seat.over = Some(over);
            let serial = self.serial();
            self.each_pointer(|p| p.enter(serial, &surface, local_x, local_y));
        }
        // Chromium takes a motion, and not an enter, for a move.
        let time = self.time();
        self.each_pointer(|p| p.motion(time, local_x, local_y));
    }

    /// Says once more where the pointer is, if it is anywhere.
    pub(crate) fn motion_if_known(&mut self) {
        if let Some((x, y)) = self.seat.at {
            self.motion(x, y);
        }
    }

    /// Something came, went or moved: the pointer may now be over something else.
    pub(crate) fn settle_pointer(&mut self) {
        let below = self.seat.at.and_then(|at| self.tree.surface_at(at));
        if below != self.seat.over && !self.seat.holds_buttons() && self.drag.is_none() {
            self.motion_if_known();
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
        if self.drag.is_some() && !pressed {
            return self.drop_dragged();
        }
        if self.seat.over.is_none() {
            self.motion_if_known();
        }
        let (serial, time) = (self.serial(), self.time());
        self.seat.menu = self.seat.menu.filter(|_| !pressed).or((pressed && code == RIGHT).then_some(serial));
        let state = if pressed { wl_pointer::ButtonState::Pressed } else { wl_pointer::ButtonState::Released };
        self.each_pointer(|p| p.button(serial, time, code, state));
        if !pressed {
            self.settle_pointer();
        }
    }

    /// `axis_value120` of 120 is a step of a wheel, which Chromium scrolls by as many CSS pixels.
    pub(crate) fn wheel(&mut self, dx: f64, dy: f64) {
        let (x, y) = (self.seat.turned.0 + dx, self.seat.turned.1 + dy);
        self.seat.turned = (x - x.trunc(), y - y.trunc());
        let steps = [(wl_pointer::Axis::HorizontalScroll, x.trunc()), (wl_pointer::Axis::VerticalScroll, y.trunc())];
        if steps.iter().all(|(_, step)| *step == 0.0) {
            return;
        }
        let time = self.time();
        self.each_pointer(|p| {
            if p.version() >= 5 {
                p.axis_source(wl_pointer::AxisSource::Wheel);
            }
            for (axis, step) in steps.into_iter().filter(|(_, step)| *step != 0.0) {
                if p.version() >= 8 {
                    p.axis_value120(axis, step as i32);
                }
                p.axis(time, axis, step / 12.0);
            }
        });
    }

    pub(crate) fn modifiers(&mut self, modifiers: Modifiers) {
        if self.seat.modifiers != modifiers {
            self.seat.modifiers = modifiers;
            let serial = self.serial();
            let (held, locked) = modifiers.masks();
            self.each_keyboard(|k| k.modifiers(serial, held, 0, locked, 0));
        }
    }

    /// A key that is down already repeats.
    pub(crate) fn key(&mut self, code: u32, pressed: bool) {
        let was_down = if pressed { !self.seat.keys.insert(code) } else { self.seat.keys.remove(&code) };
        match (pressed, was_down) {
            (true, _) => self.say_key(code, wl_keyboard::KeyState::Pressed),
            (false, true) => self.say_key(code, wl_keyboard::KeyState::Released),
            (false, false) => {}
        }
    }

    fn say_key(&mut self, code: u32, state: wl_keyboard::KeyState) {
        let (serial, time) = (self.serial(), self.time());
        if state == wl_keyboard::KeyState::Pressed {
            self.seat.menu = (code == MENU).then_some(serial);
        }
        self.each_keyboard(|k| k.key(serial, time, code, state));
    }

    pub(crate) fn touch(&mut self, finger: i32, phase: TouchPhase, x: f64, y: f64) {
        let (at, time) = ((x, y), self.time());
        let is_dragging = self.drag.is_some() && !self.seat.holds_buttons();
        match phase {
            TouchPhase::Down => {
                let Some(on) = self.tree.surface_at(at) else { return };
                let Some(surface) = self.resource(Some(on)) else { return };
                if self.seat.fingers.insert(finger, Finger { on, at }).is_some() {
                    return;
                }
                let (local_x, local_y) = self.tree.local(on, at);
                let serial = self.serial();
                self.each_touch(|t| t.down(serial, time, &surface, finger, local_x, local_y));
            }
            TouchPhase::Motion => {
                let Some(known) = self.seat.fingers.get_mut(&finger) else { return };
                known.at = at;
                let (local_x, local_y) = self.tree.local(known.on, at);
                if is_dragging {
                    return self.drag_to(at);
                }
                self.each_touch(|t| t.motion(time, finger, local_x, local_y));
            }
            TouchPhase::Up => {
                if self.seat.fingers.remove(&finger).is_none() {
                    return;
                }
                if is_dragging {
                    self.drop_dragged();
                }
                let serial = self.serial();
                self.each_touch(|t| t.up(serial, time, finger));
            }
            TouchPhase::Cancel => return self.cancel_touches(),
        }
        self.each_touch(|t| t.frame());
    }

    /// The protocol knows only the end of all touches.
    fn cancel_touches(&mut self) {
        if !self.seat.fingers.is_empty() {
            self.seat.fingers.clear();
            self.each_touch(|t| t.cancel());
        }
    }

    /// Lets go of everything.
    pub(crate) fn release_all(&mut self) {
        self.cancel_drag();
        self.cancel_touches();
        for code in std::mem::take(&mut self.seat.keys) {
            self.say_key(code, wl_keyboard::KeyState::Released);
        }
        for code in self.seat.buttons.clone() {
            self.button(code, false);
        }
        self.modifiers(Modifiers::default());
        self.compose_text(String::new());
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
            let (held, locked) = self.seat.modifiers.masks();
            self.each_keyboard(|k| {
                k.enter(serial, &surface, Vec::new());
                k.modifiers(serial, held, 0, locked, 0);
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
        self.seat.fingers.retain(|_, finger| finger.on != id);
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

//! Windows and pop-ups (xdg-shell).

use crate::events::Event;
use crate::globals::plain_global;
use crate::place::{Positioner, place};
use crate::state::{Kept, State, lock};
use crate::surface::{Id, Role};
use crate::surfaces::id_of;
use std::sync::Mutex;
use std::time::Instant;
use wayland_protocols::xdg::shell::server::{
    xdg_popup::{self, XdgPopup},
    xdg_positioner::{self, XdgPositioner},
    xdg_surface::{self, XdgSurface},
    xdg_toplevel::{self, XdgToplevel},
    xdg_wm_base::{self, XdgWmBase},
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum};

plain_global!(XdgWmBase);

impl State {
    /// Puts a window in front, with the keyboard.
    pub(crate) fn activate(&mut self, id: Option<Id>) {
        self.tree.active = id;
        self.focus_keyboard(id);
        self.uncover_all();
    }

    /// A surface's first commit asks for its size and place.
    pub(crate) fn configure_first(&mut self, id: Id) {
        let Some(surface) = self.tree.get(id) else { return };
        match surface.role {
            Role::Toplevel => {
                for output in &self.outputs {
                    surface.resource.enter(output);
                }
                self.configure(id);
                self.activate(Some(id));
            }
            Role::Popup => self.configure_popup(id),
            Role::None | Role::Subsurface | Role::Unseen => {}
        }
    }

    /// Tells a window that it fills the screen.
    pub(crate) fn configure(&mut self, id: Id) {
        let serial = self.serial();
        let Some(surface) = self.tree.get(id) else { return };
        if let (Some(toplevel), Some(xdg)) = (&surface.toplevel, &surface.xdg) {
            let states = [xdg_toplevel::State::Fullscreen, xdg_toplevel::State::Activated];
            let states = states.into_iter().flat_map(|state| (state as u32).to_ne_bytes()).collect();
            toplevel.configure(self.window.width as i32, self.window.height as i32, states);
            xdg.configure(serial);
        }
    }

    fn configure_popup(&mut self, id: Id) {
        let serial = self.serial();
        let Some(surface) = self.tree.get(id) else { return };
        if let (Some(popup), Some(xdg)) = (&surface.popup, &surface.xdg) {
            popup.configure(surface.place.0, surface.place.1, surface.size.0, surface.size.1);
            xdg.configure(serial);
        }
    }

    /// Tells every pop-up that it is over, the innermost first.
    pub(crate) fn dismiss_popups(&self) {
        self.tree.popups().filter_map(|s| s.popup.as_ref()).for_each(XdgPopup::popup_done);
    }

    fn place_popup(&mut self, id: Id, positioner: &XdgPositioner) {
        let Some(parent) = self.tree.get(id).and_then(|s| s.parent) else { return };
        let Some(wanted) = positioner.data::<Kept<Mutex<Positioner>>>().map(|p| *lock(&p.value)) else { return };
        let window = (self.window.width as i32, self.window.height as i32);
        let (at, size) = place(&wanted, self.tree.origin_of_window(parent), window);
        self.uncover(id);
        if let Some(surface) = self.tree.get_mut(id) {
            (surface.place, surface.size) = (at, size);
        }
        self.uncover(id);
    }
}

impl Dispatch<XdgWmBase, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgWmBase,
        request: xdg_wm_base::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_wm_base::Request::GetXdgSurface { id: new, surface } => {
                let id = id_of(&surface).unwrap_or_default();
                let xdg = state.keep(init, new, id);
                if let Some(surface) = state.tree.get_mut(id) {
                    surface.xdg = Some(xdg);
                    surface.configured = false;
                }
            }
            xdg_wm_base::Request::CreatePositioner { id } => {
                state.keep(init, id, Mutex::new(Positioner::default()));
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgPositioner, Kept<Mutex<Positioner>>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &XdgPositioner,
        request: xdg_positioner::Request,
        positioner: &Kept<Mutex<Positioner>>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use xdg_positioner::Request;
        // Far beyond any screen, and far from where sums overflow.
        let near = |v: i32| v.clamp(-100_000, 100_000);
        let mut p = lock(&positioner.value);
        match request {
            Request::SetSize { width, height } => p.size = (width.clamp(1, 8192), height.clamp(1, 8192)),
            Request::SetAnchorRect { x, y, width, height } => {
                p.anchor_rect = (near(x), near(y), near(width).max(0), near(height).max(0));
            }
            Request::SetAnchor { anchor: WEnum::Value(anchor) } => p.anchor = anchor as u32,
            Request::SetGravity { gravity: WEnum::Value(gravity) } => p.gravity = gravity as u32,
            Request::SetOffset { x, y } => p.offset = (near(x), near(y)),
            Request::SetConstraintAdjustment { constraint_adjustment } => {
                p.adjustment = match constraint_adjustment {
                    WEnum::Value(bits) => bits.bits(),
                    WEnum::Unknown(bits) => bits,
                };
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgSurface, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgSurface,
        request: xdg_surface::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_surface::Request::GetToplevel { id: new } => {
                let toplevel = state.keep(init, new, id.value);
                if toplevel.version() >= 4 {
                    toplevel.configure_bounds(state.window.width as i32, state.window.height as i32);
                }
                if toplevel.version() >= 5 {
                    let can = [xdg_toplevel::WmCapabilities::Fullscreen, xdg_toplevel::WmCapabilities::Maximize];
                    toplevel.wm_capabilities(can.into_iter().flat_map(|c| (c as u32).to_ne_bytes()).collect());
                }
                if let Some(surface) = state.tree.get_mut(id.value) {
                    surface.role = Role::Toplevel;
                    surface.toplevel = Some(toplevel);
                }
            }
            xdg_surface::Request::GetPopup { id: new, parent, positioner } => {
                let popup = state.keep(init, new, id.value);
                if let Some(surface) = state.tree.get_mut(id.value) {
                    surface.role = Role::Popup;
                    surface.popup = Some(popup);
                    surface.parent = parent.as_ref().and_then(id_of).filter(|parent| *parent != id.value);
                }
                state.place_popup(id.value, &positioner);
                state.tree.raise(id.value);
            }
            xdg_surface::Request::SetWindowGeometry { x, y, .. } => {
                state.uncover(id.value);
                if let Some(surface) = state.tree.get_mut(id.value) {
                    surface.corner = (x.clamp(-8192, 8192), y.clamp(-8192, 8192));
                }
                state.uncover(id.value);
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgToplevel, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgToplevel,
        request: xdg_toplevel::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use xdg_toplevel::Request;
        match request {
            // Whatever it asks for, it fills the screen.
            Request::SetFullscreen { .. }
            | Request::UnsetFullscreen
            | Request::SetMaximized
            | Request::UnsetMaximized => {
                state.configure(id.value);
            }
            Request::SetTitle { .. } => state.tell(Event::Titled),
            Request::Destroy => {
                if let Some(surface) = state.tree.get_mut(id.value) {
                    surface.toplevel = None;
                    surface.mapped = false;
                }
                if state.tree.active == Some(id.value) {
                    state.activate(state.tree.windows().last().copied());
                    state.show(Instant::now());
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgPopup, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        popup: &XdgPopup,
        request: xdg_popup::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_popup::Request::Reposition { positioner, token } => {
                state.place_popup(id.value, &positioner);
                popup.repositioned(token);
                state.configure_popup(id.value);
            }
            // The browser's own context menu has no place in the picture: people's pages have theirs.
            xdg_popup::Request::Grab { serial, .. } if state.seat.asks_for_menu(serial) => {
                state.uncover(id.value);
                state.hide(id.value);
                popup.popup_done();
            }
            xdg_popup::Request::Destroy => {
                state.uncover(id.value);
                if let Some(surface) = state.tree.get_mut(id.value) {
                    surface.mapped = false;
                    surface.popup = None;
                }
                state.settle_pointer();
                state.show(Instant::now());
            }
            _ => {}
        }
    }
}

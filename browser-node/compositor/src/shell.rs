//! Windows and pop-ups (xdg-shell).

use crate::globals::plain_global;
use crate::place::{Positioner, place};
use crate::state::State;
use crate::surface::{Id, Role};
use std::sync::Mutex;
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
    /// All windows, from the oldest to the newest.
    pub(crate) fn toplevels(&self) -> Vec<Id> {
        let mut windows: Vec<Id> =
            self.surfaces.iter().filter(|(_, s)| s.toplevel.is_some()).map(|(id, _)| *id).collect();
        windows.sort_unstable();
        windows
    }

    /// Puts a window in front, with the keyboard.
    pub(crate) fn activate(&mut self, id: Option<Id>) {
        self.active = id;
        self.focus_keyboard(id);
        self.uncover_all();
    }

    /// A surface's first commit asks for its size and place.
    pub(crate) fn configure_first(&mut self, id: Id) {
        let Some(surface) = self.surfaces.get(&id) else { return };
        match surface.role {
            Role::Toplevel => {
                for output in self.outputs.iter().filter(|o| o.id().same_client_as(&surface.resource.id())) {
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
        let Some(surface) = self.surfaces.get(&id) else { return };
        if let (Some(toplevel), Some(xdg)) = (&surface.toplevel, &surface.xdg) {
            let states = [xdg_toplevel::State::Fullscreen, xdg_toplevel::State::Activated];
            let states = states.into_iter().flat_map(|state| (state as u32).to_ne_bytes()).collect();
            toplevel.configure(self.window.width as i32, self.window.height as i32, states);
            xdg.configure(serial);
        }
    }

    fn configure_popup(&mut self, id: Id) {
        let serial = self.serial();
        let Some(surface) = self.surfaces.get(&id) else { return };
        if let (Some(popup), Some(xdg)) = (&surface.popup, &surface.xdg) {
            popup.configure(surface.place.0, surface.place.1, surface.size.0, surface.size.1);
            xdg.configure(serial);
        }
    }

    fn place_popup(&mut self, id: Id, positioner: &XdgPositioner) {
        let Some(parent) = self.surfaces.get(&id).and_then(|s| s.parent) else { return };
        let Some(wanted) = positioner.data::<Mutex<Positioner>>().map(locked) else { return };
        let window = (self.window.width as i32, self.window.height as i32);
        let (at, size) = place(&wanted, self.origin_of_window(parent), window);
        self.uncover(id);
        if let Some(surface) = self.surfaces.get_mut(&id) {
            (surface.place, surface.size) = (at, size);
        }
    }
}

fn locked(positioner: &Mutex<Positioner>) -> Positioner {
    *positioner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Dispatch<XdgWmBase, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgWmBase,
        request: xdg_wm_base::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_wm_base::Request::GetXdgSurface { id: new, surface } => {
                let id = surface.data::<Id>().copied().unwrap_or_default();
                let xdg = init.init(new, id);
                if let Some(surface) = state.surfaces.get_mut(&id) {
                    surface.xdg = Some(xdg);
                    surface.configured = false;
                }
            }
            xdg_wm_base::Request::CreatePositioner { id } => {
                init.init(id, Mutex::new(Positioner::default()));
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgPositioner, Mutex<Positioner>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &XdgPositioner,
        request: xdg_positioner::Request,
        positioner: &Mutex<Positioner>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use xdg_positioner::Request;
        // Far beyond any screen, and far from where sums overflow.
        let near = |v: i32| v.clamp(-100_000, 100_000);
        let mut p = positioner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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

impl Dispatch<XdgSurface, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgSurface,
        request: xdg_surface::Request,
        id: &Id,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_surface::Request::GetToplevel { id: new } => {
                let toplevel = init.init(new, *id);
                if toplevel.version() >= 4 {
                    toplevel.configure_bounds(state.window.width as i32, state.window.height as i32);
                }
                if toplevel.version() >= 5 {
                    let can = [xdg_toplevel::WmCapabilities::Fullscreen, xdg_toplevel::WmCapabilities::Maximize];
                    toplevel.wm_capabilities(can.into_iter().flat_map(|c| (c as u32).to_ne_bytes()).collect());
                }
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.role = Role::Toplevel;
                    surface.toplevel = Some(toplevel);
                }
            }
            xdg_surface::Request::GetPopup { id: new, parent, positioner } => {
                let popup = init.init(new, *id);
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.role = Role::Popup;
                    surface.popup = Some(popup);
                    surface.parent = parent.and_then(|p| p.data::<Id>().copied()).filter(|parent| parent != id);
                }
                state.place_popup(*id, &positioner);
                state.order.retain(|other| other != id);
                state.order.push(*id);
            }
            xdg_surface::Request::SetWindowGeometry { x, y, width, height } => {
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.geometry = (x.clamp(-8192, 8192), y.clamp(-8192, 8192), width, height);
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgToplevel, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &XdgToplevel,
        request: xdg_toplevel::Request,
        id: &Id,
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
                state.configure(*id);
            }
            Request::SetTitle { .. } => state.sink.get_mut().event(crate::Event::Titled),
            Request::Destroy => {
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.toplevel = None;
                    surface.mapped = false;
                }
                if state.active == Some(*id) {
                    let next = state.toplevels().last().copied();
                    state.activate(next);
                    state.show();
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgPopup, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        popup: &XdgPopup,
        request: xdg_popup::Request,
        id: &Id,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        match request {
            xdg_popup::Request::Reposition { positioner, token } => {
                state.place_popup(*id, &positioner);
                popup.repositioned(token);
                state.configure_popup(*id);
            }
            xdg_popup::Request::Destroy => {
                state.uncover(*id);
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.mapped = false;
                    surface.popup = None;
                }
                state.show();
            }
            _ => {}
        }
    }
}

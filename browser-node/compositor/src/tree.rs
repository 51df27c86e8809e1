//! Which surface lies where, and over which.

use crate::events::Rect;
use crate::surface::{Copy, Id, Role, Surface};
use std::collections::HashMap;
use wayland_server::protocol::wl_surface::WlSurface;

/// Pop-ups of pop-ups of pop-ups. A client may claim that a surface is its own grandparent, so the way up has an end.
const NESTING: u32 = 16;

#[derive(Default)]
pub(crate) struct Tree {
    surfaces: HashMap<Id, Surface>,
    /// From the lowest to the highest.
    order: Vec<Id>,
    /// The toplevel that people see.
    pub(crate) active: Option<Id>,
    /// Subsurfaces are part of that.
    pub(crate) bubbles: bool,
    last: u32,
}

impl Tree {
    pub(crate) fn new_id(&mut self) -> Id {
        self.last += 1;
        Id(self.last)
    }

    pub(crate) fn add(&mut self, id: Id, resource: WlSurface) {
        self.surfaces.insert(id, Surface::new(resource));
        self.order.push(id);
    }

    pub(crate) fn remove(&mut self, id: Id) {
        self.surfaces.remove(&id);
        self.order.retain(|other| *other != id);
    }

    pub(crate) fn raise(&mut self, id: Id) {
        self.order.retain(|other| *other != id);
        self.order.push(id);
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Surface> {
        self.surfaces.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut Surface> {
        self.surfaces.get_mut(&id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Surface> {
        self.surfaces.values()
    }

    /// Bytes of all private copies.
    pub(crate) fn bytes(&self) -> usize {
        self.all().map(|s| s.copy.pixels.len()).sum()
    }

    /// All windows, from the oldest to the newest.
    pub(crate) fn windows(&self) -> Vec<Id> {
        let is_window = |id: &&Id| self.get(**id).is_some_and(|s| s.toplevel.is_some());
        let mut windows: Vec<Id> = self.order.iter().filter(is_window).copied().collect();
        windows.sort_unstable();
        windows
    }

    /// All pop-ups, from the highest to the lowest.
    pub(crate) fn popups(&self) -> impl Iterator<Item = &Surface> {
        self.order.iter().rev().filter_map(|id| self.get(*id)).filter(|s| s.popup.is_some())
    }

    /// The active window's picture, once it has one.
    pub(crate) fn root(&self) -> Option<&Copy> {
        self.active.and_then(|id| self.get(id)).filter(|s| s.mapped).map(|s| &s.copy)
    }

    /// What lies over the root, from the lowest to the highest, and where (device pixels).
    pub(crate) fn laid_over(&self, scale: f64) -> impl Iterator<Item = (Rect, &Copy)> {
        let over = self.order.iter().filter(|id| Some(**id) != self.active && self.is_shown(**id));
        over.filter_map(move |id| Some((self.area(*id, scale), &self.get(*id)?.copy)))
    }

    /// Whether a surface is part of what people see.
    pub(crate) fn is_shown(&self, id: Id) -> bool {
        let mut next = Some(id);
        for _ in 0..NESTING {
            let Some((at, surface)) = next.and_then(|id| Some((id, self.get(id)?))).filter(|(_, s)| s.mapped) else {
                return false;
            };
            match surface.role {
                Role::Toplevel => return Some(at) == self.active,
                Role::Popup => next = surface.parent,
                Role::Subsurface if self.bubbles => next = surface.parent,
                Role::Subsurface | Role::None | Role::Unseen => return false,
            }
        }
        false
    }

    /// Where a surface's upper left corner is in the window (logical pixels).
    pub(crate) fn origin(&self, id: Id) -> (i32, i32) {
        self.origin_below(id, NESTING)
    }

    fn origin_below(&self, id: Id, levels: u32) -> (i32, i32) {
        let Some(surface) = self.get(id).filter(|_| levels > 0) else { return (0, 0) };
        let (x, y) = surface.place;
        let corner = surface.corner;
        match (surface.role, surface.parent) {
            (Role::Popup, Some(parent)) => {
                let window = self.get(parent).map_or((0, 0), |p| p.corner);
                let (px, py) = self.origin_below(parent, levels - 1);
                (px + window.0 + x - corner.0, py + window.1 + y - corner.1)
            }
            (Role::Subsurface, Some(parent)) => {
                let (px, py) = self.origin_below(parent, levels - 1);
                (px + x, py + y)
            }
            _ => (-corner.0, -corner.1),
        }
    }

    /// Where a surface's window geometry begins.
    pub(crate) fn origin_of_window(&self, id: Id) -> (i32, i32) {
        let (x, y) = self.origin(id);
        self.get(id).map_or((x, y), |s| (x + s.corner.0, y + s.corner.1))
    }

    /// A place in the window as a surface sees it.
    pub(crate) fn local(&self, id: Id, (x, y): (f64, f64)) -> (f64, f64) {
        let (left, top) = self.origin(id);
        (x - f64::from(left), y - f64::from(top))
    }

    /// The topmost surface that takes input at a place; the active window where there is none.
    pub(crate) fn surface_at(&self, at: (f64, f64)) -> Option<Id> {
        let hit = |id: &&Id| {
            let Some(surface) = self.get(**id).filter(|s| s.takes_input) else { return false };
            let (x, y) = self.local(**id, at);
            let (width, height) = surface.logical_size();
            (0.0..f64::from(width)).contains(&x) && (0.0..f64::from(height)).contains(&y) && self.is_shown(**id)
        };
        self.order.iter().rev().find(hit).copied().or(self.active)
    }

    /// What a surface covers of the root (device pixels).
    pub(crate) fn area(&self, id: Id, scale: f64) -> Rect {
        let (x, y) = self.origin(id);
        let device = |v: i32| (f64::from(v) * scale).round() as i32;
        let (width, height) = self.get(id).map_or((0, 0), |s| (s.copy.width, s.copy.height));
        Rect { x: device(x), y: device(y), width, height }
    }
}

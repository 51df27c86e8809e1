//! What clients ask of surfaces (`wl_compositor`, `wl_subcompositor`, viewporter, fractional scale, presentation).

use crate::events::Rect;
use crate::globals::{deaf, plain_global};
use crate::state::{Kept, State};
use crate::surface::{Id, Role};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::{
    self, WpFractionalScaleManagerV1,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation::{self, WpPresentation};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::wp::viewporter::server::wp_viewport::{self, WpViewport};
use wayland_protocols::wp::viewporter::server::wp_viewporter::{self, WpViewporter};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_callback::WlCallback;
use wayland_server::protocol::wl_compositor::{self, WlCompositor};
use wayland_server::protocol::wl_region::{self, WlRegion};
use wayland_server::protocol::wl_subcompositor::{self, WlSubcompositor};
use wayland_server::protocol::wl_subsurface::{self, WlSubsurface};
use wayland_server::protocol::wl_surface::{self, WlSurface};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

plain_global!(WlCompositor, WlSubcompositor, WpViewporter, WpFractionalScaleManagerV1);
deaf!(WlCallback, WpFractionalScaleV1, WpPresentationFeedback);

impl Dispatch<WlCompositor, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlCompositor,
        request: wl_compositor::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_compositor::Request::CreateSurface { id: new } => {
                let id = state.tree.new_id();
                let surface = state.keep(init, new, id);
                state.tree.add(id, surface);
            }
            wl_compositor::Request::CreateRegion { id } => drop(state.keep(init, id, AtomicBool::new(false))),
            _ => {}
        }
    }
}

/// Of a region only one thing matters: whether it is empty.
impl Dispatch<WlRegion, Kept<AtomicBool>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WlRegion,
        request: wl_region::Request,
        filled: &Kept<AtomicBool>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_region::Request::Add { .. } = request {
            filled.value.store(true, Ordering::Relaxed);
        }
    }
}

/// The surface that an object belongs to.
pub(crate) fn id_of(resource: &impl Resource) -> Option<Id> {
    resource.data::<Kept<Id>>().map(|kept| kept.value)
}

impl Dispatch<WlSurface, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSurface,
        request: wl_surface::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        use wl_surface::Request;
        if let Request::Frame { callback } = request {
            return state.wait_for_frame(id.value, callback, init);
        }
        let Some(surface) = state.tree.get_mut(id.value) else { return };
        match request {
            Request::Commit => state.commit(id.value),
            Request::Attach { buffer, .. } => surface.attached = Some(buffer),
            Request::Damage { x, y, width, height } => {
                surface.surface_damage = surface.surface_damage.union(Rect { x, y, width, height });
            }
            Request::DamageBuffer { x, y, width, height } => {
                surface.buffer_damage = surface.buffer_damage.union(Rect { x, y, width, height });
            }
            Request::SetBufferScale { scale } => surface.scale = scale.clamp(1, 4),
            Request::SetInputRegion { region } => {
                let is_filled =
                    |r: &WlRegion| r.data::<Kept<AtomicBool>>().is_some_and(|f| f.value.load(Ordering::Relaxed));
                surface.takes_input = region.is_none_or(|region| is_filled(&region));
            }
            _ => {}
        }
    }

    fn destroyed(state: &mut State, _: ClientId, _: &WlSurface, id: &Kept<Id>) {
        state.forget(id.value);
    }
}

impl State {
    fn wait_for_frame(&mut self, id: Id, callback: New<WlCallback>, init: &mut DataInit<'_, State>) {
        let callback = self.keep(init, callback, ());
        if let Some(surface) = self.tree.get_mut(id) {
            surface.callbacks.push(callback);
        }
    }

    /// A surface is gone.
    fn forget(&mut self, id: Id) {
        self.uncover(id);
        self.tree.remove(id);
        self.seat_forgets(id);
        if self.tree.active == Some(id) {
            self.activate(self.tree.windows().last().copied());
        }
        self.settle_pointer();
        self.show(Instant::now());
    }
}

impl Dispatch<WlSubcompositor, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSubcompositor,
        request: wl_subcompositor::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wl_subcompositor::Request::GetSubsurface { id: new, surface, parent } = request {
            let (id, parent) = (id_of(&surface).unwrap_or_default(), id_of(&parent));
            state.keep(init, new, id);
            if let Some(surface) = state.tree.get_mut(id) {
                (surface.role, surface.parent) = (Role::Subsurface, parent);
            }
        }
    }
}

/// Chromium uses them desynchronised; their places count at once, which a frame later makes no difference to.
impl Dispatch<WlSubsurface, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSubsurface,
        request: wl_subsurface::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_subsurface::Request::SetPosition { x, y } = request {
            state.uncover(id.value);
            if let Some(surface) = state.tree.get_mut(id.value) {
                surface.place = (x.clamp(-8192, 8192), y.clamp(-8192, 8192));
            }
            state.uncover(id.value);
        }
    }
}

impl Dispatch<WpViewporter, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpViewporter,
        request: wp_viewporter::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_viewporter::Request::GetViewport { id, surface } = request {
            state.keep(init, id, id_of(&surface).unwrap_or_default());
        }
    }
}

impl Dispatch<WpViewport, Kept<Id>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpViewport,
        request: wp_viewport::Request,
        id: &Kept<Id>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wp_viewport::Request::SetDestination { width, height } = request
            && let Some(surface) = state.tree.get_mut(id.value)
        {
            surface.destination = (width > 0 && height > 0).then_some((width.min(8192), height.min(8192)));
        }
    }
}

impl Dispatch<WpFractionalScaleManagerV1, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpFractionalScaleManagerV1,
        request: wp_fractional_scale_manager_v1::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_fractional_scale_manager_v1::Request::GetFractionalScale { id, surface } = request {
            let fractional = state.keep(init, id, ());
            fractional.preferred_scale((state.scale * 120.0).round() as u32);
            if let Some(surface) = id_of(&surface).and_then(|id| state.tree.get_mut(id)) {
                surface.fractional = Some(fractional);
            }
        }
    }
}

impl Dispatch<WpPresentation, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpPresentation,
        request: wp_presentation::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_presentation::Request::Feedback { surface, callback } = request {
            let feedback = state.keep(init, callback, ());
            if let Some(surface) = id_of(&surface).and_then(|id| state.tree.get_mut(id)) {
                surface.feedback.push(feedback);
            }
        }
    }
}

impl GlobalDispatch<WpPresentation, ()> for State {
    fn bind(
        state: &mut State,
        _: &DisplayHandle,
        _: &Client,
        new: New<WpPresentation>,
        _: &(),
        init: &mut DataInit<'_, State>,
    ) {
        state.keep(init, new, ()).clock_id(nix::libc::CLOCK_MONOTONIC as u32);
    }
}

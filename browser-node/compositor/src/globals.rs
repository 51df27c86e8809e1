//! The globals Chromium needs, and the small ones that only have to be there.

use crate::shm::{Buffer, Pool};
use crate::state::{LIMIT, State};
use crate::surface::{Role, Surface};
use std::sync::Arc;
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::{self, Shape, WpCursorShapeDeviceV1};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::{self, WpCursorShapeManagerV1};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::{
    self, WpFractionalScaleManagerV1,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation::{self, WpPresentation};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::{
    self, WpSinglePixelBufferManagerV1,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::viewporter::server::wp_viewport::{self, WpViewport};
use wayland_protocols::wp::viewporter::server::wp_viewporter::{self, WpViewporter};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::{self, ZxdgDecorationManagerV1};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{Mode, ZxdgToplevelDecorationV1};
use wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use wayland_server::backend::ClientId;
use wayland_server::protocol::{
    wl_buffer::WlBuffer,
    wl_callback::WlCallback,
    wl_compositor::{self, WlCompositor},
    wl_data_device_manager::WlDataDeviceManager,
    wl_output::{self, WlOutput},
    wl_region::{self, WlRegion},
    wl_seat::WlSeat,
    wl_shm::{self, WlShm},
    wl_shm_pool::{self, WlShmPool},
    wl_subcompositor::{self, WlSubcompositor},
    wl_subsurface::{self, WlSubsurface},
    wl_surface::{self, WlSurface},
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum};

use crate::events::{Event, Rect};
use crate::surface::Id;
use tandem_protocol::notice::CursorShape;

pub(crate) fn create(display: &DisplayHandle) {
    display.create_global::<State, WlCompositor, ()>(6, ());
    display.create_global::<State, WlSubcompositor, ()>(1, ());
    display.create_global::<State, WlShm, ()>(1, ());
    display.create_global::<State, XdgWmBase, ()>(6, ());
    display.create_global::<State, WlOutput, ()>(4, ());
    display.create_global::<State, WlSeat, ()>(9, ());
    display.create_global::<State, WpViewporter, ()>(1, ());
    display.create_global::<State, WpFractionalScaleManagerV1, ()>(1, ());
    display.create_global::<State, WpCursorShapeManagerV1, ()>(1, ());
    display.create_global::<State, WpSinglePixelBufferManagerV1, ()>(1, ());
    display.create_global::<State, WpPresentation, ()>(1, ());
    display.create_global::<State, ZwpTextInputManagerV3, ()>(1, ());
    display.create_global::<State, ZxdgDecorationManagerV1, ()>(1, ());
    display.create_global::<State, WlDataDeviceManager, ()>(3, ());
}

/// A global whose binding needs nothing said.
macro_rules! plain_global {
    ($($kind:ty),*) => { $(
        impl GlobalDispatch<$kind, ()> for State {
            fn bind(_: &mut State, _: &DisplayHandle, _: &Client, new: New<$kind>, _: &(), init: &mut DataInit<'_, State>) {
                init.init(new, ());
            }
        }
    )* };
}
pub(crate) use plain_global;

/// An object whose requests ask for nothing that we do.
macro_rules! deaf {
    ($($kind:ty => $data:ty),*) => { $(
        impl Dispatch<$kind, $data> for State {
            fn request(
                _: &mut State, _: &Client, _: &$kind, _: <$kind as Resource>::Request, _: &$data, _: &DisplayHandle, _: &mut DataInit<'_, State>,
            ) {}
        }
    )* };
}
pub(crate) use deaf;

plain_global!(WlCompositor, WlSubcompositor, WpViewporter, WpFractionalScaleManagerV1, WpCursorShapeManagerV1);
plain_global!(WpSinglePixelBufferManagerV1, ZxdgDecorationManagerV1);
deaf!(WlCallback => (), WlBuffer => Buffer, WlOutput => (), WpFractionalScaleV1 => (), WpPresentationFeedback => ());

impl GlobalDispatch<WlShm, ()> for State {
    fn bind(_: &mut State, _: &DisplayHandle, _: &Client, new: New<WlShm>, _: &(), init: &mut DataInit<'_, State>) {
        let shm = init.init(new, ());
        shm.format(wl_shm::Format::Argb8888);
        shm.format(wl_shm::Format::Xrgb8888);
    }
}

impl GlobalDispatch<WpPresentation, ()> for State {
    fn bind(
        _: &mut State,
        _: &DisplayHandle,
        _: &Client,
        new: New<WpPresentation>,
        _: &(),
        init: &mut DataInit<'_, State>,
    ) {
        init.init(new, ()).clock_id(nix::libc::CLOCK_MONOTONIC as u32);
    }
}

impl GlobalDispatch<WlOutput, ()> for State {
    fn bind(
        state: &mut State,
        _: &DisplayHandle,
        _: &Client,
        new: New<WlOutput>,
        _: &(),
        init: &mut DataInit<'_, State>,
    ) {
        let output = init.init(new, ());
        // Millimetres at 96 dots an inch; Chromium takes its scale from the protocol and not from this.
        let millimetres = |side: u32| (f64::from(side) * 0.264_583) as i32;
        let (width, height) = (millimetres(state.window.width), millimetres(state.window.height));
        let (subpixel, transform) = (wl_output::Subpixel::None, wl_output::Transform::Normal);
        output.geometry(0, 0, width, height, subpixel, "Tandem".into(), "screen".into(), transform);
        state.describe_output(&output);
        state.outputs.push(output);
    }
}

impl State {
    /// Tells a client the output's size and scale, at first and after each change.
    pub(crate) fn describe_output(&self, output: &WlOutput) {
        let device = |side: u32| (f64::from(side) * self.scale).round() as i32;
        output.mode(
            wl_output::Mode::Current,
            device(self.window.width),
            device(self.window.height),
            self.refresh as i32 * 1000,
        );
        if output.version() >= 2 {
            output.scale(self.scale.ceil() as i32);
        }
        if output.version() >= 4 {
            output.name("TANDEM-1".into());
        }
        if output.version() >= 2 {
            output.done();
        }
    }

    pub(crate) fn resize(&mut self, window: crate::Size, scale: f64) {
        if (self.window, self.scale) == (window, scale) {
            return;
        }
        (self.window, self.scale) = (window, scale);
        for output in &self.outputs {
            self.describe_output(output);
        }
        for surface in self.surfaces.values() {
            if let Some(fractional) = &surface.fractional {
                fractional.preferred_scale((scale * 120.0).round() as u32);
            }
        }
        for id in self.toplevels() {
            self.configure(id);
        }
    }
}

impl Dispatch<WlCompositor, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        compositor: &WlCompositor,
        request: wl_compositor::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_compositor::Request::CreateSurface { id: new } => {
                let id = state.new_id();
                let surface = init.init(new, id);
                if state.surfaces.len() >= LIMIT {
                    compositor.post_error(0u32, "too many surfaces");
                    return;
                }
                state.surfaces.insert(id, Surface::new(surface));
                state.order.push(id);
            }
            wl_compositor::Request::CreateRegion { id } => {
                init.init(id, std::sync::atomic::AtomicBool::new(false));
            }
            _ => {}
        }
    }
}

/// Of a region only one thing matters: whether it is empty.
impl Dispatch<WlRegion, std::sync::atomic::AtomicBool> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WlRegion,
        request: wl_region::Request,
        filled: &std::sync::atomic::AtomicBool,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_region::Request::Add { .. } = request {
            filled.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

impl Dispatch<WlSurface, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSurface,
        request: wl_surface::Request,
        id: &Id,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        use wl_surface::Request;
        let Some(surface) = state.surfaces.get_mut(id) else {
            if let Request::Frame { callback } = request {
                init.init(callback, ());
            }
            return;
        };
        match request {
            Request::Attach { buffer, .. } => surface.attached = Some(buffer),
            Request::Damage { x, y, width, height } => {
                surface.surface_damage = surface.surface_damage.union(Rect { x, y, width, height });
            }
            Request::DamageBuffer { x, y, width, height } => {
                surface.buffer_damage = surface.buffer_damage.union(Rect { x, y, width, height });
            }
            Request::Frame { callback } => {
                let callback = init.init(callback, ());
                if surface.callbacks.len() < LIMIT {
                    surface.callbacks.push(callback);
                }
            }
            Request::SetBufferScale { scale } => surface.scale = scale.clamp(1, 4),
            Request::SetInputRegion { region } => {
                let filled = |region: WlRegion| {
                    region
                        .data::<std::sync::atomic::AtomicBool>()
                        .is_some_and(|f| f.load(std::sync::atomic::Ordering::Relaxed))
                };
                surface.takes_input = region.is_none_or(filled);
            }
            Request::Commit => state.commit(*id),
            _ => {}
        }
    }

    fn destroyed(state: &mut State, _: ClientId, _: &WlSurface, id: &Id) {
        state.uncover(*id);
        state.surfaces.remove(id);
        state.order.retain(|other| other != id);
        state.seat_forgets(*id);
        if state.active == Some(*id) {
            let next = state.toplevels().last().copied();
            state.activate(next);
        }
        state.show();
    }
}

impl Dispatch<WlShm, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        shm: &WlShm,
        request: wl_shm::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wl_shm::Request::CreatePool { id, fd, size } = request {
            match Pool::new(fd, size) {
                Some(pool) => drop(init.init(id, Some(Arc::new(pool)))),
                None => {
                    init.init(id, None);
                    shm.post_error(wl_shm::Error::InvalidFd, "memory that may shrink, or is smaller than it says");
                }
            }
        }
    }
}

impl Dispatch<WlShmPool, Option<Arc<Pool>>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        resource: &WlShmPool,
        request: wl_shm_pool::Request,
        pool: &Option<Arc<Pool>>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match (request, pool) {
            (wl_shm_pool::Request::CreateBuffer { id, offset, width, height, stride, .. }, Some(pool)) => {
                init.init(id, Buffer::new(pool.clone(), offset, width, height, stride));
            }
            (wl_shm_pool::Request::CreateBuffer { id, .. }, None) => drop(init.init(id, Buffer::Refused)),
            (wl_shm_pool::Request::Resize { size }, Some(pool)) => {
                if !pool.resize(size) {
                    resource.post_error(wl_shm::Error::InvalidFd as u32, "the file is smaller than that");
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<WpSinglePixelBufferManagerV1, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WpSinglePixelBufferManagerV1,
        request: wp_single_pixel_buffer_manager_v1::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_single_pixel_buffer_manager_v1::Request::CreateU32RgbaBuffer { id, r, g, b, a } = request {
            init.init(id, Buffer::Pixel([b, g, r, a].map(|value| (value >> 24) as u8)));
        }
    }
}

impl Dispatch<WlSubcompositor, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSubcompositor,
        request: wl_subcompositor::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wl_subcompositor::Request::GetSubsurface { id: new, surface, parent } = request {
            let id = surface.data::<Id>().copied().unwrap_or_default();
            init.init(new, id);
            if let Some(surface) = state.surfaces.get_mut(&id) {
                surface.role = Role::Subsurface;
                surface.parent = parent.data::<Id>().copied();
            }
        }
    }
}

/// Chromium uses them desynchronised; their places count at once, which a frame later makes no difference to.
impl Dispatch<WlSubsurface, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlSubsurface,
        request: wl_subsurface::Request,
        id: &Id,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_subsurface::Request::SetPosition { x, y } = request {
            state.uncover(*id);
            if let Some(surface) = state.surfaces.get_mut(id) {
                surface.place = (x.clamp(-8192, 8192), y.clamp(-8192, 8192));
            }
            state.uncover(*id);
        }
    }
}

impl Dispatch<WpViewporter, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WpViewporter,
        request: wp_viewporter::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_viewporter::Request::GetViewport { id, surface } = request {
            init.init(id, surface.data::<Id>().copied().unwrap_or_default());
        }
    }
}

impl Dispatch<WpViewport, Id> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpViewport,
        request: wp_viewport::Request,
        id: &Id,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wp_viewport::Request::SetDestination { width, height } = request
            && let Some(surface) = state.surfaces.get_mut(id)
        {
            surface.destination = (width > 0 && height > 0).then_some((width, height));
        }
    }
}

impl Dispatch<WpFractionalScaleManagerV1, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpFractionalScaleManagerV1,
        request: wp_fractional_scale_manager_v1::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_fractional_scale_manager_v1::Request::GetFractionalScale { id, surface } = request {
            let fractional = init.init(id, ());
            fractional.preferred_scale((state.scale * 120.0).round() as u32);
            if let Some(surface) = surface.data::<Id>().and_then(|id| state.surfaces.get_mut(id)) {
                surface.fractional = Some(fractional);
            }
        }
    }
}

impl Dispatch<WpPresentation, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpPresentation,
        request: wp_presentation::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let wp_presentation::Request::Feedback { callback, .. } = request {
            let feedback = init.init(callback, ());
            if state.feedback.len() < LIMIT {
                state.feedback.push(feedback);
            }
        }
    }
}

impl Dispatch<ZxdgDecorationManagerV1, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &ZxdgDecorationManagerV1,
        request: zxdg_decoration_manager_v1::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let zxdg_decoration_manager_v1::Request::GetToplevelDecoration { id, .. } = request {
            // The server's decorations, of which there are none.
            init.init(id, ()).configure(Mode::ServerSide);
        }
    }
}

impl Dispatch<ZxdgToplevelDecorationV1, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        decoration: &ZxdgToplevelDecorationV1,
        request: <ZxdgToplevelDecorationV1 as Resource>::Request,
        _: &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::Request;
        if let Request::SetMode { .. } | Request::UnsetMode = request {
            decoration.configure(Mode::ServerSide);
        }
    }
}

impl Dispatch<WpCursorShapeManagerV1, ()> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WpCursorShapeManagerV1,
        request: wp_cursor_shape_manager_v1::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wp_cursor_shape_manager_v1::Request::GetPointer { cursor_shape_device, .. }
            | wp_cursor_shape_manager_v1::Request::GetTabletToolV2 { cursor_shape_device, .. } => {
                init.init(cursor_shape_device, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<WpCursorShapeDeviceV1, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpCursorShapeDeviceV1,
        request: wp_cursor_shape_device_v1::Request,
        _: &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wp_cursor_shape_device_v1::Request::SetShape { shape: WEnum::Value(shape), .. } = request {
            state.sink.get_mut().event(Event::Cursor(css(shape)));
        }
    }
}

/// The CSS keyword of a shape. Both lists come from CSS; shapes that a later version adds are the default.
fn css(shape: Shape) -> CursorShape {
    match shape {
        Shape::ContextMenu => CursorShape::ContextMenu,
        Shape::Help => CursorShape::Help,
        Shape::Pointer => CursorShape::Pointer,
        Shape::Progress => CursorShape::Progress,
        Shape::Wait => CursorShape::Wait,
        Shape::Cell => CursorShape::Cell,
        Shape::Crosshair => CursorShape::Crosshair,
        Shape::Text => CursorShape::Text,
        Shape::VerticalText => CursorShape::VerticalText,
        Shape::Alias => CursorShape::Alias,
        Shape::Copy => CursorShape::Copy,
        Shape::Move => CursorShape::Move,
        Shape::NoDrop => CursorShape::NoDrop,
        Shape::NotAllowed => CursorShape::NotAllowed,
        Shape::Grab => CursorShape::Grab,
        Shape::Grabbing => CursorShape::Grabbing,
        Shape::EResize => CursorShape::EResize,
        Shape::NResize => CursorShape::NResize,
        Shape::NeResize => CursorShape::NeResize,
        Shape::NwResize => CursorShape::NwResize,
        Shape::SResize => CursorShape::SResize,
        Shape::SeResize => CursorShape::SeResize,
        Shape::SwResize => CursorShape::SwResize,
        Shape::WResize => CursorShape::WResize,
        Shape::EwResize => CursorShape::EwResize,
        Shape::NsResize => CursorShape::NsResize,
        Shape::NeswResize => CursorShape::NeswResize,
        Shape::NwseResize => CursorShape::NwseResize,
        Shape::ColResize => CursorShape::ColResize,
        Shape::RowResize => CursorShape::RowResize,
        Shape::AllScroll => CursorShape::AllScroll,
        Shape::ZoomIn => CursorShape::ZoomIn,
        Shape::ZoomOut => CursorShape::ZoomOut,
        _ => CursorShape::Default,
    }
}

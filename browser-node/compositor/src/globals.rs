//! The globals Chromium needs.

use crate::state::{Kept, State};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation::WpPresentation;
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::viewporter::server::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::{self, ZxdgDecorationManagerV1};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{
    self, Mode, ZxdgToplevelDecorationV1,
};
use wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use wayland_server::protocol::{
    wl_compositor::WlCompositor, wl_data_device_manager::WlDataDeviceManager, wl_output::WlOutput, wl_seat::WlSeat,
    wl_shm::WlShm, wl_subcompositor::WlSubcompositor,
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New};

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
    display.create_global::<State, WpPresentation, ()>(1, ());
    display.create_global::<State, ZwpTextInputManagerV3, ()>(1, ());
    display.create_global::<State, ZxdgDecorationManagerV1, ()>(1, ());
    display.create_global::<State, WlDataDeviceManager, ()>(3, ());
}

/// A global whose binding needs nothing said.
macro_rules! plain_global {
    ($($kind:ty),*) => { $(
        impl GlobalDispatch<$kind, ()> for State {
            fn bind(state: &mut State, _: &DisplayHandle, _: &Client, new: New<$kind>, _: &(), init: &mut DataInit<'_, State>) {
                state.keep(init, new, ());
            }
        }
    )* };
}
pub(crate) use plain_global;

/// An object whose requests ask for nothing that we do.
macro_rules! deaf {
    ($($kind:ty),*) => { $(
        impl Dispatch<$kind, Kept<()>> for State {
            fn request(
                _: &mut State, _: &Client, _: &$kind, _: <$kind as Resource>::Request, _: &Kept<()>, _: &DisplayHandle, _: &mut DataInit<'_, State>,
            ) {}
        }
    )* };
}
pub(crate) use deaf;

plain_global!(ZxdgDecorationManagerV1);

/// The server draws the decorations, of which there are none.
impl Dispatch<ZxdgDecorationManagerV1, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &ZxdgDecorationManagerV1,
        request: zxdg_decoration_manager_v1::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let zxdg_decoration_manager_v1::Request::GetToplevelDecoration { id, .. } = request {
            state.keep(init, id, ()).configure(Mode::ServerSide);
        }
    }
}

impl Dispatch<ZxdgToplevelDecorationV1, Kept<()>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        decoration: &ZxdgToplevelDecorationV1,
        request: zxdg_toplevel_decoration_v1::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let zxdg_toplevel_decoration_v1::Request::SetMode { .. } | zxdg_toplevel_decoration_v1::Request::UnsetMode =
            request
        {
            decoration.configure(Mode::ServerSide);
        }
    }
}

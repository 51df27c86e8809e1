//! The shape of the pointer, which people see as their own.

use crate::events::Event;
use crate::globals::plain_global;
use crate::state::{Kept, State};
use tandem_protocol::notice::CursorShape;
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::{self, Shape, WpCursorShapeDeviceV1};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::{self, WpCursorShapeManagerV1};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, WEnum};

plain_global!(WpCursorShapeManagerV1);

impl Dispatch<WpCursorShapeManagerV1, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpCursorShapeManagerV1,
        request: wp_cursor_shape_manager_v1::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wp_cursor_shape_manager_v1::Request::GetPointer { cursor_shape_device, .. }
            | wp_cursor_shape_manager_v1::Request::GetTabletToolV2 { cursor_shape_device, .. } => {
                state.keep(init, cursor_shape_device, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<WpCursorShapeDeviceV1, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WpCursorShapeDeviceV1,
        request: wp_cursor_shape_device_v1::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wp_cursor_shape_device_v1::Request::SetShape { shape: WEnum::Value(shape), .. } = request {
            state.tell(Event::Cursor(css(shape)));
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

//! Surfaces: what a client attached, and our private copy of it.

use crate::events::Rect;
use crate::shm::Buffer;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_protocols::xdg::shell::server::{xdg_popup::XdgPopup, xdg_surface::XdgSurface, xdg_toplevel::XdgToplevel};
use wayland_server::Resource;
use wayland_server::protocol::{wl_buffer::WlBuffer, wl_callback::WlCallback, wl_surface::WlSurface};

/// Names a surface for as long as the compositor lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u32);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    None,
    Toplevel,
    Popup,
    Subsurface,
    /// A cursor's or a dragged image: kept, never shown.
    Unseen,
}

/// Rows of BGRA without gaps.
#[derive(Default)]
pub(crate) struct Copy {
    pub(crate) pixels: Vec<u8>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

pub(crate) struct Surface {
    pub(crate) resource: WlSurface,
    pub(crate) role: Role,
    pub(crate) parent: Option<Id>,
    pub(crate) xdg: Option<XdgSurface>,
    pub(crate) toplevel: Option<XdgToplevel>,
    pub(crate) popup: Option<XdgPopup>,
    /// Logical place within the parent, and logical size of a pop-up.
    pub(crate) place: (i32, i32),
    pub(crate) size: (i32, i32),
    /// The window's part of the surface: x, y, width, height, logical.
    pub(crate) geometry: (i32, i32, i32, i32),
    pub(crate) scale: i32,
    /// Logical size by `wp_viewport`.
    pub(crate) destination: Option<(i32, i32)>,
    pub(crate) fractional: Option<WpFractionalScaleV1>,
    pub(crate) takes_input: bool,
    pub(crate) configured: bool,
    pub(crate) mapped: bool,
    pub(crate) copy: Copy,
    /// Until the next commit.
    pub(crate) attached: Option<Option<WlBuffer>>,
    pub(crate) buffer_damage: Rect,
    pub(crate) surface_damage: Rect,
    pub(crate) callbacks: Vec<WlCallback>,
}

impl Surface {
    pub(crate) fn new(resource: WlSurface) -> Surface {
        Surface {
            resource,
            role: Role::None,
            parent: None,
            xdg: None,
            toplevel: None,
            popup: None,
            place: (0, 0),
            size: (0, 0),
            geometry: (0, 0, 0, 0),
            scale: 1,
            destination: None,
            fractional: None,
            takes_input: true,
            configured: false,
            mapped: false,
            copy: Copy::default(),
            attached: None,
            buffer_damage: Rect::default(),
            surface_damage: Rect::default(),
            callbacks: Vec::new(),
        }
    }

    /// Logical width and height.
    pub(crate) fn logical_size(&self) -> (i32, i32) {
        self.destination.unwrap_or((self.copy.width / self.scale.max(1), self.copy.height / self.scale.max(1)))
    }

    /// Device pixels to a logical one.
    fn ratio(&self) -> f64 {
        match self.destination {
            Some((width, _)) if width > 0 => f64::from(self.copy.width) / f64::from(width),
            _ => f64::from(self.scale.max(1)),
        }
    }

    /// Takes what was attached over into the private copy; gives what changed, in the surface's device pixels.
    pub(crate) fn take_content(&mut self) -> Option<Rect> {
        let buffer_damage = std::mem::take(&mut self.buffer_damage);
        let surface_damage = std::mem::take(&mut self.surface_damage);
        let Some(buffer) = self.attached.take()? else {
            self.mapped = false;
            return Some(Rect { x: 0, y: 0, width: self.copy.width, height: self.copy.height });
        };
        let damage = match buffer.data::<Buffer>() {
            Some(Buffer::Shm { pool, offset, width, height, stride }) => {
                let resized = !self.mapped || (self.copy.width, self.copy.height) != (*width, *height);
                if resized {
                    self.copy = Copy {
                        pixels: vec![0; *width as usize * *height as usize * 4],
                        width: *width,
                        height: *height,
                    };
                }
                let all = Rect { x: 0, y: 0, width: *width, height: *height };
                let scaled = scale(surface_damage, self.ratio());
                let damage = if resized { all } else { buffer_damage.union(scaled).within(*width, *height) };
                for row in damage.y..damage.y + damage.height {
                    let from = offset + row as usize * stride + damage.x as usize * 4;
                    let start = (row as usize * *width as usize + damage.x as usize) * 4;
                    if !pool.read(from, &mut self.copy.pixels[start..start + damage.width as usize * 4]) {
                        break;
                    }
                }
                self.mapped = true;
                Some(damage)
            }
            Some(Buffer::Pixel(colour)) => {
                self.copy = Copy { pixels: colour.to_vec(), width: 1, height: 1 };
                self.mapped = true;
                Some(Rect { x: 0, y: 0, width: 1, height: 1 })
            }
            Some(Buffer::Refused) | None => None,
        };
        buffer.release();
        damage
    }
}

/// Surface damage in device pixels, outwards to whole ones.
fn scale(rect: Rect, ratio: f64) -> Rect {
    let down = |v: i32| (f64::from(v) * ratio).floor() as i32;
    let up = |v: i32, length: i32| (f64::from(v.saturating_add(length)) * ratio).ceil() as i32;
    let (x, y) = (down(rect.x), down(rect.y));
    Rect { x, y, width: up(rect.x, rect.width).saturating_sub(x), height: up(rect.y, rect.height).saturating_sub(y) }
}

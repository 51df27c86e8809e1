//! Surfaces: what a client attached, and our private copy of it.

use crate::events::Rect;
use crate::shm::Buffer;
use crate::state::Kept;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
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

/// Why there is no picture to take over.
pub(crate) enum NoPicture {
    /// The buffer's memory file is shorter than the client said.
    Lost(WlBuffer),
    /// There is no room for another picture of this size.
    TooLarge,
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
    /// Where in the surface its window begins (the window geometry): a shadow lies around it.
    pub(crate) corner: (i32, i32),
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
    pub(crate) feedback: Vec<WpPresentationFeedback>,
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
            corner: (0, 0),
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
            feedback: Vec::new(),
        }
    }

    /// Logical width and height.
    pub(crate) fn logical_size(&self) -> (i32, i32) {
        self.destination.unwrap_or((self.copy.width / self.scale, self.copy.height / self.scale))
    }

    /// Takes what was attached over into the private copy, and gives the buffer back. Tells what changed, in the surface's
    /// device pixels; none when nothing was attached. The copy may have up to `room` bytes.
    pub(crate) fn take_content(&mut self, room: usize) -> Result<Option<Rect>, NoPicture> {
        let buffer_damage = std::mem::take(&mut self.buffer_damage);
        let surface_damage = std::mem::take(&mut self.surface_damage);
        let Some(attached) = self.attached.take() else { return Ok(None) };
        let Some(resource) = attached else {
            self.mapped = false;
            return Ok(Some(Rect { x: 0, y: 0, width: self.copy.width, height: self.copy.height }));
        };
        // A buffer that was destroyed after it was attached, or refused: the picture stays.
        let Some(Kept { value: Some(buffer), .. }) = resource.data::<Kept<Option<Buffer>>>() else { return Ok(None) };
        let (width, height) = (buffer.width, buffer.height);
        let all = Rect { x: 0, y: 0, width, height };
        let is_new = !self.mapped || (self.copy.width, self.copy.height) != (width, height);
        if is_new {
            let size = width as usize * height as usize * 4;
            if size > room {
                return Err(NoPicture::TooLarge);
            }
            self.copy = Copy { pixels: vec![0; size], width, height };
        }
        let across =
            self.destination.map_or(f64::from(self.scale), |(logical, _)| f64::from(width) / f64::from(logical));
        let damage =
            if is_new { all } else { buffer_damage.union(surface_damage.scaled(across)).within(width, height) };
        if !damage.is_empty() && buffer.read(damage, &mut self.copy.pixels).is_err() {
            return Err(NoPicture::Lost(resource));
        }
        self.mapped = true;
        resource.release();
        Ok(Some(damage))
    }
}

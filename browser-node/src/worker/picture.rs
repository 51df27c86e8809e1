//! A picture as the encoder takes it, and how the compositor's pixels become one.

use openh264::formats::YUVSource;
use tandem_compositor::{PopupPicture, Rect, Scene};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

/// Planar YUV 4:2:0, BT.709 limited range, both sides even.
#[derive(Debug, Clone, Default)]
pub struct I420 {
    pub width: u32,
    pub height: u32,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// An area in picture pixels whose sides and place are even, so that it holds whole chroma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Area {
    /// The part of `rect` within a picture, grown to even numbers; none when nothing is left.
    pub fn within(rect: Rect, width: u32, height: u32) -> Option<Area> {
        if rect.width <= 0 || rect.height <= 0 {
            return None;
        }
        let clamp = |v: i64, side: u32| v.clamp(0, i64::from(side)) as u32;
        let left = clamp(i64::from(rect.x), width) & !1;
        let top = clamp(i64::from(rect.y), height) & !1;
        let right = ((clamp(i64::from(rect.x) + i64::from(rect.width), width) + 1) & !1).min(width);
        let bottom = ((clamp(i64::from(rect.y) + i64::from(rect.height), height) + 1) & !1).min(height);
        (left < right && top < bottom).then(|| Area { x: left, y: top, width: right - left, height: bottom - top })
    }

    pub fn whole(width: u32, height: u32) -> Area {
        Area { x: 0, y: 0, width, height }
    }

    /// The smallest area that holds both.
    pub fn union(self, other: Area) -> Area {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Area { x, y, width: right - x, height: bottom - y }
    }
}

impl I420 {
    /// A black picture.
    pub fn new(width: u32, height: u32) -> I420 {
        let luma = width as usize * height as usize;
        I420 { width, height, y: vec![16; luma], u: vec![128; luma / 4], v: vec![128; luma / 4] }
    }

    /// Takes an area over from a picture of the same size.
    pub fn copy_area(&mut self, from: &I420, area: Area) {
        let plane = |to: &mut [u8], from: &[u8], stride: u32, x: u32, y: u32, width: u32, height: u32| {
            for row in y..y + height {
                let start = (row * stride + x) as usize;
                let end = start + width as usize;
                to[start..end].copy_from_slice(&from[start..end]);
            }
        };
        let Area { x, y, width, height } = area;
        plane(&mut self.y, &from.y, self.width, x, y, width, height);
        plane(&mut self.u, &from.u, self.width / 2, x / 2, y / 2, width / 2, height / 2);
        plane(&mut self.v, &from.v, self.width / 2, x / 2, y / 2, width / 2, height / 2);
    }

    /// Whether an area is another one in a picture of the same size.
    pub fn differs(&self, from: &I420, area: Area) -> bool {
        let plane = |one: &[u8], other: &[u8], stride: u32, x: u32, y: u32, width: u32, height: u32| {
            (y..y + height).any(|row| {
                let start = (row * stride + x) as usize;
                let end = start + width as usize;
                one[start..end] != other[start..end]
            })
        };
        let Area { x, y, width, height } = area;
        plane(&self.y, &from.y, self.width, x, y, width, height)
            || plane(&self.u, &from.u, self.width / 2, x / 2, y / 2, width / 2, height / 2)
            || plane(&self.v, &from.v, self.width / 2, x / 2, y / 2, width / 2, height / 2)
    }

    /// Converts an area of the scene into this picture, with pop-ups on top, or with boxes in their places.
    pub fn draw(&mut self, scene: &Scene<'_>, area: Area, popups: Popups, scratch: &mut Vec<u8>) {
        let root = &scene.root;
        let origin = area.y as usize * root.stride + area.x as usize * 4;
        if scene.popups.is_empty() {
            self.convert(&root.pixels[origin..], root.stride, area);
            return;
        }
        scratch.clear();
        for row in 0..area.height as usize {
            let start = origin + row * root.stride;
            scratch.extend_from_slice(&root.pixels[start..start + area.width as usize * 4]);
        }
        for popup in scene.popups {
            blend(scratch, area, popup, popups);
        }
        self.convert(scratch, area.width as usize * 4, area);
    }

    fn convert(&mut self, bgra: &[u8], stride: usize, area: Area) {
        let luma = (area.y * self.width + area.x) as usize;
        let chroma = (area.y / 2 * (self.width / 2) + area.x / 2) as usize;
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.y[luma..]),
            y_stride: self.width,
            u_plane: BufferStoreMut::Borrowed(&mut self.u[chroma..]),
            u_stride: self.width / 2,
            v_plane: BufferStoreMut::Borrowed(&mut self.v[chroma..]),
            v_stride: self.width / 2,
            width: area.width,
            height: area.height,
        };
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        // Fails only when a plane is too small for its size, which `I420::new` and `Area::within` rule out.
        if let Err(error) = bgra_to_yuv420(&mut planes, bgra, stride as u32, range, matrix, YuvConversionMode::Balanced)
        {
            tracing::error!(%error, "picture not converted");
        }
    }
}

/// What is seen of pop-ups: lists, menus and pickers, which are not part of the page's picture and so not of its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Popups {
    Shown,
    /// Only where they are.
    Boxed,
}

/// The colour (blue, green, red) of a box.
const BOX: [u8; 3] = [0xeb, 0xe7, 0xe5];

/// Lays a pop-up (premultiplied alpha, Wayland's ARGB8888) over BGRA rows that hold `area` of the picture.
fn blend(rows: &mut [u8], area: Area, popup: &PopupPicture<'_>, popups: Popups) {
    let (left, top) = (i64::from(popup.x) - i64::from(area.x), i64::from(popup.y) - i64::from(area.y));
    let columns = (-left).clamp(0, i64::from(popup.picture.width))
        ..(i64::from(area.width) - left).clamp(0, i64::from(popup.picture.width));
    if columns.is_empty() {
        return;
    }
    for row in 0..i64::from(popup.picture.height) {
        let y = row + top;
        if !(0..i64::from(area.height)).contains(&y) {
            continue;
        }
        let from = &popup.picture.pixels[row as usize * popup.picture.stride..];
        let from = &from[columns.start as usize * 4..columns.end as usize * 4];
        let start = (y as usize * area.width as usize + (columns.start + left) as usize) * 4;
        let to = &mut rows[start..start + from.len()];
        for (to, from) in to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0) {
            let through = 255 - u32::from(from[3]);
            // Its shadow is no part of the box.
            if popups == Popups::Boxed {
                if through == 0 {
                    to[..3].copy_from_slice(&BOX);
                }
                continue;
            }
            for c in 0..3 {
                to[c] = (u32::from(from[c]) + u32::from(to[c]) * through / 255).min(255) as u8;
            }
        }
    }
}

impl YUVSource for I420 {
    fn dimensions(&self) -> (usize, usize) {
        (self.width as usize, self.height as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        let (luma, chroma) = (self.width as usize, self.width as usize / 2);
        (luma, chroma, chroma)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_even_and_inside() {
        for (rect, expected) in [
            ((0, 0, 10, 10), Some((0, 0, 10, 10))),
            ((3, 5, 1, 1), Some((2, 4, 2, 2))),
            ((-5, -5, 6, 6), Some((0, 0, 2, 2))),
            ((99, 99, 50, 50), Some((98, 98, 2, 2))),
            ((100, 0, 5, 5), None),
            ((5, 5, 0, 5), None),
            ((i32::MAX, i32::MAX, i32::MAX, i32::MAX), None),
        ] {
            let (x, y, width, height) = rect;
            let area = Area::within(Rect { x, y, width, height }, 100, 100);
            assert_eq!(area.map(|a| (a.x, a.y, a.width, a.height)), expected, "{rect:?}");
        }
    }

    #[test]
    fn copying_an_area_leaves_the_rest() {
        let (mut to, from) =
            (I420::new(8, 8), I420 { y: vec![200; 64], u: vec![10; 16], v: vec![20; 16], ..I420::new(8, 8) });
        to.copy_area(&from, Area { x: 2, y: 4, width: 2, height: 2 });
        assert_eq!(to.y.iter().filter(|v| **v == 200).count(), 4);
        assert_eq!((to.y[4 * 8 + 2], to.u[2 * 4 + 1], to.v[2 * 4 + 1]), (200, 10, 20));
        assert_eq!(to.u.iter().filter(|v| **v == 10).count(), 1);
    }
}

use std::time::Instant;
use tandem_protocol::notice::{CursorShape, Field};

/// Logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// Device pixels, in the root picture's coordinates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Rect {
    pub(crate) fn is_empty(self) -> bool {
        self.width <= 0 || self.height <= 0
    }

    /// The smallest rectangle that holds both; an empty one counts for nothing.
    pub(crate) fn union(self, other: Rect) -> Rect {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = self.x.saturating_add(self.width).max(other.x.saturating_add(other.width));
        let bottom = self.y.saturating_add(self.height).max(other.y.saturating_add(other.height));
        Rect { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }

    /// In pixels of another size, grown outwards to whole ones.
    pub(crate) fn scaled(self, factor: f64) -> Rect {
        let down = |v: i32| (f64::from(v) * factor).floor() as i32;
        let up = |v: i32, length: i32| (f64::from(v.saturating_add(length)) * factor).ceil() as i32;
        let (x, y) = (down(self.x), down(self.y));
        Rect {
            x,
            y,
            width: up(self.x, self.width).saturating_sub(x),
            height: up(self.y, self.height).saturating_sub(y),
        }
    }

    /// The part within a picture.
    pub(crate) fn within(self, width: i32, height: i32) -> Rect {
        let (x, y) = (self.x.clamp(0, width), self.y.clamp(0, height));
        let right = self.x.saturating_add(self.width).clamp(x, width);
        let bottom = self.y.saturating_add(self.height).clamp(y, height);
        Rect { x, y, width: right - x, height: bottom - y }
    }
}

/// Rows of BGRA pixels, private to the compositor.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    pub pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
    pub width: u32,
    pub height: u32,
}

/// A surface that lies over the root: a list, a date picker, a tool tip. Its alpha is premultiplied.
#[derive(Debug, Clone, Copy)]
pub struct PopupPicture<'a> {
    /// Its upper left corner in device pixels of the root; negative when its shadow begins outside.
    pub x: i32,
    pub y: i32,
    pub picture: Picture<'a>,
}

/// What is to be seen after one commit.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The active window.
    pub root: Picture<'a>,
    /// From the lowest to the highest.
    pub popups: &'a [PopupPicture<'a>],
    /// What changed since the scene before, pop-ups that came, moved or went included.
    pub damage: Rect,
    /// When Chromium's commit was taken up.
    pub committed: Instant,
    /// Rises by one from scene to scene.
    pub sequence: u64,
}

/// What Chromium says of itself beside its picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Cursor(CursorShape),
    /// A text field has the focus, or none.
    TextField(Option<Field>),
    /// The active page has another title; the text itself is asked for where it is needed.
    Titled,
    /// Chromium closed its connection.
    Disconnected,
}

/// Where scenes and events go. Called on the compositor's thread, which it must not hold up for more than a millisecond
/// or two.
pub trait Sink: Send + 'static {
    /// What is to be seen changed.
    fn commit(&mut self, scene: Scene<'_>);

    fn event(&mut self, event: Event);

    /// The page put text on the clipboard; [`crate::Handle::clipboard`] fetches it.
    fn copied(&mut self) {}
}

/// The modifier keys that are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modifiers {
    pub shift: bool,
    pub control: bool,
    pub alt: bool,
    /// Num Lock: no key of ours depends on it, and every event that a page gets says whether it was on.
    pub num_lock: bool,
}

impl Modifiers {
    /// The masks of the keymap's real modifiers that are held and locked (xkb: Shift 0, Lock 1, Control 2, Mod1 3, Mod2 4).
    pub(crate) fn masks(self) -> (u32, u32) {
        let held = u32::from(self.shift) | u32::from(self.control) << 2 | u32::from(self.alt) << 3;
        (held, u32::from(self.num_lock) << 4)
    }
}

/// What a finger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchPhase {
    Down,
    Motion,
    Up,
    /// All fingers are taken back, and what they began with them.
    Cancel,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn damage_joins_and_stays_inside() {
        assert_eq!(rect(0, 0, 2, 2).union(rect(5, 5, 1, 1)), rect(0, 0, 6, 6));
        assert_eq!(Rect::default().union(rect(5, 5, 1, 1)), rect(5, 5, 1, 1));
        assert_eq!(rect(-5, 2, 10, i32::MAX).within(8, 8), rect(0, 2, 5, 6));
        assert!(rect(i32::MAX, 0, i32::MAX, 1).within(8, 8).is_empty());
        assert!(rect(3, 3, -1, 4).within(8, 8).is_empty());
        assert!(rect(i32::MIN, i32::MIN, i32::MAX, 5).within(8, 8).is_empty());
    }

    #[test]
    fn damage_grows_to_whole_pixels_when_scaled() {
        assert_eq!(rect(1, 1, 1, 1).scaled(1.5), rect(1, 1, 2, 2));
        assert_eq!(rect(-1, 0, 2, i32::MAX).scaled(2.0), rect(-2, 0, 4, i32::MAX));
        assert_eq!(rect(3, 5, 7, 9).scaled(1.0), rect(3, 5, 7, 9));
    }
}

//! Where a pop-up goes (xdg-shell, `xdg_positioner`): a pure function.

/// What a client says of a pop-up's place. Anchor and gravity are the protocol's numbers; all in logical pixels.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Positioner {
    pub(crate) size: (i32, i32),
    /// x, y, width, height within the parent.
    pub(crate) anchor_rect: (i32, i32, i32, i32),
    pub(crate) anchor: u32,
    pub(crate) gravity: u32,
    pub(crate) offset: (i32, i32),
    /// Bits: slide x, slide y, flip x, flip y, resize x, resize y.
    pub(crate) adjustment: u32,
}

/// Which side of something an edge number names, across (-1 left, 1 right) or down (-1 top, 1 bottom).
#[derive(Clone, Copy)]
enum Axis {
    X,
    Y,
}

impl Axis {
    /// xdg-shell: 1 top, 2 bottom, 3 left, 4 right, 5 top left, 6 bottom left, 7 top right, 8 bottom right.
    fn side(self, edge: u32) -> i32 {
        match (self, edge) {
            (Axis::X, 3 | 5 | 6) | (Axis::Y, 1 | 5 | 7) => -1,
            (Axis::X, 4 | 7 | 8) | (Axis::Y, 2 | 6 | 8) => 1,
            _ => 0,
        }
    }
}

/// The place (relative to the parent) and size of a pop-up. `parent` is where the parent is in a window of size `window`.
pub(crate) fn place(p: &Positioner, parent: (i32, i32), window: (i32, i32)) -> ((i32, i32), (i32, i32)) {
    let (rx, ry, rw, rh) = p.anchor_rect;
    let along = |axis: Axis, anchor: (i32, i32), size: i32, offset: i32, parent: i32, window: i32, bit: u32| {
        let (at, length) = anchor;
        let (anchor_side, gravity_side) = (axis.side(p.anchor), axis.side(p.gravity));
        let start = |flip: i32| {
            let edge = at + length / 2 * (anchor_side * flip + 1) + (length % 2) * i32::from(anchor_side * flip > 0);
            edge + size / 2 * (gravity_side * flip - 1) + offset * flip
        };
        let fits = |start: i32| start + parent >= 0 && start + parent + size <= window;
        let (mut start_at, mut size_now) = (start(1), size);
        if p.adjustment & 4 << bit != 0 && !fits(start_at) && fits(start(-1)) {
            start_at = start(-1);
        }
        if p.adjustment & 1 << bit != 0 && !fits(start_at) {
            start_at = start_at.min(window - size - parent).max(-parent);
        }
        if p.adjustment & 16 << bit != 0 && start_at + parent + size > window {
            size_now = window - start_at - parent;
        }
        (start_at, size_now.max(1))
    };
    let (x, width) = along(Axis::X, (rx, rw), p.size.0, p.offset.0, parent.0, window.0, 0);
    let (y, height) = along(Axis::Y, (ry, rh), p.size.1, p.offset.1, parent.1, window.1, 1);
    ((x, y), (width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_open_below_and_flip_slide_or_shrink_at_the_edge() {
        let below = Positioner {
            size: (100, 200),
            anchor_rect: (10, 20, 50, 30),
            anchor: 6,
            gravity: 8,
            ..Positioner::default()
        };
        let window = (800, 600);
        assert_eq!(place(&below, (0, 0), window), ((10, 50), (100, 200)));
        let low = Positioner { anchor_rect: (10, 500, 50, 30), ..below };
        assert_eq!(place(&low, (0, 0), window).0, (10, 530), "nothing is adjusted unasked");
        assert_eq!(place(&Positioner { adjustment: 8, ..low }, (0, 0), window).0, (10, 300), "flips above");
        assert_eq!(place(&Positioner { adjustment: 2, ..low }, (0, 0), window).0, (10, 400), "slides up");
        assert_eq!(place(&Positioner { adjustment: 32, ..low }, (0, 0), window), ((10, 530), (100, 70)), "shrinks");
        let right = Positioner { anchor_rect: (750, 20, 50, 30), adjustment: 1, ..below };
        assert_eq!(place(&right, (0, 0), window).0, (700, 50), "slides left");
        assert_eq!(place(&right, (40, 0), window).0, (660, 50), "the parent's place counts");
        let centred = Positioner { size: (20, 20), anchor_rect: (10, 10, 10, 10), ..Positioner::default() };
        assert_eq!(place(&centred, (0, 0), window).0, (5, 5));
    }
}

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The size of the cloud browser's page. The customer's device decides it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Viewport {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Picture pixels to one CSS pixel.
    #[serde(default = "one")]
    pub scale: f32,
}

fn one() -> f32 {
    1.0
}

impl Viewport {
    pub const DEFAULT: Viewport = Viewport { width: 1280, height: 720, scale: 1.0 };
    /// The largest picture that one core encodes in time (pixels).
    pub const MAX_PIXELS: f32 = 1920.0 * 1080.0;
    /// The narrowest a kiosk window of Chromium gets (CSS pixels); narrower phones get their width by emulation.
    pub const MIN_WIDTH: u32 = 320;
    pub const MIN_HEIGHT: u32 = 240;

    /// The nearest viewport that can be served: sides in range, scale 1 to 2, no more picture than `MAX_PIXELS`.
    pub fn clamped(self) -> Viewport {
        let width = self.width.clamp(Self::MIN_WIDTH, 1920);
        let height = self.height.clamp(Self::MIN_HEIGHT, 1920);
        let area = (width * height) as f32;
        let wanted = if self.scale.is_finite() { self.scale.clamp(1.0, 2.0) } else { 1.0 };
        if area > Self::MAX_PIXELS {
            let shrink = (Self::MAX_PIXELS / area).sqrt();
            let side = |s: u32| ((s as f32 * shrink) as u32).max(Self::MIN_HEIGHT);
            return Viewport { width: side(width), height: side(height), scale: 1.0 };
        }
        Viewport { width, height, scale: wanted.min((Self::MAX_PIXELS / area).sqrt()).max(1.0) }
    }

    /// Width and height of the picture in pixels, both even, as H.264 4:2:0 wants them.
    pub fn picture(self) -> (u32, u32) {
        let side = |s: u32| ((s as f32 * self.scale).round() as u32) & !1;
        (side(self.width), side(self.height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_device_gets_a_viewport_that_can_be_served() {
        for (w, h, s) in
            [(0, 0, 0.0), (390, 844, 3.0), (1280, 720, 1.0), (3840, 2160, 1.5), (99999, 1, f32::NAN), (1920, 1920, 2.0)]
        {
            let v = Viewport { width: w, height: h, scale: s }.clamped();
            let (pw, ph) = v.picture();
            assert!(v.width >= 320 && v.height >= 240 && (1.0..=2.0).contains(&v.scale), "{v:?}");
            assert!(pw as f32 * ph as f32 <= Viewport::MAX_PIXELS * 1.01, "{v:?}");
            assert_eq!((pw % 2, ph % 2), (0, 0));
        }
        assert_eq!(Viewport { width: 390, height: 844, scale: 3.0 }.clamped().picture(), (780, 1688));
    }
}

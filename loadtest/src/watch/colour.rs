//! Finds the colour that only secrets have, magenta, in a decoded picture: also faded, scaled or compressed.

/// How much both red and blue stand out above green (of 255) where something may be secret. Magenta faded to 10 % on
/// white has 25; whatever is grey has none, and what is blue or red lacks the other.
const STANDS_OUT: i32 = 13;
/// So much that the four pixels around a sample's own four show it as well: a viewer interpolates, and gives each of them
/// at least three sixteenths.
const SPREADS: i32 = STANDS_OUT * 16 / 3;
/// So many pixels of the picture are a secret, and no artefact of compression.
pub const LEAST: u32 = 12;

/// The colour planes of a picture in YUV 4:2:0, BT.709, limited range.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    pub u: &'a [u8],
    pub v: &'a [u8],
    /// Samples in a row, and bytes from one row to the next.
    pub width: usize,
    pub stride: usize,
}

/// How many pixels of the picture have the colour. Luma says nothing of it: by BT.709 (table 3, items 3.3 and 3.4) the
/// differences between red, green and blue come from the colour planes alone. Where a screen would have to clip them
/// they are larger here than on the screen.
pub fn secret_pixels(planes: Planes<'_>) -> u32 {
    let rows = planes.u.chunks(planes.stride.max(1)).zip(planes.v.chunks(planes.stride.max(1)));
    rows.map(|(u, v)| row(&u[..planes.width.min(u.len())], &v[..planes.width.min(v.len())])).sum()
}

fn row(u: &[u8], v: &[u8]) -> u32 {
    let pixels = u.iter().zip(v).map(|(&u, &v)| {
        let least = stands_out(u, v);
        4 * u32::from(least > STANDS_OUT) + 8 * u32::from(least > SPREADS)
    });
    pixels.sum()
}

/// The lesser of red − green and blue − green.
fn stands_out(u: u8, v: u8) -> i32 {
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    // In 1/256: R = y + 1.793 v, G = y − 0.213 u − 0.533 v, B = y + 2.112 u.
    let red = 595 * v + 55 * u;
    let blue = 595 * u + 136 * v;
    red.min(blue) >> 8
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub type Rgb = [f32; 3];
    const WHITE: Rgb = [255.0; 3];
    const MAGENTA: Rgb = [255.0, 0.0, 255.0];

    /// A picture in RGB, and as its planes.
    pub struct Drawing {
        pub width: usize,
        pub height: usize,
        pixels: Vec<Rgb>,
    }

    impl Drawing {
        pub fn new(width: usize, height: usize, colour: impl Fn(usize, usize) -> Rgb) -> Drawing {
            let pixels = (0..width * height).map(|i| colour(i % width, i / width)).collect();
            Drawing { width, height, pixels }
        }

        /// Lays a rectangle of a colour over it.
        pub fn rectangle(mut self, [x, y, width, height]: [usize; 4], colour: Rgb, opacity: f32) -> Drawing {
            for row in y..y + height {
                for pixel in &mut self.pixels[row * self.width + x..][..width] {
                    *pixel = std::array::from_fn(|i| pixel[i] + (colour[i] - pixel[i]) * opacity);
                }
            }
            self
        }

        /// Y, U and V, one after the other.
        pub fn yuv(&self) -> Vec<u8> {
            let byte = |value: f32| value.round().clamp(16.0, 240.0) as u8;
            let luma = |[r, g, b]: Rgb| 0.2126 * r + 0.7152 * g + 0.0722 * b;
            let mut planes: Vec<u8> = self.pixels.iter().map(|p| byte(16.0 + luma(*p) * 219.0 / 255.0)).collect();
            let mean = |x: usize, y: usize| -> Rgb {
                let at = |dx, dy| self.pixels[(y * 2 + dy) * self.width + x * 2 + dx];
                std::array::from_fn(|i| (at(0, 0)[i] + at(1, 0)[i] + at(0, 1)[i] + at(1, 1)[i]) / 4.0)
            };
            for (channel, scale) in [(2, 1.8556), (0, 1.5748)] {
                for y in 0..self.height / 2 {
                    planes.extend((0..self.width / 2).map(|x| {
                        let colour = mean(x, y);
                        byte(128.0 + (colour[channel] - luma(colour)) / scale * 224.0 / 255.0)
                    }));
                }
            }
            planes
        }

        fn found(&self) -> u32 {
            let (yuv, size) = (self.yuv(), self.width * self.height);
            let (u, v) = yuv[size..].split_at(size / 4);
            secret_pixels(Planes { u, v, width: self.width / 2, stride: self.width / 2 })
        }
    }

    pub fn page() -> Drawing {
        Drawing::new(320, 240, |_, _| WHITE)
    }

    pub fn with_secret(opacity: f32) -> Drawing {
        page().rectangle([41, 31, 160, 44], MAGENTA, opacity)
    }

    #[test]
    fn a_secret_is_found_whole_faded_scaled_and_as_thin_as_a_letter() {
        for opacity in [1.0, 0.5, 0.2, 0.1, 0.07] {
            assert!(with_secret(opacity).found() >= 160 * 44 - 700, "at {opacity}: {}", with_secret(opacity).found());
        }
        for (width, height) in [(80, 11), (20, 4), (6, 4), (4, 4)] {
            assert!(page().rectangle([41, 31, width, height], MAGENTA, 1.0).found() >= LEAST, "{width}×{height}");
        }
        // A stroke of a letter, and one pixel's width of a line at a half.
        assert!(page().rectangle([41, 31, 1, 12], MAGENTA, 1.0).found() >= LEAST);
        assert!(page().rectangle([41, 31, 60, 1], MAGENTA, 0.3).found() >= LEAST);
        // On what is not white, too.
        for ground in [[34.0, 34.0, 51.0], [204.0, 221.0, 238.0], [0.0; 3]] {
            let faded = Drawing::new(320, 240, |_, _| ground).rectangle([40, 30, 160, 44], MAGENTA, 0.25).found();
            assert!(faded >= LEAST, "on {ground:?}: {faded}");
        }
    }

    #[test]
    fn the_pages_own_colours_are_none() {
        let own: [Rgb; 8] = [
            [34.0, 34.0, 51.0],
            [204.0, 221.0, 238.0],
            [0.0, 0.0, 238.0],
            [0.0, 95.0, 204.0],
            [217.0, 48.0, 37.0],
            [255.0, 165.0, 0.0],
            [118.0, 118.0, 118.0],
            [0.0; 3],
        ];
        for colour in own {
            // Whole, and in stripes of a pixel, as text has them.
            let drawing = Drawing::new(320, 240, |x, y| if y > 120 && (x / 3 + y) % 2 == 0 { WHITE } else { colour });
            assert_eq!(drawing.found(), 0, "{colour:?}");
        }
        let gradient = Drawing::new(320, 240, |x, _| [255.0 - x as f32 / 7.0, 255.0 - x as f32 / 10.0, 255.0]);
        assert_eq!(gradient.found(), 0);
    }

    #[test]
    fn what_is_no_whole_picture_is_looked_at_as_far_as_it_goes() {
        assert_eq!(secret_pixels(Planes { u: &[], v: &[], width: 9, stride: 0 }), 0);
        assert_eq!(secret_pixels(Planes { u: &[230; 5], v: &[230; 3], width: 9, stride: 4 }), 36);
    }
}

//! The strip of cells in a frame's first rows, by which a frame proves that it was painted masked.

/// A session's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub(crate) [u32; 2]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Rows of the window above the page's picture (CSS pixels): the marker lives in them, and they are cropped away.
pub const STRIP: u32 = 4;
/// Sides of a cell (device pixels), and how many there are.
const CELL: usize = 3;
const CELLS: usize = 12;
const MAGIC: u16 = 0xa5c;
const MASKED: u16 = 1;
const SINGLE: u16 = 2;
/// How far a colour may be from what it stands for.
const TOLERANCE: u8 = 2;

/// What a frame shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// Everything: for the customer alone.
    Clear,
    /// Proved to show no secret, and made for the agent: what is hidden in it the customer is to see.
    Masked,
    /// Proved to show no secret, and there is none near: for all.
    All,
    /// Nothing hidden as far as it says, but that is not proved: for the customer alone.
    Unproved,
    /// Meant for the agent and not proved: for nobody.
    Broken,
    /// There is no marker: for the customer alone.
    Unmarked,
}

/// Judges the frames of one session in the order in which they were committed.
#[derive(Debug)]
pub struct Judge {
    key: Key,
    /// The counter of the last frame that was proved: none is taken twice.
    last: u64,
}

impl Judge {
    pub fn new(key: Key) -> Judge {
        Judge { key, last: 0 }
    }

    /// The number of the last frame that was proved; 0 before the first.
    pub fn proved(&self) -> u64 {
        self.last
    }

    /// `pixels` are the frame's BGRA rows, `stride` bytes each.
    pub fn judge(&mut self, pixels: &[u8], stride: usize) -> Shows {
        let Some(cells) = read(pixels, stride).filter(|cells| cells[0] == MAGIC) else { return Shows::Unmarked };
        let number = |cells: &[u16]| cells.iter().rev().fold(0u128, |n, cell| n << 12 | u128::from(*cell));
        let (counter, flags, tag) = (number(&cells[1..5]) as u64, cells[5], number(&cells[6..]));
        let proved = u128::from(tag_of(self.key, counter, flags)) == tag && counter > self.last;
        if proved {
            self.last = counter;
        }
        match (flags & MASKED != 0, flags & SINGLE != 0, proved) {
            (true, true, true) => Shows::All,
            (true, false, true) => Shows::Masked,
            (true, true, false) => Shows::Unproved,
            (true, false, false) => Shows::Broken,
            (false, ..) => Shows::Clear,
        }
    }
}

fn read(pixels: &[u8], stride: usize) -> Option<[u16; CELLS]> {
    let mut cells = [0; CELLS];
    for (i, cell) in cells.iter_mut().enumerate() {
        let at = CELL / 2 * stride + (i * CELL + CELL / 2) * 4;
        let [b, g, r] = *pixels.get(at..at + 3)?.first_chunk()?;
        for channel in [r, g, b] {
            let value = (channel.saturating_add(8)) / 17;
            if channel.abs_diff(value * 17) > TOLERANCE {
                return None;
            }
            *cell = *cell << 4 | u16::from(value);
        }
    }
    Some(cells)
}

/// HalfSipHash-2-4 with 64 bits of output over 48 bits of counter and 16 of flags; `page/tag.js` makes it.
fn tag_of(Key(key): Key, counter: u64, flags: u16) -> u64 {
    let mut v = [key[0], key[1] ^ 0xee, 0x6c79_6765 ^ key[0], 0x7465_6462 ^ key[1]];
    let rounds = |v: &mut [u32; 4], count| {
        for _ in 0..count {
            v[0] = v[0].wrapping_add(v[1]);
            v[1] = v[1].rotate_left(5) ^ v[0];
            v[0] = v[0].rotate_left(16);
            v[2] = v[2].wrapping_add(v[3]);
            v[3] = v[3].rotate_left(8) ^ v[2];
            v[0] = v[0].wrapping_add(v[3]);
            v[3] = v[3].rotate_left(7) ^ v[0];
            v[2] = v[2].wrapping_add(v[1]);
            v[1] = v[1].rotate_left(13) ^ v[2];
            v[2] = v[2].rotate_left(16);
        }
    };
    let message = counter & 0xffff_ffff_ffff | u64::from(flags) << 48;
    // The last word is the message's length in its upper byte.
    for word in [message as u32, (message >> 32) as u32, 8 << 24] {
        v[3] ^= word;
        rounds(&mut v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xee;
    rounds(&mut v, 4);
    let low = v[1] ^ v[3];
    v[1] ^= 0xdd;
    rounds(&mut v, 4);
    u64::from(low) | u64::from(v[1] ^ v[3]) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key([0x0302_0100, 0x0706_0504]);
    const STRIDE: usize = 64 * 4;

    fn strip(counter: u64, flags: u16, tag: u64) -> Vec<u8> {
        let digits = |number: u128, count: u32| (0..count).map(move |i| (number >> (12 * i) & 0xfff) as u16);
        let cells = [MAGIC].into_iter().chain(digits(counter.into(), 4)).chain([flags]).chain(digits(tag.into(), 6));
        let mut pixels = vec![0; STRIDE * CELL];
        for (i, cell) in cells.enumerate() {
            let [r, g, b] = [cell >> 8, cell >> 4 & 15, cell & 15].map(|v| v as u8 * 17);
            for row in 0..CELL {
                for column in 0..CELL {
                    let at = row * STRIDE + (i * CELL + column) * 4;
                    pixels[at..at + 3].copy_from_slice(&[b, g, r]);
                }
            }
        }
        pixels
    }

    /// The reference implementation's vectors for 64 bits, keys 00..07, input 00..07.
    #[test]
    fn the_hash_is_half_sip_hash() {
        let message = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]);
        let tag = tag_of(KEY, message & 0xffff_ffff_ffff, (message >> 48) as u16);
        assert_eq!(tag.to_le_bytes(), [0xed, 0xfe, 0xe8, 0x20, 0xbc, 0xe4, 0x85, 0x8c]);
    }

    #[test]
    fn a_frame_is_what_it_proves_and_only_once() {
        let mut judge = Judge::new(KEY);
        let mut judged = |counter, flags, tag| judge.judge(&strip(counter, flags, tag), STRIDE);
        let proof = |counter, flags| tag_of(KEY, counter, flags);
        assert_eq!(judged(10, 1, proof(10, 1)), Shows::Masked);
        assert_eq!(judged(10, 1, proof(10, 1)), Shows::Broken, "shown again");
        assert_eq!(judged(9, 1, proof(9, 1)), Shows::Broken, "older");
        assert_eq!(judged(11, 1, 0), Shows::Broken, "without a tag");
        assert_eq!(judged(11, 1, proof(11, 3)), Shows::Broken, "the flags are proved too");
        assert_eq!(judged(11, 0, 0), Shows::Clear);
        assert_eq!(judged(12, 3, 0), Shows::Unproved);
        assert_eq!(judged(12, 3, proof(12, 3)), Shows::All);
        assert_eq!(judge.judge(&strip(13, 1, tag_of(Key([1, 2]), 13, 1)), STRIDE), Shows::Broken, "another's key");
    }

    #[test]
    fn what_is_no_marker_is_none() {
        let mut judge = Judge::new(KEY);
        for pixels in [vec![], vec![0; 10], vec![255; STRIDE * 3], vec![9; STRIDE * 3]] {
            assert_eq!(judge.judge(&pixels, STRIDE), Shows::Unmarked);
        }
    }
}

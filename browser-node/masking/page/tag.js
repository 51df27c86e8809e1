// HalfSipHash-2-4 with 64 bits of output (J.-P. Aumasson, D. J. Bernstein) over a counter and flags; marker.rs checks it.

const rotate = (x, by) => (x << by) | (x >>> (32 - by));

/** The tag of a frame, low word first. `counter` has 48 bits, `flags` 16. */
function tagOf(counter, flags) {
  let v0 = KEY[0] | 0;
  let v1 = KEY[1] ^ 0xee;
  let v2 = 0x6c796765 ^ KEY[0];
  let v3 = 0x74656462 ^ KEY[1];
  const rounds = (count) => {
    for (; count > 0; count -= 1) {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    }
  };
  const low = counter % 2 ** 32 | 0;
  const high = Math.floor(counter / 2 ** 32) | (flags << 16);
  // The last word is the message's length in its upper byte.
  for (const word of [low, high, 8 << 24]) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xee;
  rounds(4);
  const first = v1 ^ v3;
  v1 ^= 0xdd;
  rounds(4);
  return [first >>> 0, (v1 ^ v3) >>> 0];
}

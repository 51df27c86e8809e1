// What was typed into hidden fields, so that it is known when it shows up again. Kept as keyed hashes: the extension's
// storage outlives a document, and holds nothing that could be read.

/** Shorter values are known only while their field holds them. */
const SHORTEST = 4;

/** Letters and digits alone, since pages show what was typed with other spaces and dashes. */
const normal = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

class Memory {
  /** Length → hashes of that length. */
  #hashes = new Map();
  #bases = KEY.map((word) => (word | 1) >>> 0);

  #hash(text) {
    return this.#bases.map((base) => {
      let hash = 0;
      for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, base) + text.charCodeAt(i) + 1) >>> 0;
      return hash;
    });
  }

  #add(length, hash) {
    if (!this.#hashes.has(length)) this.#hashes.set(length, new Set());
    this.#hashes.get(length).add(hash);
  }

  /** Takes over what other documents have learnt. */
  load(stored) {
    for (const key of Object.keys(stored)) {
      const [kind, length, hash] = key.split(':');
      if (kind === 'typed') this.#add(Number(length), hash);
    }
  }

  learn(value) {
    const text = normal(value);
    if (text.length < SHORTEST || text.length > 200) return;
    const hash = this.#hash(text).join('.');
    if (this.#hashes.get(text.length)?.has(hash)) return;
    this.#add(text.length, hash);
    chrome.storage.session.set({ [`typed:${text.length}:${hash}`]: 1 }).catch(() => {});
  }

  get isEmpty() {
    return this.#hashes.size === 0;
  }

  /** Whether a text holds anything that was typed. */
  knows(value) {
    const text = normal(value);
    for (const [length, hashes] of this.#hashes) {
      if (length > text.length) continue;
      const powers = this.#bases.map((base) => {
        let power = 1;
        for (let i = 1; i < length; i += 1) power = Math.imul(power, base) >>> 0;
        return power;
      });
      const now = this.#hash(text.slice(0, length));
      for (let end = length; ; end += 1) {
        if (hashes.has(now.join('.'))) return true;
        if (end >= text.length) break;
        for (const i of [0, 1]) {
          const without = (now[i] - Math.imul(powers[i], text.charCodeAt(end - length) + 1)) >>> 0;
          now[i] = (Math.imul(without, this.#bases[i]) + text.charCodeAt(end) + 1) >>> 0;
        }
      }
    }
    return false;
  }
}

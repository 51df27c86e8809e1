//! Going through a list by its first letters, as lists and menus do everywhere.

/** Letters that come sooner after one another are one word (milliseconds). */
const TOGETHER = 700;

export class Seek {
  #typed = '';
  #at = -Infinity;

  /** Another letter: the place of the text that begins with what was typed, from the one at `from` on; null where none does. The same place stays as long as it fits. */
  next(texts: readonly string[], key: string, from: number, now: number): number | null {
    this.#typed = this.isTyping(now) ? this.#typed + key : key;
    this.#at = now;
    const wanted = this.#typed.toLocaleLowerCase();
    const begin = this.#typed.length === 1 ? from + 1 : Math.max(from, 0);
    for (let i = 0; i < texts.length; i += 1) {
      const at = (begin + i) % texts.length;
      if (texts[at]?.trim().toLocaleLowerCase().startsWith(wanted)) return at;
    }
    return null;
  }

  /** Whether another letter would go on with the word: then a space belongs to it. */
  isTyping(now: number): boolean {
    return now - this.#at < TOGETHER;
  }
}

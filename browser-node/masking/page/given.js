// Files that the customer has chosen: what a field says of them is theirs alone, and so are their names wherever they show up, and
// pictures that the page makes of them.

/** Attributes by which an element draws something. */
const DRAWN = ['src', 'srcset', 'href', 'data', 'poster', 'style'];
/** A name of a file so long is no word that other pages have (characters). */
const LONG_NAME = 12;

const hasFiles = (field) => field.localName === 'input' && field.type === 'file' && field.files?.length > 0;
/** Whether an address is of something that a script has made, and not of an icon. */
const isMade = (text) => /(^|["'(\s,])blob:/.test(text) || (text.length > 1_000 && /(^|["'(\s,])data:/.test(text));

class Given {
  /** Whether files were chosen in this document. */
  any = false;
  #memory;

  constructor(memory) {
    this.#memory = memory;
  }

  /** Learns the names of what was chosen, and tells whether it is the first in this document. */
  learn(names) {
    for (const name of names) {
      this.#memory.learn(name);
      // A word that any page may have tells nothing; what has digits in it or is long tells which file it is.
      const stem = name.replace(/\.[^.]*$/, '');
      if (/\d/.test(stem) || stem.length >= LONG_NAME) this.#memory.learn(stem);
    }
    const isFirst = !this.any;
    this.any = true;
    return isFirst;
  }

  /** Whether an element may show what is in a file that was chosen. */
  mayShowIn(element) {
    if (!this.any || element.matches(SHEETS)) return false;
    if (element.localName === 'canvas') return true;
    return DRAWN.some((name) => isMade(element.getAttribute(name) ?? ''));
  }
}

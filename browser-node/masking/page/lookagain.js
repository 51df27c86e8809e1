// Looking a page through for what rules find by what stands around it: that may have come after the thing itself.

/** How often a page is looked through for what a rule finds by what stands around it, which may have changed (milliseconds). */
const LOOK_AGAIN = 250;

class LookAgain {
  #look;
  #next = 0;
  #timer = 0;

  /** `look` goes through the page. */
  constructor(look) {
    this.#look = look;
  }

  /** Looks now, or when it may be looked again. */
  soon() {
    const began = performance.now();
    if (began < this.#next) {
      this.#timer ||= setTimeout(() => {
        this.#timer = 0;
        this.soon();
      }, this.#next - began);
      return;
    }
    this.#look();
    // A page so large that this takes its time is looked through less often.
    const ended = performance.now();
    this.#next = ended + Math.max(LOOK_AGAIN, 10 * (ended - began));
  }
}

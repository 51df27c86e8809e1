// Has a frame audited after its layout and before its paint: a resize observer is called just then.

/** How often one frame can be audited anew. */
const PROBES = 6;
const WIDTHS = 16;

class Probes {
  #probes = [];
  #next = 0;

  /** Lie in `parent`, which is the guard's own and laid out. */
  constructor(parent, audit) {
    const observer = new ResizeObserver(audit);
    for (let i = 0; i < PROBES; i += 1) {
      // Each lies in the one before: a change to a deeper one is told again within the same frame.
      parent = ownElement(parent, 'visibility:hidden;width:1px;height:1px');
      observer.observe(parent);
      this.#probes.push(parent);
    }
  }

  /** Has this frame audited; begins anew with each frame. */
  probe(first) {
    if (first) this.#next = 0;
    const probe = this.#probes[this.#next];
    this.#next += 1;
    // Another width than the last few: a frame may be begun without being laid out, and then be begun again.
    if (probe) probe.style.width = `${(parseInt(probe.style.width, 10) % WIDTHS) + 1}px`;
  }
}

/** An element of the guard's, to which no style of the page's applies. */
function ownElement(parent, style) {
  const made = document.createElement('div');
  made.style.cssText = `all:initial;display:block;position:absolute;left:0;top:0;${style}`;
  return parent.appendChild(made);
}

// The marker: a strip of cells in the page's first rows that says of the very frame it is painted in whether it is masked.

/** Twelve cells of three device pixels: a constant, the counter (four), the flags, the tag (six). marker.rs reads them. */
const CELL = 3;
const MAGIC = 0xa5c;
const MASKED = 1;
/** No secret is near: one kind of frame is fit for all. */
const SINGLE = 2;
class Marker {
  #host;
  #box;
  #cells;
  #canary;
  #probes;
  #counter = 0;

  /** `audit` is called after layout and before paint of the frames that ask for it. */
  constructor(audit) {
    this.#host = document.createElement('div');
    this.#host.className = `${NAME}-marker`;
    this.#host.setAttribute('popover', 'manual');
    const root = this.#host.attachShadow({ mode: 'closed' });
    this.#box = ownElement(root, 'width:36px;height:3px');
    this.#cells = ownElement(this.#box, 'width:36px;height:3px;background:#000');
    this.#box.append(document.createElement('slot'));
    this.#probes = new Probes(this.#box, audit);
    this.#canary = document.createElement('i');
    this.#canary.className = `${NAME}-canary`;
    this.#host.append(this.#canary);
  }

  owns(node) {
    return node === this.#host || node === this.#canary;
  }

  /** Puts the marker above everything else. `false` while there is no document to put it in. */
  place(raise) {
    const root = document.documentElement;
    if (!root) return false;
    if (this.#host.parentNode !== root) root.append(this.#host);
    if (raise || !this.isPlaced()) {
      if (this.#host.matches(':popover-open')) this.#host.hidePopover();
      this.#host.showPopover();
    }
    const zoom = this.#host.currentCSSZoom * devicePixelRatio * visualViewport.scale;
    this.#box.style.zoom = Math.abs(zoom - 1) < 1e-6 ? '' : 1 / zoom;
    return true;
  }

  isPlaced() {
    return this.#host.isConnected && this.#host.matches(':popover-open');
  }

  /** Whether the rule that hides secrets hides the canary too. */
  isApplied() {
    return getComputedStyle(this.#canary).opacity === '0';
  }

  /** The number that was painted last. */
  get counter() {
    return this.#counter;
  }

  /** Has this frame audited after its layout; begins anew with each frame. */
  probe(first) {
    this.#probes.probe(first);
  }

  /** Paints a number that has never been before; with a tag when the frame is proved. */
  paint(flags, proved) {
    const now = Math.floor((performance.timeOrigin + performance.now()) * 4);
    this.#counter = Math.max(this.#counter + 1, now);
    const cells = [MAGIC];
    for (let i = 0, rest = this.#counter; i < 4; i += 1, rest = Math.floor(rest / 4096)) cells.push(rest % 4096);
    cells.push(flags);
    const [low, high] = proved ? tagOf(this.#counter, flags) : [0, 0];
    for (let i = 0, rest = (BigInt(high) << 32n) | BigInt(low); i < 6; i += 1, rest >>= 12n) cells.push(Number(rest & 4095n));
    const stops = cells.map((cell, i) => `#${cell.toString(16).padStart(3, '0')} ${i * CELL}px ${(i + 1) * CELL}px`);
    this.#cells.style.backgroundImage = `linear-gradient(to right,${stops})`;
  }
}

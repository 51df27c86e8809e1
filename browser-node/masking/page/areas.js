// Where something is hidden: drawn over the agent's picture as a hatch, and counted for the customer. It is cosmetic and may lag,
// so nothing is said while the page moves.

/** How long everything must have stood still (milliseconds). */
const SETTLED = 150;
/** More areas than anyone could tell apart. */
const MOST_AREAS = 64;
/** Smaller ones are not drawn (CSS pixels). */
const LEAST_SIDE = 6;

class Areas {
  #guards = [];
  #now = '[]';
  #told = '[]';
  #timer = 0;

  /** After the layout of a frame. */
  look(guards) {
    this.#guards = guards;
    const now = this.#measure();
    if (now === this.#now) return;
    this.#now = now;
    if (now === this.#told) return;
    if (this.#told !== '[]') this.#tell('[]');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), SETTLED);
  }

  /** The tab came to the front: the areas of the one before are forgotten. */
  again() {
    this.#now = this.#told = '[]';
  }

  #settle() {
    const now = this.#measure();
    if (now === this.#now) return this.#tell(now);
    this.#now = now;
    this.#timer = setTimeout(() => this.#settle(), SETTLED);
  }

  #tell(areas) {
    if (areas === this.#told) return;
    this.#told = areas;
    tell({ type: 'areas', areas: JSON.parse(areas) });
  }

  #measure() {
    const areas = [];
    for (const guard of this.#guards) {
      for (const secret of guard.near) {
        if (areas.length >= MOST_AREAS) break;
        const area = secret.isConnected && secret.matches(SECRETS) ? areaOf(secret) : null;
        if (area) areas.push(area);
      }
    }
    return JSON.stringify(areas);
  }
}

/** Left, top, width and height in the tab's window (CSS pixels); none of what is not in sight. */
function areaOf(element) {
  if (!element.checkVisibility({ visibilityProperty: true })) return null;
  const view = element.ownerDocument.defaultView;
  const box = element.getBoundingClientRect();
  let [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
  const [width, height] = [Math.min(box.right, view.innerWidth) - left, Math.min(box.bottom, view.innerHeight) - top];
  if (width < LEAST_SIDE || height < LEAST_SIDE) return null;
  const shown = element.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
  // What lies over it would be drawn over.
  if (shown && shown !== element && !element.contains(shown) && !shown.contains(element)) return null;
  for (let frame = view.frameElement; frame; frame = frame.ownerDocument.defaultView.frameElement) {
    const around = frame.getBoundingClientRect();
    left += around.left + frame.clientLeft;
    top += around.top + frame.clientTop;
  }
  return [left, top, width, height].map(Math.round);
}

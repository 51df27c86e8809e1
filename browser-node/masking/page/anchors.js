// What drawings hold on to: a drawing is anchored to what is under its first place, and goes where that goes. Only the top document's
// does it, and reaches into the documents within that can be reached. Nothing of this runs while nothing is drawn.
//
// Agents' drawings hold on to nothing hidden, nor to anything in it, since agents are told where anchors are. The customer's drawings are
// looked at: agents see one only if there is nothing hidden under it, nor within it, nor close to it.

/** So long after something has happened anchors are looked at in each frame; it goes on while they move (milliseconds). */
const AFTER = 400;
/** And so often in any case: what a style moves tells nobody (milliseconds). */
const AT_LEAST = 300;
/** As close to something hidden is as good as on it (CSS pixels). */
const CLOSE = 12;
/** Places are looked at so far from each other along a stroke (CSS pixels). */
const STEP = 6;
/** What holds more elements than this is not looked through: then agents see nothing. */
const MANY = 4000;
/** What opens something over the page. */
const LISTS = 'select,input[list],input[type=date],input[type=time],input[type=month],input[type=week],input[type=datetime-local],input[type=color]';
/** What moves things. */
const STIRRING = ['scroll', 'resize', 'transitionrun', 'transitionend', 'animationstart', 'animationend', 'toggle', 'load', 'pointerup', 'keyup', 'input'];

class Anchors {
  #guard;
  /** By the drawing's number: the element, the height that its box is taken to have if not its own, where the drawing began, what was told, and how it went. */
  #kept = new Map();
  #stirred = new Map();
  #until = 0;
  #frame = 0;
  #timer = 0;

  constructor(guard) {
    this.#guard = guard;
  }

  /** Anchors a drawing that begins at a place of the window; one that is not exact to the nearest thing that is not hidden. */
  begin(id, [[x, y]], exact) {
    const found = this.find(x, y, exact);
    const { element } = found;
    const box = element.getBoundingClientRect();
    const { documentElement, body } = element.ownerDocument;
    // What is added to the end of something large must move nothing that is drawn over it.
    const isLarge = box.height > innerHeight || element === documentElement || element === body;
    const one = { element, height: isLarge ? innerHeight : null, at: [0, 0], told: '', path: [], isClear: true };
    const frame = this.#frameOf(one) ?? [0, 0, 1, 1];
    one.at = [(x - frame[0]) / Math.max(frame[2], 1), (y - frame[1]) / Math.max(frame[3], 1)];
    this.#kept.set(id, one);
    if (exact) this.look(id, [[x, y]]);
    this.#listen();
    this.#tell([id]);
    this.#stir();
  }

  /** Looks at what is under the places that a customer's drawing went on over. */
  look(id, points) {
    const one = this.#kept.get(id);
    if (!one) return;
    try {
      const frame = this.#frameOf(one);
      const [left, top] = frame ?? [0, 0];
      if (!frame || this.isListOpen()) one.isClear = false;
      for (const [x, y] of points) {
        const [lastX, lastY] = one.path.at(-1) ?? [x - left, y - top];
        const steps = Math.max(1, Math.ceil(Math.hypot(x - left - lastX, y - top - lastY) / STEP));
        for (let i = 1; one.isClear && i <= steps; i += 1) {
          const part = i / steps;
          if (this.isHiddenAt(left + lastX + (x - left - lastX) * part, top + lastY + (y - top - lastY) * part)) one.isClear = false;
        }
        one.path.push([x - left, y - top]);
      }
    } catch {
      // A page may have put anything in the way: in doubt, it is hidden.
      one.isClear = false;
    }
  }

  /** Says whether agents may see a customer's drawing, which ends with these places. */
  judge(id, points) {
    this.look(id, points);
    const one = this.#kept.get(id);
    let clear = false;
    try {
      const frame = one ? this.#frameOf(one) : null;
      const path = frame && one.path.map(([x, y]) => [x + frame[0], y + frame[1]]);
      clear = path?.length > 0 && one.isClear && !this.hiddenBoxes().some((box) => touches(path, box));
    } catch {
      clear = false;
    }
    if (one) one.path = [];
    tell({ type: 'judged', id, clear });
  }

  forget(ids) {
    for (const id of ids) this.#kept.delete(id);
    if (this.#kept.size === 0) this.#rest();
  }

  /** What is at a place of this window, through frames and shadow roots. */
  find(x, y, exact) {
    let hit = deepestAt(x, y);
    if (hit && isOurs(hit)) hit = null;
    if (hit && !exact) for (let hider; (hider = this.#guard.hider(hit)); ) if (!(hit = hider.parentElement ?? hider.getRootNode().host ?? null)) break;
    const within = hit?.matches(FRAMES) ? guardOf(hit) : null;
    if (within) {
      const box = hit.getBoundingClientRect();
      const [inX, inY] = [x - box.x - hit.clientLeft, y - box.y - hit.clientTop];
      // On its border it is the frame itself.
      if (inX >= 0 && inY >= 0 && inX < hit.clientWidth && inY < hit.clientHeight) return within.anchors.find(inX, inY, exact);
    }
    return { element: hit ?? document.documentElement };
  }

  /** Whether a list or a calendar of something hidden may be open, which lies over the page and is none of its elements. */
  isListOpen() {
    const focus = deepFocus();
    const within = focus?.matches(FRAMES) ? guardOf(focus) : null;
    if (within) return within.anchors.isListOpen();
    return focus !== null && focus.matches(LISTS) && this.#guard.hides(focus);
  }

  /** Whether something hidden from agents is at a place of this window, or what is there cannot be told. */
  isHiddenAt(x, y) {
    const hit = deepestAt(x, y);
    if (!hit || this.#guard.hides(hit)) return true;
    const within = hit.matches(FRAMES) ? guardOf(hit) : null;
    if (!within) return false;
    const box = hit.getBoundingClientRect();
    return within.anchors.isHiddenAt(x - box.x - hit.clientLeft, y - box.y - hit.clientTop);
  }

  /** The boxes of all that is hidden, and of what is in it, in this window and those within; throws when it is too much. */
  hiddenBoxes(left = 0, top = 0) {
    if (!this.#guard.isReady) throw new Error('not known yet');
    const boxes = [];
    let count = 0;
    const roots = [document, ...[...this.#guard.roots].filter(([, host]) => host.isConnected).map(([root]) => root)];
    for (const root of roots) {
      for (const secret of root.querySelectorAll(SECRETS)) {
        for (const element of [secret, ...secret.querySelectorAll('*')]) {
          if ((count += 1) > MANY) throw new Error('too much is hidden');
          const box = element.getBoundingClientRect();
          if (box.width > 0 && box.height > 0) boxes.push([box.x + left, box.y + top, box.width, box.height]);
        }
      }
    }
    for (const frame of this.#guard.everyFrame()) {
      const within = guardOf(frame);
      if (!within) continue;
      const box = frame.getBoundingClientRect();
      boxes.push(...within.anchors.hiddenBoxes(left + box.x + frame.clientLeft, top + box.y + frame.clientTop));
    }
    return boxes;
  }

  /** An anchor's box in the top window, whether it is in sight or not; none of what is not painted. */
  #frameOf(one) {
    const { element } = one;
    if (!element.isConnected || !element.checkVisibility({ visibilityProperty: true })) return null;
    const box = element.getBoundingClientRect();
    // What scrolls in an element goes with it.
    let [x, y, width] = [box.x - element.scrollLeft, box.y - element.scrollTop, box.width];
    if (element === element.ownerDocument.documentElement) {
      const view = element.ownerDocument.defaultView;
      [x, y, width] = [-view.scrollX, -view.scrollY, view.innerWidth];
    }
    for (let frame = element.ownerDocument.defaultView?.frameElement; frame; frame = frame.ownerDocument.defaultView.frameElement) {
      const around = frame.getBoundingClientRect();
      x += around.x + frame.clientLeft;
      y += around.y + frame.clientTop;
    }
    return [x, y, width, one.height ?? box.height];
  }

  /** Whether the place at which a drawing began is cut off by something that scrolls, or by the window of a frame. */
  #isCutOff(one, frame) {
    let [x, y] = [frame[0] + one.at[0] * Math.max(frame[2], 1), frame[1] + one.at[1] * Math.max(frame[3], 1)];
    const views = [];
    for (let view = one.element.ownerDocument.defaultView; view !== window; view = view.parent) views.push(view);
    for (const view of views) {
      const around = view.frameElement.getBoundingClientRect();
      x -= around.x + view.frameElement.clientLeft;
      y -= around.y + view.frameElement.clientTop;
    }
    let node = one.element;
    for (const view of [...views, window]) {
      if (view !== window && (x < 0 || y < 0 || x > view.innerWidth || y > view.innerHeight)) return true;
      for (let isFixed = false; node && !isFixed; node = node.assignedSlot ?? node.parentElement ?? node.getRootNode().host) {
        const style = view.getComputedStyle(node);
        isFixed = style.position === 'fixed';
        const isRoot = node === view.document.documentElement || node === view.document.body;
        if (isRoot || (style.overflowX === 'visible' && style.overflowY === 'visible')) continue;
        const box = node.getBoundingClientRect();
        if (x < box.left - 1 || y < box.top - 1 || x > box.right + 1 || y > box.bottom + 1) return true;
      }
      if (view === window) break;
      const around = view.frameElement.getBoundingClientRect();
      x += around.x + view.frameElement.clientLeft;
      y += around.y + view.frameElement.clientTop;
      node = view.frameElement;
    }
    return false;
  }

  /** Whether agents may not know where an anchor is: it is hidden by now, or a frame that it is in. */
  #isHidden({ element }) {
    for (let node = element; node; node = node.ownerDocument.defaultView?.frameElement) {
      const guard = node.ownerDocument.defaultView?.[NAME]?.guard;
      if (!guard || guard.hides(node)) return true;
    }
    return false;
  }

  /** Tells where anchors are that have moved; true if any has. */
  #tell(ids) {
    const places = [];
    for (const id of ids) {
      const one = this.#kept.get(id);
      let [frame, hidden] = [null, true];
      try {
        frame = this.#frameOf(one);
        if (frame && this.#isCutOff(one, frame)) frame = null;
        hidden = this.#isHidden(one);
      } catch {
        frame = null;
      }
      const place = { id, frame: frame?.map((value) => Math.round(value * 10) / 10) ?? null, hidden };
      const now = JSON.stringify(place);
      if (now === one.told) continue;
      one.told = now;
      places.push(place);
    }
    if (places.length > 0) tell({ type: 'anchors', places });
    return places.length > 0;
  }

  /** Listeners added twice are one. */
  #listen() {
    const views = new Set([window]);
    for (const { element } of this.#kept.values()) {
      for (let view = element.ownerDocument.defaultView; view && view !== window; view = view.parent) views.add(view);
    }
    for (const view of views) {
      if (this.#stirred.has(view)) continue;
      const observer = new MutationObserver(this.#stir);
      observer.observe(view.document, { childList: true, subtree: true, attributes: true, characterData: true });
      for (const type of STIRRING) view.addEventListener(type, this.#stir, { capture: true, passive: true });
      this.#stirred.set(view, observer);
    }
  }

  #rest() {
    for (const [view, observer] of this.#stirred) {
      observer.disconnect();
      for (const type of STIRRING) view.removeEventListener(type, this.#stir, { capture: true });
    }
    this.#stirred.clear();
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #stir = () => {
    if (this.#kept.size === 0) return;
    this.#until = performance.now() + AFTER;
    this.#frame ||= requestAnimationFrame(this.#look);
    this.#wait();
  };

  #look = () => {
    this.#frame = 0;
    if (this.#kept.size === 0) return;
    if (this.#tell([...this.#kept.keys()])) this.#until = performance.now() + AFTER;
    if (performance.now() < this.#until) this.#frame = requestAnimationFrame(this.#look);
  };

  #wait() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      if (this.#kept.size === 0) return;
      // In a tab in the background nothing is painted, and nobody draws.
      if (!this.#frame && !document.hidden && this.#tell([...this.#kept.keys()])) this.#stir();
      this.#wait();
    }, AT_LEAST);
  }
}

/** Whether a box is touched by what a stroke goes round, or comes close to it. */
function touches(path, [left, top, width, height]) {
  const hull = hullOf(path);
  const corners = [
    [left - CLOSE, top - CLOSE],
    [left + width + CLOSE, top - CLOSE],
    [left + width + CLOSE, top + height + CLOSE],
    [left - CLOSE, top + height + CLOSE],
  ];
  // Two shapes without a bay are apart if one of their sides has all of the other beyond it.
  const axes = [[1, 0], [0, 1]];
  for (let i = 0; i < hull.length; i += 1) {
    const [[x, y], [nextX, nextY]] = [hull[i], hull[(i + 1) % hull.length]];
    axes.push([y - nextY, nextX - x]);
  }
  return !axes.some(([x, y]) => {
    const along = (points) => points.map((point) => point[0] * x + point[1] * y);
    const [a, b] = [along(hull), along(corners)];
    return Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a);
  });
}

/** The shape without a bay around all places (A. M. Andrew's monotone chain). */
function hullOf(path) {
  const points = [...path].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (points.length < 3) return points;
  const half = (row) => {
    const kept = [];
    for (const point of row) {
      while (kept.length > 1) {
        const [a, b] = kept.slice(-2);
        if ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0) break;
        kept.pop();
      }
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return [...half(points), ...half(points.reverse())];
}

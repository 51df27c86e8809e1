// When the page paints clear and when masked. Of the top document alone.
//
// It rests clear while a secret is near, and a masked frame is one shot: the frame after it is clear again. With no secret
// near it rests masked, and each audited frame is fit for all.

/** How long it alternates by itself after the node asked for it (milliseconds). */
const LEASE = 300;
/**
 * After so many masked frames, each with one clear frame after it, come two clear ones. Chromium may draw only every second
 * frame that a page paints, as it does for pages with frames within frames of other sites: those would all be of one kind.
 */
const STREAK = 5;

class Phases {
  #marker = new Marker(() => this.#audit());
  #areas = new Areas();
  #guards = [];
  #masked = true;
  #streak = 0;
  #single = false;
  #lease = performance.now() + LEASE;
  #wanted = true;
  #raise = true;
  #auditing = false;
  #proved = false;
  #frame = 0;
  /** What waits until the node has seen a frame in which it is hidden: `{ then, counter }`, the counter once there is one. */
  #closing = [];

  constructor(guard) {
    this.guard = guard;
    for (const type of ['beforetoggle', 'toggle', 'fullscreenchange']) addEventListener(type, (event) => this.#entered(event), true);
    document.addEventListener('visibilitychange', () => this.#shown());
    visualViewport.addEventListener('resize', () => this.#scaled());
    addEventListener('load', () => this.#scaled());
    this.#schedule();
  }

  /** The tab came to the front, of which nobody has seen anything lately. */
  #shown() {
    if (document.hidden) return;
    this.#areas.again();
    this.guard.gate.tellFocus();
    this.shot();
  }

  /** The page is shown at another size, and the marker has to be at its own. Larger it is never to be: that is the viewers' own, who would see only a part of it here. */
  #scaled() {
    this.shot();
    if (visualViewport.width < Math.max(innerWidth, document.documentElement?.clientWidth ?? 0) - 1) tell({ type: 'enlarged' });
  }

  owns(node) {
    return this.#marker.owns(node);
  }

  /** The whole page is the agent's to see, as far as nothing in it is hidden. */
  isOpen = true;

  tell(what) {
    tell(what);
  }

  typed() {}

  /** Calls back when what is hidden from now on is hidden in every frame that the agent may still be shown. */
  closed(then) {
    this.#closing.push({ then, counter: null });
    this.shot();
  }

  /** The node has seen the frame of this number, or a later one, proved. */
  passed(counter) {
    const passed = this.#closing.filter((one) => one.counter !== null && one.counter <= counter);
    this.#closing = this.#closing.filter((one) => !passed.includes(one));
    for (const { then } of passed) then();
  }

  /** Something may have come into the top layer, above the marker. */
  #entered(event) {
    if (this.owns(event.target)) return;
    this.#raise = true;
    this.shot();
  }

  /** Asks for one masked frame. */
  shot() {
    this.#wanted = true;
    this.#schedule();
  }

  /** Asks for masked frames for a while. */
  lease() {
    this.#lease = performance.now() + LEASE;
    this.#schedule();
  }

  /** The page changed. `near` says that it is about what is near. */
  dirtied(near) {
    this.touched();
    if (near || this.#single) this.shot();
  }

  /** Something changed that a style may depend on: a frame that was proved is no longer, until it is audited again. */
  touched() {
    if (!this.#auditing || !this.#proved) return;
    this.#paint(false);
    this.#marker.probe(false);
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#before());
  }

  #paint(proved) {
    this.#proved = proved;
    this.#marker.paint((this.#masked ? MASKED : 0) | (this.#single ? SINGLE : 0), proved);
  }

  #collect() {
    this.#guards = [this.guard];
    for (const guard of this.#guards) this.#guards.push(...guard.frames());
  }

  #before() {
    this.#frame = 0;
    this.#collect();
    for (const guard of this.#guards) guard.refresh();
    const running = performance.now() < this.#lease;
    const wanted = this.#wanted || this.#closing.length > 0;
    let audited = false;
    const isReady = this.#guards.every((guard) => guard.isReady);
    this.#single = isReady && !this.#guards.some((guard) => guard.hasNear());
    if (!isReady) {
      this.#masked = false;
    } else if (this.#single) {
      this.#masked = true;
      audited = running || wanted;
      this.#wanted = false;
    } else {
      audited = !this.#masked && (running || wanted) && this.#streak < STREAK;
      if (audited) this.#streak += 1;
      else if (!this.#masked) this.#streak = 0;
      this.#masked = audited;
      if (audited) this.#wanted = false;
    }
    if (!this.#marker.place(this.#raise)) return this.#schedule();
    this.#raise = false;
    for (const guard of this.#guards) guard.set(!this.#masked);
    this.#auditing = audited;
    this.#paint(false);
    if (audited) this.#marker.probe(true);
    if (running || audited || this.#wanted || this.#closing.length > 0) this.#schedule();
  }

  #audit() {
    if (!this.#auditing) return;
    this.#collect();
    let good = true;
    for (const guard of this.#guards) {
      guard.set(false);
      good = guard.audit() && good;
    }
    good &&= this.#marker.isApplied() && this.#marker.isPlaced();
    // What the audit itself has changed is no change of the page's.
    for (const guard of this.#guards) guard.observer.takeRecords();
    this.#paint(good);
    if (!good) return;
    this.#areas.look(this.#guards);
    const closing = this.#closing.filter((one) => one.counter === null);
    for (const one of closing) one.counter = this.#marker.counter;
    if (closing.length > 0) tell({ type: 'closing', counter: this.#marker.counter });
  }
}

// A document of another site in a frame. The page around it cannot reach it, and another process paints it, at times of its
// own. So its guard (the guest) and that of the page around (the host, guests.js) agree before anything shows:
//
// A guest begins covered: it paints nothing. Its host closes the frame, which is then hidden whole from the agent, and says so
// once that is certain for every frame to come. Only then the guest uncovers itself. As long as it has no secret it paints
// masked for everybody; when it is complete it says that it has none, and the host opens the frame to the agent. When a secret
// comes up later, the customer too does not see it until the host has closed the frame again. A guest that has once shown the
// customer a secret is never opened again.

/** What sets a guest's first message apart from all else that is signed: a marker's flags are smaller. */
const HELLO = 0x40;
/** How long a guest waits for its host before it asks again (milliseconds). */
const ASK_AGAIN = 200;

/** In the place of `Phases`, for a document in a frame of another site and for those within that it can reach. */
class Guest {
  #guard;
  #port = null;
  /** The end of the channel that the host was last offered. */
  #asked = null;
  #box = document.createElement('div');
  #probes;
  #cover = new MutationObserver(() => this.#keepCovered());
  #isCovered = true;
  /** The host has closed the frame for good, unless it is told again that there is no secret. */
  #isClosed = false;
  #isVouched = false;
  #isClear = false;
  #waiting = [];
  #frame = 0;

  constructor(guard) {
    this.#guard = guard;
    this.#box.style.cssText = 'all:initial;display:block;position:fixed;left:0;top:0;width:0;height:0;visibility:hidden;pointer-events:none';
    this.#probes = new Probes(this.#box.attachShadow({ mode: 'closed' }), () => this.#audit());
    this.#keepCovered();
    this.#cover.observe(document, { childList: true, subtree: true, attributeFilter: ['style'] });
    guard.set(false);
    this.#greet();
    this.#schedule();
  }

  /** Whether the agent may see and press what is in it. */
  get isOpen() {
    return this.#isVouched;
  }

  owns(node) {
    return node === this.#box;
  }

  dirtied() {
    this.#schedule();
  }

  touched() {
    this.#schedule();
  }

  /** Calls back when the agent sees nothing of this document, and of the frames in it. */
  closed(then) {
    if (this.#isClosed) return then();
    this.#waiting.push(then);
    this.#schedule();
  }

  /** Tells the node, by way of the host. */
  tell(what) {
    this.#port?.postMessage(what);
  }

  /** The customer typed into a hidden field: nobody may press anything around it either. */
  typed() {
    this.tell({ type: 'typing' });
  }

  /** A script's own important style on the root would be seen here before it is painted. */
  #keepCovered() {
    const style = document.documentElement?.style;
    if (!style || (style.opacity === '0' && style.getPropertyPriority('opacity') === 'important')) return;
    style.setProperty('opacity', '0', 'important');
    style.setProperty('transition-property', 'none', 'important');
    style.setProperty('animation-name', 'none', 'important');
  }

  #uncover() {
    if (!this.#isCovered) return;
    this.#isCovered = false;
    this.#cover.disconnect();
    for (const property of ['opacity', 'transition-property', 'animation-name']) document.documentElement?.style.removeProperty(property);
  }

  /** The host hears it before its page does. It may not be there yet, or be written anew. */
  #greet() {
    if (this.#port) return;
    const { port1, port2 } = new MessageChannel();
    this.#asked = port1;
    port1.onmessage = ({ data }) => {
      // The host knows the last one alone.
      if (port1 !== this.#asked) return;
      this.#port = port1;
      if ('listens' in Object(data)) return window[NAME].outline.want(data.listens);
      if (data.reach) return window[NAME].outline.reach(data.reach);
      if (data.choice) return this.#guard.pickers.choose(data.number, data.choice, data.isCustomers);
      if (data !== 'closed') return;
      this.#isClosed = true;
      this.#uncover();
      for (const then of this.#waiting.splice(0)) then();
      this.#schedule();
    };
    const [number] = crypto.getRandomValues(new Uint32Array(1));
    parent.postMessage([NAME, number, ...tagOf(number, HELLO)].join(), '*', [port2]);
    setTimeout(() => this.#greet(), ASK_AGAIN);
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#before());
  }

  #guards() {
    const guards = [this.#guard];
    for (const guard of guards) guards.push(...guard.frames());
    return guards;
  }

  #before() {
    this.#frame = 0;
    for (const guard of this.#guards()) guard.set(this.#isClear);
    if (this.#isClear) return;
    const root = document.documentElement;
    if (!root) return this.#schedule();
    if (this.#box.parentNode !== root) root.append(this.#box);
    this.#probes.probe(true);
  }

  /** After layout and before paint, as in masked frames of the page around. */
  #audit() {
    if (this.#isClear) return;
    const guards = this.#guards();
    for (const guard of guards) guard.set(false);
    const areHidden = guards.every((guard) => guard.audit());
    const haveNone = areHidden && !guards.some((guard) => guard.hasSecrets());
    for (const guard of guards) guard.observer.takeRecords();
    if (haveNone) {
      if (this.#isClosed && document.readyState === 'complete') {
        this.#isClosed = false;
        this.#isVouched = true;
        this.tell('none');
      }
      // A field's value can be set without a trace.
      if (this.#isVouched && guards.some((guard) => guard.hasFields())) this.#schedule();
    } else if (this.#isVouched) {
      this.#isVouched = false;
      this.tell('some');
      if (!areHidden) {
        this.#isCovered = true;
        this.#keepCovered();
      }
    } else if (this.#isClosed && guards.every((guard) => guard.isReady) && guards.some((guard) => guard.hasSecrets(true))) {
      this.#isClear = true;
      this.tell('some');
      this.#schedule();
    }
  }
}

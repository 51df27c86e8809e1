// What a document's guard knows of the documents of other sites in its frames (guest.js).

class Guests {
  #guard;
  #phases;
  #turn;
  /** By their frame's window. */
  #guests = new Map();
  /** Frames that the agent may have been shown since they were last seen to be closed. */
  #exposed = new WeakSet();
  /** Somebody wants to hear what is on the page. */
  #isHeard = false;

  /** `phases` gives those that the document is painted by. */
  constructor(guard, phases, turn) {
    this.#guard = guard;
    this.#phases = phases;
    this.#turn = turn;
  }

  /** What is known of the document in this frame. */
  guestIn(frame) {
    return this.#guests.get(frame.contentWindow) ?? null;
  }

  /** Has what is within told to people who do not see it, or not any more. */
  listen(isHeard) {
    if (isHeard === this.#isHeard) return;
    this.#isHeard = isHeard;
    for (const { port } of this.#guests.values()) port.postMessage({ listens: isHeard });
    for (const guard of this.#guard.frames()) guard.guests.listen(isHeard);
  }

  /** Whether the document in this frame has no secret, so that the agent may see it. */
  haveNone(frame) {
    return this.#guests.get(frame.contentWindow)?.hasNone === true;
  }

  /** Whether it has not yet said whether it has any. */
  isPending(frame) {
    const guest = this.#guests.get(frame.contentWindow);
    return guest ? guest.hasNone === null : document.readyState !== 'complete';
  }

  expose(frame) {
    this.#exposed.add(frame);
  }

  /** Takes a guest's first message, before the page hears it. Only a guard of this session can sign one. */
  hear = (event) => {
    const { data, source, ports } = event;
    if (typeof data !== 'string' || !data.startsWith(`${NAME},`)) return;
    event.stopImmediatePropagation();
    const [number, low, high] = data.split(',').slice(1).map(Number);
    const tag = tagOf(number, HELLO);
    if (!source || ports.length !== 1 || tag[0] !== low || tag[1] !== high) return;
    this.#guests.get(source)?.port.close();
    const guest = { port: ports[0], hasNone: null, outline: null, numbers: new Map() };
    this.#guests.set(source, guest);
    guest.port.onmessage = ({ data: what }) => this.#said(source, guest, what);
    // What comes after it says so itself; or it is a page of Chromium's own, of which the agent sees nothing.
    guest.port.onclose = () => {
      if (this.#guests.get(source) !== guest) return;
      this.#guests.delete(source);
      this.#guard.pickers.passOn(guest.port, null);
      this.#phases()?.dirtied(true);
    };
    guest.port.postMessage('heard');
    if (this.#isHeard) guest.port.postMessage({ listens: true });
    this.#close(source, guest);
  };

  #said(source, guest, what) {
    if (this.#guests.get(source) !== guest) return;
    const phases = this.#phases();
    if (what === 'none' || what === 'some') {
      guest.hasNone = what === 'none';
      if (what === 'some') this.#close(source, guest);
      phases?.dirtied(true);
    } else if (what.type === 'typing') {
      this.#turn.type();
      phases?.typed();
    } else if (what.type === 'pointer') {
      const frame = guest.hasNone && what.at ? this.#frameOf(source) : null;
      const at = frame ? placeIn(frame, what.at) : null;
      this.#guard.gate.tellPointer(at, at && what.pressed);
    } else if (what.type === 'outline') {
      guest.outline = what;
    } else if (what.type === 'picker') {
      const frame = this.#frameOf(source);
      if (frame) this.#guard.pickers.passOn(guest.port, what.picker, frame, guest.hasNone === true);
    } else if (what.at) {
      const frame = this.#frameOf(source);
      const node = what.type === 'reached' ? { node: guest.numbers.get(what.node) } : {};
      if (frame) phases?.tell({ ...what, ...node, at: placeIn(frame, what.at) });
    } else {
      phases?.tell(what);
    }
  }

  #frameOf(source) {
    return this.#guard.everyFrame().find((frame) => frame.contentWindow === source);
  }

  /** Tells the guest when the agent is shown nothing of its frame, nor will be. */
  #close(source, guest) {
    const frame = this.#frameOf(source);
    const done = () => {
      if (frame) this.#exposed.delete(frame);
      guest.port.postMessage('closed');
    };
    const phases = this.#phases();
    if (!phases || (frame && !this.#exposed.has(frame))) return done();
    phases.closed(done);
  }
}

/** Where a place of the document in a frame is, as `placeOf` says it. */
function placeIn(frame, [x, y]) {
  const box = frame.getBoundingClientRect();
  return placeOf({ clientX: x + box.x + frame.clientLeft, clientY: y + box.y + frame.clientTop });
}

// The context menu. A page's own comes first; where it has none, the browser's is kept away, and whoever asked for it gets ours, in
// their own page, which is told here what is at the place.

/** The longest address that is handed on (characters). */
const LONGEST_LINK = 8000;

class Menu {
  #guard;
  #turn;
  #isOpen;
  /** What is on its way through the page: the event, and what it passes. */
  #asked = null;
  #task = new MessageChannel();

  /** `isOpen` says whether an agent may copy what is selected. */
  constructor(guard, turn, isOpen) {
    this.#guard = guard;
    this.#turn = turn;
    this.#isOpen = isOpen;
    this.#task.port1.onmessage = () => this.#passed();
  }

  /** Once the gate listens: what it denies does not come here. */
  listen() {
    addEventListener('contextmenu', this.#asks, true);
  }

  #asks = (event) => {
    if (!event.isTrusted) return;
    // Added anew, it hears the event after everything that the page has there.
    removeEventListener('contextmenu', this.#last);
    addEventListener('contextmenu', this.#last);
    this.#asked = { event, target: event.composedPath()[0] };
    this.#task.port2.postMessage(null);
  };

  #last = (event) => {
    if (event !== this.#asked?.event || event.defaultPrevented) return;
    event.preventDefault();
    this.#tell();
  };

  /** A page may have stopped the event on its way, and not what follows. The browser itself shows no menu. */
  #passed() {
    if (this.#asked && !this.#asked.event.defaultPrevented) this.#tell();
    this.#asked = null;
  }

  #tell() {
    const { event, target } = this.#asked;
    this.#asked = null;
    const below = deepestAt(event.clientX, event.clientY);
    const path = pathOf(below && pathOf(below).includes(target) ? below : target instanceof Element ? target : document.documentElement);
    const field = path.find((node) => node instanceof HTMLElement && keyboardOf(node) !== null) ?? null;
    const customers = this.#turn.sender === 'customer';
    phasesHere()?.tell({
      type: 'menu',
      customers,
      at: placeOf(event),
      link: linkOf(path),
      selection: hasSelection(field) && (customers || this.#isOpen()),
      editable: field !== null,
      hidden: this.#guard.hides(path[0]),
    });
  }
}

/** Where the link leads that something is in, if that is on the web. */
function linkOf(path) {
  for (const node of path) {
    const { href } = node;
    if (!/^(a|area)$/.test(node.localName) || !(node.hasAttribute('href') || node.hasAttribute('xlink:href'))) continue;
    const url = URL.parse(typeof href === 'string' ? href : (href?.baseVal ?? ''), document.baseURI);
    return url && /^https?:$/.test(url.protocol) && url.href.length <= LONGEST_LINK ? url.href : null;
  }
  return null;
}

/** Whether text is selected: in a field, or on the page. */
function hasSelection(field) {
  if (field && typeof field.selectionStart === 'number') return field.selectionStart !== field.selectionEnd && field.type !== 'password';
  return String(getSelection() ?? '') !== '';
}

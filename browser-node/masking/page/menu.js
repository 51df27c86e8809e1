// The context menu. A page's own comes first; where it has none, the browser's is kept away, and whoever asked for it gets ours, in
// their own page, which is told here what is at the place.

/** The longest address that is handed on (characters). */
const LONGEST_LINK = 8000;
/** What fingers select is settled when it has not changed for so long (milliseconds). */
const SELECTED_FOR = 600;

class Menu {
  #guard;
  #turn;
  #isOpen;
  /** What is on its way through the page: the event, and what it passes. */
  #asked = null;
  #task = new MessageChannel();
  /** What was selected by touch, when a menu for it was told last; it can be made longer and shorter by its handles, of which no event tells. */
  #touched = null;
  #settling = 0;

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
    document.addEventListener('selectionchange', this.#selects);
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
    this.#touched = event.pointerType === 'touch' ? selectedIn(textFieldOf(path)) || null : null;
    this.#offer(path, placeOf(event), this.#turn.sender);
  }

  #offer(path, at, sender) {
    const field = textFieldOf(path);
    const customers = sender === 'customer';
    phasesHere()?.tell({
      type: 'menu',
      customers,
      at,
      link: linkOf(path),
      image: imageOf(path),
      selection: selectedIn(field) !== '' && (customers || this.#isOpen()),
      editable: field !== null,
      hidden: this.#guard.hides(path[0]),
    });
  }

  #selects = () => {
    clearTimeout(this.#settling);
    if (this.#touched === null) return;
    this.#settling = setTimeout(() => {
      const focus = deepFocus() ?? document.documentElement;
      const field = textFieldOf(pathOf(focus));
      const selected = selectedIn(field);
      if (selected === this.#touched) return;
      this.#touched = selected || null;
      if (selected === '') return;
      const range = field ? null : getSelection().getRangeAt(0);
      const { left, bottom, width } = (range ?? field).getBoundingClientRect();
      const { commonAncestorContainer: common } = range ?? {};
      const path = pathOf(field ?? (common instanceof Element ? common : common.parentElement));
      this.#offer(path, placeOf({ clientX: left + width / 2, clientY: bottom }), this.#turn.toucher);
    }, SELECTED_FOR);
  };
}

const textFieldOf = (path) => path.find((node) => node instanceof HTMLElement && keyboardOf(node) !== null) ?? null;

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

/** Where the image is from that is there, if that is on the web. */
function imageOf([node]) {
  const url = node instanceof HTMLImageElement ? node.currentSrc : '';
  return /^https?:/.test(url) && url.length <= LONGEST_LINK ? url : null;
}

/** The text that is selected: in a field, or on the page. A password is none. */
function selectedIn(field) {
  if (!field || typeof field.selectionStart !== 'number') return String(getSelection() ?? '');
  return field.type === 'password' ? '' : field.value.slice(field.selectionStart, field.selectionEnd);
}

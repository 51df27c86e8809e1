// What a page says to people who do not see it: what there is, in its order, what it is called and how it stands. Told only while
// somebody listens. A document of another site in a frame tells its part to the one around it, which puts it where the frame is.

/** How often the page is looked through for changes, at the most (milliseconds). */
const LISTEN_EVERY = 400;
/** As much as is told of a page, and looked at for it. */
const MOST_NODES = 400;
const MOST_ELEMENTS = 6000;
const MOST_CHARACTERS = 50_000;
const LONGEST_WORDS = 300;
/** What can be used, or is heard as one. Nothing within is told by itself, but for what headings hold. */
const ACTING = new Set(['link', 'button', 'textbox', 'searchbox', 'spinbutton', 'checkbox', 'switch', 'radio', 'combobox', 'listbox', 'slider', 'tab', 'menuitem', 'option', 'progressbar', 'img']);
const LANDMARKS = new Set(['main', 'navigation', 'banner', 'contentinfo', 'complementary', 'search', 'form', 'region', 'dialog']);
const LIVE = '[aria-live]:not([aria-live=off]),[role=alert],[role=status],[role=log],output';

class Outline {
  #guard;
  #timer = 0;
  #told = '';
  #ids = new WeakMap();
  /** By number: an element, or what leads to something in a frame of another site. */
  #things = new Map();
  #next = 1;

  constructor(guard) {
    this.#guard = guard;
    document.addEventListener('visibilitychange', () => (this.#told = ''));
  }

  /** Whether anybody listens. Whoever came last hears all of it. */
  want(isWanted) {
    clearTimeout(this.#timer);
    this.#told = '';
    this.#guard.guests.listen(isWanted);
    if (isWanted) this.#tick();
  }

  /** Brings something into view, and tells where it is then, so that it can be pressed there. */
  reach(id) {
    const thing = this.#things.get(id);
    const element = (thing?.frame ?? thing)?.deref();
    if (!element?.isConnected) return;
    element.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    if (thing.frame) return thing.port.postMessage({ reach: thing.id });
    const box = element.getClientRects()[0] ?? element.getBoundingClientRect();
    let [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    for (let frame = element.ownerDocument.defaultView.frameElement; frame; frame = frame.ownerDocument.defaultView.frameElement) {
      const around = frame.getBoundingClientRect();
      x += around.left + frame.clientLeft;
      y += around.top + frame.clientTop;
    }
    phasesHere()?.tell({ type: 'reached', node: id, at: [x, y] });
  }

  #tick() {
    const began = performance.now();
    if (!document.hidden) this.#look();
    this.#timer = setTimeout(() => this.#tick(), Math.max(LISTEN_EVERY, 10 * (performance.now() - began)));
  }

  #look() {
    const walk = { nodes: [], text: '', left: MOST_ELEMENTS, characters: 0, landmark: 0 };
    try {
      if (this.#guard.isReady && document.body) this.#walk(document.body, this.#guard, walk, false);
      this.#flush(walk);
    } catch {
      // What cannot be looked through is told as far as it went.
    }
    let focus = deepFocus();
    while (focus?.matches(FRAMES) && guardOf(focus)) focus = focus.contentDocument.activeElement;
    const guest = focus?.matches(FRAMES) ? focus.ownerDocument.defaultView[NAME]?.guard.guests.guestIn(focus) : null;
    const told = { type: 'outline', focus: (guest ? guest.numbers.get(guest.outline?.focus) : this.#ids.get(focus)) ?? null, nodes: walk.nodes };
    const text = JSON.stringify(told);
    if (text === this.#told) return;
    this.#told = text;
    phasesHere()?.tell(told);
  }

  /** `isHidden`: what holds it is hidden from agents. */
  #walk(element, guard, walk, isHidden) {
    walk.left -= 1;
    if (walk.left < 0 || walk.nodes.length >= MOST_NODES || walk.characters > MOST_CHARACTERS) return;
    if (UNPAINTED.has(element.localName) || isOurs(element) || element.getAttribute('aria-hidden') === 'true') return;
    if (!element.checkVisibility({ visibilityProperty: true }) && getComputedStyle(element).display !== 'contents') return;
    const hidden = isHidden || element.matches(SECRETS);
    if (element.matches(FRAMES)) {
      const within = guardOf(element);
      if (within?.isReady && element.contentDocument?.body) {
        this.#flush(walk);
        within.guests.listen(true);
        this.#walk(element.contentDocument.body, within, walk, isHidden);
      } else {
        this.#flush(walk);
        this.#guest(element, guard.guests.guestIn(element), walk, isHidden);
      }
      return;
    }
    const role = thingRoleOf(element);
    if (ACTING.has(role) && !(role === 'img' && !namedAs(element, role))) {
      this.#flush(walk);
      return this.#put(walk, element, role, hidden);
    }
    if (role === 'heading') {
      this.#flush(walk);
      this.#put(walk, element, role, hidden);
      for (const inner of element.querySelectorAll('a[href],button,input')) this.#walk(inner, guard, walk, hidden || guard.hides(inner));
      return;
    }
    const isBlock = !/^(inline|contents)/.test(getComputedStyle(element).display);
    if (isBlock) this.#flush(walk);
    const before = walk.landmark;
    const isLandmark = LANDMARKS.has(role) && !(/^(form|region)$/.test(role) && !namedAs(element, role));
    if (isLandmark) walk.landmark = this.#put(walk, element, role, hidden);
    const root = BUILT_IN.has(element.localName) ? null : shadowOf(element);
    const children = root ? root.childNodes : element.localName === 'slot' && element.assignedNodes().length > 0 ? element.assignedNodes() : element.childNodes;
    for (const child of children) {
      if (child.nodeType === Node.TEXT_NODE) {
        // What agents may hear and what they may not is never one sentence.
        if (hidden !== walk.hidden) this.#flush(walk);
        walk.hidden = hidden;
        walk.from ??= element;
        walk.text += child.data;
      } else if (child.nodeType === Node.ELEMENT_NODE) {
        this.#walk(child, guard, walk, hidden);
      }
    }
    if (isBlock) this.#flush(walk);
    walk.landmark = before;
  }

  /** What a document of another site in a frame has told of itself. Agents hear of it as far as they see the frame. */
  #guest(frame, guest, walk, isHidden) {
    for (const node of guest?.outline?.nodes ?? []) {
      if (walk.nodes.length >= MOST_NODES || walk.characters > MOST_CHARACTERS) return;
      let id = 0;
      if (node.id !== 0) {
        id = guest.numbers.get(node.id) ?? this.#next++;
        guest.numbers.set(node.id, id);
        this.#things.set(id, { frame: new WeakRef(frame), port: guest.port, id: node.id });
      }
      walk.nodes.push({ ...node, id, landmark: guest.numbers.get(node.landmark) ?? walk.landmark, hidden: isHidden || node.hidden || guest.hasNone !== true });
      walk.characters += node.name.length + (node.value?.length ?? 0) + 60;
    }
  }

  /** The words gathered so far are one. */
  #flush(walk) {
    const words = walk.text.replace(/\s+/g, ' ').trim();
    const { from, hidden } = walk;
    walk.text = '';
    walk.from = undefined;
    if (words === '' || !from) return;
    // Words that look like a secret by themselves are one, whatever holds them.
    this.#put(walk, from, 'text', hidden || this.#guard.hides(from) || this.#guard.isSecretText(words), words);
  }

  #put(walk, element, role, hidden, words = namedAs(element, role)) {
    const id = role === 'text' ? 0 : this.#idOf(element);
    const node = { id, role, name: words.slice(0, LONGEST_WORDS), hidden, landmark: walk.landmark };
    if (role === 'heading') node.level = Number(element.getAttribute('aria-level') ?? element.localName[1]) || 2;
    if (/^(textbox|searchbox|spinbutton|combobox|slider|progressbar)$/.test(role)) node.value = valueOf(element).slice(0, LONGEST_WORDS);
    if (/^(checkbox|switch|radio)$/.test(role)) node.checked = 'checked' in element ? element.checked : element.getAttribute('aria-checked') === 'true';
    const expanded = element.getAttribute('aria-expanded') ?? (element.localName === 'summary' ? String(element.parentElement.open) : null);
    if (expanded !== null && role !== 'text') node.expanded = expanded === 'true';
    if (role !== 'text' && (element.disabled === true || element.getAttribute('aria-disabled') === 'true')) node.disabled = true;
    if (element.required === true || element.getAttribute('aria-required') === 'true') node.required = true;
    if (element.getAttribute('aria-invalid') === 'true' || (element.willValidate && element.matches(':user-invalid'))) node.invalid = true;
    if (element.closest(LIVE)) node.live = true;
    walk.nodes.push(node);
    walk.characters += node.name.length + (node.value?.length ?? 0) + 60;
    return id;
  }

  #idOf(element) {
    if (!this.#ids.has(element)) {
      this.#ids.set(element, this.#next);
      this.#things.set(this.#next, new WeakRef(element));
      this.#next += 1;
    }
    return this.#ids.get(element);
  }
}

/** What something is called, in one line. */
function namedAs(element, role) {
  for (const name of namesOf(element, sortOf(role))) {
    const words = String(name ?? '').replace(/\s+/g, ' ').trim();
    if (words) return words;
  }
  return '';
}

/** What a field holds, as far as its owner may hear it: nobody hears a password. */
function valueOf(element) {
  if (element.localName === 'select') return element.selectedOptions[0]?.textContent.trim() ?? '';
  if (element.type === 'password') return '';
  return String(element.value ?? element.getAttribute('aria-valuetext') ?? element.getAttribute('aria-valuenow') ?? (element.isContentEditable ? element.textContent : ''));
}

// One guard in each document: finds what is secret in it, hides it in masked frames, and audits that it is hidden.

/** Whatever can be filled in, and whatever shows another document. Only what is known to be harmless is opened. */
const CANDIDATES = [
  'input:not([type=button i],[type=submit i],[type=reset i],[type=checkbox i],[type=radio i],[type=range i],[type=color i],[type=image i],[type=hidden i])',
  'textarea',
  'select',
  '[contenteditable]:not([contenteditable=false i])',
  'iframe',
  'frame',
  'object',
  'embed',
  'fencedframe',
  'canvas[data-tandem-pdf]',
  '[data-tandem-doubt]',
].join(',');
const SECRETS = `:is(${CANDIDATES}):not([${NAME}-open]),[${NAME}-secret]`;
/** What is painted above the page, wherever it is in it: no opacity of what holds it reaches it. */
const RAISED = ':modal,:popover-open,:fullscreen,select:open';
/** The candidates that show another document. */
const FRAMES = 'iframe,frame,object,embed,fencedframe';
/** Attributes that say nothing of what an element is, but may change how it is painted. */
const LOOKS = new Set(['style', 'class']);
/** How far up an element is hidden that does not stay hidden by itself. */
const CLIMB = 4;
/** The longest text that is put together of several nodes (characters). */
const IN_PARTS = 160;

class Guard {
  /** Hosts of shadow roots, by root. */
  roots = new Map();
  /** Secrets within a viewport's reach. */
  near = new Set();
  rules = new Rules(null);
  /** Set by start.js: what judges the events of this document, what is known of frames of other sites in it, who tells its title,
      who judges the sheets of a PDF, who answers a rule session, and what fields open. */
  gate = null;
  guests = null;
  title = null;
  pdf = null;
  pick = null;
  pickers = null;
  /** What drawings hold on to. */
  anchors = null;
  memory = new Memory();
  #clear = false;
  #seen = new WeakSet();
  #marked = new WeakSet();
  #opened = new WeakSet();
  /** Fields that are open: their values are looked at in each audit. */
  #fields = new Set();
  /** What hidden fields hold now. */
  #held = new Map();
  /** While the parser runs: elements that were still open, which alone can get a declarative shadow root. */
  #open = [];
  #sheet = new CSSStyleSheet();
  #key = null;
  #stale = false;
  #isBroken = false;
  #lookAgain = new LookAgain(() => this.#safely(() => this.#lookAround()));
  #given = new Given(this.memory);
  #byHand = new ByHand();
  #phases;
  #nearness;

  /** `phases` gives those that this document is painted by, if any. */
  constructor(phases) {
    this.#phases = phases;
    // In a shadow root no user style applies, so its important rules go into a layer, which beats the page's own.
    this.#sheet.replaceSync(
      `@layer ${NAME}{:is(${SECRETS}):not(#${NAME}#${NAME}){opacity:0!important;transition-property:none!important}
        :is(${SECRETS}):not(#${NAME}#${NAME})::picker(select){display:none!important}
        [${NAME}-fades]:not(#${NAME}#${NAME}){mask:linear-gradient(#0000,#0000)!important}}`,
    );
    this.observer = new MutationObserver((records) => this.#safely(() => this.#mutated(records)));
    this.#observe(document);
    this.#nearness = new IntersectionObserver((entries) => this.#moved(entries), { rootMargin: '100%' });
    this.#listen();
    this.scan();
    this.#load();
    chrome.storage.session.onChanged.addListener((changes) => this.#safely(() => this.#changed(changes)));
  }

  /** What could not be looked through is proved no more: in doubt, the agent sees nothing. */
  #safely(step) {
    try {
      step();
    } catch {
      this.#isBroken = true;
    }
  }

  /** Whether it knows what the company hides. Until then no frame is proved. */
  get isReady() {
    return this.rules.known;
  }

  async #load() {
    for (let stored; !this.rules.known; ) {
      try {
        stored = await chrome.storage.session.get(null);
      } catch {
        // The extension's own worker is still on its way to let us read.
      }
      if (stored) this.memory.load(stored);
      if (stored?.policy) return this.#govern(stored.policy, Object.keys(stored));
      if (stored) return;
      await new Promise((later) => setTimeout(later, 10));
    }
  }

  #changed(changes) {
    this.memory.load(changes);
    if (changes.policy?.newValue) this.#govern(changes.policy.newValue, []);
    else this.#stale = true;
    this.pdf?.forget();
  }

  /** `kept`: the names of what is stored, among it what the customer has hidden by hand. */
  #govern(policy, kept) {
    this.rules = new Rules(policy);
    this.#byHand.load(kept);
    this.rules.mask.selector.push(...this.#byHand.selectors);
    this.scan();
    this.title?.look();
    this.pdf?.forget();
    this.#phases()?.dirtied(true);
  }

  /** Listeners of a document that is written anew are gone; added twice they are one. */
  #listen() {
    addEventListener(`${NAME}-root`, this.#attached, true);
    addEventListener('invalid', this.#silence, true);
    for (const type of ['input', 'change']) addEventListener(type, this.#typed, true);
    document.addEventListener('readystatechange', this.#progressed);
    if (this.guests) addEventListener('message', this.guests.hear, true);
    this.gate?.listen();
  }

  #progressed = () => {
    this.scan();
    this.#phases()?.dirtied(false);
  };

  /** A validation bubble is painted in the page's own surface and may quote the value. */
  #silence = (event) => {
    if (event.target.matches?.(SECRETS)) event.preventDefault();
  };

  #typed = (event) => {
    const field = event.composedPath()[0];
    if (!(field instanceof Element)) return;
    this.#safely(() => {
      if (hasFiles(field)) this.#chosen(field);
      else if (this.#marked.has(field)) this.#hold(field, event.type === 'change');
      else if (field.matches(CANDIDATES)) this.#decide(field);
    });
  };

  /** Notes what a hidden field holds, and keeps it once it is whole. */
  #hold(field, whole) {
    const value = field.localName === 'select' || field.type === 'file' ? '' : String(field.value ?? '').trim();
    if (value) this.#held.set(field, value);
    else this.#held.delete(field);
    if (whole) this.memory.learn(value);
  }

  #chosen(field) {
    this.given([...field.files].map((file) => file.name));
    this.hide(field);
  }

  /** The customer has chosen files of these names. The node says so too, since a field need not be in the document. */
  given(names) {
    if (!this.#given.learn(names)) return;
    for (const root of [document, ...this.roots.keys()]) for (const canvas of root.querySelectorAll('canvas')) this.#ruled(canvas);
  }

  #observe(root) {
    this.observer.observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
  }

  #attached = (event) => {
    event.stopImmediatePropagation();
    if (event.relatedTarget) this.#safely(() => this.#element(event.relatedTarget));
  };

  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.near.add(target);
      else this.near.delete(target);
    }
    this.#phases()?.dirtied(true);
  }

  #mutated(records) {
    let changed = false;
    let touched = false;
    for (const { type, target, addedNodes, removedNodes, attributeName } of records) {
      if (type === 'childList') {
        for (const node of addedNodes) {
          if (isOurs(node)) continue;
          changed = true;
          if (node.nodeType === Node.ELEMENT_NODE) this.#tree(node);
          else if (node.nodeType === Node.TEXT_NODE) this.#text(node);
        }
        this.#worded(target);
        changed ||= removedNodes.length > 0;
        if (target === document.documentElement || target === document) this.#keepKey();
        if (target === document) this.#listen();
      } else if (type === 'characterData') {
        changed = true;
        if (target.nodeType === Node.TEXT_NODE) this.#text(target);
        this.#worded(target.parentElement);
      } else if (!isOurs(target)) {
        touched = true;
        if (attributeName.startsWith(NAME)) this.#restore(target);
        else this.#attribute(target, attributeName);
        if (!LOOKS.has(attributeName) && !attributeName.startsWith(NAME)) changed = true;
      }
    }
    this.#openElements();
    if (changed) {
      this.#stale = true;
      this.title?.look();
      this.pdf?.look();
    }
    if (changed) this.#phases()?.dirtied(false);
    else if (touched) this.#phases()?.touched();
  }

  /** Our own attributes say what we have decided, whatever a page makes of them. Once secret, always secret. */
  #restore(element) {
    if (!this.#opened.has(element)) element.removeAttribute(`${NAME}-open`);
    if (this.#marked.has(element) && !element.hasAttribute(`${NAME}-secret`)) element.setAttribute(`${NAME}-secret`, '');
    this.#watch(element);
  }

  #attribute(element, name) {
    if (name === 'style') {
      if (this.#given.any) this.#ruled(element);
      return;
    }
    this.#ruled(element);
    if (element.matches(CANDIDATES)) this.#decide(element);
    this.#said(element, element.getAttributeNode(name));
    this.#watch(element);
  }

  #keepKey() {
    const root = document.documentElement;
    if (!root) return;
    if (!this.#key) {
      this.#key = document.createElement('option');
      this.#key.className = `${NAME}-key`;
    }
    // After everything that is the page's.
    if (this.#key.parentNode !== root || root.lastElementChild === document.body) root.append(this.#key);
  }

  /** Hides an element for good. */
  hide(element) {
    if (!this.#marked.has(element)) {
      this.#marked.add(element);
      this.#opened.delete(element);
      this.#fields.delete(element);
      element.removeAttribute(`${NAME}-open`);
      if ('value' in element) this.#hold(element, true);
    }
    if (!element.hasAttribute(`${NAME}-secret`)) element.setAttribute(`${NAME}-secret`, '');
    this.#watch(element);
  }

  /** Opens what another part of the guard has judged; closes it when it has to be judged anew. */
  open(element) {
    if (!this.#marked.has(element)) this.#show(element);
  }

  close(element) {
    this.#opened.delete(element);
    this.#restore(element);
  }

  #show(element) {
    this.#opened.add(element);
    if (!element.hasAttribute(`${NAME}-open`)) element.setAttribute(`${NAME}-open`, '');
  }

  /** Hides or opens a field by what it is and by what it holds. */
  #decide(field) {
    if (this.#marked.has(field) || field.matches(`${FRAMES},${SHEETS}`) || !this.rules.known) return;
    if (hasFiles(field)) return this.#chosen(field);
    const value = String(field.value ?? field.textContent ?? '').slice(0, 1000);
    const isLong = field.value === undefined && value.length > IN_PARTS;
    if (this.rules.hidesField(field) || (value && !isLong && (isSecretValue(this.rules, field, value) || this.#isKnown(value))) || this.#choseSecret(field)) {
      return this.hide(field);
    }
    this.#show(field);
    this.#fields.add(field);
  }

  /** Whether the line that a list shows is secret, whatever its value. */
  #choseSecret(field) {
    return field.localName === 'select' && [...field.selectedOptions].some(({ label }) => this.isSecretText(label));
  }

  /** Whether a text holds what was typed into a hidden field. */
  #isKnown(text) {
    for (const [field, value] of this.#held) {
      if (!field.isConnected) this.#held.delete(field);
      else if (text.trim() === value || (value.length >= SHORTEST && text.includes(value))) return true;
    }
    return !this.memory.isEmpty && this.memory.knows(text);
  }

  /** The reasons for which a text may be hidden, each by itself: the presets', and that it was typed. */
  shapes() {
    const presets = Object.entries(SHAPES).filter(([preset]) => this.rules.hides.has(preset));
    return [...presets.map(([, has]) => has), (text) => this.#isKnown(text)];
  }

  /** Whether a text that a page wants to show is hidden. */
  isSecretText(text, rules = this.rules) {
    return isSecretText(rules, text) || this.#isKnown(text);
  }

  #text(node) {
    const parent = node.parentElement ?? node.getRootNode().host;
    if (!parent || (UNPAINTED.has(parent.localName) && parent.localName !== 'option') || this.#marked.has(parent)) return;
    const { data } = node;
    if (data.trim() === '') return;
    const isMeant = (text) => this.rules.mask.text.some((one) => one.test(text)) || this.#isKnown(text);
    const isSecret = this.#isShown(parent) ? isMeant : (text) => this.isSecretText(text);
    if (isSecret(data)) return this.hide(parent);
    // A list's lines have nothing to do with each other.
    if (parent.localName === 'option') return;
    // A secret may be put together of several elements.
    for (let above = parent, up = 0; above && above !== document.body && up < 3; above = above.parentElement, up += 1) {
      // The words of a PDF's sheet are put together by who knows their places.
      if (above.hasAttribute('data-tandem-text')) break;
      const whole = above.textContent;
      if (whole.length > IN_PARTS) break;
      if (whole.length > data.length && isSecret(whole)) return this.hide(above);
    }
  }

  /** What an attribute says may be painted by a style (`content: attr()`). */
  #said(element, attribute) {
    if (!attribute || this.#marked.has(element) || attribute.value.length < SHORTEST || /^(class|style|href|src|srcset|id|d|action)$/.test(attribute.name)) return;
    if (this.isSecretText(attribute.value)) this.hide(element);
  }

  /** Hides what a rule of the company's means, and tells whether it was not hidden before. */
  #ruled(element) {
    if (this.#marked.has(element) || !(this.rules.hidesElement(element) || this.#given.mayShowIn(element))) return false;
    this.hide(element);
    return true;
  }

  /** What something says has changed, and with it what it, or what holds it, is called. */
  #worded(element) {
    if (!this.rules.known || this.rules.mask.element.length === 0) return;
    for (let above = element, up = 0; above instanceof Element && up < CLIMB; above = above.parentElement, up += 1) this.#ruled(above);
  }

  /** Whether a rule of the company's shows this text: then its shape hides it no more. */
  #isShown(element) {
    if (!this.rules.known || this.rules.show.element.length === 0) return false;
    for (let above = element, up = 0; above && up < CLIMB; above = above.parentElement, up += 1) if (this.rules.showsElement(above)) return true;
    return false;
  }

  #lookAround() {
    let isNews = false;
    for (const root of [document, ...this.roots.keys()]) {
      for (const element of root.querySelectorAll('*')) isNews = (!isOurs(element) && this.#ruled(element)) || isNews;
    }
    if (isNews) this.#phases()?.dirtied(true);
  }

  #watch(element) {
    if (this.#seen.has(element) || !element.matches?.(SECRETS)) return;
    this.#seen.add(element);
    // Near until it is known to be far.
    this.near.add(element);
    this.#nearness.observe(element);
  }

  scan() {
    this.#keepKey();
    this.#safely(() => {
      if (document.documentElement) this.#tree(document.documentElement);
      for (const root of this.roots.keys()) this.#tree(root);
    });
    this.#stale = true;
  }

  #tree(root) {
    if (root.nodeType === Node.ELEMENT_NODE) this.#element(root);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
      if (node.nodeType === Node.TEXT_NODE) this.#text(node);
      else this.#element(node);
    }
  }

  #element(element) {
    if (isOurs(element)) return;
    if (this.rules.known) {
      this.#ruled(element);
      if (element.matches(CANDIDATES)) this.#decide(element);
      for (const attribute of element.attributes) this.#said(element, attribute);
    }
    this.#watch(element);
    if (BUILT_IN.has(element.localName)) return;
    const root = shadowOf(element);
    if (root && !this.roots.has(root)) this.#track(root, element);
  }

  #track(root, host) {
    this.roots.set(root, host);
    root.addEventListener('invalid', this.#silence, true);
    for (const type of ['input', 'change']) root.addEventListener(type, this.#typed, true);
    if (root.mode === 'closed') this.gate?.listen(root);
    this.#observe(root);
    this.#adopt(root);
    this.#tree(root);
    this.#phases()?.dirtied(false);
  }

  #adopt(root) {
    if (!root.adoptedStyleSheets.includes(this.#sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#sheet];
  }

  #openElements() {
    for (const reference of this.#open) {
      const element = reference.deref();
      if (element) this.#element(element);
    }
    this.#open = [];
    if (document.readyState !== 'loading') return;
    for (let element = document.body ?? document.documentElement; element; element = element.lastElementChild) {
      this.#open.push(new WeakRef(element));
    }
  }

  /** Private by default: everything is hidden but what the company says may be seen. */
  #conceal(element) {
    const { selector, element: finders } = this.rules.show;
    if (this.rules.showsElement(element) || isOurs(element)) return;
    const holds = selector.some((one) => element.querySelector(one)) || (finders.length > 0 && [...element.querySelectorAll('*')].some((one) => this.rules.showsElement(one)));
    const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!holds || hasText) return this.hide(element);
    for (const child of element.children) this.#conceal(child);
  }

  /** Decides anew what a change elsewhere may have turned: a label that came late, a value that a script set. */
  refresh() {
    if (!this.rules.known) return;
    this.#safely(() => {
      this.#refresh();
      this.pdf?.look();
    });
  }

  #refresh() {
    if (this.#stale) {
      this.#stale = false;
      for (const field of this.#fields) {
        if (!field.isConnected) this.#fields.delete(field);
        else this.#decide(field);
      }
      if (this.rules.mask.element.length > 0) this.#lookAgain.soon();
      if (this.rules.everything && document.body) for (const child of document.body.children) this.#conceal(child);
    } else {
      for (const field of this.#fields) if (field.value || field.localName === 'select') this.#decideValue(field);
    }
  }

  #decideValue(field) {
    if (hasFiles(field)) return this.#chosen(field);
    const value = String(field.value);
    if (isSecretValue(this.rules, field, value) || this.#isKnown(value) || this.#choseSecret(field)) this.hide(field);
  }

  /** Paints clear or masked from the next frame on. */
  set(clear) {
    this.#keepKey();
    if (this.#clear === clear && this.#key?.selected === clear) return;
    this.#clear = clear;
    if (this.#key) this.#key.selected = clear;
    this.#sheet.disabled = clear;
  }

  everyFrame() {
    const frames = ['iframe', 'object', 'embed'].flatMap((name) => [...document.getElementsByTagName(name)]);
    for (const root of this.roots.keys()) frames.push(...root.querySelectorAll('iframe,object,embed'));
    return frames;
  }

  /** The guards of documents within that can be reached. A frame is hidden whole but when its document can be, or has no secret. */
  frames() {
    const guards = [];
    for (const frame of this.everyFrame()) {
      const guard = guardOf(frame);
      if (guard) guards.push(guard);
      if (!this.#marked.has(frame) && (guard || this.guests?.haveNone(frame))) {
        this.#show(frame);
        this.guests?.expose(frame);
      } else {
        this.#opened.delete(frame);
        this.#restore(frame);
      }
    }
    return guards;
  }

  /** Whether anything at all is secret in this document, near or far; with `settled`, but for frames that have not yet said. */
  hasSecrets(settled = false) {
    const isOne = (secret) => !settled || this.#marked.has(secret) || secret.localName !== 'iframe' || !this.guests.isPending(secret);
    const within = [document];
    for (const [root, host] of this.roots) if (host.isConnected) within.push(root);
    return within.some((root) => [...root.querySelectorAll(SECRETS)].some(isOne));
  }

  /** Whether there are fields that show what they hold. */
  hasFields() {
    return this.#fields.size > 0;
  }

  /** Whether something secret may be seen, now or after a turn of the wheel. */
  hasNear() {
    for (const element of this.near) {
      if (!element.isConnected) this.near.delete(element);
      else if (!element.hasAttribute(`${NAME}-open`)) return true;
    }
    return false;
  }

  /** The customer points at something that the agent is not to see: a place in the window (CSS pixels). */
  hideAt(x, y) {
    const element = deepestAt(x, y);
    const frame = element?.matches(FRAMES) ? guardOf(element) : null;
    if (frame) {
      const box = element.getBoundingClientRect();
      return frame.hideAt(x - box.x - element.clientLeft, y - box.y - element.clientTop);
    }
    const whole = element?.closest('button,a,label,select,svg,td,th,li,dd,dt,p,h1,h2,h3,h4,h5,h6') ?? element;
    if (!whole || whole === document.body || whole === document.documentElement) return;
    this.hide(whole);
    this.#phases()?.dirtied(true);
    if (whole.getRootNode() !== document) return;
    this.rules.mask.selector.push(this.#byHand.add(whole));
    this.pdf?.forget();
  }

  /** Whether an element, or what holds it, is hidden from the agent. */
  hides(element) {
    return this.hider(element) !== null;
  }

  /** What hides an element from the agent: itself, or what holds it. */
  hider(element) {
    for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
      if (node.matches(SECRETS)) return node;
    }
    return null;
  }

  /** Whether the customer has hidden it by pointing at it. */
  isByHand(element) {
    return this.#byHand.has(element);
  }

  /** Whether a text holds what was typed into a hidden field. */
  isTyped(text) {
    return this.#isKnown(text);
  }

  /** Whether nothing secret of this document shows; after layout and before paint of a masked frame. */
  audit() {
    if (!this.rules.known) return false;
    let good = false;
    this.#safely(() => {
      this.#openElements();
      this.#refresh();
      good = this.#isAllHidden() && (this.pdf?.isJudged() ?? true);
    });
    return good && !this.#isBroken;
  }

  /** Marks what is secret and fades by an animation of the page's own, or of a script's. */
  #fading(root) {
    for (const { effect } of root.getAnimations()) {
      const element = effect?.target;
      if (!element?.matches(SECRETS) || element.hasAttribute(`${NAME}-fades`)) continue;
      if (effect.getKeyframes().some((frame) => 'opacity' in frame)) element.setAttribute(`${NAME}-fades`, '');
    }
  }

  #raised(root) {
    for (const raised of root.querySelectorAll(RAISED)) if (!raised.matches(SECRETS) && this.hides(raised)) this.hide(raised);
  }

  #isAllHidden() {
    let good = true;
    this.#fading(document);
    this.#raised(document);
    for (const open of document.querySelectorAll(`[${NAME}-open]`)) this.#restore(open);
    for (const element of this.near) if (this.#marked.has(element)) this.hide(element);
    for (const secret of document.querySelectorAll(SECRETS)) {
      if (!isHidden(secret) && !this.#hideAbove(secret)) good = false;
    }
    for (const [root, host] of this.roots) {
      if (!host.isConnected) continue;
      this.#adopt(root);
      this.#fading(root);
      this.#raised(root);
      for (const open of root.querySelectorAll(`[${NAME}-open]`)) this.#restore(open);
      for (const secret of root.querySelectorAll(SECRETS)) {
        if (isHidden(secret)) continue;
        // What a root shows in spite of the sheet goes with all of its host.
        let outermost = host;
        for (let of; (of = outermost.getRootNode()) instanceof ShadowRoot; ) outermost = of.host;
        this.hide(outermost);
        if (!isHidden(secret)) good = false;
      }
    }
    return good;
  }

  /** A page may paint an element above what holds it; then what holds it is hidden. */
  #hideAbove(secret) {
    let above = secret.parentElement;
    for (let i = 0; above && above !== document.body && i < CLIMB; i += 1, above = above.parentElement) {
      this.hide(above);
      if (isHidden(secret)) return true;
    }
    return false;
  }
}

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
].join(',');
const SECRETS = `:is(${CANDIDATES}):not([${NAME}-open]),[${NAME}-secret]`;
/** Elements whose shadow roots are the browser's own. */
const BUILT_IN = new Set(['input', 'textarea', 'select', 'video', 'audio', 'details', 'img', 'object', 'embed', 'progress', 'meter', 'summary', 'option', 'optgroup']);
const WATCHED = ['type', 'contenteditable', `${NAME}-secret`, `${NAME}-open`, 'src', 'srcdoc'];
/** How far up an element is hidden that does not stay hidden by itself. */
const CLIMB = 4;

class Guard {
  /** Hosts of shadow roots, by root. */
  roots = new Map();
  /** Secrets within a viewport's reach. */
  near = new Set();
  #clear = false;
  #seen = new WeakSet();
  #marked = new WeakSet();
  /** While the parser runs: elements that were still open, which alone can get a declarative shadow root. */
  #open = [];
  #sheet = new CSSStyleSheet();
  #key = null;
  #onDirty;

  constructor(onDirty) {
    this.#onDirty = onDirty;
    // In a shadow root no user style applies, so its important rules go into a layer, which beats the page's own.
    this.#sheet.replaceSync(
      `@layer ${NAME}{:is(${SECRETS}):not(#${NAME}#${NAME}){opacity:0!important;transition-property:none!important}}`,
    );
    this.observer = new MutationObserver((records) => this.#mutated(records));
    this.#observe(document);
    this.#nearness = new IntersectionObserver((entries) => this.#moved(entries), { rootMargin: '100%' });
    addEventListener(`${NAME}-root`, (event) => this.#attached(event), true);
    addEventListener('invalid', this.#silence, true);
    document.addEventListener('readystatechange', () => this.scan());
    this.scan();
  }

  #nearness;

  /** A validation bubble is painted in the page's own surface and may quote the value. */
  #silence = (event) => {
    if (event.target.matches?.(SECRETS)) event.preventDefault();
  };

  #observe(root) {
    this.observer.observe(root, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: WATCHED });
  }

  #attached(event) {
    event.stopImmediatePropagation();
    if (event.relatedTarget) this.#element(event.relatedTarget);
  }

  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.near.add(target);
      else this.near.delete(target);
    }
    this.#onDirty(true);
  }

  #mutated(records) {
    let changed = false;
    for (const { type, target, addedNodes, removedNodes, attributeName } of records) {
      if (type === 'childList') {
        for (const node of addedNodes) {
          if (isOurs(node)) continue;
          changed = true;
          if (node.nodeType === Node.ELEMENT_NODE) this.#tree(node);
        }
        changed ||= removedNodes.length > 0;
        if (target === document.documentElement || target === document) this.#keepKey();
      } else if (!isOurs(target)) {
        changed = true;
        if (type === 'attributes') this.#attribute(target, attributeName);
      }
    }
    this.#openElements();
    if (changed) this.#onDirty(false);
  }

  #attribute(element, name) {
    // Once secret, always secret.
    if (name === `${NAME}-secret` && this.#marked.has(element) && !element.hasAttribute(name)) element.setAttribute(name, '');
    this.#watch(element);
  }

  #keepKey() {
    const root = document.documentElement;
    if (!root) return;
    if (!this.#key) {
      this.#key = document.createElement('input');
      Object.assign(this.#key, { type: 'checkbox', className: `${NAME}-key`, autocomplete: 'off', tabIndex: -1 });
    }
    if (this.#key.parentNode !== root) root.append(this.#key);
  }

  /** Hides an element for good. */
  hide(element) {
    this.#marked.add(element);
    element.setAttribute(`${NAME}-secret`, '');
    this.#watch(element);
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
    if (document.documentElement) this.#tree(document.documentElement);
  }

  #tree(root) {
    this.#element(root);
    for (const element of root.getElementsByTagName('*')) this.#element(element);
  }

  #element(element) {
    this.#watch(element);
    if (BUILT_IN.has(element.localName) || isOurs(element)) return;
    const root = chrome.dom.openOrClosedShadowRoot(element);
    if (root && !this.roots.has(root)) this.#track(root, element);
  }

  #track(root, host) {
    this.roots.set(root, host);
    root.addEventListener('invalid', this.#silence, true);
    this.#observe(root);
    this.#adopt(root);
    for (const element of root.querySelectorAll('*')) this.#element(element);
    this.#onDirty(false);
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

  /** Paints clear or masked from the next frame on. */
  set(clear) {
    this.#keepKey();
    if (this.#clear === clear && this.#key?.checked === clear) return;
    this.#clear = clear;
    if (this.#key) this.#key.checked = clear;
    this.#sheet.disabled = clear;
  }

  /** The guards of documents within that are of the same site; every other frame is hidden whole. */
  frames() {
    const frames = [...document.getElementsByTagName('iframe')];
    for (const root of this.roots.keys()) frames.push(...root.querySelectorAll('iframe'));
    const guards = [];
    for (const frame of frames) {
      const guard = guardOf(frame);
      frame.toggleAttribute(`${NAME}-open`, guard !== null);
      if (guard) guards.push(guard);
    }
    return guards;
  }

  /** Whether something secret may be seen, now or after a turn of the wheel. */
  hasNear() {
    for (const element of this.near) {
      if (!element.isConnected) this.near.delete(element);
      else if (!element.hasAttribute(`${NAME}-open`)) return true;
    }
    return false;
  }

  /** Whether nothing secret of this document shows; after layout and before paint of a masked frame. */
  audit() {
    this.#openElements();
    let good = true;
    for (const secret of document.querySelectorAll(SECRETS)) {
      if (!isHidden(secret) && !this.#hideAbove(secret)) good = false;
    }
    for (const [root, host] of this.roots) {
      if (!host.isConnected) continue;
      this.#adopt(root);
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

/** Whether an element paints nothing, by its own style or by what holds it. */
function isHidden(element) {
  const view = element.ownerDocument.defaultView ?? window;
  if (view.getComputedStyle(element).opacity === '0') return true;
  if (!element.checkVisibility({ visibilityProperty: true })) return true;
  if (element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  // Hidden by an ancestor, unless it is in the top layer, where no ancestor's opacity reaches.
  for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
    if (node.matches(':modal,:popover-open,:fullscreen')) return false;
  }
  return true;
}

function guardOf(frame) {
  try {
    const guard = frame.contentDocument?.documentElement ? frame.contentWindow[NAME] : null;
    return guard?.document === frame.contentDocument ? guard.guard : null;
  } catch {
    return null;
  }
}

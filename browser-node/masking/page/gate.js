// What the agent may do in a document: every trusted event says itself who made it, and is judged before the page hears it.
//
// The node has Num Lock on while it hands the customer's input to the browser, and off for everybody else's. No event
// can overtake another's sender that way, and nothing waits. What a browser makes without a modifier state (text of an
// input method, a drop) belongs to who pressed the last key or began the drag.

/** An agent's turn ends so long after their last event; what scripts do in it counts as theirs (milliseconds). */
const TURN = 1000;
/** What the customer set off may go on for so long, whatever the agent does meanwhile (milliseconds). */
const GRANT = 15_000;
/** So long after the customer's last key in a hidden field nobody else may press anything (milliseconds). */
const TYPING = 2000;
/** The key that comes before text of an input method, to say whose it is. No keyboard of today has it. */
const HERALD = 'F24';
const CONTROLS = 'button,a,area,input,select,option,summary,label,[role],[onclick],[tabindex],[contenteditable]';
const PRESSES = new Set(['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick', 'auxclick', 'contextmenu', 'touchstart', 'touchend', 'dragstart']);
const KEYS = new Set(['keydown', 'keypress', 'keyup']);
const TEXTS = new Set(['beforeinput', 'compositionstart', 'compositionupdate', 'paste', 'cut', 'copy']);
const DROPS = new Set(['dragenter', 'dragover', 'drop']);
const MOVES = new Set(['pointermove', 'mousemove', 'pointerover', 'mouseover', 'wheel']);

/** What the documents of a tab that reach each other share. All its times are by the clock of the document that made it. */
class Turn {
  /** Who made the last event, and the last key. */
  sender = null;
  keySender = null;
  dragSender = null;
  /** Whose finger came down last. */
  toucher = null;
  /** What somebody other than the customer has copied last. */
  copied = null;
  /** The form that a script was just let send. */
  passing = null;
  /** Whether the event that is being handled is the customer's. */
  isCustomers = false;
  /** What a field has opened (pickers.js), and how many have been. */
  picker = null;
  pickers = 0;
  #until = 0;
  #typed = -TYPING;
  #grants = [];
  #told = new Map();

  /** The customer set forms off. What follows may take its time: one `submit` event, and the form sent once by a script. */
  grant(...forms) {
    const now = performance.now();
    this.#grants = this.#grants.filter((grant) => grant.until > now && !forms.includes(grant.form.deref()));
    for (const form of forms) if (form) this.#grants.push({ form: new WeakRef(form), until: now + GRANT, isAsked: false });
  }

  /** The form's `submit` event was let through. */
  asked(form) {
    for (const grant of this.#grants) if (grant.form.deref() === form) grant.isAsked = true;
  }

  /** The form is on its way: the next time takes another press. */
  sent(form) {
    this.#grants = this.#grants.filter((grant) => grant.form.deref() !== form);
  }

  isGranted(form, byEvent = false) {
    const now = performance.now();
    return form != null && this.#grants.some((grant) => grant.until > now && grant.form.deref() === form && !(byEvent && grant.isAsked));
  }

  get isAgents() {
    return performance.now() < this.#until && !this.isCustomers;
  }

  /** Somebody other than the customer did something. */
  begin() {
    this.isCustomers = false;
    this.#until = performance.now() + TURN;
  }

  /** The customer typed into a hidden field. */
  type() {
    this.#typed = performance.now();
  }

  get isTyping() {
    return performance.now() - this.#typed < TYPING;
  }

  /** Whether to tell the node of a denial: a gesture is several events. */
  isNews(why) {
    const now = performance.now();
    const before = this.#told.get(why);
    this.#told.set(why, now);
    return before === undefined || now - before > 250;
  }
}

class Gate {
  #guard;
  #turn;
  #phases;
  #menu;
  #task = new MessageChannel();

  /** `phases` gives those that the document is painted by. */
  constructor(guard, turn, phases) {
    this.#guard = guard;
    this.#turn = turn;
    this.#phases = phases;
    this.#task.port1.onmessage = this.#over;
    this.#menu = new Menu(guard, turn, () => !this.#selects());
    this.listen();
    // Form submissions of all kinds, and addresses that only the customer may go to.
    globalThis.navigation?.addEventListener('navigate', (event) => this.#orDeny(event, () => this.#navigates(event)));
  }

  /** `root`: the window, or a closed shadow root, of whose inside the window hears nothing. */
  listen(root = window) {
    for (const type of [...PRESSES, ...KEYS, ...TEXTS, ...DROPS, ...MOVES, 'dragend', 'focusin', 'focusout', 'submit', 'reset']) {
      root.addEventListener(type, this.#judge, { capture: true, passive: type === 'wheel' || type.startsWith('touch') });
    }
    root.addEventListener(`${NAME}-submit`, this.#scripted, true);
    for (const type of [...PRESSES, ...KEYS]) root.addEventListener(type, this.#over, { passive: true });
    if (root !== window) return;
    this.#menu.listen();
    this.#guard.pickers?.listen();
  }

  #tell(what) {
    this.#phases()?.tell(what);
  }

  /** Nothing of this document is the agent's to see, so nothing is theirs to press. */
  get #isClosed() {
    return !this.#phases()?.isOpen;
  }

  /** A press of the customer's is theirs while it is handed to the page, and no longer. */
  #over = () => {
    this.#turn.isCustomers = false;
  };

  #judge = (event) => this.#orDeny(event, () => this.#decide(event));

  /** An event that cannot be judged is the customer's or nobody's: a page may have put anything where a form has its fields. */
  #orDeny(event, judge) {
    try {
      judge();
    } catch {
      if (this.#turn.sender !== 'customer') this.#deny(event, 'blocked');
    }
  }

  #decide(event) {
    const { type } = event;
    const target = event.composedPath()[0];
    if (type === 'focusin' || type === 'focusout') return this.#focus(event, target);
    if (type === 'submit' || type === 'reset') return this.#submits(event, target, event.submitter);
    if (!event.isTrusted) return PRESSES.has(type) ? this.#scriptPresses(event, target) : undefined;
    const sender = this.#senderOf(event);
    if (sender === 'customer') return this.#customers(event, target);
    this.#turn.begin();
    if (MOVES.has(type)) return;
    if (this.#isClosed) return this.#deny(event, 'masked');
    const why = this.#refusal(event, target);
    if (why) this.#deny(event, why);
  }

  #senderOf(event) {
    const { type } = event;
    const turn = this.#turn;
    if (TEXTS.has(type) || type === 'keypress') return turn.keySender;
    if (DROPS.has(type) || type === 'dragend') {
      const sender = turn.dragSender;
      if (type === 'dragend' || type === 'drop') turn.dragSender = null;
      return sender;
    }
    if (event.getModifierState === undefined) return turn.sender;
    // An access key makes a click without modifiers; the key that made it had them. So do the menu key and a long press with a menu.
    const isMade = type === 'contextmenu' && event.button !== 2;
    if (isMade && event.pointerType === 'touch') return (turn.sender = turn.toucher);
    if ((isMade || (type === 'click' && event.detail === 0)) && !event.getModifierState('NumLock')) return turn.sender;
    turn.sender = event.getModifierState('NumLock') ? 'customer' : 'agent';
    if (KEYS.has(type)) turn.keySender = turn.sender;
    if (type === 'dragstart') turn.dragSender = turn.sender;
    // Events of fingers have no modifiers but those that are pointers'.
    if (type === 'pointerdown' && event.pointerType === 'touch') turn.toucher = turn.sender;
    return turn.sender;
  }

  /** The customer may do everything; what they set off goes on as theirs. */
  #customers(event, target) {
    const { type } = event;
    const turn = this.#turn;
    if (KEYS.has(type) && event.key === HERALD) return this.#swallow(event);
    if (KEYS.has(type) || TEXTS.has(type)) {
      if (this.#isClosed || this.#guard.hides(deepFocus())) {
        turn.type();
        this.#phases()?.typed();
      }
    }
    if (PRESSES.has(type) || (KEYS.has(type) && /^(Enter| )$/.test(event.key))) {
      turn.isCustomers = true;
      this.#task.port2.postMessage(null);
      if (type === 'click' || type === 'keydown') turn.grant(...controlsOf(event.composedPath()).map(formOf), target.form);
    }
    if (type === 'touchstart' && event.touches.length === 1) this.#tell({ type: 'touched', field: fieldAt(event.composedPath()) });
    if (type === 'pointermove' || type === 'pointerdown' || type === 'pointerup') this.#follow(event, target);
  }

  /** Where the customer's pointer is, as long as that tells nothing: the keys of a keypad are hidden, and what presses them. */
  #follow(event, target) {
    const isHidden = this.#isClosed || !(target instanceof Element) || this.#guard.hides(target);
    const pressed = event.type === 'pointermove' ? null : event.type === 'pointerdown';
    this.tellPointer(isHidden ? null : placeOf(event), isHidden ? null : pressed);
  }

  tellPointer(at, pressed) {
    this.#tell({ type: 'pointer', at, pressed });
  }

  /** Why an agent's event may not reach the page. */
  #refusal(event, target) {
    const { type } = event;
    const guard = this.#guard;
    if (KEYS.has(type) && event.key === HERALD) {
      this.#swallow(event);
      return null;
    }
    if (KEYS.has(type) || TEXTS.has(type)) {
      const focus = deepFocus();
      if (guard.hides(focus)) {
        if (this.#turn.isTyping) return 'typing';
        // Out of a hidden field anybody may go; into one nobody but the customer, which is judged where the focus comes.
        return KEYS.has(type) && /^(Tab|Shift|Escape)$/.test(event.key) ? null : 'masked';
      }
      // A field that only the customer may use is not typed into either; out of it anybody may go.
      if (focus && rulesOut(guard.rules, focus) && !(KEYS.has(type) && /^(Tab|Shift|Escape)$/.test(event.key))) return 'blocked';
      if ((type === 'copy' || type === 'cut') && this.#selects()) return 'masked';
      // What the customer has copied may be hidden from whoever pastes it.
      if (type === 'paste' && event.clipboardData?.getData('text/plain') !== this.#turn.copied) return 'masked';
      if (KEYS.has(type)) return this.#keyPresses(event, focus);
      return null;
    }
    if (this.#turn.isTyping && guard.hides(deepFocus())) return 'typing';
    if (target instanceof Element && guard.hides(target)) return 'masked';
    if (type === 'dragstart' && this.#selects()) return 'masked';
    if (DROPS.has(type) && type !== 'drop') return null;
    return this.#isBlocked(event.composedPath()) ? 'blocked' : null;
  }

  /** What on the way of a press is the customer's alone, if anything. */
  #blockedOn(path) {
    const { rules } = this.#guard;
    const isMeant = (node) => node instanceof Element && rules.blocksElement(node);
    return controlsOf(path).find((control) => this.#blocks(control)) ?? (rules.block.element.length > 0 ? path.find(isMeant) : undefined) ?? null;
  }

  #isBlocked(path) {
    return this.#blockedOn(path) !== null;
  }

  /** The same for a rule session: what an agent's press on this element would be refused for. */
  blockedIn(element) {
    return this.#blockedOn(pathOf(element));
  }

  #blocks(control) {
    const { rules } = this.#guard;
    if (rules.blocksElement(control)) return true;
    if (control.localName === 'label') return control.control !== null && this.#blocks(control.control);
    // A link leads somewhere; only a short one is named after what it does.
    if (control.localName === 'a' && control.href && plainWords(nameOf(control)).split(' ').length > 5) return rules.blocksAddress(control.href);
    if (control.href && rules.blocksAddress(String(control.href))) return true;
    if (/^(input|textarea|select)$/.test(control.localName) && !/^(submit|button|image|reset|checkbox|radio)$/.test(control.type)) return false;
    return rules.blocksControl(control);
  }

  #keyPresses(event, focus) {
    const isEnter = event.key === 'Enter';
    if (!isEnter && event.key !== ' ' && !event.altKey) return null;
    const blocked = (element) => element && this.#isBlocked(pathOf(element));
    if (event.altKey && event.key.length === 1) {
      const key = event.key.toLowerCase();
      return [...document.querySelectorAll('[accesskey]')].some((element) => element.accessKey.toLowerCase().split(' ').includes(key) && blocked(element)) ? 'blocked' : null;
    }
    if (blocked(focus)) return 'blocked';
    return isEnter && focus?.form && this.#blocksForm(focus.form) ? 'blocked' : null;
  }

  /** A form is blocked with the button that submits it. */
  #blocksForm(form, submitter = null) {
    const buttons = submitter ? [submitter] : [...form.elements].filter((element) => /^(submit|image)$/.test(element.type));
    return buttons.some((button) => this.#isBlocked(pathOf(button))) || this.#guard.rules.blocksAddress(form.action?.baseVal ?? String(form.action));
  }

  #submits(event, form, submitter) {
    if (event.type === 'reset') return;
    if (this.#turn.isAgents && !this.#turn.isGranted(form, true) && (this.#isClosed || this.#blocksForm(form, submitter))) {
      return this.#deny(event, 'blocked');
    }
    this.#turn.asked(form);
    // A page that stops it may send the form by itself.
    setTimeout(() => {
      if (!event.defaultPrevented) this.#turn.sent(form);
    });
  }

  #scripted = (event) => {
    event.stopImmediatePropagation();
    this.#orDeny(event, () => {
      const form = event.relatedTarget;
      if (this.#turn.isAgents && !this.#turn.isGranted(form) && this.#blocksForm(form)) return this.#deny(event, 'blocked');
      this.#turn.sent(form);
      this.#turn.passing = new WeakRef(form);
    });
  };

  /** A script clicks in the agent's turn. */
  #scriptPresses(event, target) {
    if (!this.#turn.isAgents || !(target instanceof Element)) return;
    if (this.#turn.isGranted(target.form, true)) return;
    if (this.#isBlocked(event.composedPath())) this.#deny(event, 'blocked');
  }

  #navigates(event) {
    if (!this.#turn.isAgents || !event.cancelable) return;
    const from = event.sourceElement;
    const form = from?.localName === 'form' ? from : from?.form;
    const isPassing = form && this.#turn.passing?.deref() === form;
    if (isPassing) this.#turn.passing = null;
    if (isPassing || this.#turn.isGranted(form)) return;
    const blocked = form ? this.#blocksForm(form, from === form ? null : from) : event.formData && [...document.forms].some((one) => this.#blocksForm(one));
    if (blocked || this.#guard.rules.blocksAddress(event.destination.url)) this.#deny(event, 'blocked');
  }

  /** Somebody chooses for a field, perhaps a line that is hidden: whether they may. What follows is theirs, as after a press. */
  chooses(field, isCustomers, isHidden) {
    const turn = this.#turn;
    turn.sender = isCustomers ? 'customer' : 'agent';
    if (isCustomers) {
      turn.isCustomers = true;
      this.#task.port2.postMessage(null);
      turn.grant(field.form);
      return true;
    }
    turn.begin();
    const why = this.#isClosed || isHidden || this.#guard.hides(field) ? 'masked' : this.#isBlocked(pathOf(field)) ? 'blocked' : null;
    if (why) this.#tell({ type: 'denied', why });
    return why === null;
  }

  /** Whose keys are secret now. */
  tellFocus() {
    const focus = deepFocus();
    this.#tell({ type: 'focus', hidden: this.#isClosed || this.#guard.hides(focus), suggests: Boolean(focus?.list) });
  }

  /** The focus tells whose keys are secret; a script may not hand a hidden field to the agent. */
  #focus(event, target) {
    const isHidden = event.type === 'focusin' && target instanceof Element && this.#guard.hides(target);
    if (isHidden && this.#turn.sender === 'agent' && this.#turn.isAgents) {
      target.blur();
      this.#deny(event, 'masked');
      return;
    }
    // The suggestions of a `<datalist>` are all that Chromium may lay over the page.
    this.#tell({ type: 'focus', hidden: isHidden || this.#isClosed, suggests: event.type === 'focusin' && Boolean(target.list) });
  }

  /** Whether anything hidden is selected. */
  #selects() {
    const selection = getSelection();
    for (let i = 0; i < (selection?.rangeCount ?? 0); i += 1) {
      const range = selection.getRangeAt(i);
      for (const secret of this.#guard.near) if (secret.isConnected && secret.getRootNode() === document && range.intersectsNode(secret) && secret.matches(SECRETS)) return true;
      const { commonAncestorContainer: common } = range;
      if (this.#guard.hides(common instanceof Element ? common : common.parentElement)) return true;
      if ((common instanceof Element ? common : common.parentElement)?.querySelector(SECRETS) && !range.collapsed) return true;
    }
    return false;
  }

  #swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #deny(event, why) {
    // A pointer event's default is the mouse event after it, which is judged by itself.
    if (!event.type.startsWith('pointer')) event.preventDefault();
    event.stopImmediatePropagation();
    if (this.#turn.isNews(why)) this.#tell({ type: 'denied', why });
  }
}

/** Where an event is in the tab's window; or in the frame of another site that this document is in, which adds its own place. */
function placeOf({ clientX: x, clientY: y }) {
  try {
    for (let view = window; view.frameElement; view = view.parent) {
      const box = view.frameElement.getBoundingClientRect();
      x += box.x + view.frameElement.clientLeft;
      y += box.y + view.frameElement.clientTop;
    }
  } catch {
    // Around it is another site.
  }
  return [x, y];
}

/** What has the focus, through shadow roots. */
function deepFocus() {
  let focus = document.activeElement;
  for (let root; focus && (root = shadowOf(focus))?.activeElement; ) focus = root.activeElement;
  return focus;
}

const pathOf = (element) => {
  const path = [];
  for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) path.push(node);
  return path;
};

/** The controls among the targets of an event, up to the first that takes it. */
function controlsOf(path) {
  const controls = path.filter((node) => node instanceof Element && node.matches(CONTROLS));
  const end = controls.findIndex((node) => node.matches('button,a[href],input,summary,[role=button],[role=link]'));
  return end < 0 ? controls.slice(0, 3) : controls.slice(0, end + 1);
}

/** Whether a rule keeps an element, or what it is in, for the customer. */
const rulesOut = (rules, element) => rules.block.element.length > 0 && pathOf(element).some((node) => rules.blocksElement(node));

/** What a phone's keyboard is to be for the text field that a tap goes to (HTML § inputmode), or null where it goes to none. */
function fieldAt(path) {
  for (const node of path) {
    if (!(node instanceof HTMLElement)) continue;
    const field = node.localName === 'label' ? node.control : node;
    const kind = field && keyboardOf(field);
    if (kind) return kind;
    if (node.matches('button,a[href],label,select')) return null;
  }
  return null;
}

function keyboardOf(field) {
  const { localName, inputMode } = field;
  if (localName === 'input' || localName === 'textarea') {
    if (field.disabled || field.readOnly) return null;
  } else if (!field.isContentEditable) {
    return null;
  }
  const type = localName === 'input' ? field.type : 'text';
  if (type === 'password') return type;
  if (inputMode === 'none') return null;
  return KEYBOARDS.get(inputMode) ?? KEYBOARDS.get(type) ?? null;
}

/** The values of `inputmode` and `type` that ask for text, and which of our kinds they are. */
const KEYBOARDS = new Map(Object.entries({
  text: 'text', search: 'search', email: 'email', tel: 'phone', url: 'url', number: 'number', decimal: 'number', numeric: 'digits',
}));

const formOf = (control) => control.form ?? control.control?.form ?? null;

// What a rule session asks: what is at a place, and what the company's own rules find. Nothing of this runs where nobody asks.

/** What is pointed at when something in it is hit. */
const PRESSED =
  'button,a[href],summary,input,select,textarea,label,[contenteditable]:not([contenteditable=false i]),[role=button],[role=link],[role=tab],[role=menuitem],[role=checkbox],[role=switch],[role=radio],[role=option],[role=combobox],[role=textbox]';
const WHOLE = 'td,th,dd,dt,p,h1,h2,h3,h4,h5,h6,svg';
/** So many elements are tried until a rule could find one again: what is meant, what was hit, what they are in. */
const UP = 6;
/** Shorter values are parts of any text. */
const SHORT = 3;

class Pick {
  #guard;

  constructor(guard) {
    this.#guard = guard;
  }

  /** Says what is at a place in the window (CSS pixels). */
  at(id, x, y) {
    let thing = null;
    try {
      thing = this.thingAt(x, y);
    } catch {
      // A page may have put anything in the way of the question.
    }
    tell({ type: 'picked', id, thing });
  }

  /** Says how many things each of the company's own rules finds. */
  count() {
    let { lesson, masking, blocking } = this.counted();
    for (const one of this.within()) {
      const inside = one.counted();
      masking = masking.map((count, i) => sumOf(count, inside.masking[i]));
      blocking = blocking.map((count, i) => sumOf(count, inside.blocking[i]));
    }
    tell({ type: 'matches', lesson, masking, blocking });
  }

  thingAt(x, y) {
    const hit = deepestAt(x, y);
    const frame = hit?.matches(FRAMES) ? guardOf(hit) : null;
    if (frame) {
      const box = hit.getBoundingClientRect();
      const [left, top] = [box.x + hit.clientLeft, box.y + hit.clientTop];
      const thing = frame.pick.thingAt(x - left, y - top);
      return thing && { ...thing, area: [thing.area[0] + left, thing.area[1] + top, thing.area[2], thing.area[3]] };
    }
    if (!hit || isOurs(hit)) return null;
    const tried = [wholeOf(hit), hit];
    for (let above = aboveOf(tried[0]); above && tried.length < UP; above = aboveOf(above)) tried.push(above);
    for (const at of tried) {
      if (at === document.body || at === document.documentElement) break;
      const element = describeThing(at, (text) => this.#isSecret(text));
      if (element && new Finder(element).finds(at)) return this.#thing(at, element);
    }
    return null;
  }

  counted() {
    const { policy } = this.#guard.rules;
    const count = (rules, finder) => rules.map(({ site, what }) => (covers(site) ? this.#countOf(finder(what)) : null));
    return { lesson: policy?.lesson ?? 0, masking: count(policy?.masking.rules ?? [], maskFinder), blocking: count(policy?.blocking.rules ?? [], blockFinder) };
  }

  /** Those of the documents within that can be reached. */
  within() {
    const guards = this.#guard.everyFrame().map(guardOf).filter(Boolean);
    return guards.flatMap(({ pick }) => [pick, ...pick.within()]);
  }

  #thing(at, element) {
    const { x, y, width, height } = at.getBoundingClientRect();
    const count = (what) => {
      try {
        const finder = new Finder(what);
        return this.#countOf((one) => finder.finds(one));
      } catch {
        // Without its surroundings it says too little.
        return 0;
      }
    };
    const [same, alike] = [count(element), count({ ...element, near: '' })];
    return { element, area: [x, y, width, height], same, alike, hidden: this.#hiddenBy(at), blocked: this.#blockedBy(at) };
  }

  /** Whether a text is somebody's: by its shape, or since a field holds it, or held it. */
  #isSecret(text) {
    if (Object.values(SHAPES).some((has) => has(text)) || this.#guard.isTyped(text)) return true;
    const isHeld = ({ type, value }) => !/^(button|submit|reset|checkbox|radio|hidden)$/.test(type) && value.trim().length >= SHORT && text.includes(value.trim());
    return [...document.querySelectorAll('input,textarea')].some(isHeld);
  }

  /** Found within what is found already is the same thing. */
  #countOf(finds) {
    let [count, last] = [0, null];
    for (const element of this.#elements()) {
      if (last?.contains(element) || !finds(element)) continue;
      count += 1;
      last = element;
    }
    return count;
  }

  *#elements() {
    const roots = [document, ...[...this.#guard.roots].filter(([, host]) => host.isConnected).map(([root]) => root)];
    for (const root of roots) for (const element of root.querySelectorAll('*')) if (!isOurs(element)) yield element;
  }

  #hiddenBy(at) {
    const holder = this.#guard.hider(at);
    if (!holder) return null;
    const { rules } = this.#guard;
    const rule = rules.policy.masking.rules.findIndex(({ site, what, hide }) => hide && covers(site) && finds(maskFinder(what), holder));
    if (rule >= 0) return { by: 'rule', rule };
    if (this.#guard.isByHand(holder)) return { by: 'hand' };
    const kind = holder.matches(CANDIDATES) && !holder.matches(FRAMES) ? kindOf(holder) : null;
    const text = String(holder.value ?? holder.textContent ?? '').slice(0, 1000);
    const shape = Object.keys(SHAPES).find((one) => rules.hides.has(one) && SHAPES[one](text));
    const preset = [kind, shape, 'all_inputs', 'everything'].find((one) => one && rules.hides.has(one));
    return preset ? { by: 'preset', preset } : { by: 'content' };
  }

  #blockedBy(at) {
    const control = this.#guard.gate.blockedIn(at);
    if (!control) return null;
    const { rules } = this.#guard;
    const rule = rules.policy.blocking.rules.findIndex(({ site, what, block }) => block && covers(site) && finds(blockFinder(what), control));
    if (rule >= 0) return { by: 'rule', rule };
    const verb = rules.policy.blocking.presets.find((one) => VERBS[one].test(verbsOf(control)));
    return verb ? { by: 'preset', preset: verb } : null;
  }
}

const sumOf = (one, other) => (one == null ? (other ?? null) : one + (other ?? 0));

function finds(finder, element) {
  for (let node = element; node; node = aboveOf(node)) if (finder(node)) return true;
  return false;
}

/** The thing that is meant when `hit` is pointed at: what is pressed with it, or what it is a part of. */
function wholeOf(hit) {
  const pressed = hit.closest(PRESSED);
  if (pressed) return pressed.localName === 'label' ? (pressed.control ?? pressed) : pressed;
  const whole = hit.closest(WHOLE);
  // A value beside its own name is a thing by itself.
  if (whole && (hit === whole || !holdsText(hit) || !wordsBefore(hit, whole))) return innermost(whole);
  return hit;
}

/** What holds the text, where it alone is in something. */
function innermost(element) {
  let at = element;
  while (!holdsText(at) && at.childElementCount === 1 && at.localName !== 'svg') at = at.firstElementChild;
  return at;
}

/** Whether an element is found by a rule; a rule that cannot be read finds nothing that could be counted. */
function finderOf(make) {
  try {
    return make();
  } catch {
    return () => false;
  }
}

function maskFinder(what) {
  return finderOf(() => {
    if (what.by === 'text') {
      const pattern = patternOf(what.pattern);
      return (element) => holdsText(element) && element.textContent.length <= 1000 && pattern.test(element.textContent);
    }
    if (what.by !== 'label') return thingFinder(what);
    const pattern = patternOf(what.pattern);
    return (element) => element.matches(CANDIDATES) && pattern.test(labelsOf(element));
  });
}

function blockFinder(what) {
  return finderOf(() => {
    if (what.by === 'role') return (element) => element.matches(CONTROLS) && roleOf(element) === what.role;
    if (what.by !== 'label' && what.by !== 'address') return thingFinder(what);
    const [pattern, of] = [patternOf(what.pattern), what.by === 'label' ? nameOf : targetOf];
    return (element) => element.matches(CONTROLS) && pattern.test(String(of(element)));
  });
}

function thingFinder(what) {
  if (what.by === 'selector') {
    document.createDocumentFragment().querySelector(what.selector);
    return (element) => element.matches(what.selector);
  }
  const finder = new Finder(what.element);
  return (element) => finder.finds(element);
}

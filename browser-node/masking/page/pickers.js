// What a field opens to be chosen from: a list, a calendar, colours. The browser's own is a window beside the page, and nothing proves what such a
// window shows. So it is kept away, and people's own pages draw what is told here, as they draw menus.

/** Lists that are longer stay the browser's (lines; characters as they travel, and what each line takes beside its words). */
const MOST_LINES = 600;
const MOST_TOLD = 50_000;
const LINE = 75;
const LONGEST_LINE = 200;
/** How often is looked whether a field is still where it was (milliseconds). */
const LOOK_EVERY = 250;
/** Letters that follow one another sooner look for a line of a closed list, and so does a space among them (milliseconds). */
const TOGETHER = 1000;
/** At a field's end is what opens its calendar: so wide in fields of the usual size (CSS pixels). */
const OPENER = 26;
const VALUES = new Set(['date', 'time', 'datetime-local', 'month', 'week', 'color']);

class Pickers {
  #guard;
  #turn;
  /** What was open on the field that is being pressed: pressed again it closes. */
  #closing = null;
  #letter = -TOGETHER;

  constructor(guard, turn) {
    this.#guard = guard;
    this.#turn = turn;
  }

  /** Once the gate listens: what it denies does not come here. */
  listen() {
    for (const type of ['mousedown', 'click', 'keydown']) addEventListener(type, this.#comes, true);
    addEventListener('pagehide', this.#close);
    addEventListener(`${NAME}-picker`, this.#asked, true);
  }

  #comes = (event) => {
    if (!event.isTrusted) return;
    const { type } = event;
    if (type === 'mousedown') {
      this.#closing = this.#turn.picker?.field ?? null;
      this.#close();
    }
    // Added anew, it hears the event after everything that the page has there, which may have a list of its own.
    removeEventListener(type, this.#last);
    addEventListener(type, this.#last);
  };

  #last = (event) => {
    const field = event.composedPath()[0];
    const isMeant = !event.defaultPrevented && this.#isMeant(event, field);
    if (event.type === 'keydown' && event.key.length === 1 && event.key !== ' ') this.#letter = event.timeStamp;
    if (!isMeant) return;
    const isOpen = event.type === 'mousedown' && field === this.#closing;
    if (!isOpen && !this.#open(field)) return;
    event.preventDefault();
    if (event.type === 'mousedown') field.focus({ preventScroll: true });
  };

  /** Whether the browser would open something for the field. */
  #isMeant(event, field) {
    const { type, key } = event;
    if (type === 'mousedown') return event.button === 0 && isList(field);
    if (type === 'click') return hasValue(field) && (field.type === 'color' || matchMedia('(pointer: coarse)').matches || isAtEnd(event, field));
    if (!isList(field) && !(hasValue(field) && field.type !== 'color')) return false;
    if (key === 'F4' || (event.altKey && /^Arrow(Up|Down)$/.test(key)) || (key === 'Enter' && isList(field))) return true;
    return key === ' ' && event.timeStamp - this.#letter > TOGETHER;
  }

  /** A script opens it. */
  #asked = (event) => {
    event.stopImmediatePropagation();
    const field = event.relatedTarget;
    if ((isList(field) || hasValue(field)) && this.#open(field)) event.preventDefault();
  };

  #open(field) {
    const options = field.localName === 'select' ? optionsOf(field) : null;
    const of = options ? this.#list(options) : valueOfPicker(field);
    if (!of) return false;
    const guard = this.#guard;
    const label = namedAs(field, thingRoleOf(field)).slice(0, LONGEST_LINE);
    const { left, top, width, height } = field.getBoundingClientRect();
    const open = { number: (this.#turn.pickers += 1), by: this, field, options, was: standOf(field) };
    this.#turn.picker = open;
    phasesHere()?.tell({
      type: 'picker',
      picker: {
        number: open.number,
        customers: this.#turn.sender === 'customer',
        at: placeOf({ clientX: left, clientY: top }),
        size: [width, height],
        label: guard.rules.everything || guard.isSecretText(label) ? '' : label,
        hidden: !phasesHere()?.isOpen || guard.hides(field),
        of,
      },
    });
    this.#watch(open);
    return true;
  }

  #list(options) {
    const choices = options.map((option) => {
      const group = option.parentElement.localName === 'optgroup' ? plainLine(option.parentElement.label) : '';
      return { text: plainLine(option.label), group, disabled: option.disabled || option.parentElement.disabled === true, selected: option.selected, hidden: this.#isSecret(option) };
    });
    const told = choices.reduce((sum, { text, group }) => sum + text.length + group.length + LINE, 0);
    return choices.length > 0 && choices.length <= MOST_LINES && told <= MOST_TOLD ? { kind: 'list', choices } : null;
  }

  #isSecret(option) {
    const group = option.parentElement.localName === 'optgroup' ? option.parentElement.label : '';
    return this.#guard.hides(option) || [option.label, group].some((text) => this.#guard.isSecretText(text));
  }

  /** What has moved, went or was changed meanwhile is open no more. */
  #watch(open) {
    setTimeout(() => {
      if (this.#turn.picker !== open) return;
      if (document.hidden || standOf(open.field) !== open.was) this.#close();
      else this.#watch(open);
    }, LOOK_EVERY);
  }

  #close = () => {
    const open = this.#turn.picker;
    if (!open) return;
    this.#turn.picker = null;
    open.port?.postMessage({ number: open.theirs, choice: {} });
    phasesHere()?.tell({ type: 'picker', picker: null });
  };

  /** A document of another site in a frame has opened something, or closed it: `frame` is where that is, `port` leads there. */
  passOn(port, picker, frame, isOpen) {
    const open = this.#turn.picker;
    if (!picker) return open?.port === port ? this.#close() : undefined;
    const number = (this.#turn.pickers += 1);
    this.#turn.picker = { number, port, theirs: picker.number };
    phasesHere()?.tell({ type: 'picker', picker: { ...picker, number, at: placeIn(frame, picker.at), hidden: picker.hidden || !isOpen } });
  }

  /** Somebody has chosen: a line, a value, or nothing. */
  choose(number, choice, isCustomers) {
    const open = this.#turn.picker;
    if (open?.number !== number) return;
    this.#turn.picker = null;
    if (open.port) open.port.postMessage({ number: open.theirs, choice, isCustomers });
    else if ('index' in choice || 'value' in choice) open.by.#carryOut(open, choice, isCustomers);
  }

  #carryOut({ field, options }, choice, isCustomers) {
    const option = options?.[choice.index];
    if (standOf(field) === null || (options && !option?.isConnected)) return;
    if (!this.#guard.gate.chooses(field, isCustomers, Boolean(option) && this.#isSecret(option))) return;
    const before = field.value;
    if (options) {
      if (option.selected || option.disabled || option.parentElement.disabled === true) return;
      option.selected = true;
    } else {
      field.value = choice.value;
      // What is no value of this type leaves the field as it was.
      if (field.value === '' && choice.value !== '') field.value = before;
      if (field.value === before) return;
    }
    field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

const canChange = (field) => !field.matches(':disabled') && !field.readOnly;

/** A list that opens, and is none that the page draws itself (CSS Forms, `appearance: base-select`). */
const isList = (field) => field instanceof HTMLSelectElement && !field.multiple && field.size <= 1 && canChange(field) && getComputedStyle(field).appearance !== 'base-select';

const hasValue = (field) => field instanceof HTMLInputElement && VALUES.has(field.type) && canChange(field);

const optionsOf = (field) => [...field.options].filter((option) => getComputedStyle(option).display !== 'none');

const plainLine = (text) => text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_LINE);

function valueOfPicker(field) {
  const said = (name) => (field.getAttribute(name) ?? '').slice(0, 40);
  return { kind: 'value', input: field.type, value: field.value, min: said('min'), max: said('max'), step: said('step'), required: field.required };
}

/** Where a field is and what it holds; null for one that can no longer be chosen for. */
function standOf(field) {
  if (!field.isConnected || !canChange(field) || !field.checkVisibility()) return null;
  const { x, y, width, height } = field.getBoundingClientRect();
  return [x, y, width, height, field.value].join();
}

/** Whether a press is on what opens a field's calendar or clock. */
function isAtEnd({ clientX }, field) {
  const { left, right } = field.getBoundingClientRect();
  const { direction, paddingLeft, paddingRight, borderLeftWidth, borderRightWidth } = getComputedStyle(field);
  const isLeft = direction === 'rtl';
  const inset = isLeft ? parseFloat(paddingLeft) + parseFloat(borderLeftWidth) : parseFloat(paddingRight) + parseFloat(borderRightWidth);
  return (isLeft ? clientX - left : right - clientX) <= inset + OPENER;
}

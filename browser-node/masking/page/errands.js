// What leads from the page to people: what it asks them, what was copied, whom to call or write to; and looking for a text.

/** Addresses that are for the person's own device. */
const HANDED = /^(mailto|tel|sms):/i;
/** Addresses that the browser itself opens. For others it would ask whether to start a program, which there is none of. */
const OPENED = /^(https?|blob|data|about|javascript|file|filesystem|view-source|devtools|chrome(-[a-z]+)?):/i;
/** The longest text that is handed on (characters). */
const LONGEST_COPY = 20_000;

/** Where questions go. The node answers it, and nothing of it leaves the browser. */
const ASKED_AT = 'https://ask.invalid/';
/** The longest question (characters). */
const LONGEST_QUESTION = 2000;

class Errands {
  #guard;
  #turn;
  #lacks = new Lacks();

  constructor(guard, turn) {
    this.#guard = guard;
    this.#turn = turn;
    // After the page, which may put something else on the clipboard; then that is told to nobody.
    for (const type of ['copy', 'cut']) addEventListener(type, this.#copied);
    addEventListener(`${NAME}-ask`, this.#asked, true);
    globalThis.navigation?.addEventListener('navigate', this.#navigates);
  }

  #tell(what) {
    phasesHere()?.tell(what);
  }

  /** Selects the next place, from the selection on, where the page says this. */
  find(text, backwards) {
    this.#tell({ type: 'found', found: Boolean(window.find(text, false, backwards, true)) });
  }

  /** The page stands still until somebody has answered, as it does for the browser's own dialogs. */
  #asked = (event) => {
    event.stopImmediatePropagation();
    const box = event.relatedTarget;
    const said = (name) => (box.getAttribute(name) ?? '').slice(0, LONGEST_QUESTION);
    const question = { name: NAME, kind: said('kind'), host: location.hostname, text: said('text'), proposal: said('proposal') };
    try {
      const request = new XMLHttpRequest();
      request.open('POST', ASKED_AT, false);
      request.send(JSON.stringify(question));
      const { answer } = JSON.parse(request.responseText);
      if (answer !== null) box.setAttribute('answer', answer);
      event.preventDefault();
    } catch {
      // A page on its way out asks nobody, nor may a frame of another site: the browser knows what becomes of that.
    }
  };

  /** What somebody other than the customer copies, which the gate has let through, since nothing hidden is in it. */
  #copied = (event) => {
    if (!event.isTrusted || event.defaultPrevented || this.#turn.keySender !== 'agent') return;
    const field = deepFocus();
    const inField = field && 'selectionStart' in field && typeof field.selectionStart === 'number';
    const text = inField ? field.value.slice(field.selectionStart, field.selectionEnd) : String(getSelection());
    if (!text || text.length > LONGEST_COPY || this.#guard.isSecretText(text)) return;
    this.#turn.copied = text;
    this.#tell({ type: 'copied', text });
  };

  #navigates = (event) => {
    const { url } = event.destination;
    if (!event.cancelable || OPENED.test(url)) return;
    event.preventDefault();
    if (HANDED.test(url)) this.#tell({ type: 'handed', url: url.slice(0, 2000) });
    else this.#lacks.tell('program');
  };
}

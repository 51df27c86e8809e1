// In the page's own world: says which elements get a shadow root, so that its guard finds it before it is painted, and
// asks the guard before a script submits a form, of which no event tells, and lets the node print. What the page asks people goes by
// the guard too: Chromium's own dialogs would cover the page, and take whatever key comes next for an answer.
(() => {
  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = {
    submit() {
      const asked = new MouseEvent(`${NAME}-submit`, { relatedTarget: this, cancelable: true });
      if (dispatch(asked)) submit.call(this);
    },
  }.submit;
  const { attachShadow } = Element.prototype;
  const dispatch = window.dispatchEvent.bind(window);
  const { MouseEvent, setTimeout, clearTimeout } = window;
  const close = window.close.bind(window);
  // The browser's own preview would stand before a page that nobody can prove, and there is no printer here. Pages that close
  // right after they printed stay until they are printed.
  let printing = null;
  let closing = false;
  const printed = () => {
    clearTimeout(printing);
    printing = null;
    if (closing) setTimeout(close, 1_000);
  };
  window.addEventListener('afterprint', printed);
  window.print = {
    print() {
      clearTimeout(printing);
      [printing, closing] = [setTimeout(printed, 10_000), false];
      dispatch(new MouseEvent(`${NAME}-print`));
    },
  }.print;
  window.close = {
    close() {
      if (printing === null) close();
      else closing = true;
    },
  }.close;
  Object.defineProperty(Element.prototype, 'attachShadow', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: function (...init) {
      const root = attachShadow.apply(this, init);
      dispatch(new MouseEvent(`${NAME}-root`, { relatedTarget: this }));
      return root;
    },
  });

  const create = document.createElement.bind(document);
  const { setAttribute, getAttribute } = Element.prototype;
  /** What people answer: null where they do not agree, or nothing at all when there is no guard to ask. */
  const ask = (kind, text, proposal) => {
    const box = create('data');
    for (const [name, value] of [['kind', kind], ['text', text], ['proposal', proposal]]) setAttribute.call(box, name, value);
    const isAsked = !dispatch(new MouseEvent(`${NAME}-ask`, { relatedTarget: box, cancelable: true }));
    return isAsked ? getAttribute.call(box, 'answer') : undefined;
  };
  const { alert, confirm, prompt } = window;
  const say = (value) => (value === undefined ? '' : `${value}`);
  Object.assign(window, {
    alert(text) {
      if (ask('alert', say(text), '') === undefined) alert.call(window, say(text));
    },
    confirm(text) {
      const answer = ask('confirm', say(text), '');
      return answer === undefined ? confirm.call(window, say(text)) : answer !== null;
    },
    prompt(text, proposal) {
      const answer = ask('prompt', say(text), say(proposal));
      return answer === undefined ? prompt.call(window, say(text), say(proposal)) : answer;
    },
  });
})();

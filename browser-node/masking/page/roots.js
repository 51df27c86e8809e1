// In the page's own world: says which elements get a shadow root, so that its guard finds it before it is painted, and
// asks the guard before a script submits a form, of which no event tells, and lets the node print.
(() => {
  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = {
    submit() {
      const asked = new MouseEvent(`${NAME}-submit`, { relatedTarget: this, cancelable: true });
      if (dispatch(asked)) submit.call(this);
    },
  }.submit;
  // The browser's own preview would stand before a page that nobody can prove, and there is no printer here.
  window.print = {
    print() {
      dispatch(new MouseEvent(`${NAME}-print`));
    },
  }.print;
  const { attachShadow } = Element.prototype;
  const dispatch = window.dispatchEvent.bind(window);
  const { MouseEvent } = window;
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
})();

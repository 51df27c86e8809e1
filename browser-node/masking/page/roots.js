// In the page's own world: says which elements get a shadow root, so that its guard finds it before it is painted.
(() => {
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

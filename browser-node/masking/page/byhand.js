// What the customer has hidden by pointing at it, also when the page is loaded anew.

class ByHand {
  #selectors = new Set();
  #prefix = `hidden:${location.host}:`;

  /** Takes over what other documents of this host have stored, by the names of it. */
  load(names) {
    for (const name of names) if (name.startsWith(this.#prefix)) this.#selectors.add(name.slice(this.#prefix.length));
  }

  get selectors() {
    return [...this.#selectors];
  }

  add(element) {
    const selector = selectorOf(element);
    this.#selectors.add(selector);
    chrome.storage.session.set({ [this.#prefix + selector]: 1 }).catch(() => {});
    return selector;
  }

  has(element) {
    return this.selectors.some((one) => element.matches(one));
  }
}

/** Finds the element again when the page is loaded anew. */
function selectorOf(element) {
  const steps = [];
  for (let node = element; node && node !== document.documentElement; node = node.parentElement) {
    if (node.id && document.querySelectorAll(`#${CSS.escape(node.id)}`).length === 1) {
      steps.unshift(`#${CSS.escape(node.id)}`);
      break;
    }
    const place = [...node.parentElement.children].filter((one) => one.localName === node.localName).indexOf(node) + 1;
    steps.unshift(`${CSS.escape(node.localName)}:nth-of-type(${place})`);
  }
  return steps.join('>');
}

// What a page asks for and a browser in a data centre does not have: people are told of the kind, once for each document.

/** By the number that `roots.js` says. */
const LACKS = ['camera', 'microphone', 'screen', 'place', 'passkey', 'film', 'notifications', 'device'];

class Lacks {
  #told = new Set();

  constructor() {
    addEventListener(`${NAME}-lack`, this.#asked, true);
  }

  tell(lack) {
    if (this.#told.has(lack)) return;
    this.#told.add(lack);
    phasesHere()?.tell({ type: 'lacks', lack });
  }

  #asked = (event) => {
    event.stopImmediatePropagation();
    const lack = LACKS[event.detail];
    if (lack) this.tell(lack);
  };
}

// What the agent may know of the page's title: pages put into it what was typed.

class Title {
  #guard;
  #told = null;

  constructor(guard) {
    this.#guard = guard;
  }

  look() {
    if (!this.#guard.isReady || document.title === this.#told) return;
    this.#told = document.title;
    tell({ type: 'title', title: this.#guard.isSecretText(document.title) ? null : document.title });
  }
}

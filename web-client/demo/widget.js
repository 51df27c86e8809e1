// Two widgets as other companies would deliver them: their insides are in shadow roots.
'use strict';

const STYLE = `
  :host { display: block; margin: 0 0 24px; padding: 28px; border: 1px solid #e6dccd; border-radius: 14px; background: #fff; }
  h2 { margin: 0 0 12px; font: 22px Georgia, serif; }
  button, input { font: inherit; padding: 10px 16px; border: 1px solid #b7a892; border-radius: 8px; background: #fff; color: inherit; }
  button { cursor: pointer; }
  button[aria-pressed='true'], .send { border-color: #a8451f; background: #a8451f; color: #fff; }
  form, div { display: flex; flex-wrap: wrap; gap: 8px; }
  p { margin: 12px 0 0; min-height: 24px; color: #75665a; }
`;

class StarRating extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.innerHTML = `<style>${STYLE}</style><h2>How was it?</h2><div></div><p id="said" role="status"></p>`;
    for (let stars = 1; stars <= 5; stars++) {
      const button = Object.assign(document.createElement('button'), { type: 'button', id: `stars-${stars}`, textContent: `${stars}` });
      button.addEventListener('click', () => {
        for (const one of root.querySelectorAll('button')) one.setAttribute('aria-pressed', String(one === button));
        root.getElementById('said').textContent = `You gave ${stars} of 5. Thank you.`;
        this.dataset.stars = String(stars);
      });
      root.querySelector('div').append(button);
    }
  }
}

class NewsLetter extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: 'closed' });
    root.innerHTML = `<style>${STYLE}</style><h2>Four letters a year</h2>
      <form><input id="letter-email" type="email" required placeholder="you@example.com" aria-label="E-mail" /><button class="send">Subscribe</button></form>
      <p role="status"></p>`;
    root.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      root.querySelector('p').textContent = 'You are on the list.';
      this.dataset.subscribed = 'true';
    });
  }
}

customElements.define('star-rating', StarRating);
customElements.define('news-letter', NewsLetter);

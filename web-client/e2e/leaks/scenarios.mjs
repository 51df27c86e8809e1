// Pages that could show a secret to the agent, one a scenario. What is secret is magenta, and nothing else is.

import { lines, MAGENTA as PDF_MAGENTA, pdfOf } from '../pdfs.mjs';

const MAGENTA = '#f0f';
const STYLE = `<!doctype html><meta charset="utf-8"><title>Scenario</title><style>
  body { font: 18px/1.5 sans-serif; margin: 20px; color: #223; background: #fff }
  .secret { display: inline-block; box-sizing: border-box; width: 320px; height: 44px; margin: 8px 0; border: 0; font-size: 20px;
    color: ${MAGENTA}; background: ${MAGENTA}; accent-color: ${MAGENTA}; caret-color: ${MAGENTA}; outline-color: ${MAGENTA} }
  #ticker { position: fixed; top: 0; right: 0; margin: 20px }
  .tall { height: 3000px; background: linear-gradient(#fff, #cde 50%, #fff) }
</style>
<p id="ticker">0</p>`;
const TICK = 'ticker.textContent = +ticker.textContent + 1';
/** Something that moves away from what is secret: with every frame, or, as on most pages, now and then. */
const MOVES = `<script>(function tick() { ${TICK}; requestAnimationFrame(tick) })()</script>`;
const MOVES_LITTLE = `<script>setInterval(() => { ${TICK} }, 100)</script>`;
const SECRET = '<input class="secret" type="password" value="canary-secret">';
const CARD = '<input class="secret" autocomplete="cc-number" value="4111 1111 1111 1111">';
const script = (code) => `<script>${code}</script>`;
/** Goes on with the page's own frames. */
const eachFrame = (code) => script(`let t = 0; (function step() { t += 1; ${code}; requestAnimationFrame(step) })()`);

const wheel = async ({ wheelBy }) => {
  for (let i = 0; i < 30; i += 1) await wheelBy(i < 15 ? 120 : -120);
};
const keys = (...pressed) => async ({ press }) => {
  for (const key of pressed) await press(key);
};

/**
 * `page` is its mark-up, or `body` all of an answer of a `type`; `act` what the customer does, again and again. `isQuiet`: its
 * page moves little, as that is what it is about. `freezes`: why agents may see nothing new for long. `hides`: agents may not see the customer's pointer at all.
 */
export const scenarios = {
  still: { page: `${SECRET}${CARD}`, isQuiet: true },
  typing: { page: '<input class="secret" type="password" autofocus>', act: keys('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), isQuiet: true },
  'text area': { page: '<textarea class="secret" name="iban" autofocus>canary</textarea>', act: keys('a', 'b', 'c', 'd', 'e', 'f') },
  'editable content': { page: '<div class="secret" contenteditable aria-label="Password" autofocus>canary</div>', act: keys('Tab', 'a', 'b', 'c', 'd') },
  'scroll by wheel': { page: `<div style="height:900px"></div>${SECRET}<div class="tall"></div>`, act: wheel },
  'scroll by keyboard': {
    page: `${SECRET}<div class="tall"></div>${SECRET}`,
    act: keys('End', 'Home', 'PageDown', 'PageUp', 'End', 'Home', 'Space', 'Home'),
  },
  'smooth scroll': {
    page: `${SECRET}<div class="tall"></div>${SECRET}${script("setInterval(() => scrollTo({ top: scrollY > 99 ? 0 : 9999, behavior: 'smooth' }), 700)")}`,
  },
  'jumping scroll': { page: `${SECRET}<div class="tall"></div>${SECRET}${eachFrame('if (t % 9 === 0) scrollTo(0, t % 2 ? 9999 : 0)')}` },
  'inner scroll': {
    page: `<div id="box" style="height:300px;overflow:auto"><div class="tall"></div>${SECRET}<div class="tall"></div></div>${eachFrame('box.scrollTop = (Math.sin(t / 20) + 1) * 1600')}`,
  },
  sticky: { page: `<div style="position:sticky;top:40px">${SECRET}</div><div class="tall"></div>`, act: wheel },
  'moved by style': {
    page: `<style>@keyframes go { to { transform: translate(300px, 300px) } } .secret { animation: go 1s infinite alternate }</style>${SECRET}`,
  },
  'faded by animation': { page: `<style>@keyframes go { from { opacity: 0 } to { opacity: 1 } } .secret { animation: go 0.7s infinite alternate }</style>${SECRET}` },
  'transition on everything': {
    page: `<style>* { transition: all 0.6s !important } .to { margin-left: 200px; opacity: 0.4 }</style>${SECRET}${script("setInterval(() => document.querySelector('.secret').classList.toggle('to'), 500)")}`,
  },
  'moved by script': { page: `${SECRET}${eachFrame("document.querySelector('.secret').style.transform = `translate(${t % 300}px, ${t % 200}px)`")}` },
  'inserted again and again': {
    page: `<div id="at"></div>${script(`setInterval(() => { at.replaceChildren(); at.insertAdjacentHTML('beforeend', '${SECRET}') }, 120)`)}`,
  },
  'flood of mark-up': { page: `<div id="at"></div>${eachFrame(`at.innerHTML = '<p>' + t + '</p>${SECRET}'.repeat(1 + t % 8)`)}` },
  'type switched': { page: `${SECRET}${script("const s = document.querySelector('input'); setInterval(() => { s.type = s.type === 'text' ? 'password' : 'text' }, 150)")}` },
  'open shadow root': { page: `<x-a></x-a>${script(`customElements.define('x-a', class extends HTMLElement { connectedCallback() { this.attachShadow({ mode: 'open' }).innerHTML = '<style>input { width: 300px; height: 44px; background: ${MAGENTA} }</style><input name=iban value=canary>' } })`)}` },
  'closed shadow root': { page: `<div id="host"></div>${script(`host.attachShadow({ mode: 'closed' }).innerHTML = '<style>input { width: 300px; height: 44px; background: ${MAGENTA} }</style><input name=iban value=canary>'`)}` },
  'shadow roots again and again': {
    page: `<div id="at"></div>${script(`setInterval(() => { const host = document.createElement('div'); at.replaceChildren(host); host.attachShadow({ mode: 'closed' }).innerHTML = '<input name=iban style="width:300px;height:44px;background:${MAGENTA}">' }, 120)`)}`,
  },
  'declarative shadow roots': {
    page: Array.from({ length: 30 }, (_, i) => `<div><template shadowrootmode="${i % 2 ? 'open' : 'closed'}"><input name="iban" style="width:300px;height:20px;border:0;background:${MAGENTA}"></template></div>`),
  },
  'nested shadow roots': {
    page: `<div id="host"></div>${script(`const a = host.attachShadow({ mode: 'closed' }); const b = document.createElement('div'); a.append(b); b.attachShadow({ mode: 'closed' }).innerHTML = '<input name=iban style="width:300px;height:44px;background:${MAGENTA}">'`)}`,
  },
  'sheets overwritten': {
    page: `<div id="host"></div>${script(`const root = host.attachShadow({ mode: 'open' }); root.innerHTML = '<input name=iban style="width:300px;height:44px;background:${MAGENTA}">'; const own = new CSSStyleSheet(); own.replaceSync('input { opacity: 1 !important }')`)}${eachFrame('root.adoptedStyleSheets = t % 2 ? [own] : []')}`,
  },
  'frame of the same site': { page: `<iframe src="still/inner" width="500" height="200"></iframe>` },
  'frame of another site': { page: `<iframe src="OTHER/still/inner" width="500" height="200"></iframe>` },
  'frame by mark-up': { page: `<iframe srcdoc='${SECRET.replace('class="secret"', `style="width:300px;height:44px;background:${MAGENTA}"`)}' width="500" height="200"></iframe>` },
  'frame moved': {
    page: `<div id="a"></div><div id="b"></div>${script("const f = document.createElement('iframe'); f.src = 'still/inner'; a.append(f); setInterval(() => (f.parentNode === a ? b : a).append(f), 400)")}`,
  },
  'modal dialog': {
    page: `<dialog id="d">${SECRET}</dialog>${script('setInterval(() => d.open ? d.close() : d.showModal(), 300)')}`,
  },
  popover: { page: `<div id="d" popover>${SECRET}</div>${script('setInterval(() => d.togglePopover(), 300)')}` },
  'view transition': { page: `<p id="n">0</p>${SECRET}${script('setInterval(() => document.startViewTransition(() => { n.textContent = +n.textContent + 1 }), 600)')}` },
  zoomed: { page: `${SECRET}${eachFrame('document.documentElement.style.zoom = 1 + (t % 60) / 60')}` },
  'scaled and turned': { page: `<div id="d" style="width:400px">${SECRET}</div>${eachFrame('d.style.transform = `scale(${1 + (t % 50) / 50}) rotate(${t}deg)`')}` },
  navigation: { page: `${SECRET}${script("setTimeout(() => { location.href = 'navigation?' + Math.random() }, 500)")}` },
  reload: { page: `${SECRET}${script('setTimeout(() => location.reload(), 500)')}` },
  history: { page: `${SECRET}${script("if (!location.hash) { location.hash = 'a'; } setInterval(() => history.go(location.hash === '#a' ? -1 : 1), 300)")}` },
  'list of options': {
    page: `<select class="secret" name="card_exp_month" autofocus>${`<option style="background:${MAGENTA}">canary</option>`.repeat(6)}</select>`,
    act: keys('Space', 'ArrowDown', 'ArrowDown', 'Escape', 'Space', 'Enter'),
    isQuiet: true,
  },
  'line of a list': {
    page: `<style>#s:has(option:checked[value=a]) { background: ${MAGENTA}; color: ${MAGENTA} }</style><select id="s" name="from" style="width:320px;height:44px"><option>Choose<option value="a">DE89 3704 0044 0532 0130 00</select>${script('setInterval(() => (s.selectedIndex = 1 - s.selectedIndex), 300)')}`,
  },
  'open list': { page: `<select size="4" name="from" style="width:320px"><option>Choose<option style="background:${MAGENTA};color:${MAGENTA}">DE89 3704 0044 0532 0130 00</select>` },
  'list that the page draws': {
    page: `<style>select, ::picker(select) { appearance: base-select } option, ::picker(select) { background: ${MAGENTA}; color: ${MAGENTA} }</style><select class="secret" name="card_exp_month" autofocus>${'<option>canary</option>'.repeat(6)}</select>`,
    act: keys('Space', 'ArrowDown', 'Escape', 'Space', 'Enter'),
  },
  'raised out of a secret': {
    page: `<div class="secret" contenteditable aria-label="Password"><div id="p" popover style="background:${MAGENTA}">plain words</div><dialog id="d" style="background:${MAGENTA}">plain words</dialog></div>${script('setInterval(() => { p.togglePopover(); if (d.open) d.close(); else d.showModal() }, 400)')}`,
  },
  'date picker': { page: `<input class="secret" type="date" autocomplete="bday" value="1970-01-01" autofocus>`, act: keys('Space', 'Escape', '1', '2'), isQuiet: true },
  'hostile style': {
    page: `<style>* { opacity: 1 !important; visibility: visible !important } input { opacity: 1 !important; animation: none !important; transition: opacity 9s !important }</style><input class="secret" name="iban" style="opacity:1!important" value="canary">`,
  },
  'hostile script': {
    page: `${SECRET}${eachFrame("for (const e of document.querySelectorAll('*')) { for (const a of [...e.attributes]) if (/-(secret|open)$/.test(a.name)) e.removeAttribute(a.name); if (e.className && /-(key|marker)$/.test(e.className)) e.remove() }")}`,
    freezes: 'it takes the marker away in every frame',
  },
  'copied attributes': {
    page: `<p><input type="checkbox"></p>${SECRET}${eachFrame("for (const e of document.querySelectorAll('*')) for (const a of [...e.attributes]) if (/-open$/.test(a.name)) document.querySelector('.secret').setAttribute(a.name, '')")}`,
  },
  'busy page': { page: `${SECRET}${script('setInterval(() => { const end = performance.now() + 180; while (performance.now() < end); }, 220)')}` },
  'validation bubble': { page: `<form id="f"><input class="secret" type="email" value="canary" required></form>${script('setInterval(() => f.reportValidity(), 500)')}` },
  'text by its check digits': { page: `<style>#s:empty { display: none }</style><p><span class="secret" id="s"></span></p>${script("setInterval(() => { s.textContent = s.textContent ? '' : '4111 1111 1111 1111' }, 250)")}` },
  'text in parts': { page: '<p><span class="secret">4111 <b>1111</b> 1111 <i>1111</i></span></p>', isQuiet: true },
  'text that was typed': {
    page: `<input class="secret" type="password" name="password" autofocus><p><span id="s" style="font-size:40px;color:${MAGENTA}"></span></p>${script("document.querySelector('input').addEventListener('input', (event) => { s.textContent = event.target.value })")}`,
    act: keys('c', 'a', 'n', 'a', 'r', 'y', 'x', 'y'),
  },
  'text of a drawing': { page: `<svg width="600" height="80"><text y="60" font-size="48" fill="${MAGENTA}">4111 1111 1111 1111</text></svg>` },
  'generated content': { page: `<style>[data-n]::before { content: attr(data-n); background: ${MAGENTA}; font-size: 30px }</style><p data-n="DE89 3704 0044 0532 0130 00"></p>` },
  'value set by script': {
    page: `<input id="f" name="reference" style="width:320px;height:44px">${script(`setTimeout(() => { f.value = '4111111111111111'; f.style.background = '${MAGENTA}' }, 600)`)}`,
  },
  'label that comes late': {
    page: `<label id="l">Name</label><input aria-labelledby="l" id="f" style="width:320px;height:44px">${script(`setTimeout(() => { l.textContent = 'Card number'; f.style.background = '${MAGENTA}' }, 600)`)}`,
  },
  canvas: { page: `<canvas id="c" width="300" height="100"></canvas>${eachFrame(`const x = c.getContext('2d'); x.fillStyle = '${MAGENTA}'; x.fillRect(0, 0, 300, 100)`)}` },
  'background picture': { page: `<div class="by-rule" style="width:300px;height:100px;background-image:linear-gradient(${MAGENTA},${MAGENTA})"></div>` },
  picture: { page: `<img class="secret" src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><rect width='400' height='400' fill='%23f0f'/></svg>">` },
  'full screen': {
    page: `<div id="d" style="background:#fff"><button style="width:200px;height:60px">Larger</button>${SECRET}</div>${script("document.querySelector('button').onclick = () => (document.fullscreenElement ? document.exitFullscreen() : d.requestFullscreen())")}`,
    act: async ({ click, press }) => {
      await click([100, 110]);
      await press('Escape');
    },
  },
  resized: {
    page: `${SECRET}<div class="tall"></div>`,
    act: async ({ resize }) => {
      for (const [width, height] of [[700, 900], [1000, 600], [900, 700]]) await resize(width, height);
    },
  },
  'back and forth': { page: `${SECRET}${script("addEventListener('pageshow', () => setTimeout(() => (location.search ? history.back() : (location.href = '?next')), 400))")}` },
  printed: { page: `${SECRET}${script('setTimeout(() => print(), 400)')}` },
  'title and address': { page: `${SECRET}${script("const s = document.querySelector('input'); setInterval(() => { document.title = s.value; history.replaceState(null, '', '?' + s.value + '#' + s.value) }, 200)")}` },
  'alert with what was typed': {
    page: `${SECRET}${script("setTimeout(() => alert(document.querySelector('input').value), 500)")}`,
    act: ({ answer }) => answer(),
  },
  'painted above what holds it': {
    page: `<div style="opacity:0.99">${SECRET}</div><div popover id="d" style="opacity:1!important"><input class="secret" name="iban" style="opacity:1!important"></div>${script('d.showPopover()')}`,
  },
  guest: { page: `<p>Nothing is secret yet</p><div id="at"></div>${script(`setTimeout(() => { at.innerHTML = '${SECRET}' }, 500); setTimeout(() => location.reload(), 1300)`)}` },
  'frame that gets a secret': { page: '<iframe src="OTHER/guest" width="500" height="200"></iframe>' },
  'frame that gets another page': {
    page: `<iframe id="f" src="OTHER/guest" width="500" height="200"></iframe>${script("let n = 0; setInterval(() => { f.src = (n += 1) % 2 ? 'OTHER/still' : 'OTHER/guest' }, 450)")}`,
  },
  'frames in frames': { page: '<iframe src="OTHER/frame%20that%20gets%20a%20secret" width="600" height="300"></iframe>' },
  'pinched by two fingers': {
    page: `<meta name="viewport" content="width=device-width">${SECRET}<div class="tall"></div>`,
    act: async ({ phone, pinch }) => {
      await phone(390, 700);
      await pinch([180, 140], 60, 300);
      await pinch([180, 140], 300, 60);
    },
  },
  'thrown by a finger': {
    page: `<meta name="viewport" content="width=device-width">${SECRET}<div class="tall"></div>${SECRET}`,
    act: async ({ phone, fling }) => {
      await phone(390, 700);
      await fling([180, 300], -280);
      await fling([180, 100], 280);
    },
  },
  'phone turned': {
    page: `<meta name="viewport" content="width=device-width">${SECRET}<div class="tall"></div>`,
    act: async ({ phone, pause }) => {
      for (const [width, height] of [[390, 844], [844, 390]]) {
        await phone(width, height);
        await pause(300);
      }
    },
  },
  'filled by a password manager': {
    page: `<form><input class="secret" name="username" autocomplete="username email"><input class="secret" type="password" autocomplete="current-password">
      <input class="secret" autocomplete="cc-number"><input class="secret" autocomplete="cc-csc"></form>${script(`const fill = () => document.querySelectorAll('input').forEach((field, i) => {
        field.focus();
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, field.value ? '' : ['canary@example.org', 'canary', '4111111111111111', '737'][i]);
        for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
        field.blur();
      }); setInterval(fill, 400)`)}`,
  },
  'spelling checked': {
    page: '<textarea class="secret" name="iban" lang="en" spellcheck="true" autofocus>canarry wrods</textarea>',
    act: keys('End', 'Space', 't', 'h', 'e', 'h', 'Space', 'Backspace'),
  },
  'written by an input method': {
    page: '<input class="secret" name="iban" lang="ja" style="color:#000" autofocus>',
    act: ({ compose }) => compose('か', 'かな', 'かなり', '仮なり'),
  },
  'input method in a password': {
    page: '<input class="secret" type="password" style="color:#000" autofocus>',
    act: ({ compose }) => compose('c', 'ca', 'can', 'canary'),
  },
  'copied and pasted': {
    page: `<style>.secret::selection { background: ${MAGENTA}; color: #000 }</style><input class="secret" name="iban" value="canary 4111" autofocus><input class="secret" name="card_number">`,
    act: keys('Control+a', 'Control+c', 'Tab', 'Control+v', 'Shift+Tab', 'Control+a', 'Control+x', 'Control+v'),
  },
  'dragged by the customer': {
    page: `<style>.secret::selection { background: ${MAGENTA}; color: #000 } .secret { width: 500px }</style><input class="secret" name="iban" value="canary canary canary" autofocus><p><input class="secret" name="card_number" style="margin-top:200px"></p>`,
    act: async ({ click, press, drag }) => {
      await click([60, 90]);
      await press('Control+a');
      await drag([60, 90], [90, 340]);
      await drag([60, 340], [300, 90]);
    },
  },
  'caret and selection': {
    page: `<style>.secret::selection { background: ${MAGENTA} } .secret { color: #fff; background: #fff; border: 1px solid; caret-color: ${MAGENTA}; font-size: 30px }</style><input class="secret" name="iban" value="canary canary canary" autofocus>`,
    act: keys('Home', 'Shift+End', 'ArrowLeft', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Control+a', 'End', 'Shift+Home'),
  },
  'frame in a frame of another site': { page: '<iframe src="OTHER/nested/outer" width="600" height="300"></iframe>' },
  'frames that come and go': {
    page: `<div id="at"></div>${script("setInterval(() => { const f = document.createElement('iframe'); f.src = ['still/inner', 'OTHER/still/inner', 'OTHER/nested/outer'][Math.floor(Math.random() * 3)]; at.replaceChildren(f) }, 350)")}`,
  },
  'virtual keypad': {
    page: `<style>#keys { position: fixed; inset: 60px 0 0; display: grid; grid: 1fr 1fr / repeat(5, 1fr) } #keys button { font-size: 60px; background: ${MAGENTA} }</style>
      <div id="keys" class="by-rule">${Array.from({ length: 10 }, (_, digit) => `<button>${digit}</button>`).join('')}</div><span id="typed"></span>
      ${script("keys.onclick = (event) => { typed.textContent = (typed.textContent + (event.target.closest('button') ? '•' : '')).slice(-12) }")}`,
    act: async ({ click }) => {
      for (const place of [[100, 200], [400, 200], [700, 450], [250, 450], [550, 200]]) await click(place);
    },
    hides: true,
  },
  'canvas over the whole screen': {
    page: `<div id="d"><canvas id="c" width="800" height="450" style="width:100%;height:90%"></canvas></div>${script("c.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : d.requestFullscreen())")}${eachFrame(`const x = c.getContext('2d'); x.fillStyle = '${MAGENTA}'; x.fillRect(0, 0, 800, 450); x.fillStyle = '#000'; x.fillRect((t * 8) % 800, 0, 80, 450)`)}`,
    act: async ({ click, pause, press }) => {
      await click([300, 300]);
      await pause(500);
      await press('Escape');
      await pause(200);
    },
  },
  'suggestions of a field': {
    page: `<input class="secret" name="iban" list="known" autofocus><datalist id="known">${'abc'.split('').map((c) => `<option value="canary ${c}">`).join('')}</datalist>`,
    act: keys('c', 'ArrowDown', 'ArrowDown', 'Escape', 'Backspace'),
  },
  'columns and shadows of text': {
    page: `<p class="by-rule" style="font-size:40px;color:${MAGENTA};text-shadow:0 0 20px ${MAGENTA}">canary</p><div style="columns:3;height:80px" class="by-rule"><b style="color:${MAGENTA}">canary ${'canary '.repeat(30)}</b></div>`,
  },
  PDF: {
    isQuiet: true,
    type: 'application/pdf',
    body: () =>
      pdfOf([
        { content: lines([60, 720, 30, 'Harmless'], [60, 640, 40, '4111 1111 1111 1111', PDF_MAGENTA], [60, 560, 36, 'DE89 3704 0044', PDF_MAGENTA], [340, 560, 36, '0532 0130 00', PDF_MAGENTA]) },
        { content: 'q 500 0 0 700 50 50 cm /I Do Q' },
        { content: lines([60, 720, 30, 'Harmless'], [60, 640, 40, 'canary@mail.example', PDF_MAGENTA]) },
      ]),
    act: async (hands) => {
      await wheel(hands);
      await keys('-', '-', '0', 'End', 'Home')(hands);
    },
  },
};

/** What an address below a scenario answers, such as what its frames show; nothing when it is none. */
export function belowOf(path, { HERE }) {
  if (path.endsWith('/inner')) return `${STYLE}${MOVES}${SECRET}`;
  if (path.endsWith('/outer')) return `${STYLE}${MOVES}<iframe src="${HERE}/nested/inner" width="500" height="200"></iframe>`;
  return null;
}

/** The parts of a scenario's page, which are sent one after the other. */
export function partsOf(name, { OTHER }, isQuiet) {
  const { page } = scenarios[name];
  const parts = Array.isArray(page) ? page : [page];
  return [STYLE, isQuiet ? MOVES_LITTLE : MOVES, ...parts].map((part) => part.replaceAll('OTHER', OTHER));
}

// What only the customer may press: an agent tries by every means, alone and while the customer is at it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { joinAsAgent, joinAsCustomer, openBrowser, placeOnScreen, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 900, height: 700 } };
/** How often each means is tried alone, and while the customer presses too. */
const ALONE = 90;
const TOGETHER = 20;
/** Where the button is that only the customer may press, and where one is that anybody may. */
const BLOCKED = [100, 60];
const OPEN = [100, 160];

const HEAD = `<!doctype html><meta charset="utf-8"><title>Gate</title><style>* { margin: 0 }
  .blocked, .open { position: absolute; left: 20px; width: 200px; height: 60px } .blocked { top: 30px } .open { top: 130px }</style>`;
/** A page says what reached it. */
const REACH = `<script>function reach() { navigator.sendBeacon('/reached') }</script>`;
const pay = (more = '') => `<button type="button" class="blocked" onclick="reach()" ${more}>Pay <b>now</b></button>`;
const byScript = (code) => `${pay('id="pay"')}<button class="open" onclick="${code}">Show more</button>`;

const click = (place) => async ({ agent }) => agent.mouse.click(...place);
const keys = (...pressed) => async ({ agent }) => {
  for (const key of pressed) await agent.keyboard.press(key);
};

/** `page` has one thing that is blocked, `act` is what the agent tries. */
const means = {
  'a click': { page: pay(), act: click(BLOCKED) },
  'a double click': { page: pay(), act: async ({ agent }) => agent.mouse.dblclick(...BLOCKED) },
  'the middle button': { page: '<a class="blocked" href="#x" onauxclick="reach()" onclick="reach()">Delete account</a>', act: async ({ agent }) => agent.mouse.click(...BLOCKED, { button: 'middle' }) },
  'what listens to the press alone': { page: `<button class="blocked" onpointerdown="reach()" onmousedown="reach()" onmouseup="reach()">Buy</button>`, act: click(BLOCKED), presses: 3 },
  'space on a focused button': { page: pay('autofocus'), act: keys('Space') },
  'enter on a focused button': { page: pay('autofocus'), act: keys('Enter') },
  'a way there by tab': { page: `<input class="open" autofocus>${pay()}`, act: keys('Tab', 'Enter', 'Shift+Tab') },
  'enter in a field': { page: `<form action="javascript:void 0" onsubmit="reach(); return false"><input class="open" name="city" autofocus><button class="blocked">Place order</button></form>`, act: keys('a', 'Enter') },
  'a label': { page: `<label class="blocked" for="c">I agree to the terms</label><input id="c" type="checkbox" onclick="reach()" style="position:absolute;top:300px">`, act: click(BLOCKED) },
  'an access key': { page: pay('accesskey="k"'), act: keys('Alt+k') },
  'a role': { page: '<div class="blocked" role="button" tabindex="0" onclick="reach()">Unterschreiben</div>', act: click(BLOCKED) },
  'a picture button': { page: '<input class="blocked" type="image" alt="Comprar" onclick="reach()">', act: click(BLOCKED) },
  'a closed shadow root': { page: `<div id="host"></div><script>host.attachShadow({ mode: 'closed' }).innerHTML = '<button style="position:absolute;left:20px;top:30px;width:200px;height:60px" onclick="reach()">Payer</button>'</script>`, act: click(BLOCKED) },
  'a frame': { page: `<iframe class="blocked" style="border:0" srcdoc="<body style='margin:0'><button onclick='parent.reach()' style='width:200px;height:60px'>Acquista</button>"></iframe>`, act: click(BLOCKED) },
  'a script in a frame that clicks outside': {
    page: `${pay('id="pay"')}<iframe class="open" style="border:0" srcdoc="<body style='margin:0'><button onclick='parent.pay.click()' style='width:200px;height:60px'>More</button>"></iframe>`,
    act: click(OPEN),
    press: BLOCKED,
  },
  'a frame of another site': { page: `<iframe class="blocked" style="border:0" src="OTHER/inner"></iframe><script>onmessage = reach</script>`, act: click(BLOCKED) },
  'a script that clicks': { page: byScript('pay.click()'), act: click(OPEN), press: BLOCKED },
  'a script that clicks later': { page: byScript('setTimeout(() => pay.click(), 30)'), act: click(OPEN), press: BLOCKED },
  'a script that makes an event': { page: byScript("pay.dispatchEvent(new MouseEvent('click', { bubbles: true }))"), act: click(OPEN), press: BLOCKED },
  'a script that submits': { page: `<form id="f" action="/submitted" target="sink"><button id="b" class="blocked">Send</button></form><button class="open" onclick="f.submit()">Next</button><iframe name="sink" hidden></iframe>`, act: click(OPEN), press: BLOCKED, submits: true },
  'a script that asks to submit': { page: `<form id="f" onsubmit="reach(); return false"><button class="blocked">Absenden</button></form><button class="open" onclick="f.requestSubmit()">Next</button>`, act: click(OPEN), press: BLOCKED },
  'a form whose fields are not what they seem': { page: `<form id="f" action="/submitted" target="sink"><input name="elements" hidden><button class="blocked">Send</button></form><button class="open" onclick="f.submit()">Next</button><iframe name="sink" hidden></iframe>`, act: click(OPEN), press: BLOCKED },
  'a drop': {
    page: `<div class="open" draggable="true" ondragstart="event.dataTransfer.setData('text/plain', 'x')">Item</div><div class="blocked" role="button" tabindex="0" ondragover="event.preventDefault()" ondrop="reach()" onclick="reach()">Delete</div>`,
    act: async ({ agent }) => {
      await agent.mouse.move(...OPEN);
      await agent.mouse.down();
      await agent.mouse.move(OPEN[0] + 40, OPEN[1] - 30, { steps: 3 });
      await agent.mouse.move(...BLOCKED, { steps: 3 });
      await agent.mouse.up();
    },
  },
  'what a rule points at': { page: `<h2 style="position:absolute;top:0">Your plan</h2><div class="blocked" onclick="reach()">Go on with the yearly plan</div>`, act: click(BLOCKED) },
  'what is in a part that a rule points at': { page: `<section aria-label="Danger zone" class="blocked"><a href="#x" onclick="reach()" style="display:block;height:60px">Go on</a></section>`, act: click(BLOCKED) },
  'keys in a field that a rule points at': { page: `<label>Voucher<input class="blocked" autofocus oninput="reach()" onkeydown="reach()" onclick="reach()"></label>`, act: async ({ agent }) => (await agent.mouse.click(...BLOCKED), await agent.keyboard.press('x')) },
  'a hidden field': { page: '<input class="blocked" type="password" onfocus="reach()" oninput="reach()" onclick="reach()">', act: async ({ agent }) => (await agent.mouse.click(...BLOCKED), await agent.keyboard.press('x')), presses: 2 },
  'a script that focuses a hidden field': { page: '<input class="blocked" name="iban" id="i" oninput="reach()" onclick="reach()"><button class="open" onclick="i.focus()">Next</button>', act: async ({ agent }) => (await agent.mouse.click(...OPEN), await agent.keyboard.press('x')), press: BLOCKED },
};

let server, system, browser, made, customer, agent;
const reached = { count: 0 };
before(async () => {
  server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1);
    if (path === 'reached' || path === 'submitted') reached.count += 1;
    if (path === 'reached') request.resume();
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (path === 'inner') return response.end(`${HEAD}<button onclick="parent.postMessage('', '*')" style="width:200px;height:60px">Pay</button>`);
    if (path in means) return response.end(HEAD + REACH + means[path].page.replace('OTHER', `http://localhost:${server.address().port}`));
    return response.end();
  });
  await new Promise((up) => server.listen(0, up));
  const { port } = server.address();
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: `127.0.0.1:${port},localhost:${port}` }), openBrowser()]);
  const pointed = [{ role: 'generic', label: 'Go on with the yearly plan' }, { role: 'region', label: 'danger zone' }, { role: 'textbox', label: 'Voucher' }];
  const rules = pointed.map((element) => ({ what: { by: 'element', element }, block: true }));
  assert.equal((await system.api('PUT', '/companies/demo/policy', { blocking: { rules } })).status, 200);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: `http://127.0.0.1:${port}/`, viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  agent = await joinAsAgent(browser, made.agent_url, WINDOW);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

async function open(name) {
  const { port } = server.address();
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: `http://127.0.0.1:${port}/${encodeURIComponent(name)}` });
  await until(name, async () => {
    const [tab] = (await system.api('GET', `/sessions/${made.id}`)).body.tabs;
    return tab.url.includes(encodeURIComponent(name)) && !tab.loading && tab.title === 'Gate';
  });
}

/** An agent whose places are those of the shared page. */
async function handsOf(page) {
  const [[left, top], [right]] = await Promise.all([placeOnScreen(page, [0, 0], VIEWPORT), placeOnScreen(page, [100, 0], VIEWPORT)]);
  const scale = (right - left) / 100;
  const at = (x, y) => [left + x * scale, top + y * scale];
  await page.focus(SCREEN);
  return {
    mouse: {
      click: (x, y, options) => page.mouse.click(...at(x, y), options),
      dblclick: (x, y) => page.mouse.dblclick(...at(x, y)),
      move: (x, y, options) => page.mouse.move(...at(x, y), options),
      down: () => page.mouse.down(),
      up: () => page.mouse.up(),
    },
    keyboard: page.keyboard,
  };
}

let attempts = 0;
for (const [name, { act, press = BLOCKED, presses = 1 }] of Object.entries(means)) {
  test(`an agent cannot: ${name}`, async () => {
    await open(name);
    const hands = { agent: await handsOf(agent), customer: await handsOf(customer) };
    reached.count = 0;
    for (let i = 0; i < ALONE; i += 1) await act(hands);
    attempts += ALONE;
    // The customer's own press arrives after all of them, and alone.
    await hands.customer.mouse.click(...press);
    await until('the customer’s own press', () => reached.count >= presses);
    assert.equal(reached.count, presses, 'of the agent’s attempts');
  });
}

for (const name of ['a click', 'space on a focused button', 'a script that clicks', 'a script that submits']) {
  test(`all of the customer’s presses arrive, and none of an agent’s at the same time: ${name}`, async () => {
    await open(name);
    const hands = { agent: await handsOf(agent), customer: await handsOf(customer) };
    reached.count = 0;
    let going = true;
    const attacking = (async () => {
      while (going) {
        await means[name].act(hands);
        attempts += 1;
      }
    })();
    let pressed = 0;
    for (let i = 0; i < TOGETHER; i += 1) {
      const before = reached.count;
      // Who holds the mouse has it: a press meanwhile is refused with a word, and the customer presses again.
      await until('a press of the customer’s', async () => {
        await hands.customer.mouse.click(...BLOCKED);
        pressed += 1;
        return reached.count > before;
      });
    }
    going = false;
    await attacking;
    assert.ok(reached.count >= TOGETHER && reached.count <= pressed, `${reached.count} of ${pressed}`);
  });
}

test('enough was tried', () => assert.ok(attempts >= 2000, `${attempts} attempts`));

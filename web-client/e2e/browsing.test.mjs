// What pages and people do in a browser: tabs, what pages ask, passwords of servers, pages that cannot be opened, the clipboard,
// looking for a text, and links for a person's own device.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 1280, height: 700, scale: 1 };
const DESK = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };
const BUTTON = [300, 150];
const button = (does) => `<!doctype html><title>Page</title><button style="position:fixed;left:100px;top:100px;width:400px;height:100px" onclick="go()">Go</button><script>function go() { ${does} }</script>`;

const PAGES = {
  ask: button("document.title = 'answer ' + [alert('It is done'), confirm('Sure of 4111 1111 1111 1111?'), prompt('Your name?', 'Eva')]"),
  insist: button("for (let i = 0; i < 200; i += 1) alert(i); document.title = 'over'"),
  leave: `${button('')}<script>addEventListener('beforeunload', (event) => event.preventDefault())</script>`,
  many: button("for (let i = 0; i < 1000; i += 1) open('/plain')"),
  copy: `<!doctype html><title>Copy</title><input style="position:fixed;left:100px;top:100px;width:400px;height:100px" value="SN-4711-0815"><input style="position:fixed;left:100px;top:300px;width:400px;height:100px" name="iban" value="DE89370400440532013000">
    <input style="position:fixed;left:100px;top:500px;width:400px;height:100px" aria-label="Notes">`,
  call: `<!doctype html><title>Call</title><a href="tel:+34911234567" style="position:fixed;left:100px;top:100px;width:400px;height:100px;background:#ddd">Call us</a>`,
  find: `<!doctype html><title>Find</title><p style="margin-top:3000px">The needle is here</p><script>addEventListener('scroll', () => (document.title = 'at ' + (scrollY > 1000 ? 'needle' : 'top')))</script>`,
  wants: `<!doctype html><title>Wants</title><style>body { background: rgb(0, 0, 200) }</style><input style="position:fixed;left:100px;top:500px;width:400px;height:100px" aria-label="Notes" oninput="document.title = 'typed ' + value"><script>
    const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = ({ data }) => fetch(data).then(({ status }) => postMessage(status))"])));
    const image = new Image();
    Promise.all([
      fetch('/private').then(({ status }) => status),
      new Promise((answered) => { image.onerror = () => answered('no image'); image.src = '/private?image'; }),
      new Promise((answered) => { worker.onmessage = ({ data }) => answered(data); worker.postMessage(location.origin + '/private'); }),
    ]).then((answers) => (document.title = answers));
    </script>`,
  plain: '<!doctype html><title>Plain</title><p>Plain</p>',
};

let system, browser, server, origin, closed;
before(async () => {
  server = createServer((request, response) => {
    const name = request.url.slice(1);
    if (name.startsWith('private')) {
      const given = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
      if (given !== 'eva:correct horse') return response.writeHead(401, { 'www-authenticate': 'Basic realm="Members"' }).end('No');
      return response.setHeader('content-type', 'text/html').end('<title>Members only</title>');
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(PAGES[name] ?? '');
  });
  await new Promise((up) => server.listen(0, '127.0.0.1', up));
  origin = `http://127.0.0.1:${server.address().port}`;
  const nobody = createServer();
  await new Promise((up) => nobody.listen(0, '127.0.0.1', up));
  closed = `127.0.0.1:${nobody.address().port}`;
  await new Promise((down) => nobody.close(down));
  const allowed = `127.0.0.1:${server.address().port},${closed}`;
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: allowed }), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const { id, state } of (await system.api('GET', '/sessions')).body.sessions) {
    if (state !== 'ended' && state !== 'failed') await system.api('DELETE', `/sessions/${id}`);
  }
});

/** A session at one of the pages, and all that the agent's page is told by data channel. */
async function at(name) {
  const made = await system.api('POST', '/sessions', { company: 'demo', start_url: `${origin}/${name}`, viewport: VIEWPORT });
  assert.equal(made.status, 201);
  const customer = await joinAsCustomer(browser, made.body.customer_url, DESK);
  const agent = await joinAsAgent(browser, made.body.agent_url, DESK, () => {
    window.heard = [];
    const open = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (...of) {
      const channel = open.apply(this, of);
      channel.addEventListener('message', ({ data }) => window.heard.push(data));
      return channel;
    };
  });
  const id = made.body.id;
  const tabs = async () => (await system.api('GET', `/sessions/${id}`)).body.tabs;
  const titled = (title) => until(`the title ${title}`, async () => (await tabs()).some((tab) => tab.active && tab.title === title));
  const viewport = async () => customer.evaluate((screen) => { const { videoWidth: width, videoHeight: height } = document.querySelector(screen); return { width, height }; }, SCREEN);
  const press = async (page, place = BUTTON) => clickAt(page, place, await viewport());
  return { id, customer, agent, tabs, titled, press };
}

const asked = (page) => page.locator('[role=alertdialog]');
const heardBy = async (agent) => (await agent.evaluate(() => window.heard)).join('\n');

test('what a page asks is the customer’s to read and to answer', async () => {
  const { customer, agent, titled, press } = await at('ask');
  await press(customer);
  await asked(customer).getByText('It is done').waitFor();
  await asked(agent).waitFor();
  await customer.keyboard.press('Enter');
  await asked(customer).getByText('Sure of').waitFor();
  await asked(customer).getByRole('button', { name: 'OK' }).click();
  await asked(customer).getByRole('textbox').fill('Eva María');
  await customer.keyboard.press('Enter');
  await titled('answer ,true,Eva María');
  await asked(customer).waitFor({ state: 'detached' });
  await asked(agent).waitFor({ state: 'detached' });
  const heard = await heardBy(agent);
  assert.ok(heard.includes('"kind":"confirm"'));
  for (const word of ['It is done', '4111', 'Your name', 'Eva']) assert.ok(!heard.replaceAll('Eva María', '').includes(word), word);
});

test('an agent may dismiss and not agree, and their picture goes on afterwards', async () => {
  const { customer, agent, titled, press } = await at('ask');
  await press(agent);
  for (const kind of ['alert', 'confirm', 'prompt']) {
    await asked(agent).getByRole('button').click();
    if (kind !== 'prompt') await until(kind, async () => (await heardBy(agent)).includes(kind === 'alert' ? '"confirm"' : '"prompt"'));
  }
  await titled('answer ,false,');
  await asked(customer).waitFor({ state: 'detached' });
});

test('a page that asks on and on can be silenced', async () => {
  const { customer, titled, press } = await at('insist');
  await press(customer);
  for (let i = 0; i < 3; i += 1) {
    await asked(customer).getByText(`${i}`, { exact: true }).waitFor();
    await customer.keyboard.press('Enter');
  }
  await asked(customer).getByRole('button', { name: 'No more messages' }).click();
  await titled('over');
});

test('who leaves a page that holds on is asked first', async () => {
  const { customer, tabs, press } = await at('leave');
  await press(customer);
  const go = async () => {
    await customer.getByRole('combobox', { name: 'Address' }).fill(`${origin}/plain`);
    await customer.keyboard.press('Enter');
  };
  await go();
  await asked(customer).getByRole('button', { name: 'Stay' }).click();
  await asked(customer).waitFor({ state: 'detached' });
  assert.ok((await tabs())[0].url.endsWith('/leave'));
  await go();
  await asked(customer).getByRole('button', { name: 'Leave' }).click();
  await until('the other page', async () => (await tabs())[0].url.endsWith('/plain'));
});

test('a server’s password is asked of the customer alone', async () => {
  const { customer, agent, titled } = await at('plain');
  await customer.getByRole('combobox', { name: 'Address' }).fill(`${origin}/private`);
  await customer.keyboard.press('Enter');
  await asked(customer).getByLabel('User name').fill('eva');
  await asked(customer).getByLabel('Password').fill('correct horse');
  await customer.keyboard.press('Enter');
  await titled('Members only');
  const heard = await heardBy(agent);
  assert.ok(heard.includes('"kind":"password"') && !heard.includes('horse') && !heard.includes('Members"}'));
});

test('what wants a password and is no page is answered without, and nothing of Chromium’s own is shown or takes keys', async () => {
  const { customer, agent, titled, press } = await at('wants');
  await titled('401,no image,401');
  // Where Chromium's own dialog would be.
  const isBlue = async (page) => {
    for (const y of [10, 60, 120, 200]) if (!isNear(await colourAt(page, [640, y], VIEWPORT), [0, 0, 200])) return false;
    return true;
  };
  for (const page of [customer, agent]) await until('the page alone', () => isBlue(page));
  assert.equal(await asked(customer).count(), 0);
  await press(agent, [300, 550]);
  await agent.keyboard.type('Ana was here');
  await titled('typed Ana was here');
});

test('tabs open, close and come to the front for both, and no page opens without end', async () => {
  const { customer, agent, tabs, press } = await at('many');
  await customer.getByRole('button', { name: 'Open a new tab' }).click();
  await until('an empty tab', async () => (await tabs()).length === 2);
  await agent.getByRole('button', { name: 'New tab', exact: true }).waitFor();
  await customer.getByRole('combobox', { name: 'Address' }).fill(`${origin}/plain`);
  await customer.keyboard.press('Enter');
  await agent.getByRole('button', { name: 'Plain', exact: true }).waitFor();
  await customer.getByRole('group', { name: 'Tabs' }).getByRole('button').first().click();
  await until('the first tab', async () => (await tabs())[0].active);
  await customer.getByRole('button', { name: 'Close Plain' }).click();
  await until('one tab', async () => (await tabs()).length === 1);
  // A press may open one window, whatever the page tries.
  await press(customer);
  await until('the window of the page', async () => (await tabs()).length === 2);
  for (let i = 2; i <= 20; i += 1) await customer.getByRole('button', { name: 'Open a new tab' }).click();
  await customer.getByText('As many tabs are open as there may be').waitFor();
  await until('as many tabs as may be', async () => (await tabs()).length === 20);
});

test('why a page cannot be opened is said in the customer’s words, and it can be tried again', async () => {
  const { customer, agent, titled } = await at('plain');
  for (const [address, title] of [
    ['http://nowhere.invalid/', 'There is no site nowhere.invalid'],
    [`http://${closed}/`, '127.0.0.1 does not answer'],
    ['http://10.0.0.1/', '10.0.0.1 cannot be opened here'],
    [`https://127.0.0.1:${server.address().port}/`, 'The connection to 127.0.0.1 is not safe'],
  ]) {
    await customer.getByRole('combobox', { name: 'Address' }).fill(address);
    await customer.keyboard.press('Enter');
    await titled(title);
  }
  await agent.getByRole('button', { name: 'Back' }).click();
  await titled('10.0.0.1 cannot be opened here');
});

test('what is copied on the page can be pasted at home, unless it is hidden from who copies', async () => {
  const { customer, agent, press } = await at('copy');
  // The two share the clipboard of this machine, so it is left alone; the agent's browser does not want to have it written.
  await customer.evaluate(() => (navigator.clipboard.writeText = async (text) => void (window.copied = text)));
  await agent.evaluate(() => (navigator.clipboard.writeText = (text) => Promise.reject(new Error((window.copied = text)))));
  const clipboard = (page) => page.evaluate(() => window.copied ?? '');
  await press(agent);
  await agent.keyboard.press('Control+a');
  await agent.keyboard.press('Control+c');
  await until('the agent’s copy', async () => (await clipboard(agent)) === 'SN-4711-0815');
  await press(customer, [300, 350]);
  await customer.keyboard.press('Control+a');
  await customer.keyboard.press('Control+c');
  await until('the customer’s copy', async () => (await clipboard(customer)).startsWith('DE89'));
  assert.equal(await clipboard(agent), 'SN-4711-0815');
  assert.ok(!(await heardBy(agent)).includes('DE89'));
  // What the browser's own clipboard holds is the customer's, and no agent pastes it where it can be seen.
  await until('the refusal', async () => {
    // As long as the customer is at something hidden nobody else moves the focus.
    await press(agent, [300, 550]);
    await agent.keyboard.press('Control+v');
    return agent.getByText('This is hidden').isVisible();
  });
});

test('a telephone number is for the customer’s own device', async () => {
  const { customer, agent, press } = await at('call');
  await press(customer);
  const link = customer.getByRole('link', { name: 'Call' });
  assert.equal(await link.getAttribute('href'), 'tel:+34911234567');
  assert.ok(!(await heardBy(agent)).includes('tel:'));
});

test('the customer looks for a text on the page', async () => {
  const { customer, titled } = await at('find');
  await customer.keyboard.press('Control+f');
  const find = customer.getByRole('textbox', { name: 'Find on the page' });
  await find.fill('needle');
  await customer.keyboard.press('Enter');
  await titled('at needle');
  await find.fill('haystack');
  await customer.keyboard.press('Enter');
  await customer.getByText('Not on this page').waitFor();
  await customer.keyboard.press('Escape');
  await find.waitFor({ state: 'detached' });
});
